// SPDX-License-Identifier: EUPL-1.2
// Core's own table of messages: where each stands, and what waits for whom. A fold over the log's records 50 to 57;
// leases are not part of it (a lease only says that somebody was given the message just now).
//
// A delivery is one message for one recipient. It is in its recipient's mailbox while something of it may still be
// handed out. `live` has a bit for each section that was permitted at acceptance and not withheld since: a section
// whose bit is gone never comes back. Threads: the writer's. Pointers stay valid until the next apply.
#ifndef SLUSS_CORE_MESSAGES_H
#define SLUSS_CORE_MESSAGES_H

#include "policy/record.h"
#include "shares.h"
#include "sluss/types.h"

enum sluss_delivery_state { // numbers of sluss.v1.DeliveryState
	SLUSS_DELIVERY_NONE = 0,
	SLUSS_DELIVERY_WAITING = 1,
	SLUSS_DELIVERY_RELEASED = 2,
	SLUSS_DELIVERY_ACKNOWLEDGED = 3,
	SLUSS_DELIVERY_REJECTED = 4,
	SLUSS_DELIVERY_WITHHELD = 5,
	SLUSS_DELIVERY_DENIED = 6,
	SLUSS_DELIVERY_EXPIRED = 7,
};

enum { SLUSS_NOWHERE = UINT32_MAX }; // no such message, delivery or mailbox

struct sluss_message {
	struct sluss_id id;
	struct sluss_id case_id;
	uint64_t index;		 // of its record
	uint64_t chunked;	 // a bit for each section with chunks
	int64_t expires_ms;	 // 0: never
	uint32_t blocks;	 // of 4,096 octets, in each queue
	uint32_t first_delivery; // its deliveries stand one after the other
	uint32_t sender;	 // mailbox number
	uint8_t delivery_count;	 // 0: it was denied
	bool denied;
	bool other_cases; // a section concerns the subject of another case
};

struct sluss_delivery {
	uint64_t live;
	uint64_t index; // of the newest record about it
	uint32_t message;
	uint32_t mailbox;
	uint32_t next, previous;   // in the mailbox, in order of acceptance; SLUSS_NOWHERE at the ends
	uint64_t lease_connection; // 0: none
	int64_t lease_until_ms;	   // monotonic
	int64_t ends_ms;	   // when the first of the grounds ends that carry it; kept by world.c and stop.c
	uint32_t officer;	   // sluss_officer_mark of the officer addressed; 0: none
	uint8_t state;		   // enum sluss_delivery_state
	uint8_t reason;		   // enum sluss_reason, why withheld or denied
	bool queued;
	bool released; // handed out at least once
};

struct sluss_messages;

SLUSS_MUST_CHECK struct sluss_messages *sluss_messages_new(const uint8_t hash_key[16]);
void sluss_messages_free(struct sluss_messages **messages);

// Whether apply would take this record: message known or new, recipient its recipient.
SLUSS_MUST_CHECK bool sluss_messages_accepts(const struct sluss_messages *messages, const struct sluss_record *record);
// Folds; records of other types do nothing. False: no memory, the table is broken.
SLUSS_MUST_CHECK bool sluss_messages_apply(
    struct sluss_messages *messages, const struct sluss_record *record, uint64_t index);

// By message id; SLUSS_NOWHERE.
uint32_t sluss_messages_find(const struct sluss_messages *messages, const struct sluss_id *id);
const struct sluss_message *sluss_messages_at(const struct sluss_messages *messages, uint32_t message);
// Deliveries by number; the caller may change the lease only.
struct sluss_delivery *sluss_messages_delivery(struct sluss_messages *messages, uint32_t delivery);
// The delivery of a message to an agency; SLUSS_NOWHERE.
uint32_t sluss_messages_delivery_to(const struct sluss_messages *messages, uint32_t message, const char *agency);
// Sections that somebody may still be given.
uint64_t sluss_messages_needed(const struct sluss_messages *messages, uint32_t message);

// ---- mailboxes: one for every agency that sent or was sent something

uint32_t sluss_mailbox_find(const struct sluss_messages *messages, const char *agency);
size_t sluss_mailbox_count(const struct sluss_messages *messages);
const char *sluss_mailbox_agency(const struct sluss_messages *messages, uint32_t mailbox);
// The delivery that waits longest.
uint32_t sluss_mailbox_first(const struct sluss_messages *messages, uint32_t mailbox);
size_t sluss_mailbox_waiting(const struct sluss_messages *messages, uint32_t mailbox);
// Sealed octets that wait, in blocks of 4,096.
uint64_t sluss_mailbox_blocks(const struct sluss_messages *messages, uint32_t mailbox);
// When its agency last asked for what is in it (core's clock); 0: not since the start. No part of the fold.
int64_t sluss_mailbox_asked_ms(const struct sluss_messages *messages, uint32_t mailbox);
void sluss_mailbox_set_asked(struct sluss_messages *messages, uint32_t mailbox, int64_t now_ms);
// What of it comes from that sender (a mailbox number). Zeros where either is SLUSS_NOWHERE.
struct sluss_share sluss_mailbox_share(const struct sluss_messages *messages, uint32_t mailbox, uint32_t sender);
// Deliveries that wait in all mailboxes.
uint64_t sluss_messages_waiting(const struct sluss_messages *messages);
// Has something come for the mailbox since news were cleared?
bool sluss_mailbox_news(const struct sluss_messages *messages, uint32_t mailbox);
void sluss_messages_clear_news(struct sluss_messages *messages);

// A mark of an officer for comparing: never 0 for a name, 0 for none. Two names may share one; who compares must be
// content with waiting once too often.
uint32_t sluss_officer_mark(const char *officer);

// ---- expiry

// The message that is due first among those with a delivery in a mailbox, when its time is not after `now_ms`.
// SLUSS_NOWHERE: none is due. The same one again until EXPIRED was applied for each of these deliveries.
uint32_t sluss_messages_due(struct sluss_messages *messages, int64_t now_ms);
// When the next one is due; INT64_MAX: none.
int64_t sluss_messages_next_due_ms(struct sluss_messages *messages);

// Ends every lease of a connection (0: every lease there is). Its mailboxes then have news.
void sluss_messages_end_leases(struct sluss_messages *messages, uint64_t connection);

#endif
