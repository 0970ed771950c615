// SPDX-License-Identifier: EUPL-1.2
// Erasing for sure. SQLite's secure_delete writes zeros over a deleted row, but not over the copies that stay behind
// where rows moved from one page to another (tests/contract finds some in one run of three). So every erasable value is
// encrypted under a key of its own, used once, and erasing it means writing zeros over those 32 octets. The keys lie in
// slabs of 256: rows of one length that are only ever appended and overwritten, never deleted, so that they never move.
//
// Invariant: a slot is used (bit set) exactly while its key is not zero; slabs are numbered 1, 2 ... without a gap. A
// transaction changes slabs in a small cache that is written before COMMIT and dropped by a rollback, which also takes
// back the bits.
#include "store_sqlite.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	KEYS = 256, // of a slab
	KEY_BYTES = crypto_aead_chacha20poly1305_ietf_KEYBYTES,
	SLAB_BYTES = KEYS * KEY_BYTES,
	TAG_BYTES = crypto_aead_chacha20poly1305_ietf_ABYTES,
	CACHED = 4,
	WORTH_FILLING = KEYS / 2, // free places that make an old slab worth going back to
};

struct slab {
	uint64_t number; // 0: the place is free
	bool dirty;
	uint8_t keys[SLAB_BYTES];
};

struct change {
	uint64_t slot;
	bool was_used;
};

struct sqlite_shred {
	uint8_t *used;	 // a bit for each slot; slab 0 does not exist, its bits stay clear
	uint16_t *taken; // used slots of each slab
	uint64_t slabs;
	uint64_t room; // slabs that `used` and `taken` have room for
	uint64_t current;
	struct slab cache[CACHED];
	size_t next_victim;
	struct change *changes; // of the open transaction
	size_t change_count;
	size_t change_room;
	uint64_t slabs_at_begin;
	uint8_t *scratch; // ciphertext on its way
	size_t scratch_room;
};

// ---- which slots are used

static bool is_used(const struct sqlite_shred *shred, uint64_t slot)
{
	return (shred->used[slot / 8] >> slot % 8 & 1) != 0;
}

static void set_used(struct sqlite_shred *shred, uint64_t slot, bool used)
{
	if (is_used(shred, slot) == used)
		return;
	shred->used[slot / 8] = (uint8_t)(shred->used[slot / 8] ^ 1u << slot % 8);
	shred->taken[slot / KEYS] = (uint16_t)(shred->taken[slot / KEYS] + (used ? 1 : -1));
}

// Makes room for a slab of this number. False: no memory.
static bool make_room(struct sqlite_shred *shred, uint64_t number)
{
	if (number < shred->room)
		return true;
	uint64_t room = shred->room == 0 ? 64 : shred->room * 2;
	uint8_t *used = calloc(room, KEYS / 8);
	uint16_t *taken = calloc(room, sizeof(*taken));
	if (used == NULL || taken == NULL || number >= room) {
		free(used);
		free(taken);
		return false;
	}
	if (shred->room > 0) {
		memcpy(used, shred->used, shred->room * KEYS / 8);
		memcpy(taken, shred->taken, shred->room * sizeof(*taken));
	}
	free(shred->used);
	free(shred->taken);
	shred->used = used;
	shred->taken = taken;
	shred->room = room;
	return true;
}

// Changes a bit so that a rollback can take it back. False: no memory.
static bool change_used(struct sqlite_shred *shred, uint64_t slot, bool used)
{
	if (shred->change_count == shred->change_room) {
		size_t room = shred->change_room == 0 ? 64 : shred->change_room * 2;
		struct change *grown = realloc(shred->changes, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		shred->changes = grown;
		shred->change_room = room;
	}
	shred->changes[shred->change_count++] = (struct change){.slot = slot, .was_used = is_used(shred, slot)};
	set_used(shred, slot, used);
	return true;
}

// ---- slabs

static enum sluss_store_result no_memory(struct sqlite_store *s)
{
	return sluss_store_fail(&s->base, SLUSS_STORE_FULL, "no memory");
}

static enum sluss_store_result write_slab(struct sqlite_store *s, struct slab *slab)
{
	sqlite3_stmt *statement = sqlite_take(s, ST_PUT_SLAB);
	if (statement == NULL)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), "prepare");
	int code = sqlite3_bind_int64(statement, 1, (int64_t)slab->number);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(statement, 2, slab->keys, SLAB_BYTES, SQLITE_STATIC);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	enum sluss_store_result result = sqlite_run(s, statement, "keys");
	(void)sqlite3_clear_bindings(statement);
	slab->dirty = result != SLUSS_STORE_OK;
	return result;
}

static enum sluss_store_result read_slab(struct sqlite_store *s, struct slab *slab, uint64_t number)
{
	sqlite3_stmt *statement = sqlite_take(s, ST_GET_SLAB);
	if (statement == NULL)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), "prepare");
	int code = sqlite3_bind_int64(statement, 1, (int64_t)number);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	const void *keys = code == SQLITE_ROW ? sqlite3_column_blob(statement, 0) : NULL;
	bool whole = keys != NULL && sqlite3_column_bytes(statement, 0) == SLAB_BYTES;
	if (whole)
		memcpy(slab->keys, keys, SLAB_BYTES);
	(void)sqlite3_reset(statement);
	slab->number = whole ? number : 0;
	slab->dirty = false;
	if (whole)
		return SLUSS_STORE_OK;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return sqlite_failed(s, code, "keys");
	return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "a slab of keys is missing or of a wrong size");
}

// The slab in the cache; what had its place is written first.
static enum sluss_store_result hold_slab(struct sqlite_store *s, uint64_t number, struct slab **slab_out)
{
	struct sqlite_shred *shred = s->shred;
	for (size_t i = 0; i < CACHED; i++) {
		if (shred->cache[i].number == number) {
			*slab_out = &shred->cache[i];
			return SLUSS_STORE_OK;
		}
	}
	struct slab *slab = &shred->cache[shred->next_victim++ % CACHED];
	if (slab->dirty) {
		enum sluss_store_result result = write_slab(s, slab);
		if (result != SLUSS_STORE_OK)
			return result;
	}
	*slab_out = slab;
	return read_slab(s, slab, number);
}

static enum sluss_store_result add_slab(struct sqlite_store *s)
{
	struct sqlite_shred *shred = s->shred;
	sqlite3_stmt *statement = sqlite_take(s, ST_ADD_SLAB);
	if (statement == NULL)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), "prepare");
	if (!make_room(shred, shred->slabs + 1))
		return no_memory(s);
	int code = sqlite3_bind_int64(statement, 1, (int64_t)shred->slabs + 1);
	if (code != SQLITE_OK)
		return sqlite_failed(s, code, "bind");
	enum sluss_store_result result = sqlite_run(s, statement, "keys");
	if (result == SLUSS_STORE_OK)
		shred->current = ++shred->slabs;
	return result;
}

// A free slot: of the current slab, of an old one with many, of a new one.
static enum sluss_store_result find_slot(struct sqlite_store *s, uint64_t *slot_out)
{
	struct sqlite_shred *shred = s->shred;
	if (shred->current == 0 || shred->taken[shred->current] == KEYS) {
		shred->current = 0;
		for (uint64_t number = 1; number <= shred->slabs && shred->current == 0; number++) {
			if (shred->taken[number] <= KEYS - WORTH_FILLING)
				shred->current = number;
		}
	}
	if (shred->current == 0) {
		enum sluss_store_result result = add_slab(s);
		if (result != SLUSS_STORE_OK)
			return result;
	}
	uint64_t slot = shred->current * KEYS;
	while (is_used(shred, slot))
		slot++;
	*slot_out = slot;
	return SLUSS_STORE_OK;
}

// ---- what the tables use

enum sluss_store_result sqlite_seal(
    struct sqlite_store *s, struct sluss_bytes value, int64_t *slot_out, struct sluss_bytes *sealed_out)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES]; // the key is used once
	struct sqlite_shred *shred = s->shred;
	struct slab *slab = NULL;
	uint64_t slot = 0;
	if (shred->scratch_room < value.len + TAG_BYTES) {
		free(shred->scratch);
		shred->scratch_room = 0;
		shred->scratch = malloc(value.len + TAG_BYTES);
		if (shred->scratch == NULL)
			return no_memory(s);
		shred->scratch_room = value.len + TAG_BYTES;
	}
	enum sluss_store_result result = find_slot(s, &slot);
	if (result == SLUSS_STORE_OK)
		result = hold_slab(s, slot / KEYS, &slab);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!change_used(shred, slot, true))
		return no_memory(s);
	uint8_t *key = slab->keys + slot % KEYS * KEY_BYTES;
	do {
		randombytes_buf(key, KEY_BYTES);
	} while (sodium_is_zero(key, KEY_BYTES));
	slab->dirty = true;
	unsigned long long len = 0;
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(
	    shred->scratch, &len, value.data, value.len, NULL, 0, NULL, nonce, key); // cannot fail
	*slot_out = (int64_t)slot;
	*sealed_out = (struct sluss_bytes){shred->scratch, (size_t)len};
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_unseal(
    struct sqlite_store *s, struct sluss_bytes sealed, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	static const uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	if (sealed.len < TAG_BYTES || key.len != KEY_BYTES)
		return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "an encrypted value has no key");
	enum sluss_store_result result = sluss_store_blob_set(value_out, sealed.data, sealed.len);
	if (result != SLUSS_STORE_OK)
		return result;
	unsigned long long len = 0;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		value_out->data, &len, NULL, sealed.data, sealed.len, NULL, 0, nonce, key.data) != 0)
		return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "a value does not fit its key");
	value_out->len = (size_t)len;
	return SLUSS_STORE_OK;
}

enum sluss_store_result sqlite_shred_slot(struct sqlite_store *s, int64_t slot_signed)
{
	struct sqlite_shred *shred = s->shred;
	struct slab *slab = NULL;
	uint64_t slot = (uint64_t)slot_signed;
	if (slot < KEYS || slot / KEYS > shred->slabs || !is_used(shred, slot))
		return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "a value's key is not where it should be");
	enum sluss_store_result result = hold_slab(s, slot / KEYS, &slab);
	if (result != SLUSS_STORE_OK)
		return result;
	if (!change_used(shred, slot, false))
		return no_memory(s);
	sodium_memzero(slab->keys + slot % KEYS * KEY_BYTES, KEY_BYTES);
	slab->dirty = true;
	s->erased = true;
	return SLUSS_STORE_OK;
}

// ---- transactions

void sqlite_shred_begin(struct sqlite_store *s)
{
	s->shred->change_count = 0;
	s->shred->slabs_at_begin = s->shred->slabs;
}

enum sluss_store_result sqlite_shred_flush(struct sqlite_store *s)
{
	enum sluss_store_result result = SLUSS_STORE_OK;
	for (size_t i = 0; s->shred != NULL && i < CACHED && result == SLUSS_STORE_OK; i++) {
		if (s->shred->cache[i].dirty)
			result = write_slab(s, &s->shred->cache[i]);
	}
	return result;
}

void sqlite_shred_rollback(struct sqlite_store *s)
{
	struct sqlite_shred *shred = s->shred;
	while (shred->change_count > 0) {
		const struct change *change = &shred->changes[--shred->change_count];
		set_used(shred, change->slot, change->was_used);
	}
	sodium_memzero(shred->cache, sizeof(shred->cache));
	shred->slabs = shred->slabs_at_begin;
	shred->current = 0;
}

// ---- open and close

static enum sluss_store_result load(struct sqlite_store *s, sqlite3_stmt *statement)
{
	struct sqlite_shred *shred = s->shred;
	int code;
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		const uint8_t *keys = sqlite3_column_blob(statement, 1);
		uint64_t number = (uint64_t)sqlite3_column_int64(statement, 0);
		if (number != shred->slabs + 1 || keys == NULL || sqlite3_column_bytes(statement, 1) != SLAB_BYTES)
			return sluss_store_fail(&s->base, SLUSS_STORE_CORRUPT, "slabs of keys are not in order");
		if (!make_room(shred, number))
			return no_memory(s);
		shred->slabs = number;
		for (uint64_t i = 0; i < KEYS; i++)
			set_used(shred, number * KEYS + i, !sodium_is_zero(keys + i * KEY_BYTES, KEY_BYTES));
	}
	return code == SQLITE_DONE ? SLUSS_STORE_OK : sqlite_failed(s, code, "keys");
}

enum sluss_store_result sqlite_shred_open(struct sqlite_store *s)
{
	s->shred = calloc(1, sizeof(*s->shred));
	if (s->shred == NULL || !make_room(s->shred, 0))
		return no_memory(s);
	sqlite3_stmt *statement = sqlite_take(s, ST_ALL_SLABS);
	if (statement == NULL)
		return sqlite_failed(s, sqlite3_extended_errcode(s->db), "prepare");
	enum sluss_store_result result = load(s, statement);
	(void)sqlite3_reset(statement);
	return result;
}

void sqlite_shred_close(struct sqlite_store *s)
{
	if (s->shred == NULL)
		return;
	sodium_memzero(s->shred->cache, sizeof(s->shred->cache));
	free(s->shred->used);
	free(s->shred->taken);
	free(s->shred->changes);
	free(s->shred->scratch);
	free(s->shred);
	s->shred = NULL;
}
