// SPDX-License-Identifier: EUPL-1.2
// Inside the replay: what audit_replay.c, audit_decide.c and audit_acts.c share.
//
// A record is checked against the state before it, then folded. Two things run behind:
// - A case that a message opens stands in the log before that message, but the message was decided before the case was
//   there: the opening is held until the message has been decided.
// - What a record obliges the gateway to (a phase move, withholding, destroying) has to stand in the log before the
// next
//   record that is not such a consequence itself: audit_replay_owed() looks then.
#ifndef SLUSS_AGENTS_AUDIT_REPLAY_H
#define SLUSS_AGENTS_AUDIT_REPLAY_H

#include "audit_ages.h"
#include "audit_impl.h"
#include "audit_open.h"

struct audit_policy {
	struct audit_policy *next;
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_policy *policy;
};

struct audit_replay {
	struct audit *audit;
	struct sluss_state *state;
	struct audit_policy *policies;
	struct audit_open open;
	struct audit_ages ages;
	uint64_t seq; // of the state: more than one for an entry when the replay does itself what the gateway forgot
	bool demo_clock, stopped;
	char origin[128];
	struct audit_message **owing; // messages with something to withhold or to destroy
	size_t owing_count, owing_room;
	struct sluss_id *moves; // cases that have to go to closing now; the state has them there already
	size_t move_count, move_room;
	struct sluss_id withdrawal; // the newest
	struct sluss_id erased;	    // the person, until what follows from it has been looked at
	struct sluss_id withdrawn;  // the case that it was in, until what it obliges to has been looked at
	// A case opened by a message that has still to come.
	bool held;
	struct sluss_record opening;
	char opening_texts[3][SLUSS_AGENCY_MAX + SLUSS_OFFICER_MAX];
	uint64_t opening_index;
};

// Folds a record; reports what contradicts the state. False: the replay cannot go on.
SLUSS_MUST_CHECK bool audit_replay_fold(struct audit_replay *replay, const struct sluss_record *record);
// What was owed and has not been done.
void audit_replay_owed(struct audit_replay *replay);
// Notes that a message owes something.
void audit_replay_owes(struct audit_replay *replay, struct audit_message *message);

// audit_decide.c. All before the record is folded.
void audit_decide_message(struct audit_replay *replay, const struct sluss_rec_message *message, bool accepted);
void audit_decide_release(struct audit_replay *replay, const struct sluss_rec_release *release);
void audit_decide_withheld(struct audit_replay *replay, const struct sluss_rec_release *withheld);
// After a withdrawal was folded: what waits and is covered has to be withheld.
void audit_decide_after_withdrawal(struct audit_replay *replay, const struct sluss_id *case_id);
void audit_decide_destroyed(struct audit_replay *replay, const struct sluss_rec_payload_destroyed *destroyed);
void audit_decide_ended(struct audit_replay *replay, const struct sluss_rec_acknowledged *ended, bool mismatch);
void audit_decide_expired(struct audit_replay *replay, const struct sluss_rec_expired *expired);
// After an acceptance was folded: the message is under way. False: no memory.
SLUSS_MUST_CHECK bool audit_decide_accepted(struct audit_replay *replay, const struct sluss_rec_message *message);

// audit_duties.c: what has to be asked back, and whom to tell.
void audit_duties_withdrawn(struct audit_replay *replay);
void audit_duties_end(struct audit_replay *replay);

// audit_acts.c: may this have been recorded? Before the record is folded.
void audit_acts_check(struct audit_replay *replay, const struct sluss_record *record);
// Whether the persons of a case have the age that the time says.
void audit_acts_ages(struct audit_replay *replay, const struct sluss_id *case_id);

#endif
