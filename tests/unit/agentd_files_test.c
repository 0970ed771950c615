// SPDX-License-Identifier: EUPL-1.2
// Files of messages in the agent's store: what names them keeps them, and nothing else does.
#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_files.h"

static char folder[64];
static struct agentd_store *store;

static void reopen(void)
{
	char why[256];
	static const struct agentd_store_limits roomy = {1000, 1000, 0};
	agentd_store_close(&store);
	store = agentd_store_open(folder, "log agency", &roomy, why);
	assert_non_null(store);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/sluss-agentd-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	reopen();
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	agentd_store_close(&store);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static size_t spooled(void)
{
	char path[96];
	size_t count = 0;
	(void)snprintf(path, sizeof(path), "%s/spool", folder);
	DIR *spool = opendir(path);
	assert_non_null(spool);
	for (const struct dirent *entry; (entry = readdir(spool)) != NULL;)
		count += entry->d_name[0] != '.' ? 1 : 0;
	(void)closedir(spool);
	return count;
}

static struct sluss_id id_of(unsigned number)
{
	struct sluss_id id = {{1, 2, 3}};
	memcpy(id.b + 8, &number, sizeof(number));
	return id;
}

static struct sluss_bytes octets_of(const char *text)
{
	return (struct sluss_bytes){(const uint8_t *)text, strlen(text)};
}

static struct agentd_file write_file(const char *text)
{
	struct agentd_file_writer *writer = NULL;
	struct agentd_file file;
	assert_int_equal(agentd_store_file_begin(store, &writer), AGENTD_OK);
	assert_int_equal(agentd_store_file_write(writer, octets_of(text)), AGENTD_OK);
	assert_int_equal(agentd_store_file_end(&writer, &file), AGENTD_OK);
	assert_null(writer);
	return file;
}

static enum agentd_result queue(unsigned number, const struct agentd_file *file)
{
	static const char *const to[] = {"a"};
	bool known = false;
	struct agentd_new m = {.id = id_of(number),
	    .case_id = id_of(number),
	    .recipients = to,
	    .recipient_count = 1,
	    .description = octets_of("{}"),
	    .files = file,
	    .file_count = 1};
	return agentd_store_queue(store, &m, &known);
}

static int64_t take(uint8_t **octets_out)
{
	struct agentd_message m;
	size_t len = 0;
	int64_t next = 0;
	assert_int_equal(agentd_store_take(store, 1000, &m, octets_out, &len, &next), AGENTD_OK);
	int64_t seq = m.seq;
	agentd_message_clear(&m);
	agentd_store_release(store, seq);
	return seq;
}

static void refuse(int64_t seq)
{
	assert_int_equal(agentd_store_refused(store, seq, "{}"), AGENTD_OK);
}

// ---- sending

static void test_file_lives_as_long_as_its_message(void **state)
{
	(void)state;
	struct agentd_sending sending;
	uint8_t *octets = NULL;
	struct agentd_file file = write_file("content");
	assert_int_equal(queue(1, &file), AGENTD_OK);
	reopen(); // swept, and not this
	int64_t seq = take(&octets);
	free(octets);
	assert_int_equal(agentd_store_sending(store, seq, 0, &sending), AGENTD_OK);
	assert_string_equal(sending.file.name, file.name);
	assert_int_equal(sending.file.octets, 7);
	assert_null(sending.state);
	assert_int_equal(agentd_store_sending_state(store, seq, 0, octets_of("state")), AGENTD_OK);
	reopen();
	assert_int_equal(agentd_store_sending(store, seq, 0, &sending), AGENTD_OK);
	assert_int_equal(sending.state_len, 5);
	agentd_sending_clear(&sending);
	assert_int_equal(agentd_store_sending(store, seq, 1, &sending), AGENTD_NOT_FOUND);
	assert_int_equal(spooled(), 1);
	refuse(seq);
	assert_int_equal(spooled(), 0);
}

static void test_what_no_row_names_is_swept(void **state)
{
	(void)state;
	struct agentd_file_writer *writer = NULL;
	struct agentd_file file = write_file("left by a crash");
	assert_int_equal(agentd_store_file_begin(store, &writer), AGENTD_OK);
	assert_int_equal(spooled(), 2);
	agentd_store_file_abort(&writer);
	agentd_store_file_abort(&writer); // nothing
	assert_int_equal(spooled(), 1);
	reopen();
	assert_int_equal(spooled(), 0);
	file = write_file("not taken");
	agentd_store_file_discard(store, &file);
	assert_int_equal(spooled(), 0);
}

static void test_handed_in_counts_for_one_message_each_time(void **state)
{
	(void)state;
	uint64_t octets = 0;
	uint8_t *description = NULL;
	struct agentd_file file = write_file("content");
	struct agentd_file again = write_file("content");
	assert_int_equal(agentd_store_upload(store, &file), AGENTD_OK);
	assert_int_equal(agentd_store_upload(store, &again), AGENTD_OK);
	assert_int_equal(spooled(), 1);
	file.name[0] = '\0'; // as a description names it
	assert_int_equal(agentd_store_upload_find(store, file.sha256, &octets), AGENTD_OK);
	assert_int_equal(octets, 7);
	assert_int_equal(queue(1, &file), AGENTD_OK);
	assert_int_equal(queue(1, &file), AGENTD_OK); // the same message again: counts for nothing
	assert_int_equal(queue(2, &file), AGENTD_OK);
	assert_int_equal(queue(3, &file), AGENTD_NOT_FOUND);
	int64_t first = take(&description);
	free(description);
	refuse(first);
	assert_int_equal(spooled(), 1); // the other message's too
	int64_t second = take(&description);
	free(description);
	assert_int_not_equal(first, second);
	refuse(second);
	assert_int_equal(spooled(), 0);
}

static void test_back_to_the_description(void **state)
{
	(void)state;
	static const uint8_t hash[SLUSS_HASH_BYTES] = {1};
	uint8_t *octets = NULL;
	struct agentd_file file = write_file("content");
	assert_int_equal(queue(1, &file), AGENTD_OK);
	int64_t seq = take(&octets);
	free(octets);
	assert_int_equal(agentd_store_sealed(store, seq, octets_of("sealed"), hash), AGENTD_OK);
	assert_int_equal(agentd_store_sealed(store, seq, octets_of("signed anew"), hash), AGENTD_OK);
	assert_int_equal(take(&octets), seq);
	assert_string_equal((char *)octets, "signed anew");
	free(octets);
	assert_int_equal(agentd_store_unsealed(store, seq, 0), AGENTD_OK);
	assert_int_equal(take(&octets), seq);
	assert_string_equal((char *)octets, "{}");
	free(octets);
	assert_int_equal(agentd_store_unsealed(store, seq, 0), AGENTD_NOT_FOUND); // it was not sealed
	assert_int_equal(take(&octets), seq);
	free(octets);
	refuse(seq);
}

// ---- receiving

static const uint8_t label[1][SLUSS_HASH_BYTES] = {{7}};

static void begin(unsigned number, uint64_t expected)
{
	struct sluss_id id = id_of(number);
	char name[AGENTD_SPOOL_NAME];
	uint64_t done = 1;
	assert_int_equal(agentd_store_incoming(store, &id, label[0], name, &done), AGENTD_OK);
	assert_int_equal(done, expected);
}

static void arrive(unsigned number, enum agentd_in state)
{
	struct agentd_arrival a = {.id = id_of(number),
	    .case_id = id_of(number),
	    .state = state,
	    .officer = "",
	    .mismatched = "[]",
	    .document = octets_of("{}"),
	    .files = label,
	    .file_count = 1};
	size_t fresh = 0;
	assert_int_equal(agentd_store_arrivals(store, &a, 1, NULL, 0, 0, &fresh), AGENTD_OK);
}

static void test_fetched_in_pieces(void **state)
{
	(void)state;
	struct sluss_id id = id_of(1);
	uint64_t octets = 0;
	begin(1, 0);
	assert_int_equal(agentd_store_incoming_done(store, &id, label[0], 4096), AGENTD_OK);
	reopen();
	begin(1, 4096);
	assert_int_equal(agentd_store_open_received(store, &id, 0, &octets), -1);
	arrive(1, AGENTD_IN_READY);
	begin(1, 0); // that of the message is its own; this is another
	int fd = agentd_store_open_received(store, &id, 0, &octets);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(octets, 4096);
	assert_int_equal(agentd_store_handled(store, &id, AGENTD_IN_DONE, NULL, false), AGENTD_OK);
	assert_int_equal(agentd_store_open_received(store, &id, 0, &octets), -1);
	assert_int_equal(agentd_store_incoming_drop(store, &id), AGENTD_OK);
	assert_int_equal(spooled(), 0);
}

static void test_recall_and_rejection_erase(void **state)
{
	(void)state;
	struct sluss_id recall = id_of(9);
	struct sluss_id ids[2] = {id_of(1), id_of(2)};
	size_t erased = 0;
	begin(1, 0); // on its way
	begin(2, 0);
	arrive(2, AGENTD_IN_READY);
	begin(3, 0);
	arrive(3, AGENTD_IN_UNUSABLE);
	assert_int_equal(spooled(), 2);
	assert_int_equal(agentd_store_recall(store, &recall, ids, 2, false, "{}", &erased), AGENTD_OK);
	assert_int_equal(erased, 1);
	assert_int_equal(spooled(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_file_lives_as_long_as_its_message),
	    TEST(test_what_no_row_names_is_swept),
	    TEST(test_handed_in_counts_for_one_message_each_time),
	    TEST(test_back_to_the_description),
	    TEST(test_fetched_in_pieces),
	    TEST(test_recall_and_rejection_erase),
	};
	return cmocka_run_group_tests_name("agentd_files", tests, NULL, NULL);
}
