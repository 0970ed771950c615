// SPDX-License-Identifier: EUPL-1.2
#include "workers.h"

#include <stdlib.h>

#include "request.h"

enum { TAKE = 8 }; // requests that a worker takes at once: few, so that the others get some too

struct sluss_workers {
	struct sluss_verify_with with;
	struct sluss_queue *to_writer, *to_intake;
	struct sluss_queue queue;
	size_t count;
	pthread_t threads[];
};

struct list {
	struct sluss_item *first, *last;
	size_t count;
};

static void add(struct list *list, struct sluss_item *item)
{
	item->next = NULL;
	if (list->first == NULL)
		list->first = item;
	else
		list->last->next = item;
	list->last = item;
	list->count++;
}

static void *work(void *arg)
{
	struct sluss_workers *workers = arg;
	(void)pthread_setname_np(pthread_self(), "core-worker");
	for (;;) {
		struct sluss_item *item = sluss_queue_take(&workers->queue, TAKE, INT64_MAX);
		if (item == NULL)
			return NULL;
		struct list good = {0}, refused = {0};
		while (item != NULL) {
			struct sluss_item *next = item->next;
			struct sluss_request *request = sluss_request_of_item(item);
			sluss_request_verify(request, &workers->with);
			add(request->refused ? &refused : &good, item);
			item = next;
		}
		if (good.first != NULL)
			sluss_queue_push_list(workers->to_writer, good.first, good.last, good.count);
		if (refused.first != NULL)
			sluss_queue_push_list(workers->to_intake, refused.first, refused.last, refused.count);
	}
}

struct sluss_workers *sluss_workers_start(
    size_t count, const struct sluss_verify_with *with, struct sluss_queue *to_writer, struct sluss_queue *to_intake)
{
	struct sluss_workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
	if (workers == NULL)
		return NULL;
	*workers = (struct sluss_workers){.with = *with, .to_writer = to_writer, .to_intake = to_intake};
	if (!sluss_queue_init(&workers->queue, -1)) {
		free(workers);
		return NULL;
	}
	while (workers->count < count && pthread_create(&workers->threads[workers->count], NULL, work, workers) == 0)
		workers->count++;
	if (workers->count == 0 || workers->count < count)
		sluss_workers_stop(&workers);
	return workers;
}

void sluss_workers_push(struct sluss_workers *workers, struct sluss_item *first, struct sluss_item *last, size_t count)
{
	sluss_queue_push_list(&workers->queue, first, last, count);
}

void sluss_workers_stop(struct sluss_workers **workers)
{
	if (*workers == NULL)
		return;
	sluss_queue_close(&(*workers)->queue);
	for (size_t i = 0; i < (*workers)->count; i++)
		pthread_join((*workers)->threads[i], NULL);
	sluss_queue_destroy(&(*workers)->queue);
	free(*workers);
	*workers = NULL;
}
