// SPDX-License-Identifier: EUPL-1.2
// The role "web" in a thread, with the test as edge (hands over connections, speaks raw HTTP/1.1) and as core (takes
// and answers frames).
#ifndef SLUSS_TEST_WEB_HARNESS_H
#define SLUSS_TEST_WEB_HARNESS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipc/code.h"
#include "ipc/frame.h"
#include "ipc/handover.h"
#include "web/web.h"

enum { WEB_TEST_PATIENCE_MS = 10000 };

struct web_test {
	pthread_t thread;
	struct sluss_web_config config;
	int handover_fd; // the test's ends
	int core_fd;
	int stop_fd;
	int result;
	uint64_t next_connection;
	struct sluss_frame_reader *reader;
};

// What came back on a connection.
struct web_reply {
	int status; // 0: the connection ended before an answer
	char head[4096];
	uint8_t body[1 << 21];
	size_t body_len;
	bool closed; // EOF or reset followed
};

struct web_test *web_test_start(const struct sluss_web_limits *limits);
struct web_test *web_test_start_with(const struct sluss_web_limits *limits, const struct web_pages *pages);
void web_test_stop(struct web_test **test);

// A connection of this kind; the connection id is test->next_connection before the call.
int web_test_connect(struct web_test *test, enum sluss_port port, bool certificate);
// The same with a certificate whose fingerprint is this octet throughout.
int web_test_connect_as(struct web_test *test, uint8_t fingerprint);
void web_test_send(int fd, const void *data, size_t len);
void web_test_post(int fd, const char *path, const char *headers, const void *body, size_t len);
// Reads one answer (needs Content-Length in it). The reply is the caller's to free.
struct web_reply *web_test_reply(int fd);
// Nothing but the end comes.
void web_test_expect_end(int fd);
// The value of a header, or NULL. Valid until the next call.
const char *web_test_header(const struct web_reply *reply, const char *name);
// Status, Connect code and reason ("REASON_CODE_MALFORMED"; NULL: any) of an error.
void web_test_expect_error(const struct web_reply *reply, int status, const char *code, const char *reason);

// Reads one answer, which must be that error; frees it.
void web_test_expect_refused(int fd, int status, const char *code, const char *reason);

// As core: the next frame (the caller frees it), or NULL after wait_ms.
Sluss__V1__IpcFrame *web_test_core_take(struct web_test *test, int wait_ms);
void web_test_core_send(struct web_test *test, const Sluss__V1__IpcFrame *frame);
void web_test_core_answer(struct web_test *test, uint64_t request_id, uint32_t code, const void *body, size_t len);

// Each test names the one limit that it is about; all others are the defaults, so that a loaded machine does not run
// into them.
#define LIMITS(name, ...)                                                                                              \
	static int name##_setup(void **state)                                                                          \
	{                                                                                                              \
		*state = web_test_start(&(struct sluss_web_limits){__VA_ARGS__});                                      \
		return 0;                                                                                              \
	}

#endif
