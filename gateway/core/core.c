// SPDX-License-Identifier: EUPL-1.2
// The role "core" from start to end: keys, recovery, threads.
#include "core.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca.h"
#include "intake.h"
#include "log_event.h"
#include "sluss/key.h"
#include "writer.h"

enum { FILE_MAX = 1 << 20 };

// ---- what is handed in as descriptors

// Reads a whole file from its beginning and closes it. `*len_out` octets, freed by the caller; NULL: unreadable, too
// long, or no descriptor.
static uint8_t *read_fd(int fd, size_t *len_out)
{
	*len_out = 0;
	if (fd < 0)
		return NULL;
	uint8_t *data = malloc(FILE_MAX);
	ssize_t got = 1;
	while (data != NULL && got != 0 && *len_out < FILE_MAX) {
		got = pread(fd, data + *len_out, FILE_MAX - *len_out, (off_t)*len_out);
		if (got > 0)
			*len_out += (size_t)got;
		else if (got < 0 && errno != EINTR)
			break;
	}
	close(fd);
	if (data == NULL || got != 0) {
		free(data);
		return NULL;
	}
	return data;
}

static bool read_key(int fd, uint8_t key_out[32])
{
	size_t len;
	uint8_t *data = read_fd(fd, &len);
	bool ok = data != NULL && len == 32;
	if (ok)
		memcpy(key_out, data, 32);
	if (data != NULL)
		sodium_memzero(data, len);
	free(data);
	return ok;
}

static bool read_keys(const struct sluss_core_config *config, struct sluss_keys *keys_out)
{
	bool log = read_key(config->log_key_fd, keys_out->log_seed);
	bool data = read_key(config->data_key_fd, keys_out->data_key);
	if (!log || !data)
		sluss_event(
		    SLUSS_EVENT_ERROR, "core-keys", "why=\"log_key and data_key must be files of exactly 32 octets\"");
	return log && data;
}

// True also when there is none.
static bool read_ca(const struct sluss_core_config *config, struct sluss_ca **ca_out)
{
	size_t certificate_len, key_len;
	uint8_t *certificate = read_fd(config->client_ca_fd, &certificate_len);
	uint8_t *key = read_fd(config->client_ca_key_fd, &key_len);
	*ca_out = NULL;
	bool ok = true;
	if (certificate != NULL && key != NULL) {
		ok = sluss_ca_open((struct sluss_bytes){key, key_len},
			 (struct sluss_bytes){certificate, certificate_len}, ca_out) == SLUSS_CA_OK;
		if (!ok)
			sluss_event(
			    SLUSS_EVENT_ERROR, "core-ca", "why=\"client_ca and client_ca_key do not fit together\"");
	}
	if (key != NULL)
		sodium_memzero(key, key_len);
	free(key);
	free(certificate);
	return ok;
}

// ---- threads

static bool serve(const struct sluss_core_config *config, struct sluss_writer *writer, struct sluss_queue *to_intake)
{
	pthread_t thread;
	struct sluss_intake *intake = sluss_intake_new(config, to_intake, &writer->in);
	const struct sluss_verify_with with = {writer->directory, writer->sessions, writer->config.authority};
	struct sluss_workers *workers =
	    sluss_workers_start(&(struct sluss_workers_config){.count = writer->config.verify_threads,
		.with = &with,
		.to_writer = &writer->in,
		.to_intake = to_intake,
		.files = writer->files,
		.backup_dir = writer->config.backup_dir,
		.store_url = writer->config.open_store == NULL ? writer->config.store_url : NULL});
	bool ok = intake != NULL && workers != NULL;
	if (ok && config->on_ready != NULL)
		ok = config->on_ready(config->arg) == 0;
	if (ok && pthread_create(&thread, NULL, sluss_writer_run, writer) == 0) {
		ok = sluss_intake_run(intake, workers);
		pthread_join(thread, NULL);
	} else {
		sluss_event(SLUSS_EVENT_ERROR, "core-start", "why=\"threads or channels could not be set up\"");
		ok = false;
	}
	sluss_workers_stop(&workers);
	sluss_intake_free(&intake);
	return ok;
}

// What nobody sent any more.
static void drain(struct sluss_queue *queue)
{
	for (struct sluss_item *item = sluss_queue_take(queue, SIZE_MAX, 0), *next; item != NULL; item = next) {
		next = item->next;
		if (item->kind == SLUSS_ITEM_REQUEST) {
			struct sluss_request *request = sluss_request_of_item(item);
			sluss_request_free(&request);
		} else {
			free(item);
		}
	}
}

static int run(const struct sluss_core_config *config, struct sluss_queue *to_intake)
{
	struct sluss_keys keys = {{0}, {0}};
	struct sluss_ca *ca = NULL;
	struct sluss_store_error error;
	size_t policy_len;
	bool ok = read_keys(config, &keys) && read_ca(config, &ca);
	uint8_t *policy = read_fd(config->policy_fd, &policy_len);
	struct sluss_writer *writer = NULL;
	if (ok) {
		writer =
		    sluss_writer_open(config, &keys, (struct sluss_bytes){policy, policy_len}, ca, to_intake, &error);
		if (writer == NULL)
			sluss_event(SLUSS_EVENT_ERROR, "core-recovery", "why=\"%s\"", error.text);
	}
	sodium_memzero(&keys, sizeof(keys));
	free(policy);
	if (writer != NULL) {
		sluss_event(SLUSS_EVENT_NOTICE, "core-recovered", "entries=%llu waiting=%llu",
		    (unsigned long long)writer->world->size,
		    (unsigned long long)sluss_messages_waiting(writer->world->messages));
		struct sluss_core_config filled = writer->config;
		ok = serve(&filled, writer, to_intake);
		drain(&writer->in);
	}
	ok = ok && writer != NULL;
	sluss_writer_close(&writer);
	drain(to_intake);
	sluss_ca_free(&ca);
	return ok ? 0 : 1;
}

int sluss_core_main(const struct sluss_core_config *config)
{
	struct sluss_queue to_intake;
	int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0 || !sluss_crypto_init() || !sluss_queue_init(&to_intake, event_fd)) {
		sluss_event(SLUSS_EVENT_ERROR, "core-start", "why=\"no event descriptor or no randomness\"");
		return 1;
	}
	int status = run(config, &to_intake);
	sluss_queue_destroy(&to_intake);
	close(event_fd);
	return status;
}
