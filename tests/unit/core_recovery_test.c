// SPDX-License-Identifier: EUPL-1.2
// A commit that failed leaves nothing; the log folds to the same state.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core_world.h"
#include "policy/record.h"
#include "queue.h"
#include "world.h"

static const enum who to_soc[] = {SOC}, to_both[] = {SOC, POL};

enum { OK = 0, NOT_FOUND = 5, ALREADY_EXISTS = 6, PERMISSION_DENIED = 7, UNAVAILABLE = 14 };
enum { MAILBOX_MESSAGES = 120, REQUEST_MAX = 2 << 20 };

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	world_start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	free(*state);
	return 0;
}

static const struct draft plain = {.from = SCH, .to = to_both, .to_count = 2, .sections = 1};

// ---- failures

static void a_failed_commit_answers_unavailable_and_leaves_nothing(void **state)
{
	struct world *w = *state;
	const struct {
		enum sluss_fault fault;
		enum sluss_store_result result;
		bool happened;
	} cases[] = {{SLUSS_FAULT_FAIL, SLUSS_STORE_FULL, false}, {SLUSS_FAULT_FAIL, SLUSS_STORE_UNCERTAIN, false},
	    {SLUSS_FAULT_TEAR, SLUSS_STORE_UNCERTAIN, false}, {SLUSS_FAULT_DONE, SLUSS_STORE_UNCERTAIN, true}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
		struct sluss_sealed_message sealed = seal(w, &draft);
		// begin, payload, payload, append, tiles, checkpoint, commit: the last call that writes is the commit.
		uint64_t before = w->writes;
		struct answer answer = send_sealed(w, SCH, &sealed);
		assert_int_equal(answer.code, OK);
		answer_free(&answer);
		uint64_t calls = w->writes - before;
		sluss_sealed_message_free(&sealed);

		sealed = seal(w, &draft);
		w->plan = (struct sluss_fault_plan){cases[i].fault, w->writes + calls, cases[i].result};
		answer = send_sealed(w, SCH, &sealed);
		assert_int_equal(answer.code, UNAVAILABLE);
		assert_int_equal(answer.reason, SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE);
		answer_free(&answer);
		w->plan = (struct sluss_fault_plan){0};
		assert_int_equal(state_of(w, SCH, &sealed.id, SOC),
		    cases[i].happened ? SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_WAITING
				      : SLUSS__V1__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED);
		// The client tries again: once in effect.
		answer = send_sealed(w, SCH, &sealed);
		assert_int_equal(answer.code, OK);
		answer_free(&answer);
		sluss_sealed_message_free(&sealed);
	}
	assert_int_equal(fetch_count(w, SOC, 7), 8);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_MESSAGE_ACCEPTED), 8);
}

// Whichever write of a withdrawal fails: it is not acknowledged, nothing of it stands, and trying again makes it whole.
static void a_withdrawal_is_whole_or_not_at_all(void **state)
{
	struct world *w = *state;
	for (uint64_t at = 1; at < 40; at++) {
		world_end(w);
		world_start(w);
		send_expecting(w, &plain, OK);
		w->plan = (struct sluss_fault_plan){SLUSS_FAULT_FAIL, w->writes + at, SLUSS_STORE_FULL};
		struct sluss_id id;
		sluss_id_random(&id);
		struct answer answer = withdraw(w, &id);
		bool failed = answer.code == UNAVAILABLE;
		assert_true(failed || answer.code == OK);
		answer_free(&answer);
		w->plan = (struct sluss_fault_plan){0};
		if (failed) {
			answer = withdraw(w, &id);
			assert_int_equal(answer.code, OK);
			assert_int_equal(((const Sluss__V1__WithdrawResponse *)answer.message)->messages_withheld, 2);
			answer_free(&answer);
		}
		assert_int_equal(fetch_count(w, SOC, 7), 0);
		world_stop(w);
		assert_int_equal(count_records(w, SLUSS_REC_WITHDRAWAL), 1);
		assert_int_equal(count_records(w, SLUSS_REC_PAYLOAD_DESTROYED), 1);
		if (!failed)
			return; // past the last write
	}
	fail_msg("no run went through");
}

// ---- recovery

static void what_was_told_is_there_after_a_restart(void **state)
{
	struct world *w = *state;
	struct sluss_id ids[20];
	for (size_t i = 0; i < 20; i++)
		ids[i] = send_expecting(w, &plain, OK);
	assert_int_equal(fetch_count(w, SOC, 7), 16);
	struct answer answer =
	    act_on_grant(w, SLUSS_METHOD_CONSENT_PAUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE, &w->grant_pol);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_int_equal(fetch_count(w, POL, 8), 0);
	Sluss__V1__DeliveryState before[20][2];
	for (size_t i = 0; i < 20; i++) {
		before[i][0] = state_of(w, SCH, &ids[i], SOC);
		before[i][1] = state_of(w, SCH, &ids[i], POL);
	}
	for (int round = 0; round < 2; round++) {
		world_stop(w);
		world_run(w);
		for (size_t i = 0; i < 20; i++) {
			assert_int_equal(state_of(w, SCH, &ids[i], SOC), before[i][0]);
			assert_int_equal(state_of(w, SCH, &ids[i], POL), before[i][1]);
		}
	}
	assert_int_equal(fetch_count(w, SOC, 9), 16); // leases do not survive, messages do
}

// What was folded from the store, for comparing.
static struct sluss_world *fold(struct world *w, struct sluss_policies *policies)
{
	struct sluss_store *store;
	struct sluss_store_error error;
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	assert_int_equal(sluss_policies_load(policies, store), SLUSS_STORE_OK);
	struct sluss_world *world = sluss_world_new(policies);
	assert_int_equal(sluss_world_fold(world, store, &error), SLUSS_STORE_OK);
	sluss_store_close(&store);
	return world;
}

static bool note_grant(void *context, const struct sluss_grant_view *grant)
{
	uint64_t *sum = context;
	*sum = *sum * 31 + (uint64_t)grant->standing * 7 + grant->releases * 3 + grant->paused + 2u * grant->in_force +
	       grant->grant.b[0];
	return true;
}

static uint64_t sum_of(struct world *w, const struct sluss_world *world)
{
	uint64_t sum = world->size;
	sluss_case_each_grant(world->state, &w->case_id, atomic_load(&w->now_ms), note_grant, &sum);
	for (uint32_t box = 0; box < sluss_mailbox_count(world->messages); box++) {
		sum = sum * 31 + sluss_mailbox_waiting(world->messages, box);
		for (uint32_t n = sluss_mailbox_first(world->messages, box); n != SLUSS_NOWHERE;
		     n = sluss_messages_delivery(world->messages, n)->next)
			sum = sum * 31 + sluss_messages_delivery(world->messages, n)->live +
			      sluss_messages_delivery(world->messages, n)->state;
	}
	return sum;
}

static void folding_twice_gives_the_same(void **state)
{
	struct world *w = *state;
	for (int round = 0; round < 30; round++) {
		struct draft draft = plain;
		draft.sections = 1 + (size_t)round % 3;
		draft.category = round % 5 == 4 ? "school_support" : NULL;
		send_expecting(w, &draft, round % 5 == 4 ? PERMISSION_DENIED : OK);
		if (round % 4 == 0) {
			struct answer answer = fetch(w, round % 8 == 0 ? SOC : POL, (uint64_t)round + 1, 0);
			const Sluss__V1__FetchResponse *got = (const Sluss__V1__FetchResponse *)answer.message;
			for (size_t i = 0; i < got->n_deliveries; i += 2) {
				struct answer acked = acknowledge(w, round % 8 == 0 ? SOC : POL, got->deliveries[i],
				    i % 4 == 0 ? SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED
					       : SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED);
				assert_int_equal(acked.code, OK);
				answer_free(&acked);
			}
			answer_free(&answer);
		}
	}
	struct answer answer =
	    act_on_grant(w, SLUSS_METHOD_CONSENT_PAUSE, SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE, &w->grant_pol);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	answer =
	    fetch(w, POL, 77, 1000); // waits until the leases have ended; everything for the police is withheld then
	assert_int_equal(((const Sluss__V1__FetchResponse *)answer.message)->n_deliveries, 0);
	answer_free(&answer);
	world_stop(w);
	struct sluss_policies *policies = sluss_policies_new();
	struct sluss_world *first = fold(w, policies), *second = fold(w, policies);
	assert_memory_equal(&first->counts, &second->counts, sizeof(first->counts));
	assert_int_equal(sum_of(w, first), sum_of(w, second));
	assert_true(first->counts.released > 0 && first->counts.withheld > 0 && first->counts.denied > 0 &&
		    first->counts.acknowledged > 0);
	assert_int_equal(first->size, count_records(w, 0));
	sluss_world_free(&first);
	sluss_world_free(&second);
	sluss_policies_free(&policies);
}

static void a_log_that_was_changed_is_not_opened(void **state)
{
	struct world *w = *state;
	send_expecting(w, &plain, OK);
	world_stop(w);
	// The same log under another key: the checkpoint is not ours.
	w->config.authority = "sluss.test/other";
	world_run(w);
	world_stop(w);
	assert_int_equal(w->status, 1);
	w->config.authority = AUTHORITY;
	world_run(w);
	assert_int_equal(fetch_count(w, SOC, 7), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_failed_commit_answers_unavailable_and_leaves_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_withdrawal_is_whole_or_not_at_all, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_told_is_there_after_a_restart, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(folding_twice_gives_the_same, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_log_that_was_changed_is_not_opened, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
