// SPDX-License-Identifier: EUPL-1.2
// The state: a fold over the log. sluss_state_apply() is the only function that changes what a decision sees; the
// gateway, recovery at start and the offline verifier use the same one. No I/O, no clock, no globals.
//
// Threads: one thread at a time (core's writer). The queries are const in meaning but share scratch space: call them
// from that thread too. Ownership: the state owns everything that it hands out; strings and pointers stay valid until
// the next apply.
#ifndef SLUSS_POLICY_STATE_H
#define SLUSS_POLICY_STATE_H

#include "policy/policy.h"
#include "policy/record.h"

struct sluss_state;

enum sluss_apply {
	SLUSS_APPLY_OK = 0,
	SLUSS_APPLY_INVALID, // the record contradicts the state (unknown case, used id, ...); the state is unchanged
	SLUSS_APPLY_CLOCK,   // the record is older than the last one; unchanged
	SLUSS_APPLY_UNKNOWN_POLICY, // the lookup knows no such policy; unchanged
	SLUSS_APPLY_NO_MEMORY, // the state is broken now: every decision says UNAVAILABLE; free it and fold the log
			       // again
};

// The policy with that hash, or NULL. It must live as long as the state.
typedef const struct sluss_policy *sluss_policy_lookup_fn(void *context, const uint8_t hash[SLUSS_HASH_BYTES]);

struct sluss_state_options {
	sluss_policy_lookup_fn *lookup;
	void *context;
	uint8_t hash_key[16]; // random, so that nobody can choose ids that collide
};

// NULL when memory ran out. Free with sluss_state_free(), which takes NULL and nulls.
struct sluss_state *sluss_state_new(const struct sluss_state_options *options);
void sluss_state_free(struct sluss_state **state);

// Folds one record. `seq` is its log index; indexes only rise.
SLUSS_MUST_CHECK enum sluss_apply sluss_state_apply(
    struct sluss_state *state, const struct sluss_record *record, uint64_t seq);

// The policy in force, NULL before the first POLICY_SET.
const struct sluss_policy *sluss_state_policy(const struct sluss_state *state);
// Number of records folded: index of the last one + 1, 0 when there is none.
uint64_t sluss_state_size(const struct sluss_state *state);
// Time of the last record (of CLOCK_STEP: the time that it steps to). A decision at an earlier time is UNAVAILABLE.
int64_t sluss_state_time_ms(const struct sluss_state *state);
// Octets of memory that the state holds.
size_t sluss_state_memory(const struct sluss_state *state);

struct sluss_state_counts {
	size_t agencies, cases, persons, consents, grants, statutes, recalls;
};
struct sluss_state_counts sluss_state_counts(const struct sluss_state *state);

// Agencies. NONE when it is not enrolled or has left.
enum sluss_agency_type sluss_state_agency_type(const struct sluss_state *state, const char *agency);
bool sluss_state_is_approver(const struct sluss_state *state, const char *agency, const char *officer);

// Cases.
struct sluss_case_view {
	struct sluss_id case_id;
	struct sluss_id subject;
	const char *programme; // "" while a message opened it and nobody took it in hand
	enum sluss_phase phase;
	enum sluss_phase former_phase; // before `closing`
	enum sluss_close_reason close_reason;
	bool protected_identity;
	bool login_locked;
	bool link_lost; // in `closing` because of ruling 9
	uint64_t opened_seq;
	size_t member_count, guardian_count, grant_count;
};
bool sluss_case_find(const struct sluss_state *state, const struct sluss_id *case_id, struct sluss_case_view *view_out);
// The case at a position (0 up, in order of opening); false past the end. For lists that are read in pages.
bool sluss_case_at(const struct sluss_state *state, size_t index, struct sluss_case_view *view_out);
bool sluss_case_is_member(const struct sluss_state *state, const struct sluss_id *case_id, const char *agency);
bool sluss_case_is_contact(
    const struct sluss_state *state, const struct sluss_id *case_id, const char *agency, const char *officer);
bool sluss_case_is_coordinator(
    const struct sluss_state *state, const struct sluss_id *case_id, const char *agency, const char *officer);
// The n-th member (0 up), its n-th officer; NULL past the end.
const char *sluss_case_member(const struct sluss_state *state, const struct sluss_id *case_id, size_t index);
const char *sluss_case_officer(const struct sluss_state *state, const struct sluss_id *case_id, size_t member,
    size_t index, bool *coordinator_out);
// The n-th registered guardian of the subject (0 up).
bool sluss_case_guardian(
    const struct sluss_state *state, const struct sluss_id *case_id, size_t index, struct sluss_id *guardian_out);
// Whether a disclosure is kept from this guardian's view (`message` none: the whole case).
bool sluss_case_view_limited(const struct sluss_state *state, const struct sluss_id *case_id,
    const struct sluss_id *guardian, const struct sluss_id *message);
// The n-th limit of a guardian's view that stands in the case (0 up, in no order); `message_out` none: the whole case.
bool sluss_case_view_limit(const struct sluss_state *state, const struct sluss_id *case_id, size_t index,
    struct sluss_id *guardian_out, struct sluss_id *message_out);

// Who must agree now, by the policy in force.
struct sluss_required {
	bool known; // false: the age band does not tell, or the case has no programme
	enum sluss_who who;
	bool complete_able; // false: nobody is there to ask (a minor without a registered guardian)
	size_t count;
	struct sluss_id persons[32];
};
bool sluss_case_required(
    const struct sluss_state *state, const struct sluss_id *case_id, struct sluss_required *required_out);

// Persons. False when no PERSON_AGE record names the person.
bool sluss_person_age(
    const struct sluss_state *state, const struct sluss_id *person, uint8_t *from_years_out, uint8_t *until_years_out);

// One version of a grant as it stands.
enum sluss_person_status {
	SLUSS_STATUS_MISSING = 0,
	SLUSS_STATUS_GIVEN = 1,
	SLUSS_STATUS_REFUSED = 2,
	SLUSS_STATUS_WITHDRAWN = 3,
};

struct sluss_grant_view {
	struct sluss_id grant, consent, case_id;
	const char *category, *sender, *recipient;
	enum sluss_purpose purpose;
	int64_t from_ms, until_ms;
	bool explicit_mark;
	bool paused;
	bool newest;   // the newest version of its key
	bool in_force; // the version that stands for its key now (ruling 19)
	bool invalidated;
	enum sluss_reason standing; // OK_CONSENT when it permits now, else the first of ruling 2
	uint32_t releases;	    // how often its key carried a release
	bool received;		    // something was received on this very version
	bool recalled;		    // what was received on it was asked back, or what else rested on it
	bool completed;		    // everybody required had given it at some instant
};
bool sluss_grant_find(
    const struct sluss_state *state, const struct sluss_id *grant, int64_t now_ms, struct sluss_grant_view *view_out);
enum sluss_person_status sluss_grant_status(
    const struct sluss_state *state, const struct sluss_id *grant, const struct sluss_id *person);

// Calls `fn` for every version of every grant of a case, newest version of a key first; stops when `fn` returns false.
typedef bool sluss_grant_fn(void *context, const struct sluss_grant_view *view);
void sluss_case_each_grant(
    const struct sluss_state *state, const struct sluss_id *case_id, int64_t now_ms, sluss_grant_fn *fn, void *context);

struct sluss_consent_view {
	struct sluss_id consent, case_id;
	uint64_t seq; // log index of its record
	size_t grant_count;
};
bool sluss_consent_find(
    const struct sluss_state *state, const struct sluss_id *consent, struct sluss_consent_view *view_out);

// What a withdrawal covers: calls `fn` with the newest version of every key that the scope names and that is not closed
// by a withdrawal yet. Ask before the record is applied. `releases` > 0 tells that the recipient already received
// something on it.
void sluss_withdrawal_covers(const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal,
    int64_t now_ms, sluss_grant_fn *fn, void *context);

// Whether a grant key (any version) lies within a withdrawal's scope: tells which waiting sections it may close.
bool sluss_withdrawal_matches(const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal,
    const struct sluss_id *case_id, const char *category, const char *sender, const char *recipient,
    enum sluss_purpose purpose);

// Whether the withdrawal would end a link that the case's programme cannot do without (ruling 9). Ask before the record
// is applied.
bool sluss_withdrawal_ends_link(
    const struct sluss_state *state, const struct sluss_rec_withdrawal *withdrawal, int64_t now_ms);

// Ruling 9. A case that has to go to `closing` now, because a link that was once active is not any more: the caller
// appends PHASE_SET {closing, by_gateway} and asks again, before it decides anything at `now_ms`. False when there is
// none. Cheap when nothing changed.
bool sluss_state_link_lost(struct sluss_state *state, int64_t now_ms, struct sluss_id *case_out);
// When to ask again even though no record arrived (a grant begins or ends); INT64_MAX for never.
int64_t sluss_state_next_edge_ms(const struct sluss_state *state);

// Statutory requests.
struct sluss_statute_view {
	struct sluss_id request, case_id;
	const char *provision, *agency, *officer, *approver; // approver "" while nobody answered
	enum sluss_message_type message_type;
	bool approved, refused, deferred, necessity;
	int64_t requested_ms, until_ms, notify_ms; // until 0 while it is not approved; by the law in force
	uint32_t uses;				   // releases that rest on it
	size_t recipient_count, category_count;
	bool notified; // the person was told
};
bool sluss_statute_find(
    const struct sluss_state *state, const struct sluss_id *request, struct sluss_statute_view *view_out);
bool sluss_statute_at(const struct sluss_state *state, size_t index, struct sluss_statute_view *view_out);
const char *sluss_statute_recipient(const struct sluss_state *state, const struct sluss_id *request, size_t index);
const char *sluss_statute_category(const struct sluss_state *state, const struct sluss_id *request, size_t index);

// Recalls.
struct sluss_recall_view {
	struct sluss_id recall, case_id, withdrawal;
	const char *agency;
	enum sluss_recall_cause cause;
	int64_t opened_ms, due_ms;
	bool answered, deleted, register_mark, mark_removed;
	bool overdue; // it was due and was not answered then; stays true when it is answered late
	uint64_t seq, answered_seq; // log indexes of the records that opened and answered it
};
bool sluss_recall_find(
    const struct sluss_state *state, const struct sluss_id *recall, struct sluss_recall_view *view_out);
// The recall at a position (0 up, in order of opening); false past the end.
bool sluss_recall_at(const struct sluss_state *state, size_t index, struct sluss_recall_view *view_out);

// When a ground that a decision named ends: a grant version, or a statutory request by the law in force. INT64_MAX: it
// has no end of its own.
int64_t sluss_ground_until_ms(const struct sluss_state *state, const struct sluss_id *ground);

// What falls due by itself. As with sluss_state_link_lost() the caller appends the record and asks again, before it
// decides anything at `now_ms`; false when there is nothing (more). Cheap when nothing changed.

// A person who is to be told of a statutory ground: the STATUTE_NOTIFIED to append.
bool sluss_state_notice_due(struct sluss_state *state, int64_t now_ms, struct sluss_rec_statute_notified *notified_out);
// A recall that is due and not answered: RECALL_OVERDUE.
bool sluss_state_recall_due(struct sluss_state *state, int64_t now_ms, struct sluss_id *recall_out);
// A case with grants whose time for keeping is over: RECALL_OPENED for what was received on them.
bool sluss_state_kept_too_long(struct sluss_state *state, int64_t now_ms, struct sluss_id *case_out);
// Whether this version is one of them.
bool sluss_grant_kept_too_long(const struct sluss_state *state, const struct sluss_id *grant, int64_t now_ms);
// When to ask for these again even though no record arrived; INT64_MAX for never.
int64_t sluss_state_next_duty_ms(struct sluss_state *state);

#endif
