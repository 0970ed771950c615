// SPDX-License-Identifier: EUPL-1.2
// `sluss audit verify DIR` ends with the gravest class of what it found, as sluss(1) says: an export with one fault of
// each class, written to a folder, and the program run on it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "forge.h"

static const char *const both[] = {"soc-1", "police-1"};
static const char *const categories[] = {"school_attendance", "school_support"};

static void send(struct forge *forge, struct forge_message *message, size_t sections)
{
	forge_draft(forge, message, 2, both, sections, categories);
	message->record.partial = true;
	assert_true(forge_send(forge, message));
}

// ---- one fault each; a fault in the files is made after publishing

static void nothing(struct forge *forge)
{
	struct forge_message message;
	send(forge, &message, 1);
	forge_fetch(forge, &message, "soc-1");
	forge_publish(forge);
}

static void structure(struct forge *forge)
{
	nothing(forge);
	struct forge_file *bundle = NULL;
	for (size_t i = 0; i < forge->file_count && bundle == NULL; i++) {
		if (strncmp(forge->files[i].path, "tile/entries/", 13) == 0)
			bundle = &forge->files[i];
	}
	assert_non_null(bundle);
	bundle->data[bundle->len - 1] ^= 1;
}

static void signature(struct forge *forge)
{
	nothing(forge);
	struct forge_file *checkpoint = forge_file(forge, "checkpoint");
	char *size = strchr((char *)checkpoint->data, '\n') + 1;
	*size = *size == '9' ? '8' : '9'; // not what was signed
}

static void cosignature(struct forge *forge)
{
	nothing(forge);
	forge_add_file(forge, "keys/quorum", "1\n", 2); // and nobody signed
}

static void timestamp(struct forge *forge)
{
	char note[1024];
	nothing(forge);
	forge_add_file(forge, "checkpoints/10", note, forge_checkpoint(forge, 10, note, sizeof(note)));
	forge_add_file(forge, "timestamps/10.tsr", "none", 4);
}

static void history(struct forge *forge)
{
	char note[1024];
	size_t len = forge_checkpoint(forge, 12, note, sizeof(note));
	forge_swap(forge, 8, 9);
	forge_publish(forge);
	forge_add_file(forge, "checkpoints/12", note, len);
}

static void ground(struct forge *forge)
{
	struct forge_message message;
	send(forge, &message, 2); // school_support was denied
	(void)forge_release(forge, &message, "soc-1");
	forge_publish(forge);
}

static void withdrawn(struct forge *forge)
{
	struct forge_message message;
	send(forge, &message, 1);
	(void)forge_withdraw(forge, "school_attendance", NULL);
	(void)forge_release(forge, &message, "soc-1");
	forge_publish(forge);
}

static void decision(struct forge *forge)
{
	struct forge_message message;
	forge_draft(forge, &message, 1, both, 2, categories);
	message.record.partial = true;
	forge_decide(forge, &message);
	message.record.pair_count = 1; // the denied one is left out
	(void)forge_accept(forge, &message);
	forge_publish(forge);
}

static void order(struct forge *forge)
{
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_RESTART});
	forge_pass(forge, -FORGE_HOUR_MS);
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_RESTART});
	forge_publish(forge);
}

static void entitlement(struct forge *forge)
{
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
				      .u.grant_status = {.case_id = forge->kase,
					  .act = SLUSS_ACT_PAUSE,
					  .person = forge->guardian,
					  .consent = forge->consent,
					  .grants = forge->attendance,
					  .grant_count = 1,
					  .channel = SLUSS_CHANNEL_PAPER,
					  .agency = "soc-1",
					  .officer = "s7"}}); // who is no contact officer
	forge_publish(forge);
}

static void payload(struct forge *forge)
{
	struct forge_message message;
	send(forge, &message, 1);
	(void)forge_withdraw(forge, "school_attendance", NULL); // and what waits is not withheld
	forge_publish(forge);
}

static void overdue(struct forge *forge)
{
	struct forge_message message;
	forge_draft(forge, &message, 1, both, 1, categories);
	assert_true(forge_send(forge, &message));
	forge_fetch(forge, &message, "soc-1");
	forge_acknowledge(forge, &message, "soc-1");
	(void)forge_withdraw(forge, "school_attendance", NULL);
	forge_pass(forge, 20 * FORGE_DAY_MS);
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_RESTART});
	forge_publish(forge);
}

static void unreplayed(struct forge *forge)
{
	nothing(forge);
	for (size_t i = forge->file_count; i-- > 0;) {
		if (strncmp(forge->files[i].path, "policies/", 9) == 0)
			forge_remove_file(forge, forge->files[i].path);
	}
}

static const struct {
	void (*make)(struct forge *forge);
	int code;
	const char *class;
} faults[] = {
    {nothing, 0, "nothing"},
    {structure, 20, "structure"},
    {signature, 21, "signature"},
    {cosignature, 22, "cosignature"},
    {timestamp, 23, "timestamp"},
    {history, 24, "history"},
    {ground, 25, "ground"},
    {withdrawn, 26, "withdrawn"},
    {decision, 27, "decision"},
    {order, 28, "order"},
    {entitlement, 29, "entitlement"},
    {payload, 30, "payload"},
    {overdue, 31, "overdue"},
    {unreplayed, 32, "unreplayed"},
};

// ---- running

static int verify(const char *folder, const char *key)
{
	int status = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "w", stderr) != NULL)
			(void)execl(SLUSS_PROGRAM, "sluss", "audit", "verify", folder, "--key", key, "--profile",
			    "/nonexistent/profile", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void each_class_has_its_exit_code(void **state)
{
	char folder[] = "/tmp/sluss-audit-exit-XXXXXX", part[64], command[128];
	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct forge forge;
		forge_open(&forge);
		forge_world(&forge, false);
		faults[i].make(&forge);
		(void)snprintf(part, sizeof(part), "%s/%zu", folder, i);
		assert_int_equal(mkdir(part, 0700), 0);
		forge_write(&forge, part);
		int code = verify(part, forge.key_text);
		if (code != faults[i].code)
			print_error("%s: ", faults[i].class);
		assert_int_equal(code, faults[i].code);
		forge_close(&forge);
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_class_has_its_exit_code)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
