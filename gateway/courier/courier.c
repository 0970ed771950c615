// SPDX-License-Identifier: EUPL-1.2
// The loop of courier and idp: frames from core become transfers, finished transfers become frames.
#include "courier/courier.h"

#include "courier/transfer.h"
#include "ipc/frame.h"
#include "log_event.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CA_MAX = 1 << 20,
	FRAME_MAX = SLUSS_COURIER_BODY_MAX + 4096,
	QUEUED_MAX = SLUSS_COURIER_CALLS_MAX * FRAME_MAX,
	WAIT_MS = 1000,
};

struct courier {
	const struct sluss_courier_config *config;
	CURLM *multi;
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	struct sluss_transfer *calls[SLUSS_COURIER_CALLS_MAX];
	uint8_t *ca;
	size_t ca_len;
	bool wants_out;
};

bool sluss_courier_add(struct sluss_courier_config *config, Sluss__V1__CourierCall__Kind kind, uint32_t index,
    const char *url, size_t url_len, const char *suffix)
{
	if (config->target_count == SLUSS_COURIER_TARGETS_MAX)
		return false;
	struct sluss_courier_target *target = &config->targets[config->target_count];
	int n = snprintf(target->url, sizeof(target->url), "%.*s%s", (int)url_len, url, suffix);
	if (n < 0 || (size_t)n >= sizeof(target->url))
		return false;
	target->kind = kind;
	target->index = index;
	config->target_count++;
	return true;
}

uint16_t sluss_courier_port(const char *url)
{
	bool https = strncmp(url, "https:", 6) == 0;
	const char *host = strstr(url, "//");
	host = host == NULL ? url : host + 2;
	size_t len = strcspn(host, "/");
	const char *end = memchr(host, ']', len);
	const char *from = end == NULL ? host : end;
	const char *colon = memchr(from, ':', len - (size_t)(from - host));
	unsigned long port = colon == NULL ? 0 : strtoul(colon + 1, NULL, 10);
	if (port > 0 && port <= UINT16_MAX)
		return (uint16_t)port;
	return https ? 443 : 80;
}

bool sluss_courier_wake(void)
{
	return curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
}

// ---- answers

static bool send_answer(struct courier *c, const Sluss__V1__CourierAnswer *answer)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_COURIER_ANSWER;
	// protobuf-c has no const messages; packing does not write.
	frame.courier_answer = (Sluss__V1__CourierAnswer *)(uintptr_t)answer;
	return sluss_frame_writer_push(c->writer, &frame) == SLUSS_IPC_OK;
}

static bool refuse(struct courier *c, uint64_t call_id, const char *why)
{
	Sluss__V1__CourierAnswer answer = SLUSS__V1__COURIER_ANSWER__INIT;
	char text[64];
	(void)snprintf(text, sizeof(text), "%s", why);
	answer.call_id = call_id;
	answer.error = text;
	return send_answer(c, &answer);
}

// ---- calls

static const struct sluss_courier_target *find_target(const struct courier *c, const Sluss__V1__CourierCall *call)
{
	for (size_t i = 0; i < c->config->target_count; i++) {
		if (c->config->targets[i].kind == call->kind && c->config->targets[i].index == call->index)
			return &c->config->targets[i];
	}
	return NULL;
}

static bool take_call(struct courier *c, const Sluss__V1__CourierCall *call)
{
	const struct sluss_courier_target *target = find_target(c, call);
	size_t place = 0;
	while (place < SLUSS_COURIER_CALLS_MAX && c->calls[place] != NULL)
		place++;
	if (target == NULL)
		return refuse(c, call->call_id, "no such target in the settings");
	if (place == SLUSS_COURIER_CALLS_MAX)
		return refuse(c, call->call_id, "too many calls under way");
	if (call->body.len > SLUSS_COURIER_BODY_MAX)
		return refuse(c, call->call_id, "the body is too long");
	c->calls[place] = sluss_transfer_new(target, call, (struct sluss_bytes){c->ca, c->ca_len});
	if (c->calls[place] == NULL)
		return refuse(c, call->call_id, "not enough memory");
	if (curl_multi_add_handle(c->multi, sluss_transfer_handle(c->calls[place])) == CURLM_OK)
		return true;
	sluss_transfer_free(&c->calls[place]);
	return refuse(c, call->call_id, "the transfer could not start");
}

// False: core is gone, or says what no core of ours says.
static bool read_core(struct courier *c)
{
	enum sluss_ipc_status status = sluss_frame_reader_fill(c->reader, c->config->core_fd);
	if (status == SLUSS_IPC_AGAIN)
		return true;
	struct sluss_bytes octets;
	while (status == SLUSS_IPC_OK && (status = sluss_frame_reader_next(c->reader, &octets)) == SLUSS_IPC_OK) {
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		bool good = frame != NULL && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_COURIER_CALL &&
			    take_call(c, frame->courier_call);
		sluss_ipc_frame_free(&frame);
		if (!good)
			return false;
	}
	return status == SLUSS_IPC_AGAIN;
}

// ---- the loop

static bool finish(struct courier *c, CURL *handle, CURLcode result)
{
	for (size_t i = 0; i < SLUSS_COURIER_CALLS_MAX; i++) {
		if (c->calls[i] == NULL || sluss_transfer_handle(c->calls[i]) != handle)
			continue;
		Sluss__V1__CourierAnswer answer;
		(void)curl_multi_remove_handle(c->multi, handle);
		sluss_transfer_answer(c->calls[i], (int)result, &answer);
		bool good = send_answer(c, &answer);
		sluss_transfer_free(&c->calls[i]);
		return good;
	}
	return true;
}

static bool collect(struct courier *c)
{
	int left = 0;
	const CURLMsg *message;
	while ((message = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE && !finish(c, message->easy_handle, message->data.result))
			return false;
	}
	return true;
}

static bool flush(struct courier *c)
{
	enum sluss_ipc_status status = sluss_frame_writer_flush(c->writer, c->config->core_fd);
	c->wants_out = status == SLUSS_IPC_AGAIN;
	return status == SLUSS_IPC_OK || status == SLUSS_IPC_AGAIN;
}

static int run(struct courier *c)
{
	for (;;) {
		struct curl_waitfd core = {.fd = c->config->core_fd,
		    .events = (short)(CURL_WAIT_POLLIN | (c->wants_out ? CURL_WAIT_POLLOUT : 0))};
		int running = 0;
		if (curl_multi_poll(c->multi, &core, 1, WAIT_MS, NULL) != CURLM_OK)
			return 1;
		if (!read_core(c))
			return 0;
		if (curl_multi_perform(c->multi, &running) != CURLM_OK || !collect(c))
			return 1;
		if (!flush(c))
			return 0;
	}
}

// True also when there is none.
static bool read_ca(struct courier *c)
{
	if (c->config->ca_fd < 0)
		return true;
	c->ca = malloc(CA_MAX);
	while (c->ca != NULL && c->ca_len < CA_MAX) {
		ssize_t got = pread(c->config->ca_fd, c->ca + c->ca_len, CA_MAX - c->ca_len, (off_t)c->ca_len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			(void)close(c->config->ca_fd);
			return got == 0 && c->ca_len > 0;
		}
		c->ca_len += (size_t)got;
	}
	return false;
}

int sluss_courier_main(const struct sluss_courier_config *config)
{
	struct courier c = {.config = config};
	c.multi = curl_multi_init();
	c.reader = sluss_frame_reader_new(FRAME_MAX);
	c.writer = sluss_frame_writer_new(FRAME_MAX, QUEUED_MAX);
	int status = 1;
	if (config->core_fd < 0 || c.multi == NULL || c.reader == NULL || c.writer == NULL || !read_ca(&c))
		sluss_event(SLUSS_EVENT_ERROR, "courier-start",
		    "why=\"no channel, no memory, or the file of its certificates is empty\"");
	else
		status = run(&c);
	for (size_t i = 0; i < SLUSS_COURIER_CALLS_MAX; i++) {
		if (c.calls[i] != NULL)
			(void)curl_multi_remove_handle(c.multi, sluss_transfer_handle(c.calls[i]));
		sluss_transfer_free(&c.calls[i]);
	}
	(void)curl_multi_cleanup(c.multi);
	sluss_frame_reader_free(&c.reader);
	sluss_frame_writer_free(&c.writer);
	free(c.ca);
	return status;
}
