// SPDX-License-Identifier: EUPL-1.2
// What core asks of edge (DropTransfers, RevokeCertificates) and what edge tells core (TransfersDropped,
// ConnectionsClosed). Loop 0 speaks to core; the other loops get mail, handled in the order of posting, so that a
// revocation is done before a drop that came later.
#include "edge/loop.h"
#include "log_event.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	CLOSED_PER_FRAME = 8192,
};

static void free_drop(struct edge_drop *drop)
{
	if (drop == NULL)
		return;
	free(drop->ids);
	free(drop->cut);
	free(drop);
}

// ---- mail

bool edge_loop_post(struct edge_loop *to, struct edge_mail *mail)
{
	if (mail == NULL)
		return false;
	mail->next = NULL;
	(void)pthread_mutex_lock(&to->shared->lock);
	if (to->mail_last != NULL)
		to->mail_last->next = mail;
	else
		to->mail_first = mail;
	to->mail_last = mail;
	(void)pthread_mutex_unlock(&to->shared->lock);
	return eventfd_write(to->mail.fd, 1) == 0;
}

static struct edge_mail *new_mail(enum edge_mail_kind kind)
{
	struct edge_mail *mail = calloc(1, sizeof(*mail));
	if (mail != NULL)
		mail->kind = kind;
	return mail;
}

void edge_loop_tell_all(struct edge_loop *loop, enum edge_mail_kind kind)
{
	for (uint32_t i = 0; i < loop->shared->loops_count; i++) {
		// Without memory for a letter the process goes down in its usual way: with the channel's end.
		if (i != loop->index && !edge_loop_post(&loop->shared->loops[i], new_mail(kind)))
			abort();
	}
}

// ---- to core

static void flush(struct edge_loop *loop)
{
	enum sluss_ipc_status status = sluss_frame_writer_flush(loop->writer, loop->core.fd);
	uint32_t interest = EPOLLIN;
	if (status == SLUSS_IPC_AGAIN)
		interest |= EPOLLOUT;
	else if (status != SLUSS_IPC_OK)
		edge_loop_end(loop, 1, "core is gone");
	if (interest == loop->core.interest)
		return;
	struct epoll_event event = {.events = interest, .data.ptr = &loop->core};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->core.fd, &event) != 0)
		edge_loop_end(loop, 1, "epoll");
	loop->core.interest = interest;
}

static void send_frame(struct edge_loop *loop, const Sluss__V1__IpcFrame *frame)
{
	if (sluss_frame_writer_push(loop->writer, frame) != SLUSS_IPC_OK) {
		edge_loop_end(loop, 1, "core does not read");
		return;
	}
	flush(loop);
}

static void tell_dropped(struct edge_loop *loop, const struct edge_drop *drop)
{
	Sluss__V1__TransfersDropped dropped = SLUSS__V1__TRANSFERS_DROPPED__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	dropped.drop_id = drop->drop_id;
	dropped.n_cut_connection_ids = drop->cut_count;
	dropped.cut_connection_ids = drop->cut;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROPPED;
	frame.dropped = &dropped;
	send_frame(loop, &frame);
}

void edge_loop_note_closed(struct edge_loop *loop, uint64_t id)
{
	if (loop->closed_count == loop->closed_room) {
		size_t room = loop->closed_room == 0 ? 256 : loop->closed_room * 2;
		uint64_t *ids = realloc(loop->closed, room * sizeof(*ids));
		if (ids == NULL) {
			edge_loop_end(loop, 1, "no memory");
			return;
		}
		loop->closed = ids;
		loop->closed_room = room;
	}
	loop->closed[loop->closed_count++] = id;
}

static void tell_closed_ids(struct edge_loop *loop, uint64_t *ids, size_t count)
{
	for (size_t at = 0; at < count; at += CLOSED_PER_FRAME) {
		Sluss__V1__ConnectionsClosed closed = SLUSS__V1__CONNECTIONS_CLOSED__INIT;
		Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
		closed.n_connection_ids = count - at < CLOSED_PER_FRAME ? count - at : CLOSED_PER_FRAME;
		closed.connection_ids = ids + at;
		frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CLOSED;
		frame.closed = &closed;
		send_frame(loop, &frame);
	}
}

void edge_loop_tell_closed(struct edge_loop *loop)
{
	if (loop->closed_count == 0)
		return;
	if (loop->index == 0) {
		tell_closed_ids(loop, loop->closed, loop->closed_count);
		loop->closed_count = 0;
		return;
	}
	struct edge_mail *mail = new_mail(EDGE_MAIL_CLOSED);
	if (mail != NULL) {
		mail->ids = loop->closed;
		mail->ids_count = loop->closed_count;
		loop->closed = NULL;
		loop->closed_count = loop->closed_room = 0;
	}
	if (!edge_loop_post(&loop->shared->loops[0], mail))
		edge_loop_end(loop, 1, "no memory");
}

// ---- from core

static void drop_own(struct edge_loop *loop, struct edge_drop *drop)
{
	for (size_t i = 0; i < drop->ids_count; i++) {
		uint64_t id = drop->ids[i];
		if ((id & ((1u << EDGE_ID_LOOP_BITS) - 1)) != loop->index)
			continue;
		struct edge_conn *conn = edge_loop_find(loop, id);
		// Clean or not: web has the other end, and may write later what it said that it dropped.
		if (conn == NULL || (id == drop->keep && edge_conn_is_clean(conn)))
			continue;
		edge_conn_reset(conn);
		(void)pthread_mutex_lock(&loop->shared->lock);
		drop->cut[drop->cut_count++] = id;
		(void)pthread_mutex_unlock(&loop->shared->lock);
	}
}

// This loop has done its part; the last one lets loop 0 answer.
static void drop_done(struct edge_loop *loop, struct edge_drop *drop)
{
	(void)pthread_mutex_lock(&loop->shared->lock);
	bool last = --drop->waiting == 0;
	(void)pthread_mutex_unlock(&loop->shared->lock);
	if (!last)
		return;
	if (loop->index == 0) {
		tell_dropped(loop, drop);
		free_drop(drop);
		return;
	}
	struct edge_mail *mail = new_mail(EDGE_MAIL_DROPPED);
	if (mail != NULL)
		mail->drop = drop;
	else
		free_drop(drop);
	if (!edge_loop_post(&loop->shared->loops[0], mail))
		edge_loop_end(loop, 1, "no memory"); // core hears nothing and has us killed
}

static struct edge_drop *new_drop(const Sluss__V1__DropTransfers *request, uint32_t loops)
{
	struct edge_drop *drop = calloc(1, sizeof(*drop));
	if (drop == NULL)
		return NULL;
	drop->drop_id = request->drop_id;
	drop->keep = request->keep_connection_id;
	drop->ids_count = request->n_connection_ids;
	drop->waiting = loops;
	drop->ids = calloc(drop->ids_count + 1, sizeof(*drop->ids));
	drop->cut = calloc(drop->ids_count + 1, sizeof(*drop->cut));
	if (drop->ids == NULL || drop->cut == NULL) {
		free_drop(drop);
		return NULL;
	}
	if (drop->ids_count > 0)
		memcpy(drop->ids, request->connection_ids, drop->ids_count * sizeof(*drop->ids));
	return drop;
}

static void handle_drop(struct edge_loop *loop, const Sluss__V1__DropTransfers *request)
{
	struct edge_drop *drop = new_drop(request, loop->shared->loops_count);
	if (drop == NULL) {
		edge_loop_end(loop, 1, "no memory");
		return;
	}
	for (uint32_t i = 1; i < loop->shared->loops_count; i++) {
		struct edge_mail *mail = new_mail(EDGE_MAIL_DROP);
		if (mail != NULL)
			mail->drop = drop;
		if (!edge_loop_post(&loop->shared->loops[i], mail)) {
			edge_loop_end(loop, 1, "no memory");
			return; // the drop is lost with the process
		}
	}
	drop_own(loop, drop);
	drop_done(loop, drop);
}

static void cut_certificate(struct edge_loop *loop, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	for (size_t wait = EDGE_WAIT_HANDSHAKE; wait < EDGE_WAIT_COUNT; wait++) {
		struct edge_conn *next = loop->waits[SLUSS_PORT_AGENCY][wait].head;
		while (next != NULL) {
			struct edge_conn *conn = next;
			next = conn->wait_next;
			if (memcmp(conn->fingerprint, fingerprint, SLUSS_HASH_BYTES) == 0)
				edge_conn_reset(conn);
		}
	}
}

static void handle_revoke(struct edge_loop *loop, const Sluss__V1__RevokeCertificates *revoke)
{
	for (size_t i = 0; i < revoke->n_certificate_fingerprints; i++) {
		const ProtobufCBinaryData *octets = &revoke->certificate_fingerprints[i];
		if (octets->len != SLUSS_HASH_BYTES || !edge_registry_revoke(loop->shared->registry, octets->data)) {
			edge_loop_end(loop, 1, "revocation not understood");
			return;
		}
		cut_certificate(loop, octets->data);
		for (uint32_t other = 1; other < loop->shared->loops_count; other++) {
			struct edge_mail *mail = new_mail(EDGE_MAIL_REVOKE);
			if (mail != NULL)
				memcpy(mail->fingerprint, octets->data, SLUSS_HASH_BYTES);
			if (!edge_loop_post(&loop->shared->loops[other], mail))
				edge_loop_end(loop, 1, "no memory");
		}
	}
}

static void handle_frame(struct edge_loop *loop, struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	if (frame == NULL)
		edge_loop_end(loop, 1, "core sent no frame");
	else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROP)
		handle_drop(loop, frame->drop);
	else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_REVOKE)
		handle_revoke(loop, frame->revoke);
	else
		edge_loop_end(loop, 1, "core sent a frame that is not for edge");
	sluss_ipc_frame_free(&frame);
}

void edge_loop_core_event(struct edge_loop *loop, uint32_t events)
{
	if ((events & EPOLLOUT) != 0)
		flush(loop);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	enum sluss_ipc_status status = sluss_frame_reader_fill(loop->reader, loop->core.fd);
	if (status == SLUSS_IPC_AGAIN)
		return;
	struct sluss_bytes octets;
	while (status == SLUSS_IPC_OK && !loop->ended) {
		status = sluss_frame_reader_next(loop->reader, &octets);
		if (status == SLUSS_IPC_OK)
			handle_frame(loop, octets);
	}
	if (status != SLUSS_IPC_AGAIN && !loop->ended)
		edge_loop_end(loop, loop->stopping ? 0 : 1, "core is gone");
}

static void read_letter(struct edge_loop *loop, struct edge_mail *mail)
{
	switch (mail->kind) {
	case EDGE_MAIL_DROP:
		drop_own(loop, mail->drop);
		drop_done(loop, mail->drop);
		break;
	case EDGE_MAIL_DROPPED:
		tell_dropped(loop, mail->drop);
		free_drop(mail->drop);
		break;
	case EDGE_MAIL_REVOKE:
		cut_certificate(loop, mail->fingerprint);
		break;
	case EDGE_MAIL_CLOSED:
		tell_closed_ids(loop, mail->ids, mail->ids_count);
		break;
	case EDGE_MAIL_STOP:
		edge_loop_stop(loop);
		break;
	case EDGE_MAIL_ABORT:
		loop->ended = true;
		break;
	case EDGE_MAIL_NONE:
		break;
	}
	free(mail->ids);
	free(mail);
}

void edge_loop_read_mail(struct edge_loop *loop)
{
	eventfd_t count;
	(void)eventfd_read(loop->mail.fd, &count);
	(void)pthread_mutex_lock(&loop->shared->lock);
	struct edge_mail *mail = loop->mail_first;
	loop->mail_first = NULL;
	loop->mail_last = NULL;
	(void)pthread_mutex_unlock(&loop->shared->lock);
	while (mail != NULL) {
		struct edge_mail *next = mail->next;
		read_letter(loop, mail);
		mail = next;
	}
}
