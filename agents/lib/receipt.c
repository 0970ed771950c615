// SPDX-License-Identifier: EUPL-1.2
// Checking receipts, checkpoints and exports: the log's own primitives, in the words of the contract.
#include "sluss/receipt.h"

#include "log_verify.h"

const char *sluss_receipt_verdict_name(enum sluss_receipt_verdict verdict)
{
	switch (verdict) {
	case SLUSS_VERDICT_NONE:
		return "not checked";
	case SLUSS_VERDICT_VALID:
		return "valid";
	case SLUSS_VERDICT_BAD_KEY:
		return "the pinned log key cannot be read";
	case SLUSS_VERDICT_UNREADABLE:
		return "no readable proof";
	case SLUSS_VERDICT_WRONG_LOG:
		return "proof of another log";
	case SLUSS_VERDICT_BAD_SIGNATURE:
		return "not signed by the pinned log key";
	case SLUSS_VERDICT_NOT_INCLUDED:
		return "the proof does not lead from this entry to the signed root";
	case SLUSS_VERDICT_OTHER_INDEX:
		return "the proof is for another index than the receipt says";
	}
	return "unknown";
}

static enum sluss_receipt_verdict verdict_of(enum sluss_receipt_result result)
{
	switch (result) {
	case SLUSS_RECEIPT_VALID:
		return SLUSS_VERDICT_VALID;
	case SLUSS_RECEIPT_UNREADABLE:
		return SLUSS_VERDICT_UNREADABLE;
	case SLUSS_RECEIPT_WRONG_LOG:
		return SLUSS_VERDICT_WRONG_LOG;
	case SLUSS_RECEIPT_BAD_SIGNATURE:
		return SLUSS_VERDICT_BAD_SIGNATURE;
	case SLUSS_RECEIPT_NOT_INCLUDED:
		return SLUSS_VERDICT_NOT_INCLUDED;
	case SLUSS_RECEIPT_NONE:
		break;
	}
	return SLUSS_VERDICT_NONE;
}

static bool read_key(const char *verifier_key, struct sluss_note_key *key_out)
{
	struct sluss_bytes text = {(const uint8_t *)verifier_key, verifier_key == NULL ? 0 : strlen(verifier_key)};
	return text.len > 0 && sluss_note_key_parse(text, key_out);
}

enum sluss_receipt_verdict sluss_receipt_check(const char *verifier_key, const Sluss__V1__Receipt *receipt, struct sluss_log_head *head_out)
{
	struct sluss_note_key key;
	if (!read_key(verifier_key, &key)) {
		return SLUSS_VERDICT_BAD_KEY;
	}
	if (receipt == NULL || receipt->tlog_proof == NULL) {
		return SLUSS_VERDICT_UNREADABLE;
	}
	struct sluss_bytes text = {(const uint8_t *)receipt->tlog_proof, strlen(receipt->tlog_proof)};
	struct sluss_bytes entry = {receipt->log_entry.data, receipt->log_entry.len};
	uint64_t index = 0;
	enum sluss_receipt_verdict verdict = verdict_of(sluss_verify_receipt(text, entry, &key, &index, NULL));
	if (verdict != SLUSS_VERDICT_VALID) {
		return verdict;
	}
	if (index != receipt->log_index) {
		return SLUSS_VERDICT_OTHER_INDEX;
	}
	struct sluss_proof proof;
	if (head_out != NULL && (!sluss_proof_parse(text, &proof) || sluss_checkpoint_check(verifier_key, proof.checkpoint, head_out) != SLUSS_VERDICT_VALID)) {
		return SLUSS_VERDICT_UNREADABLE;
	}
	return SLUSS_VERDICT_VALID;
}

enum sluss_receipt_verdict sluss_checkpoint_check(const char *verifier_key, struct sluss_bytes checkpoint, struct sluss_log_head *head_out)
{
	struct sluss_note_key key;
	struct sluss_checkpoint opened;
	memset(head_out, 0, sizeof(*head_out));
	if (!read_key(verifier_key, &key)) {
		return SLUSS_VERDICT_BAD_KEY;
	}
	if (!sluss_checkpoint_open(checkpoint, &key, &opened)) {
		return SLUSS_VERDICT_BAD_SIGNATURE;
	}
	head_out->size = opened.size;
	memcpy(head_out->root, opened.root.b, sizeof(head_out->root));
	return SLUSS_VERDICT_VALID;
}

bool sluss_consistency_check(const struct sluss_log_head *then, const struct sluss_log_head *now, const struct sluss_bytes *hashes, size_t count)
{
	struct sluss_hash proof[SLUSS_PROOF_HASHES_MAX + 2];
	struct sluss_hash old_root;
	struct sluss_hash root;
	if (count > sizeof(proof) / sizeof(proof[0])) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (hashes[i].len != SLUSS_HASH_BYTES) {
			return false;
		}
		memcpy(proof[i].b, hashes[i].data, SLUSS_HASH_BYTES);
	}
	memcpy(old_root.b, then->root, sizeof(old_root.b));
	memcpy(root.b, now->root, sizeof(root.b));
	return sluss_verify_consistency(then->size, &old_root, now->size, &root, proof, count);
}

// ---- the root of a download

static void join(const uint8_t left[SLUSS_HASH_BYTES], const uint8_t right[SLUSS_HASH_BYTES], uint8_t out[SLUSS_HASH_BYTES])
{
	struct sluss_hash l;
	struct sluss_hash r;
	memcpy(l.b, left, sizeof(l.b));
	memcpy(r.b, right, sizeof(r.b));
	sluss_hash_node(&l, &r, &l);
	memcpy(out, l.b, sizeof(l.b));
}

void sluss_log_sum_add(struct sluss_log_sum *sum, struct sluss_bytes entry)
{
	struct sluss_hash hash;
	sluss_hash_leaf(entry.data, entry.len, &hash);
	// Bit k of size says that a full subtree of 2^k entries waits for its right neighbour, as in a binary counter.
	size_t level = 0;
	for (uint64_t bits = sum->size; (bits & 1) != 0; bits >>= 1) {
		join(sum->roots[level], hash.b, hash.b);
		level++;
	}
	memcpy(sum->roots[level], hash.b, sizeof(hash.b));
	sum->size++;
}

void sluss_log_sum_head(const struct sluss_log_sum *sum, struct sluss_log_head *head_out)
{
	struct sluss_hash hash;
	bool some = false;
	sluss_hash_empty(&hash);
	for (size_t level = 0; level < 64; level++) {
		if ((sum->size >> level & 1) == 0) {
			continue;
		}
		if (some) {
			join(sum->roots[level], hash.b, hash.b);
		} else {
			memcpy(hash.b, sum->roots[level], sizeof(hash.b));
			some = true;
		}
	}
	head_out->size = sum->size;
	memcpy(head_out->root, hash.b, sizeof(head_out->root));
}
