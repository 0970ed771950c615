// SPDX-License-Identifier: EUPL-1.2
#include "login_code.h"

#include <sodium.h>
#include <stdio.h>

#include "svc_common.h"

enum {
	TRIES = 5,
	ROW_OCTETS = 8 + 1 + SLUSS_ID_BYTES + SLUSS_ID_BYTES + crypto_auth_hmacsha256_KEYBYTES,
};

// What is kept of a code.
struct row {
	int64_t until_ms; // core's clock
	uint8_t wrong;	  // tries
	struct sluss_id person, case_id;
	uint8_t key[crypto_auth_hmacsha256_KEYBYTES];
};

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void draw(char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
}

// SHA-256("sluss-code-v1" 0x00 secret)
static void key_of(const char *secret, uint8_t key_out[crypto_auth_hmacsha256_KEYBYTES])
{
	static const char label[] = "sluss-code-v1";
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)label, sizeof(label));
	crypto_hash_sha256_update(&state, (const uint8_t *)secret, SLUSS_CODE_SECRET);
	crypto_hash_sha256_final(&state, key_out);
}

static struct sluss_bytes name_key(const char *name)
{
	return (struct sluss_bytes){(const uint8_t *)name, SLUSS_CODE_NAME};
}

// ---- rows

static void pack(const struct row *row, uint8_t out[ROW_OCTETS])
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)row->until_ms >> (8 * (7 - i)));
	out[8] = row->wrong;
	memcpy(out + 9, row->person.b, SLUSS_ID_BYTES);
	memcpy(out + 9 + SLUSS_ID_BYTES, row->case_id.b, SLUSS_ID_BYTES);
	memcpy(out + 9 + 2 * SLUSS_ID_BYTES, row->key, sizeof(row->key));
}

static bool unpack(struct sluss_bytes octets, struct row *row_out)
{
	uint64_t until = 0;
	if (octets.data == NULL || octets.len != ROW_OCTETS)
		return false;
	for (int i = 0; i < 8; i++)
		until = until << 8 | octets.data[i];
	row_out->until_ms = (int64_t)until;
	row_out->wrong = octets.data[8];
	memcpy(row_out->person.b, octets.data + 9, SLUSS_ID_BYTES);
	memcpy(row_out->case_id.b, octets.data + 9 + SLUSS_ID_BYTES, SLUSS_ID_BYTES);
	memcpy(row_out->key, octets.data + 9 + 2 * SLUSS_ID_BYTES, sizeof(row_out->key));
	return true;
}

static bool put(struct sluss_txn *txn, const char *name, const struct row *row)
{
	uint8_t octets[ROW_OCTETS];
	pack(row, octets);
	bool ok =
	    sluss_txn_put_side(txn, SLUSS_SIDE_CODE, name_key(name), (struct sluss_bytes){octets, sizeof(octets)});
	sodium_memzero(octets, sizeof(octets));
	return ok;
}

static bool erase(struct sluss_txn *txn, const char *name, const struct sluss_id *person)
{
	return sluss_txn_erase_side(txn, SLUSS_SIDE_CODE, name_key(name)) &&
	       sluss_txn_erase_side(txn, SLUSS_SIDE_CODE_PERSON, (struct sluss_bytes){person->b, sizeof(person->b)});
}

// ---- public

bool sluss_login_code_issue(struct sluss_txn *txn, const struct sluss_id *case_id, const struct sluss_id *person,
    int64_t until_ms, char code_out[SLUSS_CODE_TEXT])
{
	struct sluss_bytes person_key = {person->b, sizeof(person->b)};
	struct row row = {.until_ms = until_ms, .person = *person, .case_id = *case_id};
	char name[SLUSS_CODE_NAME + 1] = "", secret[SLUSS_CODE_SECRET + 1] = "";
	if (!sluss_login_code_void(txn, person))
		return false;
	draw(name, SLUSS_CODE_NAME);
	draw(secret, SLUSS_CODE_SECRET);
	key_of(secret, row.key);
	(void)snprintf(
	    code_out, SLUSS_CODE_TEXT, "%s-%.4s-%.4s-%.4s-%.4s", name, secret, secret + 4, secret + 8, secret + 12);
	sodium_memzero(secret, sizeof(secret));
	bool ok = put(txn, name, &row) && sluss_txn_put_side(txn, SLUSS_SIDE_CODE_PERSON, person_key, name_key(name));
	sodium_memzero(&row, sizeof(row));
	return ok;
}

bool sluss_login_code_void(struct sluss_txn *txn, const struct sluss_id *person)
{
	struct sluss_bytes person_key = {person->b, sizeof(person->b)}, name;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_CODE_PERSON, person_key, &name))
		return false;
	if (name.data != NULL && name.len == SLUSS_CODE_NAME && !sluss_txn_erase_side(txn, SLUSS_SIDE_CODE, name))
		return false;
	return name.data == NULL || sluss_txn_erase_side(txn, SLUSS_SIDE_CODE_PERSON, person_key);
}

static bool mac_fits(const struct sluss_txn *txn, const struct row *row, const char *name,
    struct sluss_bytes session_key, struct sluss_bytes mac)
{
	crypto_auth_hmacsha256_state state;
	uint8_t expected[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_init(&state, row->key, sizeof(row->key));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)txn->authority, strlen(txn->authority) + 1);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)name, SLUSS_CODE_NAME + 1); // with its NUL
	crypto_auth_hmacsha256_update(&state, session_key.data, session_key.len);
	crypto_auth_hmacsha256_final(&state, expected);
	return mac.len == sizeof(expected) && sodium_memcmp(expected, mac.data, sizeof(expected)) == 0;
}

static bool refuse(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_LOGIN_REFUSED, NULL, NULL);
	return false;
}

bool sluss_login_code_use(struct sluss_txn *txn, const char *name, struct sluss_bytes session_key,
    struct sluss_bytes mac, struct sluss_id *person_out)
{
	struct sluss_bytes octets = {0};
	struct row row;
	if (strlen(name) != SLUSS_CODE_NAME)
		return refuse(txn);
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_CODE, name_key(name), &octets))
		return false;
	if (!unpack(octets, &row))
		return refuse(txn);
	if (row.until_ms <= txn->now_ms)
		return erase(txn, name, &row.person) && refuse(txn);
	if (!mac_fits(txn, &row, name, session_key, mac)) {
		row.wrong++;
		bool kept = row.wrong < TRIES ? put(txn, name, &row) : erase(txn, name, &row.person);
		return kept && refuse(txn);
	}
	*person_out = row.person;
	sodium_memzero(&row, sizeof(row));
	return erase(txn, name, person_out);
}
