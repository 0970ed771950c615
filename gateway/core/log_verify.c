// SPDX-License-Identifier: EUPL-1.2
// Verifying inclusion, consistency and receipts.
#include "log_verify.h"

// RFC 9162 section 2.1.3.2.
bool sluss_verify_inclusion(const struct sluss_hash *leaf, uint64_t index, uint64_t size,
    const struct sluss_hash *hashes, size_t count, const struct sluss_hash *root)
{
	struct sluss_hash hash = *leaf;
	uint64_t node = index;
	uint64_t last = size - 1;
	if (size == 0 || index >= size)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (last == 0)
			return false;
		if ((node & 1) == 1 || node == last) {
			sluss_hash_node(&hashes[i], &hash, &hash);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			sluss_hash_node(&hash, &hashes[i], &hash);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && sluss_hash_equal(&hash, root);
}

// RFC 9162 section 2.1.4.2.
bool sluss_verify_consistency(uint64_t old_size, const struct sluss_hash *old_root, uint64_t size,
    const struct sluss_hash *root, const struct sluss_hash *hashes, size_t count)
{
	struct sluss_hash empty;
	sluss_hash_empty(&empty);
	if (old_size > size)
		return false;
	if (old_size == 0)
		return count == 0 && sluss_hash_equal(old_root, &empty);
	if (old_size == size)
		return count == 0 && sluss_hash_equal(old_root, root);
	uint64_t node = old_size - 1;
	uint64_t last = size - 1;
	while ((node & 1) == 1) {
		node >>= 1;
		last >>= 1;
	}
	// A power of two: the old root itself is the first node.
	size_t next = node == 0 ? 0 : 1;
	if (count < 1)
		return false;
	struct sluss_hash first = node == 0 ? *old_root : hashes[0];
	struct sluss_hash second = first;
	for (; next < count; next++) {
		if (last == 0)
			return false;
		if ((node & 1) == 1 || node == last) {
			sluss_hash_node(&hashes[next], &first, &first);
			sluss_hash_node(&hashes[next], &second, &second);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			sluss_hash_node(&second, &hashes[next], &second);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && sluss_hash_equal(&first, old_root) && sluss_hash_equal(&second, root);
}

enum sluss_receipt_result sluss_verify_receipt(struct sluss_bytes text, struct sluss_bytes entry,
    const struct sluss_note_key *key, uint64_t *index_out, uint64_t *size_out)
{
	struct sluss_proof proof;
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	struct sluss_hash leaf;
	if (!sluss_proof_parse(text, &proof) || !sluss_note_parse(proof.checkpoint, &note) ||
	    !sluss_checkpoint_parse(note.text, &checkpoint))
		return SLUSS_RECEIPT_UNREADABLE;
	if (checkpoint.origin.len != strlen(key->name) ||
	    memcmp(checkpoint.origin.data, key->name, checkpoint.origin.len) != 0)
		return SLUSS_RECEIPT_WRONG_LOG;
	if (sluss_note_verify(&note, key, NULL) != SLUSS_NOTE_VALID)
		return SLUSS_RECEIPT_BAD_SIGNATURE;
	sluss_hash_leaf(entry.data, entry.len, &leaf);
	if (!sluss_verify_inclusion(&leaf, proof.index, checkpoint.size, proof.hashes, proof.count, &checkpoint.root))
		return SLUSS_RECEIPT_NOT_INCLUDED;
	if (index_out != NULL)
		*index_out = proof.index;
	if (size_out != NULL)
		*size_out = checkpoint.size;
	return SLUSS_RECEIPT_VALID;
}

const char *sluss_receipt_result_name(enum sluss_receipt_result result)
{
	switch (result) {
	case SLUSS_RECEIPT_NONE:
		return "none";
	case SLUSS_RECEIPT_VALID:
		return "valid";
	case SLUSS_RECEIPT_UNREADABLE:
		return "unreadable";
	case SLUSS_RECEIPT_WRONG_LOG:
		return "wrong_log";
	case SLUSS_RECEIPT_BAD_SIGNATURE:
		return "bad_signature";
	case SLUSS_RECEIPT_NOT_INCLUDED:
		return "not_included";
	}
	return "unknown";
}
