// SPDX-License-Identifier: EUPL-1.2
// What others say in the log about the log, compared with it: an auditor's reported replay, and the settings with the
// keys that an export brings along.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "forge.h"
#include "log_checkpoint.h"

static void open_world(struct forge *forge)
{
	struct sluss_record enrolled = {.type = SLUSS_REC_AGENCY_ENROLLED,
	    .u.agency_enrolled = {.agency = "audit-1", .type = SLUSS_AGENCY_AUDITOR}};
	memset(enrolled.u.agency_enrolled.sign_key, 0x71, SLUSS_HASH_BYTES);
	memset(enrolled.u.agency_enrolled.seal_key, 0x72, SLUSS_HASH_BYTES);
	memset(enrolled.u.agency_enrolled.certificate, 0x73, SLUSS_HASH_BYTES);
	forge_open(forge);
	forge_world(forge, false);
	(void)forge_record(forge, enrolled);
}

// Publishes and verifies; exactly this is found (NONE: nothing is).
static void expect(struct forge *forge, enum sluss_audit_kind kind)
{
	struct forge_findings findings;
	forge_verify(forge, NULL, &findings);
	for (size_t i = 0; i < findings.count; i++)
		if (findings.list[i].kind != kind)
			print_message(
			    "  %s: %s\n", sluss_audit_kind_name(findings.list[i].kind), findings.list[i].text);
	for (size_t i = 0; i < findings.count; i++)
		assert_int_equal(findings.list[i].kind, kind);
	assert_int_equal(findings.count > 0, kind != SLUSS_AUDIT_KIND_NONE);
}

// ---- replays

static struct sluss_record report_of(struct forge *forge, size_t size)
{
	char text[1024];
	struct sluss_checkpoint checkpoint;
	struct sluss_note note;
	struct sluss_record record = {.type = SLUSS_REC_REPLAY_REPORTED,
	    .u.replay_reported = {.agency = "audit-1", .officer = "a1", .size = (int64_t)size, .complete = true}};
	size_t len = forge_checkpoint(forge, size, text, sizeof(text));
	assert_true(sluss_note_parse((struct sluss_bytes){(const uint8_t *)text, len}, &note));
	assert_true(sluss_checkpoint_parse(note.text, &checkpoint));
	memcpy(record.u.replay_reported.root, checkpoint.root.b, SLUSS_HASH_BYTES);
	return record;
}

// At every size that there is, over more than one tile: the root of each is that of the definition.
static void test_true_reports_at_every_size(void **state)
{
	struct forge forge;
	const struct sluss_replay_findings findings[] = {{6, 2}, {12, UINT32_MAX}};
	(void)state;
	open_world(&forge);
	while (forge.entry_count < 600) {
		struct sluss_record record = report_of(&forge, forge.entry_count - forge.entry_count % 3);
		record.u.replay_reported.findings = findings;
		record.u.replay_reported.finding_count = forge.entry_count % 3;
		(void)forge_record(&forge, record);
	}
	forge_publish(&forge);
	expect(&forge, SLUSS_AUDIT_KIND_NONE);
	forge_close(&forge);
}

static void found(struct sluss_record (*make)(struct forge *), enum sluss_audit_kind kind)
{
	struct forge forge;
	open_world(&forge);
	(void)forge_record(&forge, make(&forge));
	forge_publish(&forge);
	expect(&forge, kind);
	forge_close(&forge);
}

static struct sluss_record another_root(struct forge *forge)
{
	struct sluss_record record = report_of(forge, forge->entry_count - 1);
	record.u.replay_reported.root[31] ^= 1;
	return record;
}

static struct sluss_record no_auditor(struct forge *forge)
{
	struct sluss_record record = report_of(forge, forge->entry_count);
	record.u.replay_reported.agency = "soc-1";
	return record;
}

static struct sluss_record more_than_there_was(struct forge *forge)
{
	struct sluss_record record = report_of(forge, forge->entry_count);
	record.u.replay_reported.size++;
	return record;
}

static void test_false_reports(void **state)
{
	(void)state;
	found(another_root, SLUSS_AUDIT_HISTORY_DIFFERS);
	found(no_auditor, SLUSS_AUDIT_NOT_ENTITLED);
	found(more_than_there_was, SLUSS_AUDIT_CONTRADICTS);
}

// ---- settings

static const char tsa_pem[] = "-----BEGIN CERTIFICATE-----\nno more than octets here\n";

struct witness {
	struct sluss_note_key key;
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	char text[SLUSS_NOTE_LINE_MAX];
};

static void make_witness(struct witness *witness, const char *name, uint8_t number)
{
	uint8_t public_key[32], seed[32] = {number};
	(void)crypto_sign_seed_keypair(public_key, witness->secret, seed);
	assert_true(sluss_note_key_init(&witness->key, name, SLUSS_NOTE_COSIGNATURE, public_key));
	assert_true(sluss_note_key_format(&witness->key, witness->text, sizeof(witness->text)));
}

static void add_text(struct forge *forge, const char *path, const char *text)
{
	forge_add_file(forge, path, text, strlen(text));
}

static void cosign(struct forge *forge, const char *path, const struct witness *witness)
{
	char note[8192];
	const struct forge_file *file = forge_file(forge, path);
	size_t len = file->len;
	memcpy(note, file->data, len);
	const char *empty = strstr(note, "\n\n");
	struct sluss_bytes text = {(const uint8_t *)note, (size_t)(empty + 1 - note)};
	len += sluss_note_sign(
	    &witness->key, witness->secret, (uint64_t)(forge->now_ms / 1000), text, note + len, sizeof(note) - len);
	forge_add_file(forge, path, note, len);
}

static void set(struct forge *forge, const struct witness *const *witnesses, size_t count, const char *quorum)
{
	char lines[4][SLUSS_NOTE_LINE_MAX + 64], ca[2 * SLUSS_HASH_BYTES + 32], hex[2 * SLUSS_HASH_BYTES + 1];
	uint8_t hash[SLUSS_HASH_BYTES];
	const char *values[6];
	struct sluss_record record = {.type = SLUSS_REC_SETTINGS, .u.settings = {.values = values}};
	(void)crypto_hash_sha256(hash, (const uint8_t *)tsa_pem, sizeof(tsa_pem) - 1);
	(void)snprintf(ca, sizeof(ca), "timestamp_ca=%s", sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
	values[record.u.settings.value_count++] = ca;
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(lines[i], sizeof(lines[i]), "witness=%s https://w%zu.example", witnesses[i]->text, i);
		values[record.u.settings.value_count++] = lines[i];
	}
	values[record.u.settings.value_count++] = quorum;
	(void)forge_record(forge, record);
}

// Settings that named three, then these two, both needed; the export says the same.
static void open_witnessed(struct forge *forge, struct witness witnesses[3])
{
	char text[2048], note[1024];
	const struct witness *all[] = {&witnesses[0], &witnesses[1], &witnesses[2]};
	make_witness(&witnesses[0], "soc-1.sluss.test", 21);
	make_witness(&witnesses[1], "police-1.sluss.test", 22);
	make_witness(&witnesses[2], "former.sluss.test", 23);
	open_world(forge);
	set(forge, all, 3, "witness_quorum=1");
	size_t kept = forge->entry_count;
	set(forge, all, 2, "witness_quorum=2");
	forge_publish(forge);
	(void)snprintf(text, sizeof(text), "%s\n%s\n", witnesses[0].text, witnesses[1].text);
	add_text(forge, "keys/witnesses", text);
	add_text(forge, "keys/quorum", "2\n");
	add_text(forge, "keys/tsa.pem", tsa_pem);
	cosign(forge, "checkpoint", &witnesses[0]);
	cosign(forge, "checkpoint", &witnesses[1]);
	(void)snprintf(text, sizeof(text), "checkpoints/%zu", kept);
	forge_add_file(forge, text, note, forge_checkpoint(forge, kept, note, sizeof(note)));
	cosign(forge, text, &witnesses[2]); // who was one then
}

static void test_keys_as_the_settings_say(void **state)
{
	struct forge forge;
	struct witness witnesses[3];
	char path[64];
	(void)state;
	open_witnessed(&forge, witnesses);
	expect(&forge, SLUSS_AUDIT_KIND_NONE);
	// What a former witness wrote has to hold: the last octets of its signature are changed.
	(void)snprintf(path, sizeof(path), "checkpoints/%zu", forge.entry_count - 1);
	struct forge_file *file = forge_file(&forge, path);
	file->data[file->len - 8] ^= 1;
	expect(&forge, SLUSS_AUDIT_COSIGNATURE_WRONG);
	forge_close(&forge);
}

// Whoever hands the export on leaves out a witness, needs one fewer, swaps the authority.
static void test_keys_that_were_changed(void **state)
{
	struct forge forge;
	struct witness witnesses[3], own;
	char text[2048];
	(void)state;
	make_witness(&own, "my.own.test", 24);
	for (unsigned change = 0; change < 6; change++) {
		open_witnessed(&forge, witnesses);
		(void)snprintf(text, sizeof(text), "%s\n", witnesses[0].text);
		if (change == 0) {
			add_text(&forge, "keys/quorum", "1\n");
		} else if (change == 1) { // the checkpoint's other line is then by nobody known but a former
			add_text(&forge, "keys/witnesses", text);
			add_text(&forge, "keys/quorum", "1\n");
		} else if (change == 2) {
			(void)snprintf(
			    text, sizeof(text), "%s\n%s\n%s\n", witnesses[0].text, witnesses[1].text, own.text);
			add_text(&forge, "keys/witnesses", text);
		} else if (change == 3) {
			add_text(&forge, "keys/tsa.pem", "another");
		} else if (change == 4) {
			forge_remove_file(&forge, "keys/tsa.pem");
		} else {
			forge_remove_file(&forge, "keys/quorum");
		}
		struct forge_findings findings;
		forge_verify(&forge, NULL, &findings);
		assert_true(forge_found(&findings, SLUSS_AUDIT_KEY_DIFFERS));
		assert_false(findings.report.complete);
		forge_close(&forge);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_true_reports_at_every_size),
	    cmocka_unit_test(test_false_reports),
	    cmocka_unit_test(test_keys_as_the_settings_say),
	    cmocka_unit_test(test_keys_that_were_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
