// SPDX-License-Identifier: EUPL-1.2
// What happens by itself when time passes: birthdays, and links that a programme cannot do without (DOMAIN rulings 4, 6
// and 9). Done before every decision. Also what falls due: notices about statutory grounds, answers to recalls.
#include <sodium.h>
#include <time.h>

#include "log_event.h"
#include "recall.h"
#include "writer.h"

// ---- the clock

int64_t sluss_clock_now(const struct sluss_clock *clock)
{
	int64_t real = clock->real_ms(clock->arg);
	return clock->demo ? clock->core_base_ms + (real - clock->real_base_ms) : real;
}

void sluss_clock_set(struct sluss_clock *clock, int64_t core_ms)
{
	clock->core_base_ms = core_ms;
	clock->real_base_ms = clock->real_ms(clock->arg);
}

void sluss_clock_watch(struct sluss_writer *w)
{
	enum { JUMP_MS = 5000 };
	struct timespec boot;
	if (w->clock.demo || w->config.clock_ms != NULL || clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
		return;
	int64_t offset = w->clock.real_ms(w->clock.arg) - ((int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000);
	int64_t by = w->clock_offset_ms == 0 ? 0 : offset - w->clock_offset_ms;
	if (by > JUMP_MS || by < -JUMP_MS) {
		sluss_event(SLUSS_EVENT_WARNING, "clock-jumped", "by_ms=%lld", (long long)by);
		w->clock_jump_ms += by;
	} else if (w->clock_offset_ms != 0) {
		return; // it creeps, as clocks that are kept in step do; what creeps over time is no jump
	}
	w->clock_offset_ms = offset;
}

// ---- ages

// The person's band by birth date, policy and clock as a record, unless the state says so already; and when the next
// band begins.
static bool set_age(struct sluss_writer *w, const struct sluss_person *person)
{
	uint8_t from, until, known_from, known_until;
	int64_t next_ms;
	const struct sluss_policy *policy = sluss_state_policy(w->world->state);
	if (policy == NULL || person->birth.year == 0 ||
	    !sluss_age_band_at(policy, person->birth, w->now_ms, &from, &until, &next_ms)) {
		sluss_persons_set_due(w->persons, &person->id, INT64_MAX);
		return true;
	}
	bool known = sluss_person_age(w->world->state, &person->id, &known_from, &known_until) && known_from == from &&
		     known_until == until;
	if (!known) {
		struct sluss_record record = {.type = SLUSS_REC_PERSON_AGE,
		    .u.person_age = {.person = person->id, .from_years = from, .until_years = until}};
		sluss_person_commitment(person, record.u.person_age.commitment);
		if (sluss_batch_append(w, &record, NULL) != SLUSS_BATCH_OK)
			return sluss_batch_spoil(w, "age", "the record was refused");
	}
	sluss_persons_set_due(w->persons, &person->id, next_ms);
	return true;
}

static bool settle_ages(struct sluss_writer *w)
{
	struct sluss_id id;
	while (sluss_persons_due(w->persons, w->now_ms, &id)) {
		struct sluss_person person;
		enum sluss_store_result result = sluss_persons_get(w->persons, w->store, &id, &person);
		if (result == SLUSS_STORE_NOT_FOUND)
			sluss_persons_set_due(w->persons, &id, INT64_MAX);
		else if (result != SLUSS_STORE_OK)
			return sluss_batch_spoil(w, "age", sluss_store_error_text(w->store));
		bool ok = result != SLUSS_STORE_OK || set_age(w, &person);
		sodium_memzero(&person, sizeof(person));
		if (!ok)
			return false;
	}
	return true;
}

struct person_ids {
	struct sluss_persons *persons;
};

static void make_due(void *context, const struct sluss_id *id, const struct sluss_date *birth)
{
	(void)birth;
	sluss_persons_set_due(((struct person_ids *)context)->persons, id, INT64_MIN);
}

void sluss_writer_ages_due(struct sluss_writer *w)
{
	struct person_ids ids = {w->persons};
	sluss_persons_each(w->persons, make_due, &ids);
}

// A record that state asked for.
static bool append_due(struct sluss_writer *w, const char *what, const struct sluss_record *record)
{
	return sluss_batch_append(w, record, NULL) == SLUSS_BATCH_OK ||
	       sluss_batch_spoil(w, what, "the record was refused");
}

static bool settle_duties(struct sluss_writer *w)
{
	struct sluss_state *state = w->world->state;
	struct sluss_record notified = {.type = SLUSS_REC_STATUTE_NOTIFIED};
	while (sluss_state_notice_due(state, w->now_ms, &notified.u.statute_notified))
		if (!append_due(w, "notice", &notified))
			return false;
	struct sluss_record overdue = {.type = SLUSS_REC_RECALL_OVERDUE};
	while (sluss_state_recall_due(state, w->now_ms, &overdue.u.recall_overdue.recall))
		if (!append_due(w, "recall", &overdue))
			return false;
	struct sluss_id case_id, last = {0};
	while (sluss_state_kept_too_long(state, w->now_ms, &case_id)) {
		// Each grant of the case that has ended is asked back at once; a second time would be for ever.
		if (sluss_id_equal(&case_id, &last))
			return sluss_batch_spoil(w, "recall", "a grant was not asked back");
		last = case_id;
		if (!sluss_recall_open(w, &case_id, SLUSS_RECALL_EXPIRY, NULL, NULL, NULL))
			return false;
	}
	return true;
}

// Everything that changes by itself at w->now_ms.
static bool settle_instant(struct sluss_writer *w)
{
	if (!settle_ages(w))
		return false;
	struct sluss_id case_id;
	while (sluss_state_link_lost(w->world->state, w->now_ms, &case_id)) {
		struct sluss_record record = {.type = SLUSS_REC_PHASE_SET,
		    .u.phase_set = {.case_id = case_id, .phase = SLUSS_PHASE_CLOSING, .by_gateway = true}};
		if (!append_due(w, "phase", &record))
			return false;
	}
	return settle_duties(w);
}

// The next instant at which something changes by itself, not before the log's own time.
static int64_t next_instant(const struct sluss_writer *w)
{
	int64_t age_ms = sluss_persons_next_due(w->persons);
	int64_t edge_ms = sluss_state_next_edge_ms(w->world->state);
	int64_t duty_ms = sluss_state_next_duty_ms(w->world->state);
	int64_t next_ms = age_ms < edge_ms ? age_ms : edge_ms;
	next_ms = duty_ms < next_ms ? duty_ms : next_ms;
	int64_t log_ms = sluss_state_time_ms(w->world->state);
	return next_ms > log_ms ? next_ms : log_ms;
}

int64_t sluss_writer_due_ms(const struct sluss_writer *w)
{
	int64_t instant_ms = next_instant(w);
	return w->stop.next_ms < instant_ms ? w->stop.next_ms : instant_ms;
}

// A silent stretch is gone through instant by instant, in the order in which things happened: a birthday between the
// beginning and the end of a grant, a link that was lost and is there again, count as they would have had somebody
// asked in between.
bool sluss_writer_settle(struct sluss_writer *w)
{
	if (w->spoiled)
		return false;
	const int64_t now_ms = w->now_ms;
	int64_t last_ms = INT64_MIN;
	bool ok = true;
	for (int64_t at_ms = next_instant(w); ok && at_ms < now_ms && at_ms > last_ms; at_ms = next_instant(w)) {
		w->now_ms = last_ms = at_ms;
		ok = settle_instant(w);
	}
	w->now_ms = now_ms;
	return ok && settle_instant(w);
}

// ---- for services

bool sluss_txn_settle(struct sluss_txn *txn)
{
	if (sluss_writer_settle(sluss_writer_of(txn)))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	return false;
}

bool sluss_txn_person_age(struct sluss_txn *txn, const struct sluss_person *person)
{
	if (!sluss_txn_refused(txn) && set_age(sluss_writer_of(txn), person))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	return false;
}

bool sluss_txn_policy(
    struct sluss_txn *txn, struct sluss_bytes json, uint8_t hash_out[SLUSS_HASH_BYTES], const char **name_out)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	struct sluss_policy_error error;
	if (!sluss_policies_add(w->policies, json, hash_out, &error)) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "policy",
		    "Line %d, column %d, %s: %s", error.line, error.column, error.path, error.message);
		return false;
	}
	*name_out = sluss_policy_name(sluss_policies_find(w->policies, hash_out));
	return sluss_txn_put_side(txn, SLUSS_SIDE_POLICY, (struct sluss_bytes){hash_out, SLUSS_HASH_BYTES}, json);
}

static bool step(struct sluss_txn *txn, int64_t to_ms, uint64_t *index_out)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	struct sluss_record record = {.type = SLUSS_REC_CLOCK_STEP, .u.clock_step = {.to_ms = to_ms}};
	if (!sluss_txn_append(txn, &record, index_out))
		return false;
	sluss_clock_set(&w->clock, to_ms);
	w->now_ms = to_ms;
	txn->now_ms = to_ms;
	return true;
}

bool sluss_txn_step_clock(struct sluss_txn *txn, int64_t to_ms, uint64_t *index_out)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	if (!w->world->demo_clock) {
		sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_CLOCK_SKEW, NULL,
		    "This authority's clock cannot be stepped.");
		return false;
	}
	if (to_ms < w->now_ms) {
		sluss_txn_refuse(
		    txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_CLOCK_SKEW, "to", "The clock never goes back.");
		return false;
	}
	// After a step no record can be older than it: so the clock is stepped from instant to instant at which
	// something changes by itself.
	for (int64_t at_ms = next_instant(w); at_ms > w->now_ms && at_ms < to_ms; at_ms = next_instant(w))
		if (!step(txn, at_ms, index_out) || !sluss_txn_settle(txn))
			return false;
	return step(txn, to_ms, index_out);
}
