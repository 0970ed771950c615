// SPDX-License-Identifier: EUPL-1.2
#include "session_evidence.h"

#include <sodium.h>

enum {
	SALT = 16,
};

static struct sluss_bytes key_of(const struct sluss_id *person)
{
	return (struct sluss_bytes){person->b, sizeof(person->b)};
}

// Adds a row to the person's list, so that it can be erased with them; the oldest makes room.
static bool list_it(struct sluss_txn *txn, const struct sluss_id *person, const uint8_t hash[SLUSS_HASH_BYTES])
{
	struct sluss_bytes list;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_SESSIONS, key_of(person), &list))
		return false;
	if (list.data == NULL)
		list.len = 0;
	if (list.len >= SLUSS_EVIDENCE_EACH * SLUSS_HASH_BYTES) {
		if (!sluss_txn_erase_side(txn, SLUSS_SIDE_SESSION, (struct sluss_bytes){list.data, SLUSS_HASH_BYTES}))
			return false;
		list.data += SLUSS_HASH_BYTES;
		list.len -= SLUSS_HASH_BYTES;
	}
	uint8_t *longer = sluss_arena_alloc(txn->arena, list.len + SLUSS_HASH_BYTES);
	if (longer == NULL) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		return false;
	}
	if (list.len > 0)
		memcpy(longer, list.data, list.len);
	memcpy(longer + list.len, hash, SLUSS_HASH_BYTES);
	return sluss_txn_put_side(
	    txn, SLUSS_SIDE_SESSIONS, key_of(person), (struct sluss_bytes){longer, list.len + SLUSS_HASH_BYTES});
}

bool sluss_session_evidence_keep(struct sluss_txn *txn, const struct sluss_session *session,
    struct sluss_bytes evidence, struct sluss_rec_session *record)
{
	size_t head = sizeof(session->key) + SALT, len = head + evidence.len + SLUSS_PERSONS_SEAL_EXTRA;
	uint8_t *row = sluss_arena_alloc(txn->arena, len);
	if (row == NULL) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		return false;
	}
	uint8_t *salt = row + sizeof(session->key);
	struct sluss_bytes key = {record->key_hash, SLUSS_HASH_BYTES};
	crypto_hash_sha256_state state;
	memcpy(row, session->key, sizeof(session->key));
	randombytes_buf(salt, SALT);
	crypto_hash_sha256(record->key_hash, session->key, sizeof(session->key));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, salt, SALT);
	crypto_hash_sha256_update(&state, evidence.data, evidence.len);
	crypto_hash_sha256_final(&state, record->evidence_hash);
	sluss_persons_seal_text(sluss_txn_persons(txn), key, evidence, row + head);
	return sluss_txn_put_side(txn, SLUSS_SIDE_SESSION, key, (struct sluss_bytes){row, len}) &&
	       (session->kind != SLUSS_SESSION_PERSON || list_it(txn, &session->person, record->key_hash));
}

bool sluss_session_evidence_erase(struct sluss_txn *txn, const struct sluss_id *person)
{
	struct sluss_bytes list;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_SESSIONS, key_of(person), &list))
		return false;
	for (size_t at = 0; list.data != NULL && at + SLUSS_HASH_BYTES <= list.len; at += SLUSS_HASH_BYTES)
		if (!sluss_txn_erase_side(
			txn, SLUSS_SIDE_SESSION, (struct sluss_bytes){list.data + at, SLUSS_HASH_BYTES}))
			return false;
	return sluss_txn_erase_side(txn, SLUSS_SIDE_SESSIONS, key_of(person));
}
