// SPDX-License-Identifier: EUPL-1.2
// What an export is made of: every single octet of a small one changed, one at a time, is found; so are dropped,
// swapped, cut off and added files, logs that went back or were forked, wrong cosignatures and wrong timestamps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "forge.h"

// The places of an export that nothing authenticates; everything else is found when it changes. The manual page says
// the same.
static const char *const unauthenticated[] = {
    "manifest.json", // for people
};

// What the sanitizers look for shows with one bit an octet as well.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ALL_BITS false
#define STEP 5
#else
#define ALL_BITS true
#define STEP 1
#endif

static const char *const both[] = {"soc-1", "police-1"};
static const char *const attendance[] = {"school_attendance"};

static void play(struct forge *forge)
{
	struct forge_message message;
	forge_open(forge);
	forge_world(forge, false);
	forge_draft(forge, &message, 2, both, 1, attendance);
	assert_true(forge_send(forge, &message));
	forge_fetch(forge, &message, "soc-1");
	forge_acknowledge(forge, &message, "soc-1");
	forge_fetch(forge, &message, "police-1");
	forge_publish(forge);
}

// ---- witnesses

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

// Adds a cosignature to a checkpoint file of the export.
static void cosign(struct forge *forge, const char *path, const struct witness *witness, uint64_t time_s)
{
	char note[8192];
	const struct forge_file *file = forge_file(forge, path);
	size_t len = file->len;
	memcpy(note, file->data, len);
	const char *empty = strstr(note, "\n\n");
	struct sluss_bytes text = {(const uint8_t *)note, (size_t)(empty + 1 - note)};
	len += sluss_note_sign(&witness->key, witness->secret, time_s, text, note + len, sizeof(note) - len);
	forge_add_file(forge, path, note, len);
}

static void add_text(struct forge *forge, const char *path, const char *text)
{
	forge_add_file(forge, path, text, strlen(text));
}

// Two witnesses, both needed; the newest checkpoint and a kept one signed by both.
static void add_witnesses(struct forge *forge, struct witness witnesses[2])
{
	char text[2048], note[1024];
	make_witness(&witnesses[0], "soc-1.sluss.test", 21);
	make_witness(&witnesses[1], "police-1.sluss.test", 22);
	(void)snprintf(text, sizeof(text), "%s\n%s\n", witnesses[0].text, witnesses[1].text);
	add_text(forge, "keys/witnesses", text);
	add_text(forge, "keys/quorum", "2\n");
	forge_add_file(forge, "checkpoints/10", note, forge_checkpoint(forge, 10, note, sizeof(note)));
	for (size_t i = 0; i < 2; i++) {
		cosign(forge, "checkpoint", &witnesses[i], (uint64_t)(forge->now_ms / 1000));
		cosign(forge, "checkpoints/10", &witnesses[i], (uint64_t)(forge->now_ms / 1000));
	}
}

// ---- a time-stamping authority, made by openssl

static char tsa_folder[64];

static char *read_whole(const char *name, size_t *len_out)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", tsa_folder, name);
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 65536);
	assert_non_null(file);
	assert_non_null(text);
	*len_out = fread(text, 1, 65535, file);
	(void)fclose(file);
	return text;
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

// Keys and certificates once; a response over the text of each checkpoint that is asked about.
static int make_tsa(void **state)
{
	char command[2048];
	(void)state;
	(void)snprintf(tsa_folder, sizeof(tsa_folder), "/tmp/sluss-tsa-XXXXXX");
	assert_non_null(mkdtemp(tsa_folder));
	(void)snprintf(command, sizeof(command),
	    "cd %s && exec >log 2>&1 && openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -subj "
	    "/CN=ca -days 3650 && "
	    "openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa && "
	    "printf 'extendedKeyUsage=critical,timeStamping\\nkeyUsage=critical,digitalSignature\\n' >ext && "
	    "openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile ext -out "
	    "tsa.pem && "
	    "printf '01' >serial && printf '[t]\\nserial=%s/serial\\ndefault_policy=1.2.3.4\\ndigests=sha256\\n"
	    "signer_digest=sha256\\ness_cert_id_chain=no\\ness_cert_id_alg=sha256\\n' >cnf",
	    tsa_folder, tsa_folder);
	run(command);
	return 0;
}

static int drop_tsa(void **state)
{
	char command[128];
	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", tsa_folder);
	run(command);
	return 0;
}

static void stamp(struct forge *forge, const char *checkpoint, const char *path)
{
	char command[1024], name[128];
	size_t len = 0;
	const struct forge_file *file = forge_file(forge, checkpoint);
	const char *end = strstr((const char *)file->data, "\n\n");
	(void)snprintf(name, sizeof(name), "%s/text", tsa_folder);
	FILE *text = fopen(name, "wb");
	assert_non_null(text);
	assert_int_equal(fwrite(file->data, 1, (size_t)(end + 1 - (const char *)file->data), text),
	    end + 1 - (const char *)file->data);
	(void)fclose(text);
	(void)snprintf(command, sizeof(command),
	    "cd %s && exec >>log 2>&1 && openssl ts -query -data text -sha256 -no_nonce -cert -out q && "
	    "openssl ts -reply -config cnf -section t -queryfile q -signer tsa.pem -inkey tsa.key -out r",
	    tsa_folder);
	run(command);
	char *response = read_whole("r", &len);
	forge_add_file(forge, path, response, len);
	free(response);
	char *pem = read_whole("ca.pem", &len);
	forge_add_file(forge, "keys/tsa.pem", pem, len);
	free(pem);
}

// ---- single octets

static bool is_unauthenticated(const char *path)
{
	for (size_t i = 0; i < sizeof(unauthenticated) / sizeof(unauthenticated[0]); i++) {
		if (strcmp(path, unauthenticated[i]) == 0)
			return true;
	}
	return false;
}

// Most of it shows without the replay, which takes longer.
static bool finds(struct forge *forge, struct sluss_audit_options options)
{
	struct forge_findings findings;
	options.no_replay = true;
	forge_verify(forge, &options, &findings);
	if (findings.report.finding_count > 0 || findings.outcome == SLUSS_AUDIT_NO_EXPORT)
		return true;
	options.no_replay = false;
	forge_verify(forge, &options, &findings);
	return findings.report.finding_count > 0;
}

static void test_every_octet(void **state)
{
	struct forge forge;
	struct forge_findings findings;
	struct witness witnesses[2];
	size_t flips = 0, missed = 0;
	(void)state;
	play(&forge);
	add_witnesses(&forge, witnesses);
	// The entries are of today, because the authority's clock is the system's.
	stamp(&forge, "checkpoint", "timestamps/10.tsr");
	stamp(&forge, "checkpoints/10", "timestamps/10.tsr");
	size_t pem_len = 0;
	char *pem = read_whole("ca.pem", &pem_len);
	const char *const keys[] = {witnesses[0].text, witnesses[1].text};
	const struct sluss_audit_options options = {
	    .log_key = forge.key_text, .witnesses = keys, .witness_count = 2, .quorum = 2, .tsa_pem = pem};
	forge_verify(&forge, &options, &findings);
	for (size_t i = 0; i < findings.count; i++)
		print_message("%s\n", findings.list[i].text);
	assert_int_equal(findings.outcome, SLUSS_AUDIT_CLEAN);
	assert_int_equal(findings.report.timestamps, 1);
	assert_int_equal(findings.report.cosigned_size, findings.report.size);
	for (size_t f = 0; f < forge.file_count; f++) {
		struct forge_file *file = &forge.files[f];
		if (is_unauthenticated(file->path))
			continue;
		// A policy is long and only ever hashed: every 97th octet of it.
		size_t step = strncmp(file->path, "policies/", 9) == 0 ? 97 : STEP;
		for (size_t i = 0; i < file->len; i += step) {
			uint8_t was = file->data[i];
			// DER has places that only some bits change in meaning: all of them there.
			bool all = ALL_BITS && strncmp(file->path, "timestamps/", 11) == 0;
			for (unsigned bit = all ? 0 : i % 8; bit < (all ? 8 : i % 8 + 1); bit++) {
				file->data[i] = (uint8_t)(was ^ (1u << bit));
				if (!finds(&forge, options)) {
					print_message("not found: %s octet %zu of %zu (%02x), bit %u\n", file->path, i,
					    file->len, was, bit);
					missed++;
				}
			}
			file->data[i] = was;
			flips++;
		}
	}
	print_message("%zu octets changed one at a time, %zu not found\n", flips, missed);
	assert_int_equal(missed, 0);
	forge_verify(&forge, &options, &findings);
	assert_int_equal(findings.outcome, SLUSS_AUDIT_CLEAN);
	free(pem);
	forge_close(&forge);
}

// ---- whole files and entries

static void expect(struct forge *forge, enum sluss_audit_kind kind)
{
	struct forge_findings findings;
	forge_verify(forge, NULL, &findings);
	bool as_expected =
	    kind == SLUSS_AUDIT_KIND_NONE ? findings.outcome == SLUSS_AUDIT_CLEAN : forge_found(&findings, kind);
	if (!as_expected) {
		for (size_t i = 0; i < findings.count; i++)
			print_message("%s: %s\n", sluss_audit_kind_name(findings.list[i].kind), findings.list[i].text);
		fail_msg("%s was not found", sluss_audit_kind_name(kind));
	}
}

// The first file whose path begins so.
static const char *some_file(const struct forge *forge, const char *prefix)
{
	for (size_t i = 0; i < forge->file_count; i++) {
		if (strncmp(forge->files[i].path, prefix, strlen(prefix)) == 0)
			return forge->files[i].path;
	}
	return NULL;
}

static void test_missing_files(void **state)
{
	static const char *const prefixes[] = {"tile/entries/", "tile/0/"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct forge forge;
		play(&forge);
		forge_remove_file(&forge, some_file(&forge, prefixes[i]));
		expect(&forge, SLUSS_AUDIT_FILE_MISSING);
		forge_close(&forge);
	}
}

static void test_added_files(void **state)
{
	static const char *const paths[] = {"notes.txt", "tile/0/001", "tile/entries/000.p/1", "policies/0.json",
	    "policies/0000000000000000000000000000000000000000000000000000000000000000.json", "checkpoints/x",
	    "timestamps/5", "tile/00/000"};
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct forge forge;
		play(&forge);
		add_text(&forge, paths[i], "x");
		expect(&forge, SLUSS_AUDIT_FILE_UNEXPECTED);
		forge_close(&forge);
	}
}

static void test_entries_moved_under_an_old_checkpoint(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		struct forge forge;
		play(&forge);
		const struct forge_file *kept = forge_file(&forge, "checkpoint");
		char note[1024];
		size_t len = kept->len;
		memcpy(note, kept->data, len);
		if (how == 0)
			forge_swap(&forge, 5, 6);
		else if (how == 1)
			forge_twice(&forge, 5);
		else
			forge_drop(&forge, 5);
		forge_publish(&forge);
		forge_add_file(&forge, "checkpoint", note, len); // the one that others have seen
		expect(&forge, how == 0 ? SLUSS_AUDIT_ROOT_DIFFERS : SLUSS_AUDIT_FILE_MISSING);
		forge_close(&forge);
	}
}

static void test_forked_and_shortened(void **state)
{
	struct forge forge;
	char note[1024];
	(void)state;
	play(&forge);
	size_t len = forge_checkpoint(&forge, 12, note, sizeof(note));
	forge_swap(&forge, 8, 9);
	forge_publish(&forge); // signed anew: another history
	forge_add_file(&forge, "checkpoints/12", note, len);
	expect(&forge, SLUSS_AUDIT_HISTORY_DIFFERS);
	forge_close(&forge);
	play(&forge);
	len = forge_checkpoint(&forge, forge.entry_count, note, sizeof(note));
	char path[64];
	(void)snprintf(path, sizeof(path), "checkpoints/%zu", forge.entry_count);
	forge_drop(&forge, forge.entry_count - 1);
	forge_publish(&forge); // signed anew: shorter
	forge_add_file(&forge, path, note, len);
	expect(&forge, SLUSS_AUDIT_HISTORY_DIFFERS);
	forge_close(&forge);
}

static void test_promises(void **state)
{
	struct forge forge;
	struct forge_findings findings;
	struct sluss_audit_promise promise = {.what = "a receipt", .size = 7};
	(void)state;
	play(&forge);
	struct sluss_audit_options options = {
	    .log_key = forge.key_text, .quorum = -1, .promises = &promise, .promise_count = 1};
	memset(promise.root, 1, sizeof(promise.root));
	forge_verify(&forge, &options, &findings);
	assert_true(forge_found(&findings, SLUSS_AUDIT_HISTORY_DIFFERS));
	promise.size = forge.entry_count + 1;
	forge_verify(&forge, &options, &findings);
	assert_true(forge_found(&findings, SLUSS_AUDIT_HISTORY_DIFFERS));
	forge_close(&forge);
}

static void test_keys(void **state)
{
	struct forge forge;
	struct forge_findings findings;
	(void)state;
	play(&forge);
	struct sluss_audit_options options = {.quorum = -1};
	forge_verify(&forge, &options, &findings); // the export's own key
	assert_int_equal(findings.outcome, SLUSS_AUDIT_CLEAN);
	assert_false(findings.report.pinned_key);
	forge_remove_file(&forge, "keys/log.vkey");
	forge_verify(&forge, &options, &findings);
	assert_int_equal(findings.outcome, SLUSS_AUDIT_NO_EXPORT);
	expect(&forge, SLUSS_AUDIT_KIND_NONE); // the pinned key is enough
	forge_close(&forge);
}

// ---- witnesses and timestamps

static void test_cosignatures(void **state)
{
	struct forge forge;
	struct witness witnesses[2], stranger;
	(void)state;
	play(&forge);
	add_witnesses(&forge, witnesses);
	expect(&forge, SLUSS_AUDIT_KIND_NONE);
	make_witness(&stranger, "stranger.test", 30);
	cosign(&forge, "checkpoint", &stranger, 1);
	expect(&forge, SLUSS_AUDIT_SIGNER_UNKNOWN);
	forge_publish(&forge); // nobody signed the newest; the kept one is signed by both
	expect(&forge, SLUSS_AUDIT_KIND_NONE);
	forge_remove_file(&forge, "checkpoints/10");
	expect(&forge, SLUSS_AUDIT_QUORUM_MISSED);
	cosign(&forge, "checkpoint", &witnesses[0], 1767225600);
	expect(&forge, SLUSS_AUDIT_QUORUM_MISSED);
	forge_close(&forge);
}

static void test_wrong_cosignature(void **state)
{
	struct forge forge;
	struct witness witnesses[2];
	(void)state;
	play(&forge);
	add_witnesses(&forge, witnesses);
	memcpy(witnesses[1].secret, witnesses[0].secret, 32); // the wrong half
	cosign(&forge, "checkpoint", &witnesses[1], 1767225600);
	expect(&forge, SLUSS_AUDIT_COSIGNATURE_WRONG);
	forge_close(&forge);
}

static void test_cosigned_before_its_entries(void **state)
{
	struct forge forge;
	struct witness witnesses[2];
	(void)state;
	play(&forge);
	add_witnesses(&forge, witnesses);
	char note[1024];
	forge_add_file(&forge, "checkpoints/10", note, forge_checkpoint(&forge, 10, note, sizeof(note)));
	cosign(&forge, "checkpoints/10", &witnesses[0], 1000000000); // 2001
	expect(&forge, SLUSS_AUDIT_TIMESTAMP_CONTRADICTS);
	forge_close(&forge);
}

static void test_timestamps(void **state)
{
	struct forge forge;
	char note[1024];
	(void)state;
	play(&forge);
	forge_add_file(&forge, "checkpoints/10", note, forge_checkpoint(&forge, 10, note, sizeof(note)));
	stamp(&forge, "checkpoint", "timestamps/10.tsr"); // over another text
	expect(&forge, SLUSS_AUDIT_TIMESTAMP_WRONG);
	stamp(&forge, "checkpoints/10", "timestamps/10.tsr");
	expect(&forge, SLUSS_AUDIT_KIND_NONE);
	forge_remove_file(&forge, "keys/tsa.pem");
	expect(&forge, SLUSS_AUDIT_TIMESTAMP_WRONG);
	stamp(&forge, "checkpoints/10", "timestamps/10.tsr");
	forge_remove_file(&forge, "checkpoints/10");
	expect(&forge, SLUSS_AUDIT_TIMESTAMP_WRONG);
	forge_close(&forge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_octet),
	    cmocka_unit_test(test_missing_files),
	    cmocka_unit_test(test_added_files),
	    cmocka_unit_test(test_entries_moved_under_an_old_checkpoint),
	    cmocka_unit_test(test_forked_and_shortened),
	    cmocka_unit_test(test_promises),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_cosignatures),
	    cmocka_unit_test(test_wrong_cosignature),
	    cmocka_unit_test(test_cosigned_before_its_entries),
	    cmocka_unit_test(test_timestamps),
	};
	return cmocka_run_group_tests(tests, make_tsa, drop_tsa);
}
