// SPDX-License-Identifier: EUPL-1.2
// Letters between core and the courier: what goes on the wire, what is taken from it, and whom an answer is for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "outside.h"
#include "wire.h"

#define WITNESS SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS

static struct sluss_bytes text(const char *t)
{
	return (struct sluss_bytes){(const uint8_t *)t, strlen(t)};
}

static void test_call_goes_out(void **state)
{
	(void)state;
	struct sluss_wire wire;
	struct sluss_bytes octets;
	int pair[2];
	int epoll_fd = epoll_create1(0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(sluss_wire_open(&wire, pair[0], 0, false, epoll_fd, 1));
	struct sluss_letter *letter = sluss_letter_new(
	    SLUSS_ITEM_OUTSIDE_CALL, sluss_outside_call_id(WITNESS, 3, 99), "text/plain", text("old 0\n"));
	assert_non_null(letter);
	assert_int_equal(letter->kind, WITNESS);
	assert_int_equal(letter->index, 3);
	letter->timeout_ms = 7;
	assert_true(sluss_letter_send(letter, &wire));
	assert_true(sluss_wire_flush(&wire, epoll_fd, 1));
	free(letter);
	struct sluss_frame_reader *reader = sluss_frame_reader_new(0);
	assert_int_equal(sluss_frame_reader_fill(reader, pair[1]), SLUSS_IPC_OK);
	assert_int_equal(sluss_frame_reader_next(reader, &octets), SLUSS_IPC_OK);
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_COURIER_CALL);
	assert_int_equal(frame->courier_call->kind, WITNESS);
	assert_int_equal(frame->courier_call->index, 3);
	assert_int_equal(frame->courier_call->timeout_ms, 7);
	assert_string_equal(frame->courier_call->content_type, "text/plain");
	assert_int_equal(frame->courier_call->body.len, 6);
	sluss_ipc_frame_free(&frame);
	sluss_frame_reader_free(&reader);
	sluss_wire_close(&wire);
	close(pair[1]);
	close(epoll_fd);
}

static struct sluss_letter *read_answer(Sluss__V1__CourierAnswer *answer)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_COURIER_ANSWER;
	frame.courier_answer = answer;
	size_t len = sluss__v1__ipc_frame__get_packed_size(&frame);
	uint8_t *octets = malloc(len);
	assert_non_null(octets);
	assert_int_equal(sluss__v1__ipc_frame__pack(&frame, octets), len);
	struct sluss_letter *letter = sluss_letter_read((struct sluss_bytes){octets, len});
	free(octets);
	return letter;
}

static void test_answer_comes_in(void **state)
{
	(void)state;
	static char type[] = "text/x.tlog.size", error[] = "";
	static char longer[] = "0123456789012345678901234567890123456789012345678901234567890123456789";
	Sluss__V1__CourierAnswer answer = SLUSS__V1__COURIER_ANSWER__INIT;
	answer.call_id = sluss_outside_call_id(WITNESS, 15, 0xffffffffffff);
	answer.status = 409;
	answer.content_type = type;
	answer.error = error;
	answer.body = (ProtobufCBinaryData){2, (uint8_t *)(uintptr_t) "7\n"};
	struct sluss_letter *letter = read_answer(&answer);
	assert_non_null(letter);
	assert_int_equal(letter->item.kind, SLUSS_ITEM_OUTSIDE_ANSWER);
	assert_int_equal(letter->kind, WITNESS);
	assert_int_equal(letter->index, 15);
	assert_true((letter->call_id & 0xffffffffffff) == 0xffffffffffff);
	assert_int_equal(letter->status, 409);
	assert_string_equal(letter->content_type, type);
	assert_memory_equal(letter->octets, "7\n", 2);
	free(letter);
	// What is too long is cut to nothing, never to something else; a body beyond the cap is no answer.
	answer.content_type = longer;
	answer.error = longer;
	letter = read_answer(&answer);
	assert_string_equal(letter->content_type, "");
	assert_int_equal(strlen(letter->error), SLUSS_LETTER_TYPE_MAX - 1);
	free(letter);
	uint8_t *large = calloc(1, SLUSS_LETTER_MAX + 1);
	answer.body = (ProtobufCBinaryData){SLUSS_LETTER_MAX + 1, large};
	assert_null(read_answer(&answer));
	free(large);
	assert_null(sluss_letter_read(text("\xff\xff")));
	assert_null(sluss_letter_read(text("")));
}

static void test_comes_back(void **state)
{
	(void)state;
	struct sluss_letter *letter =
	    sluss_letter_new(SLUSS_ITEM_OUTSIDE_CALL, sluss_outside_call_id(WITNESS, 1, 2), "text/plain", text("x"));
	sluss_letter_return(letter, "no courier is running");
	assert_int_equal(letter->item.kind, SLUSS_ITEM_OUTSIDE_ANSWER);
	assert_int_equal(letter->status, 0);
	assert_int_equal(letter->len, 0);
	assert_true(letter->call_id == sluss_outside_call_id(WITNESS, 1, 2));
	assert_string_equal(letter->error, "no courier is running");
	free(letter);
	uint8_t *large = calloc(1, SLUSS_LETTER_MAX + 1);
	assert_null(sluss_letter_new(
	    SLUSS_ITEM_OUTSIDE_CALL, 1, "text/plain", (struct sluss_bytes){large, SLUSS_LETTER_MAX + 1}));
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_call_goes_out),
	    cmocka_unit_test(test_answer_comes_in),
	    cmocka_unit_test(test_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
