// SPDX-License-Identifier: EUPL-1.2
// One person's row, and the small rules about dates and numbers that stand in it.
#include "persons_row.h"

#include <stdio.h>

enum {
	ROW_VERSION = 1,
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	KDF_ROW = 1,
	KDF_PIN = 2,
	KDF_TABLE = 3,
	KDF_TEXT = 4,
};

static const char kdf_context[crypto_kdf_CONTEXTBYTES] = {'p', 'e', 'r', 's', 'o', 'n', 's', '1'};

struct sluss_persons_keys *sluss_persons_keys_new(const uint8_t *data_key)
{
	struct sluss_persons_keys *k = sodium_malloc(sizeof(*k));
	if (k == NULL)
		return NULL;
	crypto_kdf_derive_from_key(k->row_key, sizeof(k->row_key), KDF_ROW, kdf_context, data_key);
	crypto_kdf_derive_from_key(k->pin_key, sizeof(k->pin_key), KDF_PIN, kdf_context, data_key);
	crypto_kdf_derive_from_key(k->table_key, sizeof(k->table_key), KDF_TABLE, kdf_context, data_key);
	crypto_kdf_derive_from_key(k->text_key, sizeof(k->text_key), KDF_TEXT, kdf_context, data_key);
	return k;
}

static bool put_text(uint8_t *plain, size_t *len, const char *text, size_t max)
{
	size_t n = strlen(text);
	if (n > max)
		return false;
	plain[(*len)++] = (uint8_t)n;
	memcpy(plain + *len, text, n);
	*len += n;
	return true;
}

size_t sluss_persons_row_seal(
    const struct sluss_persons_keys *keys, const struct sluss_person *person, uint8_t row_out[SLUSS_PERSONS_ROW_MAX])
{
	uint8_t plain[SLUSS_PERSONS_PLAIN_MAX];
	size_t len = 0;
	plain[len++] = ROW_VERSION;
	memcpy(plain + len, person->salt, sizeof(person->salt));
	len += sizeof(person->salt);
	plain[len++] = (uint8_t)((unsigned)person->birth.year >> 8);
	plain[len++] = (uint8_t)(person->birth.year & 0xff);
	plain[len++] = person->birth.month;
	plain[len++] = person->birth.day;
	unsigned long long sealed = 0;
	if (put_text(plain, &len, person->name, SLUSS_PERSON_NAME_MAX) && put_text(plain, &len, person->pin, 12) &&
	    put_text(plain, &len, person->language, SLUSS_PERSON_LANGUAGE_MAX)) {
		randombytes_buf(row_out, NONCE);
		crypto_aead_xchacha20poly1305_ietf_encrypt(
		    row_out + NONCE, &sealed, plain, len, person->id.b, sizeof(person->id.b), NULL, row_out, keys->row_key);
		sealed += NONCE;
	}
	sodium_memzero(plain, sizeof(plain));
	return (size_t)sealed;
}

static bool take_text(const uint8_t *plain, size_t plain_len, size_t *at, char *text_out, size_t max)
{
	if (*at >= plain_len)
		return false;
	size_t n = plain[(*at)++];
	if (n > max || n > plain_len - *at)
		return false;
	memcpy(text_out, plain + *at, n);
	text_out[n] = '\0';
	*at += n;
	return true;
}

bool sluss_persons_row_open(const struct sluss_persons_keys *keys, const struct sluss_id *id, struct sluss_bytes row,
    struct sluss_person *person_out)
{
	uint8_t plain[SLUSS_PERSONS_PLAIN_MAX];
	unsigned long long plain_len = 0;
	size_t at = 1 + sizeof(person_out->salt) + 4;
	memset(person_out, 0, sizeof(*person_out));
	if (row.len < NONCE + TAG || row.len > SLUSS_PERSONS_ROW_MAX)
		return false;
	bool ok = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_len, NULL, row.data + NONCE, row.len - NONCE, id->b,
	              sizeof(id->b), row.data, keys->row_key) == 0 &&
	    plain_len >= at && plain[0] == ROW_VERSION;
	if (ok) {
		person_out->id = *id;
		memcpy(person_out->salt, plain + 1, sizeof(person_out->salt));
		const uint8_t *date = plain + 1 + sizeof(person_out->salt);
		person_out->birth = (struct sluss_date){date[0] << 8 | date[1], date[2], date[3]};
		ok = take_text(plain, (size_t)plain_len, &at, person_out->name, SLUSS_PERSON_NAME_MAX) &&
		    take_text(plain, (size_t)plain_len, &at, person_out->pin, 12) &&
		    take_text(plain, (size_t)plain_len, &at, person_out->language, SLUSS_PERSON_LANGUAGE_MAX) && at == plain_len;
	}
	sodium_memzero(plain, sizeof(plain));
	if (!ok)
		sodium_memzero(person_out, sizeof(*person_out));
	return ok;
}

void sluss_persons_pin_hash(const struct sluss_persons_keys *keys, const char *pin, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	crypto_generichash(
	    hash_out, SLUSS_HASH_BYTES, (const uint8_t *)pin, strlen(pin), keys->pin_key, sizeof(keys->pin_key));
}

void sluss_person_commitment(const struct sluss_person *person, uint8_t commitment_out[SLUSS_HASH_BYTES])
{
	static const uint8_t tag[] = {'s', 'l', 'u', 's', 's', '-', 'b', 'i', 'r', 't', 'h', '-', 'v', '1'};
	char date[16];
	snprintf(date, sizeof(date), "%04u-%02u-%02u", (unsigned)person->birth.year % 10000u, person->birth.month, person->birth.day);
	crypto_hash_sha256_state hash;
	crypto_hash_sha256_init(&hash);
	crypto_hash_sha256_update(&hash, tag, sizeof(tag));
	crypto_hash_sha256_update(&hash, person->salt, sizeof(person->salt));
	crypto_hash_sha256_update(&hash, (const uint8_t *)date, strlen(date));
	crypto_hash_sha256_final(&hash, commitment_out);
	sodium_memzero(date, sizeof(date));
}

// ---- dates and numbers

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static unsigned number(const char *digits, size_t len)
{
	unsigned n = 0;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (unsigned)(digits[i] - '0');
	return n;
}

bool sluss_pin_valid(const char *pin)
{
	if (strnlen(pin, 13) != 12 || !all_digits(pin, 12))
		return false;
	unsigned day = number(pin + 6, 2);
	struct sluss_date born = {(int32_t)number(pin, 4), (uint8_t)number(pin + 4, 2), (uint8_t)(day > 60 ? day - 60 : day)};
	if (!sluss_date_valid(born))
		return false;
	// Modulus 10 over the ten-digit form (Skatteverket, SKV 704): digits times 2, 1, 2 ...; the digits of the products are added.
	unsigned sum = 0;
	for (size_t i = 0; i < 10; i++) {
		unsigned product = (unsigned)(pin[2 + i] - '0') * (i % 2 == 0 ? 2u : 1u);
		sum += product / 10 + product % 10;
	}
	return sum % 10 == 0;
}
