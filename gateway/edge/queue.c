// SPDX-License-Identifier: EUPL-1.2
// The containers of a loop: queues by deadline, the table of ids, the list of connections with octets inside OpenSSL.
#include "edge/loop.h"

void edge_queue_append(struct edge_queue *queue, struct edge_conn *conn)
{
	conn->wait_prev = queue->tail;
	conn->wait_next = NULL;
	if (queue->tail != NULL)
		queue->tail->wait_next = conn;
	else
		queue->head = conn;
	queue->tail = conn;
}

void edge_queue_remove(struct edge_queue *queue, struct edge_conn *conn)
{
	if (conn->wait_prev != NULL)
		conn->wait_prev->wait_next = conn->wait_next;
	else
		queue->head = conn->wait_next;
	if (conn->wait_next != NULL)
		conn->wait_next->wait_prev = conn->wait_prev;
	else
		queue->tail = conn->wait_prev;
	conn->wait_prev = NULL;
	conn->wait_next = NULL;
}

static struct edge_conn **bucket_of(struct edge_loop *loop, uint64_t id)
{
	return &loop->buckets[(id >> EDGE_ID_LOOP_BITS) % EDGE_ID_BUCKETS];
}

struct edge_conn *edge_loop_find(struct edge_loop *loop, uint64_t id)
{
	struct edge_conn *conn = *bucket_of(loop, id);
	while (conn != NULL && conn->id != id)
		conn = conn->hash_next;
	return conn;
}

void edge_loop_add_id(struct edge_loop *loop, struct edge_conn *conn)
{
	struct edge_conn **bucket = bucket_of(loop, conn->id);
	conn->hash_next = *bucket;
	*bucket = conn;
}

void edge_loop_remove_id(struct edge_loop *loop, const struct edge_conn *conn)
{
	struct edge_conn **at = bucket_of(loop, conn->id);
	while (*at != NULL && *at != conn)
		at = &(*at)->hash_next;
	if (*at != NULL)
		*at = conn->hash_next;
}

void edge_loop_mark_ready(struct edge_loop *loop, struct edge_conn *conn)
{
	if (conn->in_ready || conn->state == EDGE_CONN_DEAD)
		return;
	conn->in_ready = true;
	conn->ready_next = loop->ready;
	loop->ready = conn;
}
