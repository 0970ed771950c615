// SPDX-License-Identifier: EUPL-1.2
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t sluss_monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct sluss_word *sluss_word_new(enum sluss_item_kind kind, size_t count)
{
	struct sluss_word *note = calloc(1, sizeof(*note) + count * SLUSS_HASH_BYTES);
	if (note == NULL) {
		fputs("core: out of memory\n", stderr);
		abort();
	}
	note->item.kind = kind;
	note->count = count;
	return note;
}

bool sluss_queue_init(struct sluss_queue *queue, int event_fd)
{
	*queue = (struct sluss_queue){.event_fd = event_fd};
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		  pthread_cond_init(&queue->some, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return ok && pthread_mutex_init(&queue->lock, NULL) == 0;
}

void sluss_queue_destroy(struct sluss_queue *queue)
{
	pthread_cond_destroy(&queue->some);
	pthread_mutex_destroy(&queue->lock);
}

void sluss_queue_push_list(struct sluss_queue *queue, struct sluss_item *first, struct sluss_item *last, size_t count)
{
	last->next = NULL;
	pthread_mutex_lock(&queue->lock);
	bool was_empty = queue->first == NULL;
	if (was_empty)
		queue->first = first;
	else
		queue->last->next = first;
	queue->last = last;
	queue->count += count;
	if (queue->sleepers > 0) {
		if (count > 1)
			pthread_cond_broadcast(&queue->some);
		else
			pthread_cond_signal(&queue->some);
	}
	pthread_mutex_unlock(&queue->lock);
	if (was_empty && queue->event_fd >= 0) {
		uint64_t one = 1;
		// Fails only when the counter is full, and then the reader is awake anyway.
		ssize_t written = write(queue->event_fd, &one, sizeof(one));
		(void)written;
	}
}

void sluss_queue_push(struct sluss_queue *queue, struct sluss_item *item)
{
	sluss_queue_push_list(queue, item, item, 1);
}

void sluss_queue_close(struct sluss_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->some);
	pthread_mutex_unlock(&queue->lock);
}

// Sleeps once; false when the deadline has passed. Lock held.
static bool sleep_until(struct sluss_queue *queue, int64_t deadline_ms)
{
	int result = 0;
	queue->sleepers++;
	if (deadline_ms == INT64_MAX) {
		result = pthread_cond_wait(&queue->some, &queue->lock);
	} else {
		struct timespec until = {
		    .tv_sec = (time_t)(deadline_ms / 1000), .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
		result = pthread_cond_timedwait(&queue->some, &queue->lock, &until);
	}
	queue->sleepers--;
	return result == 0;
}

struct sluss_item *sluss_queue_take(struct sluss_queue *queue, size_t max, int64_t deadline_ms)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->first == NULL && !queue->closed && deadline_ms != 0 && sleep_until(queue, deadline_ms))
		;
	struct sluss_item *first = queue->first;
	if (first != NULL) {
		struct sluss_item *last = first;
		size_t taken = 1;
		while (taken < max && last->next != NULL) {
			last = last->next;
			taken++;
		}
		queue->first = last->next;
		if (queue->first == NULL)
			queue->last = NULL;
		queue->count -= taken;
		last->next = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	return first;
}

struct sluss_item *sluss_queue_pop(struct sluss_queue *queue)
{
	return sluss_queue_take(queue, 1, INT64_MAX);
}
