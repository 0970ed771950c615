// SPDX-License-Identifier: EUPL-1.2
// Nothing is released that the second place does not know of; and a machine's clock that was set is noticed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core_world.h"
#include "policy/record.h"
#include "writer.h"

enum { OK = 0, UNAVAILABLE = 14 };

static const enum who to_soc[] = {SOC};

// The larger of the sizes that the two slots say.
static uint64_t head_size(int fd)
{
	uint64_t newest = 0;
	for (off_t at = 0; at < 2 * 4096; at += 4096) {
		char slot[4097] = "";
		assert_int_equal(pread(fd, slot, 4096, at), 4096);
		const char *line = strchr(slot, '\n');
		uint64_t size = line == NULL ? 0 : strtoull(line + 1, NULL, 10);
		newest = size > newest ? size : newest;
	}
	return newest;
}

static void nothing_is_answered_that_the_second_place_does_not_know(void **state)
{
	(void)state;
	struct world *w = calloc(1, sizeof(*w));
	int fd = memfd_create("head", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct draft draft = {.from = SCH, .to = to_soc, .to_count = 1, .sections = 1};
	assert_true(w != NULL && fd >= 0);
	world_start(w);
	world_stop(w);
	w->config.head_fd = dup(fd);
	world_run(w);
	uint64_t before = head_size(fd);
	assert_true(before > 0);
	(void)send_expecting(w, &draft, OK);
	assert_true(head_size(fd) > before);

	// Its disk takes no more: the same octets may lie in the store, but nobody is told.
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	struct sluss_sealed_message sealed = seal(w, &draft);
	for (int i = 0; i < 2; i++) {
		struct answer answer = send_sealed(w, SCH, &sealed);
		assert_int_equal(answer.code, UNAVAILABLE);
		answer_free(&answer);
	}
	world_stop(w);
	// Without it everything goes on where it was, and the same message is what it was.
	w->config.head_fd = 0;
	world_run(w);
	struct answer answer = send_sealed(w, SCH, &sealed);
	assert_int_equal(answer.code, OK);
	answer_free(&answer);
	sluss_sealed_message_free(&sealed);
	world_stop(w);
	assert_int_equal(count_records(w, SLUSS_REC_RESTORED), 0);
	world_end(w);
	free(w);
	close(fd);
}

static int64_t shown_ms(void *arg)
{
	return *(int64_t *)arg;
}

static void a_clock_that_was_set_is_noticed(void **state)
{
	(void)state;
	struct sluss_writer *w = calloc(1, sizeof(*w));
	struct timespec boot;
	assert_non_null(w);
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	int64_t now = START_MS + (int64_t)boot.tv_sec * 1000; // some real clock, in step with the time since boot
	w->clock = (struct sluss_clock){.real_ms = shown_ms, .arg = &now};
	sluss_clock_watch(w);
	assert_int_equal(w->clock_jump_ms, 0);
	now += 2000; // a clock that creeps
	sluss_clock_watch(w);
	assert_int_equal(w->clock_jump_ms, 0);
	now += 3600 * 1000;
	sluss_clock_watch(w);
	assert_in_range(w->clock_jump_ms, 3590 * 1000, 3610 * 1000);
	int64_t forward = w->clock_jump_ms;
	sluss_clock_watch(w); // once
	assert_int_equal(w->clock_jump_ms, forward);
	now -= 7200 * 1000;
	sluss_clock_watch(w); // not in the log yet: what stands there in the end is the sum
	assert_true(w->clock_jump_ms < -3590 * 1000 && w->clock_jump_ms > -3610 * 1000);
	free(w);
}

static struct sluss_writer *open_writer(struct world *w, struct sluss_queue *nobody)
{
	struct sluss_store_error error;
	struct sluss_keys keys = {{1}, {2}};
	assert_true(sluss_queue_init(nobody, -1));
	struct sluss_writer *writer =
	    sluss_writer_open(&w->config, &keys, (struct sluss_bytes){NULL, 0}, NULL, nobody, &error);
	if (writer == NULL)
		fail_msg("%s", error.text);
	return writer;
}

// A batch with one look in it.
static void look(struct sluss_writer *writer, int64_t jump_ms)
{
	sluss_batch_start(writer);
	writer->clock_jump_ms += jump_ms;
	const struct sluss_record looked = {
	    .type = SLUSS_REC_LOOKED, .u.looked = {.who = "reader", .what = "disclosures"}};
	assert_int_equal(sluss_batch_append(writer, &looked, NULL), SLUSS_BATCH_OK);
	assert_true(sluss_batch_commit(writer));
}

static void a_clock_that_was_set_stands_in_the_log(void **state)
{
	(void)state;
	struct world *w = calloc(1, sizeof(*w));
	struct sluss_queue nobody;
	assert_non_null(w);
	world_start(w);
	world_stop(w);
	struct sluss_writer *writer = open_writer(w, &nobody);
	look(writer, 0);
	look(writer, 3600 * 1000);
	look(writer, 0); // once
	sluss_writer_close(&writer);
	sluss_queue_destroy(&nobody);
	assert_int_equal(count_records(w, SLUSS_REC_CLOCK_JUMPED), 1);
	world_end(w);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_answered_that_the_second_place_does_not_know),
	    cmocka_unit_test(a_clock_that_was_set_is_noticed),
	    cmocka_unit_test(a_clock_that_was_set_stands_in_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
