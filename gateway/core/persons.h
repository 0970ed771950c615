// SPDX-License-Identifier: EUPL-1.2
// The register of persons: names, personal identity numbers and birth dates, encrypted in the store's side tables, erasable, never in the log. It also
// knows whose birthday comes next, because the log states ages as bands and a new band must stand before the first decision that it changes.
//
// Invariant: every row's ciphertext is bound to its person id (associated data), so rows cannot be swapped. The register in memory holds birth dates only; it is
// loaded from the store at start and after a failed commit.
// Threads: the writer's.
#ifndef SLUSS_CORE_PERSONS_H
#define SLUSS_CORE_PERSONS_H

#include "policy/calendar.h"
#include "sluss/types.h"
#include "store.h"

enum {
	SLUSS_SIDE_PERSON = 100,     // person id -> encrypted fields
	SLUSS_SIDE_PERSON_PIN = 101, // keyed hash of the personal identity number -> person id
	SLUSS_DATA_KEY_BYTES = 32,
	SLUSS_PERSON_NAME_MAX = 200,
	SLUSS_PERSON_LANGUAGE_MAX = 15,
	SLUSS_PERSONS_SEAL_EXTRA = 24 + 16, // nonce and tag of a sealed text
};

struct sluss_persons;

struct sluss_person {
	struct sluss_id id;
	char name[SLUSS_PERSON_NAME_MAX + 1];
	char pin[13]; // twelve digits, or empty
	char language[SLUSS_PERSON_LANGUAGE_MAX + 1];
	struct sluss_date birth; // year 0: unknown
	uint8_t salt[16]; // of the commitment to the birth date; set by sluss_persons_put
};

// Makes an empty register. `data_key` (SLUSS_DATA_KEY_BYTES) is copied into guarded memory. NULL when out of memory.
struct sluss_persons *sluss_persons_new(const uint8_t *data_key);

// Wipes and frees. Takes NULL and nulls.
void sluss_persons_free(struct sluss_persons **persons);

// Reads every row again. CORRUPT: a row does not open under the data key.
SLUSS_MUST_CHECK enum sluss_store_result sluss_persons_load(struct sluss_persons *persons, struct sluss_store *store);

// Writes a person (new or changed) within the open transaction, with a fresh salt, which it puts into person->salt. INVALID: a field is over its size.
SLUSS_MUST_CHECK enum sluss_store_result sluss_persons_put(
    struct sluss_persons *persons, struct sluss_store *store, struct sluss_person *person);

// Reads one. NOT_FOUND: unknown or erased. The caller wipes it (sodium_memzero).
SLUSS_MUST_CHECK enum sluss_store_result sluss_persons_get(
    struct sluss_persons *persons, struct sluss_store *store, const struct sluss_id *id, struct sluss_person *person_out);

// Finds a person by personal identity number (twelve digits). NOT_FOUND: nobody.
SLUSS_MUST_CHECK enum sluss_store_result sluss_persons_find(
    struct sluss_persons *persons, struct sluss_store *store, const char *pin, struct sluss_id *id_out);

// Destroys a person's rows within the open transaction.
SLUSS_MUST_CHECK enum sluss_store_result sluss_persons_erase(
    struct sluss_persons *persons, struct sluss_store *store, const struct sluss_id *id);

// The birth date in memory; false when the person is not registered or has none.
bool sluss_persons_birth(const struct sluss_persons *persons, const struct sluss_id *id, struct sluss_date *birth_out);

// Salted commitment to a birth date: SHA-256("sluss-birth-v1" || salt[16] || "YYYY-MM-DD").
void sluss_person_commitment(const struct sluss_person *person, uint8_t commitment_out[SLUSS_HASH_BYTES]);

// Twelve digits YYYYMMDDNNNC with a right check digit (the tax agency's modulus 10; day may be +60 for a co-ordination number).
bool sluss_pin_valid(const char *pin);

// ---- free text about persons (reasons, necessity), kept by others under keys of their own

// Encrypts (XChaCha20-Poly1305, random nonce first), bound to `key`. `sealed_out` has room for text.len + SLUSS_PERSONS_SEAL_EXTRA octets.
void sluss_persons_seal_text(
    const struct sluss_persons *persons, struct sluss_bytes key, struct sluss_bytes text, uint8_t *sealed_out);

// Opens into `text_out` (room for sealed.len - SLUSS_PERSONS_SEAL_EXTRA octets). False: not sealed by us for this key.
SLUSS_MUST_CHECK bool sluss_persons_open_text(
    const struct sluss_persons *persons, struct sluss_bytes key, struct sluss_bytes sealed, uint8_t *text_out);

// ---- birthdays

// Sets when (Unix ms) this person's next band begins; INT64_MAX: never again.
void sluss_persons_set_due(struct sluss_persons *persons, const struct sluss_id *id, int64_t due_ms);

// The earliest due time of all, INT64_MAX when there is none.
int64_t sluss_persons_next_due(const struct sluss_persons *persons);

// A person whose due time is not after `now_ms`; false when there is none. Stays due until set_due moves it on.
bool sluss_persons_due(const struct sluss_persons *persons, int64_t now_ms, struct sluss_id *id_out);

// Calls `each` for every person with a birth date (order unspecified): to set due times after load and after a new policy.
void sluss_persons_each(struct sluss_persons *persons,
    void (*each)(void *context, const struct sluss_id *id, const struct sluss_date *birth), void *context);

#endif
