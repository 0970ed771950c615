// SPDX-License-Identifier: EUPL-1.2
// Receipts and downloads of a small log that is made here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log_note.h"
#include "log_verify.h"
#include "sluss/key.h"
#include "sluss/receipt.h"

#define ORIGIN "a.example/sig"

struct world {
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key;
	char verifier[SLUSS_NOTE_LINE_MAX];
	char checkpoint[SLUSS_CHECKPOINT_OWN_MAX + 1];
	char proof[8192];
	char entry[2][16];
	Sluss__V1__Receipt receipt;
};

// A log of two entries; the receipt is for the second.
static int setup(void **state)
{
	static struct world w;
	uint8_t seed[SLUSS_KEY_BYTES] = {7};
	struct sluss_hash leaf[2];
	struct sluss_hash root;
	assert_true(sluss_crypto_init());
	memset(&w, 0, sizeof(w));
	struct sluss_signing_key *key = sluss_signing_key_from_seed(seed);
	memcpy(w.secret, seed, sizeof(seed));
	memcpy(w.secret + sizeof(seed), sluss_signing_key_public(key), SLUSS_KEY_BYTES);
	assert_true(sluss_note_key_init(&w.key, ORIGIN, SLUSS_NOTE_ED25519, sluss_signing_key_public(key)));
	assert_true(sluss_note_key_format(&w.key, w.verifier, sizeof(w.verifier)));
	sluss_signing_key_free(&key);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(w.entry[i], sizeof(w.entry[i]), "entry %d", i);
		sluss_hash_leaf(w.entry[i], strlen(w.entry[i]), &leaf[i]);
	}
	sluss_hash_node(&leaf[0], &leaf[1], &root);
	size_t len = sluss_checkpoint_sign(&w.key, w.secret, 2, &root, w.checkpoint, sizeof(w.checkpoint) - 1);
	assert_true(len > 0);
	w.checkpoint[len] = '\0';
	size_t proof_len = sluss_proof_format(1, &leaf[0], 1, (struct sluss_bytes){(const uint8_t *)w.checkpoint, len}, w.proof, sizeof(w.proof) - 1);
	assert_true(proof_len > 0);
	sluss__v1__receipt__init(&w.receipt);
	w.receipt.log_index = 1;
	w.receipt.log_entry = (ProtobufCBinaryData){strlen(w.entry[1]), (uint8_t *)w.entry[1]};
	w.receipt.tlog_proof = w.proof;
	*state = &w;
	return 0;
}

static void valid(void **state)
{
	struct world *w = *state;
	struct sluss_log_head head;
	assert_int_equal(sluss_receipt_check(w->verifier, &w->receipt, &head), SLUSS_VERDICT_VALID);
	assert_int_equal(head.size, 2);
	assert_int_equal(sluss_receipt_check(w->verifier, &w->receipt, NULL), SLUSS_VERDICT_VALID);
}

static void refused(void **state)
{
	struct world *w = *state;
	struct sluss_log_head head;
	assert_int_equal(sluss_receipt_check("", &w->receipt, NULL), SLUSS_VERDICT_BAD_KEY);
	assert_int_equal(sluss_receipt_check(NULL, &w->receipt, NULL), SLUSS_VERDICT_BAD_KEY);
	assert_int_equal(sluss_receipt_check(w->verifier, NULL, NULL), SLUSS_VERDICT_UNREADABLE);
	w->receipt.log_index = 0;
	assert_int_equal(sluss_receipt_check(w->verifier, &w->receipt, NULL), SLUSS_VERDICT_OTHER_INDEX);
	w->receipt.log_index = 1;
	w->entry[1][0] ^= 1;
	assert_int_equal(sluss_receipt_check(w->verifier, &w->receipt, NULL), SLUSS_VERDICT_NOT_INCLUDED);
	w->entry[1][0] ^= 1;
	// Another log's key, of the same name and of another.
	struct sluss_note_key other;
	char verifier[SLUSS_NOTE_LINE_MAX];
	uint8_t public_key[SLUSS_KEY_BYTES];
	struct sluss_signing_key *key = sluss_signing_key_new();
	memcpy(public_key, sluss_signing_key_public(key), sizeof(public_key));
	sluss_signing_key_free(&key);
	assert_true(sluss_note_key_init(&other, ORIGIN, SLUSS_NOTE_ED25519, public_key) && sluss_note_key_format(&other, verifier, sizeof(verifier)));
	assert_int_equal(sluss_receipt_check(verifier, &w->receipt, NULL), SLUSS_VERDICT_BAD_SIGNATURE);
	assert_true(sluss_note_key_init(&other, "b.example", SLUSS_NOTE_ED25519, w->key.public_key) && sluss_note_key_format(&other, verifier, sizeof(verifier)));
	assert_int_not_equal(sluss_receipt_check(verifier, &w->receipt, NULL), SLUSS_VERDICT_VALID);
	// Every octet of the proof counts.
	for (size_t i = 0; i < strlen(w->proof); i++) {
		char before = w->proof[i];
		w->proof[i] = before == 'x' ? 'y' : 'x';
		assert_int_not_equal(sluss_receipt_check(w->verifier, &w->receipt, NULL), SLUSS_VERDICT_VALID);
		w->proof[i] = before;
	}
	struct sluss_bytes note = {(const uint8_t *)w->checkpoint, strlen(w->checkpoint)};
	assert_int_equal(sluss_checkpoint_check(w->verifier, note, &head), SLUSS_VERDICT_VALID);
	note.len--;
	assert_int_equal(sluss_checkpoint_check(w->verifier, note, &head), SLUSS_VERDICT_BAD_SIGNATURE);
	assert_int_equal(head.size, 0);
}

// RFC 6962 section 2.1, by its definition: split at the largest power of two below n.
static void definition(size_t first, size_t n, struct sluss_hash *out)
{
	if (n == 1) {
		uint8_t entry[2] = {(uint8_t)first, (uint8_t)(first >> 8)};
		sluss_hash_leaf(entry, 2, out);
		return;
	}
	size_t k = 1;
	while (k * 2 < n) {
		k *= 2;
	}
	struct sluss_hash left;
	struct sluss_hash right;
	definition(first, k, &left);
	definition(first + k, n - k, &right);
	sluss_hash_node(&left, &right, out);
}

static void sum_is_the_definition(void **state)
{
	(void)state;
	struct sluss_log_sum sum = {.size = 0};
	struct sluss_log_head head;
	struct sluss_hash root;
	sluss_log_sum_head(&sum, &head);
	sluss_hash_empty(&root);
	assert_memory_equal(head.root, root.b, sizeof(root.b));
	for (size_t n = 1; n <= 300; n++) {
		uint8_t entry[2] = {(uint8_t)(n - 1), (uint8_t)((n - 1) >> 8)};
		sluss_log_sum_add(&sum, (struct sluss_bytes){entry, 2});
		sluss_log_sum_head(&sum, &head);
		definition(0, n, &root);
		assert_int_equal(head.size, n);
		assert_memory_equal(head.root, root.b, sizeof(root.b));
	}
}

static void consistency(void **state)
{
	(void)state;
	struct sluss_log_sum sum = {.size = 0};
	struct sluss_log_head one;
	struct sluss_log_head two;
	struct sluss_hash second;
	sluss_log_sum_add(&sum, (struct sluss_bytes){(const uint8_t *)"a", 1});
	sluss_log_sum_head(&sum, &one);
	sluss_log_sum_add(&sum, (struct sluss_bytes){(const uint8_t *)"b", 1});
	sluss_log_sum_head(&sum, &two);
	sluss_hash_leaf("b", 1, &second);
	struct sluss_bytes proof = {second.b, sizeof(second.b)};
	assert_true(sluss_consistency_check(&one, &two, &proof, 1));
	assert_false(sluss_consistency_check(&two, &one, &proof, 1));
	assert_false(sluss_consistency_check(&one, &two, &proof, 0));
	proof.len--;
	assert_false(sluss_consistency_check(&one, &two, &proof, 1));
	one.root[0] ^= 1;
	proof.len++;
	assert_false(sluss_consistency_check(&one, &two, &proof, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(valid, setup),
		cmocka_unit_test_setup(refused, setup),
		cmocka_unit_test(sum_is_the_definition),
		cmocka_unit_test(consistency),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
