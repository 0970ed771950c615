// SPDX-License-Identifier: EUPL-1.2
// Messages under way in the replay: labels as they were signed, and what every recipient still has to get. A message
// whose deliveries have all ended stays for a while (records about its end come in several) and is then forgotten, so
// that memory does not grow with the log. Inside the verification; one thread.
#ifndef SLUSS_AGENTS_AUDIT_OPEN_H
#define SLUSS_AGENTS_AUDIT_OPEN_H

#include "audit_map.h"
#include "policy/record.h"

enum {
	AUDIT_SECTIONS_MAX = 64, // bits
	AUDIT_ENDED_KEPT = 256,
};

struct audit_delivery {
	uint64_t live;	      // sections that may still be handed out
	uint64_t released;    // sections that were
	uint64_t to_withhold; // sections whose withholding has to be recorded now
	bool acknowledged, rejected;
};

struct audit_message {
	struct sluss_rec_message record; // without its pairs; points into this block
	uint64_t index;
	uint64_t destroyed;  // sections whose payload is gone
	uint64_t to_destroy; // sections whose destruction has to be recorded now
	bool other_cases;    // a section concerns the subject of another case
	bool ended, owing;   // in the list of the ended; in the list of what is owed
	uint32_t at;	     // its number
	uint32_t next_in_case, previous_in_case;
	struct audit_delivery deliveries[]; // as many as recipients, in their order
};

struct audit_open {
	struct audit_map by_id, by_case; // by_case: first of the case
	struct audit_message **list;
	uint32_t *free; // numbers without a message
	size_t room, used, free_count;
	uint32_t others;			       // first of those with other_cases, chained apart from their case
	struct audit_message *ended[AUDIT_ENDED_KEPT]; // a ring; NULL: not used yet
	size_t next_ended;
};

void audit_open_init(struct audit_open *open, const uint8_t key[16]);
void audit_open_clear(struct audit_open *open);
// NULL: not under way.
struct audit_message *audit_open_find(const struct audit_open *open, const struct sluss_id *message);
// Copies what is needed of an accepted message. NULL: no memory. Its id is not under way, and it has at most
// AUDIT_SECTIONS_MAX sections.
SLUSS_MUST_CHECK struct audit_message *audit_open_add(
    struct audit_open *open, const struct sluss_rec_message *record, uint64_t index);
// The recipient's delivery; NULL when it is none.
struct audit_delivery *audit_open_delivery(struct audit_message *message, const char *agency);
const struct sluss_recipient *audit_open_recipient(const struct audit_message *message, const char *agency);
// Sections that somebody may still be given.
uint64_t audit_open_needed(const struct audit_message *message);
// When nothing waits any more and nothing is owed: remembers it as ended, forgets the one that ended longest ago.
void audit_open_settle(struct audit_open *open, struct audit_message *message);
// Every message that a withdrawal in the case may touch.
typedef void audit_open_fn(void *to, struct audit_message *message);
void audit_open_touched(const struct audit_open *open, const struct sluss_id *case_id, audit_open_fn *fn, void *to);

#endif
