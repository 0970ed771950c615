// SPDX-License-Identifier: EUPL-1.2
// Core with a witness: the test plays the courier. What is relayed depends on the quorum, what takes permission away
// does not; proofs lead to what is cosigned; a witness that knows more of the log ends core.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sodium.h>

#include "core_world.h"
#include "keeper.h"
#include "log_verify.h"
#include "sluss/v1/audit.pb-c.h"
#include "sluss/witness.h"

enum { OK = 0, UNAVAILABLE = 14 };

static const enum who to_soc[] = {SOC};
static const struct draft plain = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
static const uint8_t seed[32] = {77};

struct fixture {
	struct world w; // must be first
	char key[400];
	const char *keys[1];
	int courier;
	struct sluss_frame_reader *reader;
	struct sluss_witness_state state; // of the witness
	char log_key[SLUSS_NOTE_LINE_MAX];
};

static void new_courier(struct fixture *f)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	struct sluss_frame_writer *writer = sluss_frame_writer_new(0, 0);
	int fds[2];
	if (f->reader != NULL)
		close(f->courier);
	sluss_frame_reader_free(&f->reader);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	control.action = SLUSS__V1__CONTROL__ACTION__ACTION_NEW_COURIER;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	assert_int_equal(sluss_frame_writer_send_fds(writer, f->w.control, &frame, fds, 1), SLUSS_IPC_OK);
	sluss_frame_writer_free(&writer);
	close(fds[0]);
	f->courier = fds[1];
	f->reader = sluss_frame_reader_new(0);
}

static void run_with_witness(struct fixture *f, uint32_t quorum)
{
	world_stop(&f->w);
	f->w.config.witnesses = f->keys;
	f->w.config.witness_count = 1;
	f->w.config.witness_quorum = quorum;
	f->w.config.witness_period_ms = 100;
	f->w.config.witness_gap_max_ms = 60000;
	world_run(&f->w);
	new_courier(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sluss_note_key key;
	uint8_t public_key[32], secret[64];
	static const uint8_t log_seed[32] = {1}; // core_world.c's
	world_start(&f->w);
	assert_int_equal(crypto_sign_seed_keypair(public_key, secret, log_seed), 0);
	assert_true(sluss_note_key_init(&key, AUTHORITY, SLUSS_NOTE_ED25519, public_key));
	assert_true(sluss_note_key_format(&key, f->log_key, sizeof(f->log_key)));
	assert_true(sluss_witness_verifier_key("w.example", seed, f->key, sizeof(f->key)));
	f->keys[0] = f->key;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	world_end(&f->w);
	if (f->reader != NULL)
		close(f->courier);
	sluss_frame_reader_free(&f->reader);
	free(f);
	return 0;
}

// ---- the courier and the witness

static bool load(void *arg, const char *origin, struct sluss_witness_state *state_out)
{
	assert_string_equal(origin, AUTHORITY);
	*state_out = *(struct sluss_witness_state *)arg;
	return true;
}

static bool store(void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note)
{
	(void)origin, (void)note;
	*(struct sluss_witness_state *)arg = *state;
	return true;
}

// Waits for the next call.
static Sluss__V1__IpcFrame *next_call(struct fixture *f)
{
	struct sluss_bytes octets;
	enum sluss_ipc_status status;
	while ((status = sluss_frame_reader_next(f->reader, &octets)) == SLUSS_IPC_AGAIN) {
		struct pollfd waiting = {f->courier, POLLIN, 0};
		assert_int_equal(poll(&waiting, 1, PATIENCE_MS), 1);
		assert_int_equal(sluss_frame_reader_fill(f->reader, f->courier), SLUSS_IPC_OK);
	}
	assert_int_equal(status, SLUSS_IPC_OK);
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	assert_non_null(frame);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_COURIER_CALL);
	assert_int_equal(frame->courier_call->kind, SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS);
	assert_int_equal(frame->courier_call->index, 0);
	return frame;
}

static void give(struct fixture *f, uint64_t call_id, unsigned status, const char *type, const char *body)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__CourierAnswer answer = SLUSS__V1__COURIER_ANSWER__INIT;
	struct sluss_frame_writer *writer = sluss_frame_writer_new(0, 0);
	answer.call_id = call_id;
	answer.status = status;
	answer.content_type = (char *)(uintptr_t)type;
	answer.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)(uintptr_t)body};
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_COURIER_ANSWER;
	frame.courier_answer = &answer;
	assert_int_equal(sluss_frame_writer_push(writer, &frame), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_writer_flush(writer, f->courier), SLUSS_IPC_OK);
	sluss_frame_writer_free(&writer);
}

// Answers one call as the witness does; returns the size that it cosigned, 0 when it did not.
static uint64_t answer_one(struct fixture *f)
{
	Sluss__V1__IpcFrame *frame = next_call(f);
	const char *const logs[1] = {f->log_key};
	struct sluss_witness_keys keys = {"w.example", seed, logs, 1};
	struct sluss_witness_reply reply;
	sluss_witness_judge(&keys, (struct sluss_bytes){frame->courier_call->body.data, frame->courier_call->body.len},
	    (uint64_t)(f->w.now_ms / 1000), load, store, &f->state, &reply);
	give(f, frame->courier_call->call_id, reply.status, reply.content_type, reply.body);
	sluss_ipc_frame_free(&frame);
	return reply.size;
}

// Until the witness has cosigned more than `size`; and once more, so that core has certainly taken it: it asks again
// only after that.
static void cosign_beyond(struct fixture *f, uint64_t size)
{
	while (answer_one(f) <= size)
		;
	(void)answer_one(f);
}

// ---- tests

static void relaying_waits_for_the_quorum(void **state)
{
	struct fixture *f = *state;
	struct sluss_id waiting = send_expecting(&f->w, &plain, OK);
	run_with_witness(f, 1);
	(void)send_expecting(&f->w, &plain, UNAVAILABLE);
	struct answer answer = fetch(&f->w, SOC, 60, 0);
	assert_int_equal(answer.code, UNAVAILABLE);
	assert_non_null(strstr(answer.response->message, "1 of the log's 1 witnesses"));
	answer_free(&answer);
	assert_true(has_payload(&f->w, &waiting)); // it waits, it is not lost
	cosign_beyond(f, 0);
	(void)send_expecting(&f->w, &plain, OK);
	assert_int_equal(fetch_count(&f->w, SOC, 60), 2);
}

static void withdrawal_does_not_wait(void **state)
{
	struct fixture *f = *state;
	struct sluss_id waiting = send_expecting(&f->w, &plain, OK);
	run_with_witness(f, 1);
	f->w.web_obeys = f->w.edge_obeys = true;
	struct answer answer = withdraw(&f->w, NULL);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	assert_false(has_payload(&f->w, &waiting));
	// Nothing waits any more: Fetch has nothing to refuse, and gives its notices.
	answer = fetch(&f->w, SOC, 61, 0);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
}

static void without_a_quorum_nothing_depends_on_it(void **state)
{
	struct fixture *f = *state;
	run_with_witness(f, 0);
	(void)send_expecting(&f->w, &plain, OK);
	assert_int_equal(fetch_count(&f->w, SOC, 60), 1);
}

static void proofs_lead_to_what_is_cosigned(void **state)
{
	struct fixture *f = *state;
	struct sluss_note note;
	struct sluss_note_key witness;
	run_with_witness(f, 1);
	cosign_beyond(f, 0);
	Sluss__V1__GetProofRequest request = SLUSS__V1__GET_PROOF_REQUEST__INIT;
	request.log_index = 1;
	struct answer answer = call(&f->w, SLUSS_METHOD_AUDIT_GET_PROOF, SOC, 60, &request.base);
	assert_int_equal(answer.code, OK);
	const Sluss__V1__Receipt *receipt = ((const Sluss__V1__GetProofResponse *)answer.message)->receipt;
	struct sluss_bytes text = {(const uint8_t *)receipt->tlog_proof, strlen(receipt->tlog_proof)};
	struct sluss_proof *proof = malloc(sizeof(*proof));
	struct sluss_note_key log;
	assert_true(sluss_note_key_parse((struct sluss_bytes){(uint8_t *)f->log_key, strlen(f->log_key)}, &log));
	assert_int_equal(sluss_verify_receipt(text,
			     (struct sluss_bytes){receipt->log_entry.data, receipt->log_entry.len}, &log, NULL, NULL),
	    SLUSS_RECEIPT_VALID);
	assert_true(sluss_proof_parse(text, proof) && sluss_note_parse(proof->checkpoint, &note));
	assert_true(sluss_note_key_parse((struct sluss_bytes){(uint8_t *)f->key, strlen(f->key)}, &witness));
	assert_int_equal(sluss_note_verify(&note, &witness, NULL), SLUSS_NOTE_VALID);
	free(proof);
	answer_free(&answer);
}

// The courier dies with a call under way; the next one gets it again.
static void a_new_courier_goes_on(void **state)
{
	struct fixture *f = *state;
	run_with_witness(f, 1);
	Sluss__V1__IpcFrame *lost = next_call(f);
	sluss_ipc_frame_free(&lost);
	new_courier(f);
	cosign_beyond(f, 0);
	(void)send_expecting(&f->w, &plain, OK);
}

// What no courier of ours says closes its channel; core goes on.
static void a_strange_courier_is_cut(void **state)
{
	struct fixture *f = *state;
	char c;
	run_with_witness(f, 0);
	Sluss__V1__IpcFrame *asked = next_call(f);
	sluss_ipc_frame_free(&asked);
	assert_int_equal(write(f->courier, "\0\0\0\2\xff\xff", 6), 6);
	while (read(f->courier, &c, 1) > 0)
		;
	(void)send_expecting(&f->w, &plain, OK);
}

static void a_witness_ahead_ends_core(void **state)
{
	struct fixture *f = *state;
	run_with_witness(f, 1);
	Sluss__V1__IpcFrame *frame = next_call(f);
	give(f, frame->courier_call->call_id, 409, "text/x.tlog.size", "1000000\n");
	sluss_ipc_frame_free(&frame);
	struct pollfd gone = {f->courier, POLLIN, 0};
	char c;
	assert_int_equal(poll(&gone, 1, PATIENCE_MS), 1);
	assert_int_equal(read(f->courier, &c, 1), 0);
	world_stop(&f->w);
	assert_int_equal(f->w.status, 1);
	f->w.config.witness_count = f->w.config.witness_quorum = 0;
	world_run(&f->w); // for the tear-down
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(relaying_waits_for_the_quorum),
	    TEST(withdrawal_does_not_wait),
	    TEST(without_a_quorum_nothing_depends_on_it),
	    TEST(proofs_lead_to_what_is_cosigned),
	    TEST(a_new_courier_goes_on),
	    TEST(a_strange_courier_is_cut),
	    TEST(a_witness_ahead_ends_core),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
