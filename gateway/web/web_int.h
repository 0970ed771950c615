// SPDX-License-Identifier: EUPL-1.2
// The role's own types: shared by web_*.c, by nobody else. All of it belongs to the one web thread.
#ifndef SLUSS_WEB_INT_H
#define SLUSS_WEB_INT_H

#include <microhttpd.h>

#include "ipc/code.h"
#include "ipc/frame.h"
#include "ipc/handover.h"
#include "ipc/methods.h"
#include "web/json.h"
#include "web/web.h"
#include "web/web_headers.h"
#include "web/web_pages.h"

enum {
	WEB_DISCARD_MAX = 64 << 10, // a refused request's body is read up to this, so that its connection lives on;
				    // else it ends with the answer
};

// Where a connection stands. Every phase has a deadline (web_timer.c).
enum web_phase {
	WEB_PHASE_NONE = 0,
	WEB_IDLE,     // between two requests
	WEB_HEADERS,  // the first octets of a request have come
	WEB_BODY,     // headers are complete
	WEB_WAITING,  // core has been asked; suspended in libmicrohttpd
	WEB_ANSWERED, // the answer is there; resumed, but not queued yet
	WEB_WRITING,  // the answer is queued; over when libmicrohttpd has handed all octets to the socket
};

// One request, from its headers to the end of its answer.
struct web_request {
	const struct sluss_method_info *method; // NULL: answered without core
	enum web_codec codec;
	enum web_coding coding;
	bool accepts_gzip;
	bool has_trace;
	bool has_session;
	bool settled; // the answer is known; a body that still comes (at most WEB_DISCARD_MAX) is thrown away
	uint8_t trace_id[16];
	struct web_session session;
	int64_t client_deadline_ms; // Connect-Timeout-Ms; INT64_MAX: none
	uint8_t *body;
	size_t body_len;
	size_t body_cap;   // as counted by web_caller_body
	size_t body_most;  // as it comes it has no more than this: its Content-Length, or the limit
	size_t body_limit; // before and after decompression
	uint64_t core_id;  // request_id towards core; 0: not under way
	size_t answer_len;
	char *file;		   // path of one of the log's files, when that is asked for
	const char *cache_control; // of the answer; NULL: no-store
	struct MHD_Response *answer;
	unsigned answer_status;
};

// One handed-over connection. Freed by libmicrohttpd's notification that it is closed.
struct web_conn {
	struct web *web;
	struct MHD_Connection *mhd;
	struct web_request *request;
	struct web_caller *caller;
	struct sluss_conn_hello hello;
	int fd; // libmicrohttpd's; valid as long as the connection is
	enum web_phase phase;
	bool peer_gone; // edge closed its end, or shut it down for writing
	bool cut;	// shut down by us: nothing leaves any more
	int64_t deadline_ms;
	int64_t timer_key_ms; // position in the heap; never later than deadline_ms
	size_t timer_index;
	struct web_conn *answering_next; // list of connections in WEB_ANSWERED or WEB_WRITING
	struct web_conn **answering_link;
};

struct web {
	const struct sluss_web_config *config;
	struct sluss_web_limits limits; // with the defaults filled in
	int epoll_fd;
	int handover_fd;
	int core_fd; // -1: lost
	int mhd_fd;  // libmicrohttpd's own epoll descriptor
	struct MHD_Daemon *daemon;
	bool mhd_has_work;
	bool stopping;
	int64_t now_ms;				 // monotonic, read once a turn
	const struct sluss_conn_hello *arriving; // while MHD_add_connection runs
	int arriving_fd;
	size_t connections;
	size_t requests;
	size_t body_total;
	struct web_caller *callers[256];
	struct web_conn *answering;

	// Timers (web_timer.c): a heap of all connections.
	struct web_conn **timers;
	size_t timer_count;
	size_t timer_cap;

	// Core (web_core.c).
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	bool core_wants_out;	   // EPOLLOUT is asked for
	struct web_conn **waiting; // slot -> connection that waits for core
	uint32_t *free_slots;
	size_t free_count;
	uint64_t core_serial;
};

// ---- web_timer.c: deadlines ----
bool web_timer_add(struct web *web, struct web_conn *conn, int64_t deadline_ms) SLUSS_MUST_CHECK;
void web_timer_remove(struct web *web, struct web_conn *conn);
void web_timer_set(struct web *web, struct web_conn *conn, int64_t deadline_ms);
// A connection whose deadline has passed, which the caller gives a new one or ends; NULL: none.
struct web_conn *web_timer_due(struct web *web);
// Milliseconds until something may be due; -1: nothing waits.
int web_timer_wait(const struct web *web);

// ---- web_conn.c: connections ----
// Takes what edge hands over. False when edge is gone.
bool web_conn_accept(struct web *web);
void web_conn_notify(
    void *cls, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code);
struct web_conn *web_conn_of(struct MHD_Connection *mhd);
void web_conn_phase(struct web_conn *conn, enum web_phase phase, int64_t deadline_ms);
// The deadline has passed.
void web_conn_expire(struct web_conn *conn);
// The peer closed or half-closed.
void web_conn_peer_gone(struct web_conn *conn);
// A waiting request's answer is stored (or its connection is of no use): libmicrohttpd goes on with it in its next run.
void web_conn_resume(struct web_conn *conn);
void web_conn_end_request(struct web_conn *conn);
// Nothing leaves or comes any more; libmicrohttpd will notice and close.
void web_conn_cut(struct web_conn *conn);

// ---- web_caller.c: fair shares ----
bool web_caller_join(struct web_conn *conn) SLUSS_MUST_CHECK;
void web_caller_leave(struct web_conn *conn);
// A request begins or ends.
void web_caller_request(struct web_conn *conn, bool begins);
// The request that has begun is within its caller's share and the whole.
bool web_caller_has_room(const struct web_conn *conn);
// The request's body takes cap octets from now on. False: no room for more; nothing changed.
bool web_caller_body(struct web_conn *conn, size_t cap) SLUSS_MUST_CHECK;
void web_caller_body_gone(struct web_conn *conn);

// ---- web_http.c: libmicrohttpd's callbacks ----
enum MHD_Result web_http_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *verb,
    const char *version, const char *upload, size_t *upload_len, void **request_context);
void web_http_completed(
    void *cls, struct MHD_Connection *mhd, void **request_context, enum MHD_RequestTerminationCode code);
// Paths stay as they were written: each has one spelling.
size_t web_http_unescape(void *cls, struct MHD_Connection *mhd, char *text);
void *web_http_uri(void *cls, const char *uri, struct MHD_Connection *mhd);

// ---- web_route.c: what a request's headers ask for ----
// Fills the request from verb, path and headers; a refusal is stored as its answer. False: memory is out.
bool web_route(
    struct web_conn *conn, const char *url, const char *verb, const struct web_headers *headers) SLUSS_MUST_CHECK;

// ---- web_files.c: the log's files (C2SP tlog-tiles), GET and HEAD
// Is this URL's path one of theirs?
bool web_file_is(const char *url);
// As web_rpc_ask and web_rpc_answer. The request's body gathers the pieces of a long file.
void web_file_ask(struct web_conn *conn);
// False: the next piece was asked for, there is no answer yet.
bool web_file_answer(struct web_conn *conn, const Sluss__V1__CoreResponse *response);

// ---- web_rpc.c: a complete body on its way to core, and core's answer on its way back ----
// The body is complete: checks it and asks core (then the phase is WEB_WAITING), or stores the refusal.
void web_rpc_ask(struct web_conn *conn);
// Makes the answer from core's response; takes over the frame. False: core was asked for more, there is no answer yet.
bool web_rpc_answer(struct web_conn *conn, Sluss__V1__IpcFrame **frame);
// Core was asked: the connection waits, as long as the method may take.
void web_rpc_wait(struct web_conn *conn);
// The refusal that core answered.
void web_rpc_refused(struct web_conn *conn, const Sluss__V1__CoreResponse *response);
// The gateway cannot decide now.
void web_rpc_unavailable(struct web_conn *conn);

// ---- web_reply.c: answers ----
// What is refused, and why.
struct web_refusal {
	enum sluss_code code;
	unsigned http_status; // 0: the code's
	Sluss__V1__ReasonCode reason;
	const char *field;
	const char *text;		  // one English sentence
	const Sluss__V1__Refusal *detail; // instead of reason, field and text; NULL: made from them
	const char *header;		  // one more header, or NULL
	const char *header_value;
};
// Stores the answer of the connection's request, in place of an earlier one. When memory is out the connection is cut.
void web_reply_refuse(struct web_conn *conn, const struct web_refusal *refusal);
void web_reply_text(struct web_conn *conn, unsigned status, const char *text);
// A page, with the headers that keep it from being framed, from running anything but its own files, and from staying on
// the device.
void web_reply_page(struct web_conn *conn, const struct web_page *page);
// Octets that free(owner) releases; type is a constant. Compressed when that pays and the client takes it.
void web_reply_octets(struct web_conn *conn, void *data, size_t len, const char *type, bool may_compress,
    void (*release)(void *), void *owner);
// Writes a refusal past libmicrohttpd, for requests that it is still reading, and cuts the connection.
void web_reply_raw(struct web_conn *conn, const struct web_refusal *refusal);

// ---- web_core.c: the channel ----
bool web_core_open(struct web *web) SLUSS_MUST_CHECK;
void web_core_close(struct web *web);
// Asks core for the connection's request. False: core is not there or does not take it (the caller refuses).
bool web_core_ask(struct web_conn *conn, struct sluss_bytes body, uint32_t timeout_ms) SLUSS_MUST_CHECK;
// Nobody wants core's answer any more.
void web_core_cancel(struct web_conn *conn);
void web_core_readable(struct web *web);
void web_core_flush(struct web *web);
// Everybody who waits is answered "unavailable".
void web_core_fail_all(struct web *web);

// ---- web.c ----
void web_log(const struct web *web, const char *format, ...) SLUSS_PRINTF(2, 3);

#endif
