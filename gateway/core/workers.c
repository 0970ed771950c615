// SPDX-License-Identifier: EUPL-1.2
#include "workers.h"

#include <stdlib.h>

#include "request.h"
#include "svc_backup.h"
#include "svc_log_file.h"

enum { TAKE = 8 }; // requests that a worker takes at once: few, so that the others get some too

struct sluss_workers {
	struct sluss_workers_config config;
	struct sluss_verify_with with;
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

// Answers a request for one of the log's files, so that readers cost the writer nothing. False: it is none, or the
// writer has to see it.
static bool serve(const struct sluss_workers_config *config, struct sluss_request *request, struct sluss_store **reader)
{
	if ((request->service->flags & SLUSS_SERVICE_FILE) == 0 || config->store_url == NULL)
		return false;
	struct sluss_store_error error;
	if (*reader == NULL &&
	    sluss_store_open(config->store_url, SLUSS_STORE_READER, &error, reader) != SLUSS_STORE_OK)
		return false;
	if (request->service->method == SLUSS_METHOD_ADMIN_BACKUP) {
		svc_backup_copy(request, *reader, config->backup_dir);
		return request->refused;
	}
	if (svc_log_file_serve(request, config->files, *reader))
		return true;
	sluss_request_forget(request);
	// A reader that failed once answers nothing any more: the next request gets a fresh one.
	uint64_t size;
	if (sluss_store_size(*reader, &size) != SLUSS_STORE_OK)
		sluss_store_close(reader);
	return false;
}

static void *work(void *arg)
{
	struct sluss_workers *workers = arg;
	const struct sluss_workers_config *config = &workers->config;
	struct sluss_store *reader = NULL;
	(void)pthread_setname_np(pthread_self(), "core-worker");
	for (;;) {
		struct sluss_item *item = sluss_queue_take(&workers->queue, TAKE, INT64_MAX);
		if (item == NULL) {
			sluss_store_close(&reader);
			return NULL;
		}
		struct list good = {0}, done = {0};
		while (item != NULL) {
			struct sluss_item *next = item->next;
			struct sluss_request *request = sluss_request_of_item(item);
			sluss_request_verify(request, &workers->with);
			add(request->refused || serve(config, request, &reader) ? &done : &good, item);
			item = next;
		}
		if (good.first != NULL)
			sluss_queue_push_list(config->to_writer, good.first, good.last, good.count);
		if (done.first != NULL)
			sluss_queue_push_list(config->to_intake, done.first, done.last, done.count);
	}
}

struct sluss_workers *sluss_workers_start(const struct sluss_workers_config *config)
{
	size_t count = config->count;
	struct sluss_workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
	if (workers == NULL)
		return NULL;
	workers->config = *config;
	workers->with = *config->with;
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
