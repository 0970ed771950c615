// SPDX-License-Identifier: EUPL-1.2
// The texts of the log: notes, checkpoints, proofs, tile paths, bundles. What we write is read; what others wrote is
// read; what is wrong is refused.
#include "log_checkpoint.h"
#include "log_proof.h"
#include "log_text.h"
#include "log_tile.h"
#include "log_verify.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct sluss_bytes bytes(const char *text)
{
	return (struct sluss_bytes){(const uint8_t *)text, strlen(text)};
}

static struct sluss_note_key test_key(const char *name, enum sluss_note_type type, uint8_t *secret_out)
{
	struct sluss_note_key key;
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	uint8_t seed[crypto_sign_SEEDBYTES];
	memset(seed, 7, sizeof(seed));
	assert_int_equal(crypto_sign_seed_keypair(public_key, secret_out, seed), 0);
	assert_true(sluss_note_key_init(&key, name, type, public_key));
	return key;
}

// ---- text

static void decimals(void **state)
{
	(void)state;
	uint64_t value = 0;
	char digits[SLUSS_DECIMAL_MAX];
	assert_true(sluss_text_decimal(bytes("18446744073709551615"), &value));
	assert_true(value == UINT64_MAX);
	assert_int_equal(sluss_text_put_decimal(value, digits), 20);
	assert_memory_equal(digits, "18446744073709551615", 20);
	assert_true(sluss_text_decimal(bytes("0"), &value));
	static const char *const wrong[] = {
	    "", "00", "01", "-1", "+1", " 1", "1 ", "18446744073709551616", "99999999999999999999", "0x1", "1\n"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_text_decimal(bytes(wrong[i]), &value));
}

static void base64(void **state)
{
	(void)state;
	uint8_t data[64];
	uint8_t back[64];
	char text[100];
	size_t len = 0;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t n = 0; n <= sizeof(data); n++) {
		size_t written = sluss_text_put_base64(data, n, text);
		assert_int_equal(written, sluss_text_base64_len(n));
		assert_true(sluss_text_base64((struct sluss_bytes){(uint8_t *)text, written}, back, n, &len));
		assert_int_equal(len, n);
		assert_memory_equal(back, data, n);
		if (n > 0)
			assert_false(
			    sluss_text_base64((struct sluss_bytes){(uint8_t *)text, written}, back, n - 1, &len));
	}
	static const char *const wrong[] = {"A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "AA=A", "AA==AAAA",
	    "AAA-", "AAA_", "AAA ", "AAAA\n", "=AAA", "AA\0A"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_text_base64(bytes(wrong[i]), back, sizeof(back), &len));
}

static void utf8(void **state)
{
	(void)state;
	static const char *const good[] = {
	    "", "a", "\xc3\xa5", "\xe2\x80\x94", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
	static const char *const wrong[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x80", "\xff", "\t", "\x01", "a\r"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(sluss_text_is_clean(bytes(good[i]), false));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_text_is_clean(bytes(wrong[i]), true));
	assert_true(sluss_text_is_clean(bytes("a\nb"), true));
	assert_false(sluss_text_is_clean(bytes("a\nb"), false));
	static const char *const names[] = {"", "a b", "a+b", "a\xc2\xa0", "\xe2\x80\x83", "a\nb", "\xe3\x80\x80"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(sluss_text_is_key_name(bytes(names[i])));
	assert_true(sluss_text_is_key_name(bytes("sluss.example.org/sig")));
}

// ---- notes

// The example in the documentation of golang.org/x/mod/sumdb/note.
static void foreign_note(void **state)
{
	(void)state;
	static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	static const char text[] =
	    "If you think cryptography is the answer to your problem,\n"
	    "then you don't know what your problem is.\n"
	    "\n"
	    "\xe2\x80\x94 PeterNeumann "
	    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	struct sluss_note_key key;
	struct sluss_note note;
	char again[SLUSS_NOTE_LINE_MAX];
	assert_true(sluss_note_key_parse(bytes(vkey), &key));
	assert_true(sluss_note_key_format(&key, again, sizeof(again)));
	assert_string_equal(again, vkey);
	assert_true(sluss_note_parse(bytes(text), &note));
	assert_int_equal(note.count, 1);
	assert_int_equal(sluss_note_verify(&note, &key, NULL), SLUSS_NOTE_VALID);
}

static void keys_are_checked(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "PeterNeumann",
	    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", // id of another
	    "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeumann+c74f20a3+BRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", // a type that we do not know
	    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
	    "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW "};
	struct sluss_note_key key;
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES] = {1};
	char long_name[SLUSS_NOTE_NAME_MAX + 2];
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_note_key_parse(bytes(wrong[i]), &key));
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_false(sluss_note_key_init(&key, long_name, SLUSS_NOTE_ED25519, public_key));
	assert_false(sluss_note_key_init(&key, "", SLUSS_NOTE_ED25519, public_key));
	assert_false(sluss_note_key_init(&key, "a+b", SLUSS_NOTE_ED25519, public_key));
	assert_true(sluss_note_key_init(&key, long_name + 1, SLUSS_NOTE_ED25519, public_key));
}

static void checkpoint_round(void **state)
{
	(void)state;
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key = test_key("sluss.example.org/sig", SLUSS_NOTE_ED25519, secret);
	struct sluss_hash root;
	struct sluss_checkpoint checkpoint;
	char note[SLUSS_CHECKPOINT_OWN_MAX];
	sluss_hash_octets("x", 1, &root);
	size_t len = sluss_checkpoint_sign(&key, secret, 20852163, &root, note, sizeof(note));
	assert_true(len > 0);
	struct sluss_bytes octets = {(const uint8_t *)note, len};
	assert_true(sluss_checkpoint_open(octets, &key, &checkpoint));
	assert_true(checkpoint.size == 20852163);
	assert_memory_equal(checkpoint.root.b, root.b, SLUSS_HASH_BYTES);
	assert_int_equal(checkpoint.extensions.len, 0);
	for (size_t room = 0; room < len; room++)
		assert_int_equal(sluss_checkpoint_sign(&key, secret, 20852163, &root, note, room), 0);
	len = sluss_checkpoint_sign(&key, secret, 20852163, &root, note, sizeof(note));
	// Every bit counts, and so does every length.
	for (size_t i = 0; i < 8 * len; i++) {
		note[i / 8] = (char)(note[i / 8] ^ (1 << i % 8));
		assert_false(sluss_checkpoint_open(octets, &key, &checkpoint));
		note[i / 8] = (char)(note[i / 8] ^ (1 << i % 8));
	}
	for (size_t i = 0; i < len; i++)
		assert_false(sluss_checkpoint_open((struct sluss_bytes){octets.data, i}, &key, &checkpoint));
	struct sluss_note_key other = test_key("sluss.example.org/other", SLUSS_NOTE_ED25519, secret);
	assert_false(sluss_checkpoint_open(octets, &other, &checkpoint));
}

// A witness adds its line; both are found, each by its own key; a wrong line of a known key is not passed over.
static void cosigned_checkpoint(void **state)
{
	(void)state;
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key log = test_key("sluss.example.org/sig", SLUSS_NOTE_ED25519, secret);
	struct sluss_note_key witness = test_key("witness.example.com/w1", SLUSS_NOTE_COSIGNATURE, secret);
	struct sluss_hash root;
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	char text[2 * SLUSS_CHECKPOINT_OWN_MAX];
	uint64_t time_s = 0;
	sluss_hash_empty(&root);
	size_t len = sluss_checkpoint_sign(&log, secret, 0, &root, text, sizeof(text));
	assert_true(sluss_note_parse((struct sluss_bytes){(uint8_t *)text, len}, &note));
	assert_int_equal(sluss_note_verify(&note, &witness, &time_s), SLUSS_NOTE_ABSENT);
	size_t line = sluss_note_sign(&witness, secret, 1679315147, note.text, text + len, sizeof(text) - len);
	assert_true(line > 0);
	len += line;
	assert_true(sluss_note_parse((struct sluss_bytes){(uint8_t *)text, len}, &note));
	assert_int_equal(note.count, 2);
	assert_int_equal(sluss_note_verify(&note, &log, NULL), SLUSS_NOTE_VALID);
	assert_int_equal(sluss_note_verify(&note, &witness, &time_s), SLUSS_NOTE_VALID);
	assert_true(time_s == 1679315147);
	assert_true(sluss_checkpoint_open((struct sluss_bytes){(uint8_t *)text, len}, &log, &checkpoint));
	note.lines[1].signature[7] ^= 1; // the time
	assert_int_equal(sluss_note_verify(&note, &witness, &time_s), SLUSS_NOTE_WRONG);
	note.lines[1].signature[7] ^= 1;
	note.lines[1].id[0] ^= 1; // an unknown key is ignored
	assert_int_equal(sluss_note_verify(&note, &witness, &time_s), SLUSS_NOTE_ABSENT);
}

static void notes_refused(void **state)
{
	(void)state;
	static const char line[] = "\xe2\x80\x94 a AAAAAAA=\n";
	char text[512];
	struct sluss_note note;
	(void)snprintf(text, sizeof(text), "text\n\n%s", line);
	assert_true(sluss_note_parse(bytes(text), &note));
	assert_int_equal(note.text.len, 5);
	(void)snprintf(text, sizeof(text), "text\n\nmore\n\n%s%s", line, line);
	assert_true(sluss_note_parse(bytes(text), &note));
	assert_int_equal(note.text.len, 11);
	static const char *const wrong[] = {"", "\n", "text", "text\n", "text\n\n", "text\n\n\n", "text\n\nx\n",
	    "text\n\n- a AAAAAAA=\n", "text\n\n\xe2\x80\x94 a AAAAAA==\n", "text\n\n\xe2\x80\x94 a+ AAAAAAA=\n",
	    "text\n\n\xe2\x80\x94  AAAAAAA=\n", "text\n\n\xe2\x80\x94 a AAAAAAA=", "te\tt\n\n\xe2\x80\x94 a AAAAAAA=\n",
	    "text\n\n\xe2\x80\x94 a AAAAAAA= \n"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_note_parse(bytes(wrong[i]), &note));
}

static void checkpoints_refused(void **state)
{
	(void)state;
	struct sluss_checkpoint checkpoint;
	assert_true(sluss_checkpoint_parse(bytes("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), &checkpoint));
	assert_true(
	    sluss_checkpoint_parse(bytes("o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextra\n"), &checkpoint));
	assert_int_equal(checkpoint.extensions.len, 6);
	static const char *const wrong[] = {"", "o\n", "o\n1\n", "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
	    "o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "o\n1\nAAAA\n",
	    "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
	    "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nx"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_checkpoint_parse(bytes(wrong[i]), &checkpoint));
}

// ---- proofs and receipts

static void receipts(void **state)
{
	(void)state;
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key = test_key("sluss.example.org/sig", SLUSS_NOTE_ED25519, secret);
	struct sluss_note_key other = test_key("another.example.org", SLUSS_NOTE_ED25519, secret);
	struct sluss_bytes entry = bytes("an entry");
	struct sluss_hash leaf[2];
	struct sluss_hash root;
	char note[SLUSS_CHECKPOINT_OWN_MAX];
	char text[2048];
	uint64_t index = 0;
	uint64_t size = 0;
	sluss_hash_leaf("first", 5, &leaf[0]);
	sluss_hash_leaf(entry.data, entry.len, &leaf[1]);
	sluss_hash_node(&leaf[0], &leaf[1], &root);
	size_t note_len = sluss_checkpoint_sign(&key, secret, 2, &root, note, sizeof(note));
	size_t len =
	    sluss_proof_format(1, &leaf[0], 1, (struct sluss_bytes){(uint8_t *)note, note_len}, text, sizeof(text));
	assert_true(len > 0 && len <= sluss_proof_room(1, note_len));
	struct sluss_bytes octets = {(const uint8_t *)text, len};
	assert_int_equal(sluss_verify_receipt(octets, entry, &key, &index, &size), SLUSS_RECEIPT_VALID);
	assert_true(index == 1 && size == 2);
	assert_int_equal(sluss_verify_receipt(octets, bytes("another"), &key, NULL, NULL), SLUSS_RECEIPT_NOT_INCLUDED);
	assert_int_equal(sluss_verify_receipt(octets, entry, &other, NULL, NULL), SLUSS_RECEIPT_WRONG_LOG);
	key.public_key[3] ^= 1;
	assert_int_equal(sluss_verify_receipt(octets, entry, &key, NULL, NULL), SLUSS_RECEIPT_BAD_SIGNATURE);
	key.public_key[3] ^= 1;
	for (size_t i = 0; i < 8 * len; i++) {
		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
		assert_int_not_equal(sluss_verify_receipt(octets, entry, &key, NULL, NULL), SLUSS_RECEIPT_VALID);
		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
	}
	for (size_t i = 0; i < len; i++)
		assert_int_not_equal(
		    sluss_verify_receipt((struct sluss_bytes){octets.data, i}, entry, &key, NULL, NULL),
		    SLUSS_RECEIPT_VALID);
	struct sluss_proof proof;
	assert_true(sluss_proof_parse(bytes("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\nnote"), &proof));
	assert_true(proof.has_extra && proof.extra_len == 3 && proof.count == 0 && proof.checkpoint.len == 4);
	static const char *const wrong[] = {"", "c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
	    "c2sp.org/tlog-proof@v1\nindex 00\n\nnote", "c2sp.org/tlog-proof@v1\nindex 0\n\n",
	    "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote", "c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\nnote",
	    "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\nnote", "c2sp.org/tlog-proof@v1\nindex 0"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_proof_parse(bytes(wrong[i]), &proof));
}

// ---- tiles

static void tile_paths(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		struct sluss_tile_name name;
	} good[] = {
	    {"tile/0/000", {0, 0, 256}},
	    {"tile/0/x001/x234/067", {0, 1234067, 256}},
	    {"tile/63/x001/000.p/255", {63, 1000, 255}},
	    {"tile/1/x999/999.p/1", {1, 999999, 1}},
	    {"tile/entries/x001/x234/067.p/8", {SLUSS_TILE_LEVEL_ENTRIES, 1234067, 8}},
	    {"tile/0/x018/x446/x744/x073/x709/x551/615", {0, UINT64_MAX, 256}},
	};
	static const char *const wrong[] = {"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000",
	    "tile/0/1", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001",
	    "tile/0/x001/", "tile/0/x001/x000", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256",
	    "tile/0/000.p/01", "tile/0/000/1", "tile/0/000.q/1", "/tile/0/000", "tile/0/000 ", "tile//000",
	    "tile/entries", "tile/entriesx/000", "tile/entries/000/", "tile/8/0/000", "tile/0/x01/000",
	    "tile/0/x018/x446/x744/x073/x709/x551/616", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	    "tile/0/X001/000", "tile/0/x001/000.p/1/", "tile/0/..%2f"};
	struct sluss_tile_name name;
	char path[SLUSS_TILE_PATH_MAX];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(sluss_tile_path_parse(bytes(good[i].path), &name));
		assert_true(name.level == good[i].name.level && name.index == good[i].name.index &&
			    name.width == good[i].name.width);
		assert_true(sluss_tile_path_format(&name, path, sizeof(path)));
		assert_string_equal(path, good[i].path);
		assert_false(sluss_tile_path_format(&name, path, strlen(good[i].path)));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(sluss_tile_path_parse(bytes(wrong[i]), &name));
}

// The example of C2SP tlog-tiles: a tree of 70,000 entries, and one of 256.
static void tile_widths(void **state)
{
	(void)state;
	assert_int_equal(sluss_tile_width(0, 272, 70000), 256);
	assert_int_equal(sluss_tile_width(0, 273, 70000), 112);
	assert_int_equal(sluss_tile_width(0, 274, 70000), 0);
	assert_int_equal(sluss_tile_width(1, 0, 70000), 256);
	assert_int_equal(sluss_tile_width(1, 1, 70000), 17);
	assert_int_equal(sluss_tile_width(2, 0, 70000), 1);
	assert_int_equal(sluss_tile_width(3, 0, 70000), 0);
	assert_int_equal(sluss_tile_width(SLUSS_TILE_LEVEL_ENTRIES, 273, 70000), 112);
	assert_int_equal(sluss_tile_width(0, 0, 256), 256);
	assert_int_equal(sluss_tile_width(1, 0, 256), 1);
	assert_int_equal(sluss_tile_width(0, 1, 256), 0);
	assert_int_equal(sluss_tile_width(63, 0, UINT64_MAX), 0);
	assert_int_equal(sluss_tile_width(0, UINT64_MAX, 5), 0);
}

static void bundles(void **state)
{
	(void)state;
	uint8_t octets[64];
	size_t len = 0;
	struct sluss_bytes entry;
	len += sluss_bundle_put(bytes("one"), octets + len, sizeof(octets) - len);
	len += sluss_bundle_put(bytes(""), octets + len, sizeof(octets) - len);
	len += sluss_bundle_put(bytes("three"), octets + len, sizeof(octets) - len);
	assert_int_equal(len, 5 + 2 + 7);
	assert_int_equal(sluss_bundle_put(bytes("four"), octets, 5), 0);
	assert_int_equal(sluss_bundle_put((struct sluss_bytes){octets, 65536}, octets, SIZE_MAX), 0);
	struct sluss_bytes bundle = {octets, len};
	assert_true(sluss_bundle_next(&bundle, &entry) && entry.len == 3);
	assert_true(sluss_bundle_next(&bundle, &entry) && entry.len == 0);
	assert_true(sluss_bundle_next(&bundle, &entry) && entry.len == 5);
	assert_memory_equal(entry.data, "three", 5);
	assert_false(sluss_bundle_next(&bundle, &entry));
	assert_int_equal(bundle.len, 0);
	bundle = (struct sluss_bytes){octets, len - 1};
	while (sluss_bundle_next(&bundle, &entry))
		continue;
	assert_int_not_equal(bundle.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decimals),
	    cmocka_unit_test(base64),
	    cmocka_unit_test(utf8),
	    cmocka_unit_test(foreign_note),
	    cmocka_unit_test(keys_are_checked),
	    cmocka_unit_test(checkpoint_round),
	    cmocka_unit_test(cosigned_checkpoint),
	    cmocka_unit_test(notes_refused),
	    cmocka_unit_test(checkpoints_refused),
	    cmocka_unit_test(receipts),
	    cmocka_unit_test(tile_paths),
	    cmocka_unit_test(tile_widths),
	    cmocka_unit_test(bundles),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
