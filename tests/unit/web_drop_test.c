// SPDX-License-Identifier: EUPL-1.2
// The withdrawal barrier's half in web: after "dropped" no octet of a named connection's answer leaves web, and the
// answer names what was cut.
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web_harness.h"

#define FETCH_PATH "/sluss.v1.ExchangeService/Fetch"
#define PROTO "Content-Type: application/proto\r\n"

static uint8_t big[3 << 20];

static int setup(void **state)
{
	*state = web_test_start(NULL);
	memset(big, 0x5a, sizeof(big));
	return 0;
}

static int teardown(void **state)
{
	struct web_test *t = *state;
	web_test_stop(&t);
	return 0;
}

static uint64_t take_request(struct web_test *t)
{
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_non_null(frame);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_REQUEST);
	uint64_t id = frame->request->request_id;
	sluss_ipc_frame_free(&frame);
	return id;
}

static void drop(struct web_test *t, uint64_t drop_id, uint64_t *ids, size_t count)
{
	Sluss__V1__DropTransfers d = SLUSS__V1__DROP_TRANSFERS__INIT;
	d.drop_id = drop_id;
	d.n_connection_ids = count;
	d.connection_ids = ids;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROP;
	frame.drop = &d;
	web_test_core_send(t, &frame);
}

// Which connections web says it has cut.
static size_t dropped(struct web_test *t, uint64_t drop_id, uint64_t *first_out)
{
	Sluss__V1__IpcFrame *frame = web_test_core_take(t, WEB_TEST_PATIENCE_MS);
	assert_non_null(frame);
	assert_int_equal(frame->body_case, SLUSS__V1__IPC_FRAME__BODY_DROPPED);
	assert_true(frame->dropped->drop_id == drop_id);
	size_t count = frame->dropped->n_cut_connection_ids;
	*first_out = count > 0 ? frame->dropped->cut_connection_ids[0] : 0;
	sluss_ipc_frame_free(&frame);
	return count;
}

// Octets that come before the end.
static size_t drain(int fd)
{
	size_t total = 0;
	static uint8_t buf[1 << 16];
	ssize_t n;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		total += (size_t)n;
	return total;
}

static void test_cut_in_the_middle(void **state)
{
	struct web_test *t = *state;
	uint64_t ids[2] = {t->next_connection, t->next_connection + 1}, cut;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	int idle = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, FETCH_PATH, PROTO, "", 0);
	// The test's end is not read: about 200 KiB are in the socket when the drop comes.
	web_test_core_answer(t, take_request(t), SLUSS_CODE_OK, big, sizeof(big));
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, WEB_TEST_PATIENCE_MS), 1);
	drop(t, 5, ids, 2);
	assert_int_equal(dropped(t, 5, &cut), 1);
	assert_true(cut == ids[0]);
	size_t came = drain(fd);
	assert_in_range(came, 1, sizeof(big) - 1);
	close(fd);
	// The other connection had nothing under way and lives on.
	web_test_send(idle, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 33);
	struct web_reply *r = web_test_reply(idle);
	assert_int_equal(r->status, 200);
	free(r);
	close(idle);
}

static void test_cut_before_the_first_octet(void **state)
{
	struct web_test *t = *state;
	for (int i = 0; i < 50; i++) {
		uint64_t id = t->next_connection, cut;
		int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
		web_test_post(fd, FETCH_PATH, PROTO, "", 0);
		// Answer and drop in one go: they are handled in their order on the channel.
		uint64_t request_id = take_request(t);
		Sluss__V1__CoreResponse response = SLUSS__V1__CORE_RESPONSE__INIT;
		response.request_id = request_id;
		response.body = (ProtobufCBinaryData){.len = 3000, .data = big};
		response.carries_release = 1;
		Sluss__V1__DropTransfers d = SLUSS__V1__DROP_TRANSFERS__INIT;
		d.drop_id = 7;
		d.n_connection_ids = 1;
		d.connection_ids = &id;
		Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
		struct sluss_frame_writer *w = sluss_frame_writer_new(0, 0);
		frame.body_case = SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
		frame.response = &response;
		assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
		frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROP;
		frame.drop = &d;
		assert_int_equal(sluss_frame_writer_push(w, &frame), SLUSS_IPC_OK);
		assert_int_equal(sluss_frame_writer_flush(w, t->core_fd), SLUSS_IPC_OK);
		sluss_frame_writer_free(&w);
		assert_int_equal(dropped(t, 7, &cut), 1);
		assert_int_equal(drain(fd), 0); // both came in one read: nothing of it left
		close(fd);
	}
}

static void test_nothing_under_way(void **state)
{
	struct web_test *t = *state;
	uint64_t ids[3] = {t->next_connection, 77777, t->next_connection}, cut;
	int fd = web_test_connect(t, SLUSS_PORT_AGENCY, true);
	web_test_post(fd, FETCH_PATH, PROTO, "", 0);
	uint64_t request_id = take_request(t);
	drop(t, 1, ids, 3); // it waits: nothing is on its way yet
	assert_int_equal(dropped(t, 1, &cut), 0);
	web_test_core_answer(t, request_id, SLUSS_CODE_OK, big, 1000);
	struct web_reply *r = web_test_reply(fd);
	assert_int_equal(r->body_len, 1000);
	free(r);
	web_test_send(fd, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 33);
	free(web_test_reply(fd)); // so that web has certainly finished the first answer
	usleep(20000);
	drop(t, 2, ids, 3);
	assert_int_equal(dropped(t, 2, &cut), 0);
	drop(t, 3, ids, 0);
	assert_int_equal(dropped(t, 3, &cut), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_cut_in_the_middle, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cut_before_the_first_octet, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_under_way, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
