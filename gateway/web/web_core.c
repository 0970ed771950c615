// SPDX-License-Identifier: EUPL-1.2
// The channel to core. Requests of one turn of the loop leave in one send; answers are matched by request_id.
// Invariant: waiting[slot] is the connection whose request has core_id with that slot; every other slot is NULL and
// stands in free_slots.
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "web/web_int.h"

enum {
	SLOT_BITS = 20, // max_requests is at most 2^20; the rest of a request_id is a serial number
	FILLS_AT_ONCE = 16,
};

bool web_core_open(struct web *web)
{
	size_t count = web->limits.max_requests;
	web->reader = sluss_frame_reader_new(web->limits.max_frame);
	// Requests are bounded where they come in; the queue has room for all of them.
	web->writer = sluss_frame_writer_new(web->limits.max_frame, (size_t)web->limits.max_body_total * 2 + (1 << 20));
	web->waiting = calloc(count, sizeof(*web->waiting));
	web->free_slots = calloc(count, sizeof(*web->free_slots));
	if (web->reader == NULL || web->writer == NULL || web->waiting == NULL || web->free_slots == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		web->free_slots[i] = (uint32_t)(count - 1 - i);
	web->free_count = count;
	return true;
}

void web_core_close(struct web *web)
{
	if (web->core_fd >= 0)
		close(web->core_fd);
	web->core_fd = -1;
	sluss_frame_reader_free(&web->reader);
	sluss_frame_writer_free(&web->writer);
	free(web->waiting);
	free(web->free_slots);
	web->waiting = NULL;
	web->free_slots = NULL;
}

// The channel is of no use any more. The parent starts us anew; until then everybody hears "unavailable".
static void lost(struct web *web, const char *why)
{
	if (web->core_fd < 0)
		return;
	web_log(web, "web_core_lost why=%s", why);
	close(web->core_fd);
	web->core_fd = -1;
	web_core_fail_all(web);
}

static bool push(struct web *web, const Sluss__V1__IpcFrame *frame)
{
	if (web->core_fd < 0)
		return false;
	enum sluss_ipc_status status = sluss_frame_writer_push(web->writer, frame);
	if (status != SLUSS_IPC_OK)
		web_log(web, "web_core_push why=%s", sluss_ipc_status_name(status));
	return status == SLUSS_IPC_OK;
}

// Octets that a protobuf-c message only reads.
static ProtobufCBinaryData borrow(const uint8_t *data, size_t len)
{
	ProtobufCBinaryData b = {.len = len};
	memcpy(&b.data, &data, sizeof(b.data));
	return b;
}

bool web_core_ask(struct web_conn *conn, struct sluss_bytes body, uint32_t timeout_ms)
{
	struct web *web = conn->web;
	struct web_request *request = conn->request;
	if (web->free_count == 0 || web->core_fd < 0)
		return false;
	uint32_t slot = web->free_slots[web->free_count - 1];
	Sluss__V1__CoreRequest ask = SLUSS__V1__CORE_REQUEST__INIT;
	ask.request_id = (web->core_serial + 1) << SLOT_BITS | slot;
	ask.method = (uint32_t)request->method->id;
	ask.connection_id = conn->hello.connection_id;
	ask.port = conn->hello.port_kind;
	if (conn->hello.has_certificate)
		ask.certificate_fingerprint = borrow(conn->hello.fingerprint, sizeof(conn->hello.fingerprint));
	ask.timeout_ms = timeout_ms;
	ask.body = borrow(body.data, body.len);
	if (request->has_trace)
		ask.trace_id = borrow(request->trace_id, sizeof(request->trace_id));
	if (request->has_session) {
		ask.session_id = borrow(request->session.id, sizeof(request->session.id));
		ask.session_counter = request->session.counter;
		ask.session_signature = borrow(request->session.signature, sizeof(request->session.signature));
	}
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_REQUEST;
	frame.request = &ask;
	if (!push(web, &frame))
		return false;
	web->core_serial++;
	web->free_count--;
	web->waiting[slot] = conn;
	request->core_id = ask.request_id;
	return true;
}

static void forget(struct web *web, struct web_request *request)
{
	uint32_t slot = request->core_id & ((1u << SLOT_BITS) - 1);
	web->waiting[slot] = NULL;
	web->free_slots[web->free_count++] = slot;
	request->core_id = 0;
}

void web_core_cancel(struct web_conn *conn)
{
	if (conn->request == NULL || conn->request->core_id == 0)
		return;
	Sluss__V1__CoreCancel cancel = SLUSS__V1__CORE_CANCEL__INIT;
	cancel.request_id = conn->request->core_id;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CANCEL;
	frame.cancel = &cancel;
	(void)push(conn->web, &frame);
	forget(conn->web, conn->request);
}

static void on_response(struct web *web, Sluss__V1__IpcFrame **frame)
{
	uint64_t id = (*frame)->response->request_id;
	size_t slot = id & ((1u << SLOT_BITS) - 1);
	struct web_conn *conn = slot < web->limits.max_requests ? web->waiting[slot] : NULL;
	if (conn == NULL || conn->request->core_id != id)
		return; // cancelled meanwhile
	forget(web, conn->request);
	if (web_rpc_answer(conn, frame))
		web_conn_resume(conn);
}

// Cuts every answer that is still on its way on one of these connections. What has left is edge's matter; core asks
// edge as well.
static void on_drop(struct web *web, const Sluss__V1__DropTransfers *drop)
{
	Sluss__V1__TransfersDropped dropped = SLUSS__V1__TRANSFERS_DROPPED__INIT;
	dropped.drop_id = drop->drop_id;
	dropped.cut_connection_ids = calloc(drop->n_connection_ids + 1, sizeof(uint64_t));
	if (dropped.cut_connection_ids == NULL) {
		lost(web, "no_memory"); // no word, no promise: core has us killed
		return;
	}
	for (struct web_conn *conn = web->answering; conn != NULL; conn = conn->answering_next)
		for (size_t i = 0; i < drop->n_connection_ids; i++)
			if (drop->connection_ids[i] == conn->hello.connection_id) {
				web_conn_cut(conn);
				dropped.cut_connection_ids[dropped.n_cut_connection_ids++] = drop->connection_ids[i];
				break;
			}
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROPPED;
	frame.dropped = &dropped;
	if (!push(web, &frame))
		lost(web, "drop_unanswered");
	free(dropped.cut_connection_ids);
}

static bool on_frame(struct web *web, struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	if (frame == NULL)
		return false;
	bool known = true;
	if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_RESPONSE)
		on_response(web, &frame);
	else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROP)
		on_drop(web, frame->drop);
	else
		known = false;
	sluss_ipc_frame_free(&frame);
	return known;
}

void web_core_readable(struct web *web)
{
	for (int i = 0; i < FILLS_AT_ONCE && web->core_fd >= 0; i++) {
		enum sluss_ipc_status status = sluss_frame_reader_fill(web->reader, web->core_fd);
		if (status == SLUSS_IPC_AGAIN)
			return;
		struct sluss_bytes octets;
		while (status == SLUSS_IPC_OK && web->core_fd >= 0) {
			status = sluss_frame_reader_next(web->reader, &octets);
			if (status == SLUSS_IPC_OK && !on_frame(web, octets))
				status = SLUSS_IPC_MALFORMED;
		}
		if (status != SLUSS_IPC_AGAIN)
			lost(web, sluss_ipc_status_name(status));
		else if (!sluss_frame_reader_was_full(web->reader))
			return;
	}
}

void web_core_flush(struct web *web)
{
	if (web->core_fd < 0 || sluss_frame_writer_waiting(web->writer) == 0)
		return;
	enum sluss_ipc_status status = sluss_frame_writer_flush(web->writer, web->core_fd);
	if (status != SLUSS_IPC_OK && status != SLUSS_IPC_AGAIN) {
		lost(web, sluss_ipc_status_name(status));
		return;
	}
	bool want = status == SLUSS_IPC_AGAIN;
	if (want == web->core_wants_out)
		return;
	struct epoll_event event = {.events = EPOLLIN | (want ? EPOLLOUT : 0u), .data.ptr = &web->core_fd};
	if (epoll_ctl(web->epoll_fd, EPOLL_CTL_MOD, web->core_fd, &event) != 0)
		lost(web, "epoll");
	web->core_wants_out = want;
}

void web_core_fail_all(struct web *web)
{
	for (size_t slot = 0; slot < web->limits.max_requests; slot++) {
		struct web_conn *conn = web->waiting[slot];
		if (conn == NULL)
			continue;
		forget(web, conn->request);
		web_reply_refuse(conn, &(struct web_refusal){.code = SLUSS_CODE_UNAVAILABLE,
					   .reason = SLUSS__V1__REASON_CODE__REASON_CODE_UNAVAILABLE,
					   .text = "The gateway is restarting; nothing is certain, ask again."});
		web_conn_resume(conn);
	}
}
