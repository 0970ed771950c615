// SPDX-License-Identifier: EUPL-1.2
// The inside of the state. Only apply*.c write it; standing.c and links.c keep what is derived from it; decide and the
// queries read.
//
// Invariants:
// - Everything is small integers. Names are interned once (struct symbol) and live as long as the state; ids are found
// by keyed hash.
// - A grant version is one struct grant. A table of all keys (case, category, sender, recipient, purpose; see keys.h)
// points at the newest version of each; `older` leads back in time. All versions of a case hang on `next_in_case`,
// newest first.
// - What a decision reads of a case stands in its slot of by_case (struct case_line), the rest in struct kase; `line`
// is the number of that slot.
// - The slot of a key also says which version permits now and until when that cannot change without a record. It is
// worked out anew after each record that may change it (settle_after in standing.c).
// - A person of a case is a bit: bit 0 the subject, bits 1..31 the subject's guardians, present and former (struct
// custody). A bit is never
//   given to somebody else, so that acts stay (ruling 5).
// - A case's `facts` are those of its subject; apply_case.c copies them whenever they change.
// - F_TAKEN, F_COMPLETED and F_READY say what was true at some instant up to the last record (rulings 4 and 19); they
// are set in apply only, before
//   and after each record that may change who agrees, so that a replay comes to the same.
#ifndef SLUSS_POLICY_STATE_IMPL_H
#define SLUSS_POLICY_STATE_IMPL_H

#include "policy/hash.h"
#include "policy/keys.h"
#include "policy/policy_data.h"
#include "policy/state.h"
#include "policy/table.h"

enum {
	NO_AGENCY = 0xffff,
	NO_INDEX = 0xff,
	GUARDIANS_MAX = 31,
	SUBJECT_BIT = 1,
};

struct symbol {
	const char *text;
	uint32_t len;
	uint16_t agency;   // position in agencies, NO_AGENCY
	uint8_t category;  // the state's own number of a category, NO_INDEX; stays when the policy changes
	uint8_t in_policy; // the category's position in the policy in force, NO_INDEX
	uint8_t programme; // position in the policy in force, NO_INDEX
	uint8_t provision; // position in the policy in force, NO_INDEX
};

struct agency {
	uint32_t symbol;
	uint8_t type;
	bool left;
	uint32_t *approvers; // symbols of officers
	uint32_t approver_count;
};

struct guardian {
	uint32_t person;
};

// A subject's guardians. Bit i + 1 is slots[i].
struct custody {
	struct guardian *slots;
	uint8_t count, room;
};

struct person {
	struct sluss_id id;
	uint32_t first_case; // of which the person is the subject
	struct facts facts;
	bool login_locked;
	struct custody custody;
};

// Why a set of persons became required.
enum cause {
	CAUSE_OTHER = 0, // opening, assessment, policy
	CAUSE_AGE = 1,
};

struct member {
	uint16_t agency;
	uint16_t first, count; // in members.officers
};

// One allocation: members, then officers.
struct members {
	uint16_t count, officer_count;
	struct member *list;
	uint32_t *officers; // symbol << 1 | coordinator
};

struct view_limit {
	struct sluss_id message;
	uint32_t guardian;
};

// What a permitted pair does not need of a case.
struct kase {
	struct sluss_id id;
	struct members *members;
	uint32_t subject;
	uint32_t programme;				     // symbol, SLUSS_NOWHERE while a message opened it only
	uint8_t assessed_who, assessed_from, assessed_until; // who 0: none
	uint32_t first_grant;				     // newest version
	uint8_t who;					     // who had to agree when it was last known
	uint8_t cause[2];     // enum cause: what brought the requirement; [0] subject, [1] guardians
	bool custody_changed; // guardians came or went since guardians are asked
	uint8_t former_phase, close_reason;
	bool link_lost;
	uint32_t grant_count;
	uint32_t types_seen; // message types accepted
	uint64_t links_once; // links that were active at some instant: a bit for each pair of agency types, whatever
			     // policy names it
	uint32_t next_of_subject;
	uint32_t limit_count;
	struct view_limit *limits;
	uint32_t heap_at;   // in state.heap, SLUSS_NOWHERE
	uint32_t line;	    // in state.by_case
	int64_t edge_ms;    // when its links have to be looked at again
	int64_t settled_ms; // its links were looked at up to here
	uint64_t opened_seq;
};

enum {
	F_MARK = 1,	  // names a protected category by name
	F_COMPLETED = 2,  // everybody required had given it at some instant
	F_TAKEN = 4,	  // it took over (or was the first) at some instant
	F_VOID = 8,	  // registered by mistake: it never was
	F_GUARDIANS = 32, // guardians were asked when it was last complete
	F_RECALLED = 64,  // what was received on it was asked back
	F_READY = 16, // open, complete and not over yet at the last record that touched it: takes over as soon as its
		      // from comes
};

// A key in one word: category, purpose, sender, recipient.
static inline uint64_t pack_key(unsigned category, unsigned purpose, unsigned sender, unsigned recipient)
{
	return (uint64_t)category << 40 | (uint64_t)purpose << 32 | (uint64_t)sender << 16 | recipient;
}
#define KEY_CATEGORY(key) ((uint8_t)((key) >> 40))
#define KEY_PURPOSE(key) ((uint8_t)((key) >> 32))
#define KEY_SENDER(key) ((uint16_t)((key) >> 16))
#define KEY_RECIPIENT(key) ((uint16_t)(key))

struct grant {
	uint64_t key;
	uint32_t kase;
	uint32_t older;
	int64_t from_ms, until_ms;
	uint32_t given, refused, withdrawn, paused; // bits of persons
	uint32_t flags;
	uint32_t next_in_case;
	uint32_t consent;
	uint32_t releases;
	struct sluss_id id;
};

struct consent {
	struct sluss_id id;
	uint32_t kase;
	uint32_t first_grant, grant_count; // as recorded; resumed versions hang on the case
	uint64_t seq;
};

struct statute {
	struct sluss_id id;
	uint32_t kase;
	uint32_t provision, officer, approver; // symbols; approver SLUSS_NOWHERE
	uint16_t agency;
	uint8_t type;
	bool approved, refused, deferred, necessity, notified;
	int64_t requested_ms, approved_ms, notify_ms;
	uint32_t uses;
	uint16_t recipient_count, category_count;
	uint16_t *lists; // recipients (agencies), then categories (the state's numbers)
};

struct recall {
	struct sluss_id id, withdrawal;
	uint32_t kase;
	uint16_t agency;
	bool answered, deleted, register_mark, mark_removed, overdue;
	uint8_t cause;
	int64_t opened_ms, due_ms;
	uint64_t seq, answered_seq; // of the records that opened and answered it
};

// What falls due by itself (duties.c): positions in an array of the state.
struct duties {
	uint32_t *at;
	uint32_t count, room;
	int64_t next_ms;
	bool known; // next_ms is right
};

struct sluss_state {
	struct sluss_state_options options;
	struct sluss_hash_key key;
	const struct sluss_policy *policy;
	uint64_t size;	 // last record's index + 1
	int64_t time_ms; // INT64_MIN before the first record
	bool broken;
	struct sluss_array symbols, agencies, persons, cases, grants, consents, statutes, recalls;
	struct sluss_index by_name, by_person, by_grant, by_statute, by_recall;
	struct sluss_id_table by_case;	  // struct case_line
	struct sluss_id_table by_consent; // struct consent_slot
	struct key_table keys;
	uint32_t category_symbol[256]; // of the state's numbers
	uint32_t category_count;
	uint64_t policy_category[256]; // bit in the policy in force of each of the state's numbers, 0
	uint32_t *heap;		       // cases by edge_ms
	uint32_t heap_count, heap_room;
	struct duties notices, recalls_open;
	int64_t keeping_ms;
	size_t text_memory, member_memory;
};

#define SYMBOL(state, i) ((struct symbol *)sluss_array_at(&(state)->symbols, (i)))
#define AGENCY(state, i) ((struct agency *)sluss_array_at(&(state)->agencies, (i)))
#define PERSON(state, i) ((struct person *)sluss_array_at(&(state)->persons, (i)))
#define CASE(state, i) ((struct kase *)sluss_array_at(&(state)->cases, (i)))
#define GRANT(state, i) ((struct grant *)sluss_array_at(&(state)->grants, (i)))
#define CONSENT(state, i) ((struct consent *)sluss_array_at(&(state)->consents, (i)))
#define STATUTE(state, i) ((struct statute *)sluss_array_at(&(state)->statutes, (i)))
#define RECALL(state, i) ((struct recall *)sluss_array_at(&(state)->recalls, (i)))

// find.c: positions, SLUSS_NOWHERE when there is none.
uint32_t st_find_symbol(const struct sluss_state *state, const char *text);
SLUSS_MUST_CHECK uint32_t st_intern(struct sluss_state *state, const char *text); // NOWHERE: no memory
uint16_t st_find_agency(const struct sluss_state *state, const char *name);	  // NO_AGENCY: never enrolled
uint32_t st_find_person(const struct sluss_state *state, const struct sluss_id *id);
SLUSS_MUST_CHECK uint32_t st_need_person(struct sluss_state *state, const struct sluss_id *id); // NOWHERE: no memory
uint32_t st_find_case(const struct sluss_state *state, const struct sluss_id *id);
// The number of the slot of a case's key, SLUSS_NOWHERE.
uint32_t st_find_key_slot(const struct sluss_state *state, uint32_t kase, uint64_t key);
uint32_t st_find_grant(const struct sluss_state *state, const struct sluss_id *id);
uint32_t st_find_consent(const struct sluss_state *state, const struct sluss_id *id);
uint32_t st_find_statute(const struct sluss_state *state, const struct sluss_id *id);
uint32_t st_find_recall(const struct sluss_state *state, const struct sluss_id *id);
uint32_t st_find_key(const struct sluss_state *state, uint32_t kase, uint64_t key); // newest version
static inline uint64_t st_hash_id(const struct sluss_state *state, const struct sluss_id *id)
{
	uint64_t words[2];
	memcpy(words, id->b, sizeof(words));
	return sluss_hash_words(&state->key, words[0], words[1]);
}

// The hash of a key, from that of its case's id: both can be fetched at the same time.
static inline uint64_t st_hash_key(const struct sluss_state *state, uint64_t case_hash, uint64_t key)
{
	return sluss_hash_words(&state->key, case_hash, key);
}

static inline struct case_line *st_line(const struct sluss_state *state, const struct kase *kase)
{
	return (struct case_line *)(void *)sluss_id_table_at(&state->by_case, kase->line);
}

// With `hash` of the id: NULL when there is none.
static inline const struct case_line *st_find_line(
    const struct sluss_state *state, uint64_t hash, const struct sluss_id *id)
{
	return (const struct case_line *)(const void *)sluss_id_table_find(&state->by_case, hash, id);
}

static inline const struct consent_slot *st_find_consent_slot(
    const struct sluss_state *state, uint64_t hash, const struct sluss_id *id)
{
	return (const struct consent_slot *)(const void *)sluss_id_table_find(&state->by_consent, hash, id);
}

const struct member *st_find_member(const struct kase *kase, uint16_t agency);
static inline bool st_is_member(const struct sluss_state *state, const struct case_line *line, uint16_t agency)
{
	if (line->agency_count > AGENCIES_HERE)
		return st_find_member(CASE(state, line->slot.at - 1), agency) != NULL;
	return agency != NO_AGENCY && case_line_names(line, agency);
}
bool st_is_contact(
    const struct sluss_state *state, const struct kase *kase, uint16_t agency, const char *officer, bool coordinator);
// The bit of a person who is the subject or was ever a guardian, 0.
uint32_t st_person_bit(const struct sluss_state *state, const struct kase *kase, uint32_t person);
const char *st_symbol_text(const struct sluss_state *state, uint32_t symbol);
static inline const char *text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

// standing.c: what the versions of a key are worth. No function here changes anything but settle_* and st_note_who().
const struct sluss_programme *st_case_programme(
    const struct sluss_state *state, const struct kase *kase); // NULL: none in force
// Who must agree now; false when it cannot be told.
bool st_case_who(const struct sluss_state *state, const struct kase *kase, enum sluss_who *who_out);
// Bits of the persons who must agree now, 0 when it cannot be told or nobody is there.
uint32_t st_required_bits(const struct sluss_state *state, const struct kase *kase);

// All that a standing needs of a case, worked out once.
struct agreement {
	bool known;
	bool subject;	  // must give
	bool guardians;	  // must give
	bool one_enough;  // of the guardians
	uint32_t current; // registered guardians
};
struct agreement st_case_agreement(const struct sluss_state *state, const struct kase *kase);
bool st_is_complete(const struct agreement *agreement, const struct grant *grant);
// Position of the version that stands for the key now, SLUSS_NOWHERE (ruling 19); `newest` is the key's newest version.
uint32_t st_version_in_force(const struct sluss_state *state, uint32_t newest, int64_t now_ms);
// Whether the version that permits now (paused or not), else the newest, carries the explicit mark.
bool st_key_is_marked(const struct sluss_state *state, uint32_t kase, uint64_t key, int64_t now_ms);
// ground.c: when a statutory request ends by the law in force, 0 when it is not approved.
int64_t st_statute_until(const struct sluss_state *state, const struct statute *statute);
// The version in force when it is complete and in its window, paused or not; SLUSS_NOWHERE (ruling 9: a pause does not
// break a link).
uint32_t st_version_held(const struct sluss_state *state, const struct kase *kase, const struct agreement *agreement,
    uint32_t newest, int64_t now_ms);
// The newest version that was not registered by mistake, SLUSS_NOWHERE.
uint32_t st_newest_valid(const struct sluss_state *state, uint32_t newest);
// OK_CONSENT, or the first of ruling 2 that is true of this version; UNAVAILABLE when who must agree is not known.
enum sluss_reason st_grant_standing(
    const struct kase *kase, const struct agreement *agreement, const struct grant *grant, int64_t now_ms);
// Around each record that may change a version: settle_*_before() at the record's time, the change, settle_*_after().
void st_settle_key_before(struct sluss_state *state, uint32_t newest, int64_t now_ms);
void st_settle_key_after(struct sluss_state *state, uint32_t newest, int64_t now_ms); // also what the key permits
void st_settle_case_before(struct sluss_state *state, struct kase *kase, int64_t now_ms);
void st_settle_case_after(struct sluss_state *state, struct kase *kase, int64_t now_ms);
// After a record that may have changed who must agree: notes why.
void st_note_who(struct sluss_state *state, struct kase *kase, enum cause cause);

// links.c (ruling 9).
bool st_key_in_links(const struct sluss_state *state, const struct kase *kase, uint64_t key);
bool st_links_active(const struct sluss_state *state, const struct kase *kase, int64_t now_ms); // every link
void st_links_settle(struct sluss_state *state, uint32_t kase, int64_t now_ms);
SLUSS_MUST_CHECK bool st_links_reserve(struct sluss_state *state); // before one more case
void st_links_touch(struct sluss_state *state, uint32_t kase, int64_t at_ms);

// apply_*.c, one for each group of records. They validate first and change nothing when they answer INVALID.
enum sluss_apply st_apply_policy_set(struct sluss_state *state, const struct sluss_record *record);
// Around a record that may change who must agree in a case, or what its grants say.
void st_case_before(struct sluss_state *state, uint32_t kase, int64_t at_ms);
void st_case_after(struct sluss_state *state, uint32_t kase, enum cause cause, int64_t at_ms);
enum sluss_apply st_apply_agency(struct sluss_state *state, const struct sluss_record *record);
enum sluss_apply st_apply_case(struct sluss_state *state, const struct sluss_record *record, uint64_t seq);
enum sluss_apply st_apply_consent_recorded(struct sluss_state *state, const struct sluss_record *record, uint64_t seq);
enum sluss_apply st_apply_grant_status(struct sluss_state *state, const struct sluss_record *record);
enum sluss_apply st_apply_withdrawal(struct sluss_state *state, const struct sluss_record *record);
enum sluss_apply st_apply_statute(struct sluss_state *state, const struct sluss_record *record);
enum sluss_apply st_apply_exchange(struct sluss_state *state, const struct sluss_record *record);

// duties.c
enum sluss_apply st_apply_notified(struct sluss_state *state, const struct sluss_record *record);
enum sluss_apply st_apply_recall(struct sluss_state *state, const struct sluss_record *record, uint64_t seq);
SLUSS_MUST_CHECK bool st_notice_reserve(struct sluss_state *state); // before one more statutory request
void st_notice_add(struct sluss_state *state, uint32_t statute);
void st_notice_changed(struct sluss_state *state, uint32_t statute); // it was answered
// Something was received on this version, or it ends earlier than before.
void st_keeping_touch(struct sluss_state *state, const struct grant *grant);

// Whether a key lies within a withdrawal's scope. `scope` is made once by st_withdrawal_scope().
struct scope {
	enum sluss_scope kind;
	uint32_t kase;
	uint64_t key;	  // GRANT
	uint8_t category; // CATEGORY
	uint16_t agency;  // AGENCY
	uint32_t consent; // CONSENT
};
SLUSS_MUST_CHECK bool st_withdrawal_scope(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, struct scope *scope_out);
bool st_scope_covers(const struct sluss_state *state, const struct scope *scope, const struct grant *newest);

#endif
