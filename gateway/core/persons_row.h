// SPDX-License-Identifier: EUPL-1.2
// One person's row: how the fields are laid out, encrypted and found. Only the register of persons (persons.c) uses it.
#ifndef SLUSS_CORE_PERSONS_ROW_H
#define SLUSS_CORE_PERSONS_ROW_H

#include <sodium.h>

#include "persons.h"

// Four keys derived from the data key (libsodium's crypto_kdf, contexts by number). Lives in sodium_malloc memory.
struct sluss_persons_keys {
	uint8_t row_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	uint8_t pin_key[crypto_generichash_KEYBYTES];
	uint8_t table_key[crypto_shorthash_KEYBYTES];
	uint8_t text_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

enum {
	// version, salt, year, month, day, three lengths and texts
	SLUSS_PERSONS_PLAIN_MAX = 1 + 16 + 4 + 3 + SLUSS_PERSON_NAME_MAX + 12 + SLUSS_PERSON_LANGUAGE_MAX,
	SLUSS_PERSONS_ROW_MAX = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + SLUSS_PERSONS_PLAIN_MAX +
	    crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

// NULL when there is no guarded memory to be had. sodium_free() it.
struct sluss_persons_keys *sluss_persons_keys_new(const uint8_t *data_key);

// Encrypts (XChaCha20-Poly1305, random nonce first, bound to the id). Returns the row's octets, 0 when a field is over its size.
size_t sluss_persons_row_seal(
    const struct sluss_persons_keys *keys, const struct sluss_person *person, uint8_t row_out[SLUSS_PERSONS_ROW_MAX]);

// False: not a row of this id under these keys.
SLUSS_MUST_CHECK bool sluss_persons_row_open(const struct sluss_persons_keys *keys, const struct sluss_id *id,
    struct sluss_bytes row, struct sluss_person *person_out);

// Keyed BLAKE2b of the number: equal numbers meet, and nobody without the key can try them all.
void sluss_persons_pin_hash(const struct sluss_persons_keys *keys, const char *pin, uint8_t hash_out[SLUSS_HASH_BYTES]);

#endif
