// SPDX-License-Identifier: EUPL-1.2
#include "core_world.h"

#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "writer.h"

const char *const world_names[WHO_COUNT] = {"soc-1", "pol-1", "sch-1", "soc-2"};

// ---- descriptors and the store

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, 0), len);
	return fd;
}

int world_policy_fd(void)
{
	char *text = malloc(1 << 20);
	FILE *file = fopen("policy/sweden-sig.json", "rb");
	assert_non_null(file);
	size_t len = fread(text, 1, 1 << 20, file);
	fclose(file);
	int fd = file_of(text, len);
	free(text);
	return fd;
}

static struct sluss_store *open_store(void *arg)
{
	struct world *w = arg;
	struct sluss_store *inner, *store = NULL;
	if (sluss_store_memory_open(w->db, SLUSS_STORE_WRITER, &inner) != SLUSS_STORE_OK)
		return NULL;
	assert_int_equal(sluss_store_fault_wrap(inner, &w->plan, &w->writes, &store), SLUSS_STORE_OK);
	return store;
}

static int64_t clock_ms(void *arg)
{
	return atomic_load(&((struct world *)arg)->now_ms);
}

// ---- start and stop

static bool read_frames(
    struct world *w, int fd, struct sluss_frame_reader *reader, uint64_t number, Sluss__V1__IpcFrame **found);

static void *run_core(void *arg)
{
	struct world *w = arg;
	w->status = sluss_core_main(&w->config);
	return NULL;
}

static void pair(int *core_out, int *test_out)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	*core_out = fds[0];
	*test_out = fds[1];
}

// Somewhere to listen that is in nobody's way: the kernel names it.
static int listen_for_admin(struct world *w)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	w->admin_len = sizeof(w->admin_at);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&w->admin_at, &w->admin_len), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

void world_run(struct world *w)
{
	static const uint8_t log_seed[32] = {1}, data_key[32] = {2};
	pair(&w->config.web_fd, &w->web);
	pair(&w->config.edge_fd, &w->edge);
	pair(&w->config.control_fd, &w->control);
	w->config.admin_listen_fd = w->config.client_ca_fd = w->config.client_ca_key_fd = -1;
	if (w->with_admin)
		w->config.admin_listen_fd = listen_for_admin(w);
	w->config.log_key_fd = file_of(log_seed, 32);
	w->config.data_key_fd = file_of(data_key, 32);
	w->config.policy_fd = world_policy_fd();
	w->web_reader = sluss_frame_reader_new(0);
	w->edge_reader = sluss_frame_reader_new(0);
	w->control_reader = sluss_frame_reader_new(0);
	w->thread = malloc(sizeof(pthread_t));
	assert_int_equal(pthread_create(w->thread, NULL, run_core, w), 0);
	w->running = true;
	w->ready = false;
	Sluss__V1__IpcFrame *none = NULL;
	// Recovered and serving, or ended: then the channel closes.
	struct pollfd control = {w->control, POLLIN, 0};
	while (
	    !w->ready && poll(&control, 1, PATIENCE_MS) == 1 && read_frames(w, w->control, w->control_reader, 0, &none))
		;
}

static void write_frame(int fd, const Sluss__V1__IpcFrame *frame)
{
	struct sluss_frame_writer *writer = sluss_frame_writer_new(0, 0);
	assert_int_equal(sluss_frame_writer_push(writer, frame), SLUSS_IPC_OK);
	while (sluss_frame_writer_flush(writer, fd) == SLUSS_IPC_AGAIN)
		;
	sluss_frame_writer_free(&writer);
}

void world_stop(struct world *w)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	control.action = SLUSS__V1__CONTROL__ACTION__ACTION_STOP;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	write_frame(w->control, &frame);
	assert_int_equal(pthread_join(*(pthread_t *)w->thread, NULL), 0);
	free(w->thread);
	sluss_frame_reader_free(&w->web_reader);
	sluss_frame_reader_free(&w->edge_reader);
	sluss_frame_reader_free(&w->control_reader);
	close(w->web);
	close(w->edge);
	close(w->control);
	while (w->kept_count > 0)
		sluss_ipc_frame_free(&w->kept[--w->kept_count]);
	w->running = false;
}

void world_start(struct world *w)
{
	world_start_on(w, NULL);
}

void world_start_on(struct world *w, const char *store_url)
{
	*w = (struct world){.web_obeys = true, .edge_obeys = true};
	atomic_store(&w->now_ms, START_MS);
	assert_true(sluss_crypto_init());
	for (int i = 0; i < WHO_COUNT; i++) {
		w->actors[i].id = world_names[i];
		w->actors[i].sign = sluss_signing_key_new();
		w->actors[i].seal = sluss_sealing_key_new();
		randombytes_buf(w->actors[i].certificate, 32);
	}
	struct sluss_id *ids[] = {&w->case_id, &w->subject, &w->consent, &w->other_case, &w->other_subject,
	    &w->other_consent, &w->grant_soc, &w->grant_pol};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		sluss_id_random(ids[i]);
	w->db = sluss_memory_db_new();
	w->config = (struct sluss_core_config){.authority = AUTHORITY,
	    .open_store = open_store,
	    .clock_ms = clock_ms,
	    .arg = w,
	    .lease_ms = 300,
	    .delivery_expiry_hours = 24 * 400, // tests that let months pass are about grants
	    .drop_timeout_ms = 300,
	    .verify_threads = 2};
	w->config.store_url = store_url;
	if (store_url != NULL)
		w->config.open_store = NULL;
	world_write(w);
	world_run(w);
}

void world_end(struct world *w)
{
	if (w->running)
		world_stop(w);
	for (int i = 0; i < WHO_COUNT; i++) {
		sluss_signing_key_free(&w->actors[i].sign);
		sluss_sealing_key_free(&w->actors[i].seal);
	}
	sluss_memory_db_free(&w->db);
}

// ---- asking

uint64_t ask(struct world *w, enum sluss_method method, enum who who, uint64_t connection, const void *body, size_t len)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__CoreRequest request = SLUSS__V1__CORE_REQUEST__INIT;
	request.request_id = ++w->last_request;
	request.method = (uint32_t)method;
	request.connection_id = connection;
	request.port = SLUSS_PORT_AGENCY;
	request.certificate_fingerprint = (ProtobufCBinaryData){32, w->actors[who].certificate};
	request.body = (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)body};
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_REQUEST;
	frame.request = &request;
	write_frame(w->web, &frame);
	return w->last_request;
}

uint64_t ask_message(
    struct world *w, enum sluss_method method, enum who who, uint64_t connection, const ProtobufCMessage *request)
{
	size_t len = protobuf_c_message_get_packed_size(request);
	uint8_t *octets = malloc(len + 1);
	protobuf_c_message_pack(request, octets);
	uint64_t number = ask(w, method, who, connection, octets, len);
	free(octets);
	return number;
}

static void word_of_drop(int fd, const Sluss__V1__DropTransfers *drop)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__TransfersDropped dropped = SLUSS__V1__TRANSFERS_DROPPED__INIT;
	dropped.drop_id = drop->drop_id;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROPPED;
	frame.dropped = &dropped;
	write_frame(fd, &frame);
}

// One frame that is not an answer.
static void other_frame(struct world *w, int fd, const Sluss__V1__IpcFrame *frame)
{
	if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROP && fd == w->web) {
		w->drops_web++;
		if (w->web_obeys)
			word_of_drop(fd, frame->drop);
	} else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROP) {
		w->drops_edge++;
		if (w->edge_obeys)
			word_of_drop(fd, frame->drop);
	} else if (frame->body_case == SLUSS__V1__IPC_FRAME__BODY_CONTROL) {
		w->front_restarts += frame->control->action == SLUSS__V1__CONTROL__ACTION__ACTION_RESTART_FRONT;
		w->ready |= frame->control->action == SLUSS__V1__CONTROL__ACTION__ACTION_READY;
		w->fatal |= frame->control->action == SLUSS__V1__CONTROL__ACTION__ACTION_FATAL;
	}
}

// Takes the frames that are complete, until the answer to `number` is among them.
static void take_frames(
    struct world *w, int fd, struct sluss_frame_reader *reader, uint64_t number, Sluss__V1__IpcFrame **found)
{
	struct sluss_bytes octets;
	while (*found == NULL && sluss_frame_reader_next(reader, &octets) == SLUSS_IPC_OK) {
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		assert_non_null(frame);
		bool answer = frame->body_case == SLUSS__V1__IPC_FRAME__BODY_RESPONSE;
		if (answer && frame->response->request_id == number) {
			*found = frame;
		} else if (answer && w->kept_count < sizeof(w->kept) / sizeof(w->kept[0])) {
			w->kept[w->kept_count++] = frame;
		} else {
			other_frame(w, fd, frame);
			sluss_ipc_frame_free(&frame);
		}
	}
}

static bool read_frames(
    struct world *w, int fd, struct sluss_frame_reader *reader, uint64_t number, Sluss__V1__IpcFrame **found)
{
	if (sluss_frame_reader_fill(reader, fd) != SLUSS_IPC_OK)
		return false;
	take_frames(w, fd, reader, number, found);
	return true;
}

static Sluss__V1__IpcFrame *take_kept(struct world *w, uint64_t number)
{
	for (size_t i = 0; i < w->kept_count; i++)
		if (w->kept[i]->response->request_id == number) {
			Sluss__V1__IpcFrame *frame = w->kept[i];
			w->kept[i] = w->kept[--w->kept_count];
			return frame;
		}
	return NULL;
}

bool wait_answer(struct world *w, uint64_t number, enum sluss_method method, int timeout_ms, struct answer *answer_out)
{
	Sluss__V1__IpcFrame *found = take_kept(w, number);
	int64_t end = sluss_monotonic_ms() + timeout_ms;
	*answer_out = (struct answer){0};
	take_frames(w, w->web, w->web_reader, number, &found);
	while (found == NULL) {
		struct pollfd polls[] = {{w->web, POLLIN, 0}, {w->edge, POLLIN, 0}, {w->control, POLLIN, 0}};
		int64_t left = end - sluss_monotonic_ms();
		if (left <= 0 || poll(polls, 3, (int)left) <= 0)
			return false;
		if (polls[0].revents != 0 && !read_frames(w, w->web, w->web_reader, number, &found))
			return false;
		if (polls[1].revents != 0 && !read_frames(w, w->edge, w->edge_reader, number, &found))
			return false;
		if (polls[2].revents != 0 && !read_frames(w, w->control, w->control_reader, number, &found))
			return false;
	}
	answer_out->frame = found;
	answer_out->response = found->response;
	answer_out->code = found->response->code;
	answer_out->reason = found->response->refusal == NULL ? SLUSS__V1__REASON_CODE__REASON_CODE_UNSPECIFIED
							      : found->response->refusal->reason;
	if (answer_out->code == 0) {
		answer_out->message = protobuf_c_message_unpack(sluss_method_by_id((uint32_t)method)->response, NULL,
		    found->response->body.len, found->response->body.data);
		assert_non_null(answer_out->message);
	}
	return true;
}

void answer_free(struct answer *answer)
{
	if (answer->message != NULL)
		protobuf_c_message_free_unpacked(answer->message, NULL);
	if (answer->frame != NULL)
		sluss_ipc_frame_free(&answer->frame);
	*answer = (struct answer){0};
}

struct answer call(
    struct world *w, enum sluss_method method, enum who who, uint64_t connection, const ProtobufCMessage *request)
{
	struct answer answer;
	assert_true(wait_answer(w, ask_message(w, method, who, connection, request), method, PATIENCE_MS, &answer));
	return answer;
}

struct answer admin_call(struct world *w, enum sluss_method method, const ProtobufCMessage *request)
{
	uint8_t body[4096];
	assert_true(protobuf_c_message_get_packed_size(request) <= sizeof(body));
	Sluss__V1__CoreRequest core = SLUSS__V1__CORE_REQUEST__INIT;
	core.request_id = 1;
	core.method = (uint32_t)method;
	core.port = SLUSS_PORT_ADMIN;
	core.body = (ProtobufCBinaryData){protobuf_c_message_pack(request, body), body};
	struct answer answer = {0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&w->admin_at, w->admin_len), 0);
	assert_int_equal(sluss_ipc_call(fd, &core, 0, PATIENCE_MS, &answer.frame), SLUSS_IPC_OK);
	close(fd);
	answer.response = answer.frame->response;
	answer.code = answer.response->code;
	if (answer.code == 0)
		answer.message = protobuf_c_message_unpack(sluss_method_by_id((uint32_t)method)->response, NULL,
		    answer.response->body.len, answer.response->body.data);
	return answer;
}

void tell_closed(struct world *w, uint64_t connection)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__ConnectionsClosed closed = SLUSS__V1__CONNECTIONS_CLOSED__INIT;
	closed.n_connection_ids = 1;
	closed.connection_ids = &connection;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CLOSED;
	frame.closed = &closed;
	write_frame(w->edge, &frame);
}

void tell_front_new(struct world *w)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	int core[2];
	close(w->web);
	close(w->edge);
	sluss_frame_reader_free(&w->web_reader);
	sluss_frame_reader_free(&w->edge_reader);
	w->web_reader = sluss_frame_reader_new(0);
	w->edge_reader = sluss_frame_reader_new(0);
	pair(&core[0], &w->web);
	pair(&core[1], &w->edge);
	control.action = SLUSS__V1__CONTROL__ACTION__ACTION_NEW_CHANNELS;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	struct sluss_frame_writer *writer = sluss_frame_writer_new(0, 0);
	assert_int_equal(sluss_frame_writer_send_fds(writer, w->control, &frame, core, 2), SLUSS_IPC_OK);
	sluss_frame_writer_free(&writer);
	close(core[0]);
	close(core[1]);
}

// ---- looking

struct counting {
	struct sluss_codec *codec;
	int type;
	size_t count;
};

static bool count_one(void *context, uint64_t index, struct sluss_bytes entry)
{
	(void)index;
	struct counting *counting = context;
	struct sluss_record record;
	sluss_codec_reset(counting->codec);
	assert_int_equal(sluss_record_decode(counting->codec, entry, &record, NULL), SLUSS_CODEC_OK);
	counting->count += counting->type == 0 || (int)record.type == counting->type;
	return true;
}

size_t count_records(struct world *w, int type)
{
	struct counting counting = {sluss_codec_new(), type, 0};
	struct sluss_store *store;
	uint64_t size;
	assert_int_equal(sluss_store_memory_open(w->db, SLUSS_STORE_READER, &store), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_size(store, &size), SLUSS_STORE_OK);
	assert_int_equal(sluss_store_read(store, 0, size, count_one, &counting), SLUSS_STORE_OK);
	sluss_store_close(&store);
	sluss_codec_free(&counting.codec);
	return counting.count;
}
