// SPDX-License-Identifier: EUPL-1.2
#include "sluss/enrol.h"

#include <sodium.h>
#include <stdio.h>

static void log_hash_of(const char *log_verifier_key, uint8_t hash_out[SLUSS_ENROL_LOG_HASH_BYTES])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(hash, (const uint8_t *)log_verifier_key, strlen(log_verifier_key));
	memcpy(hash_out, hash, SLUSS_ENROL_LOG_HASH_BYTES);
}

void sluss_enrol_token_new(const char *log_verifier_key, struct sluss_enrol_token *token_out)
{
	sluss_id_random(&token_out->id);
	randombytes_buf(token_out->secret, sizeof(token_out->secret));
	log_hash_of(log_verifier_key, token_out->log_hash);
}

const char *sluss_enrol_token_format(const struct sluss_enrol_token *token, char text_out[SLUSS_ENROL_TOKEN_TEXT])
{
	char id[SLUSS_ID_TEXT], secret[44], hash[2 * SLUSS_ENROL_LOG_HASH_BYTES + 1];
	sodium_bin2base64(secret, sizeof(secret), token->secret, sizeof(token->secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_bin2hex(hash, sizeof(hash), token->log_hash, sizeof(token->log_hash));
	snprintf(text_out, SLUSS_ENROL_TOKEN_TEXT, "%s.%s.%s", sluss_id_format(&token->id, id), secret, hash);
	sodium_memzero(secret, sizeof(secret));
	return text_out;
}

bool sluss_enrol_token_parse(const char *text, struct sluss_enrol_token *token_out)
{
	enum { ID = 36, SECRET = 43, HASH = 2 * SLUSS_ENROL_LOG_HASH_BYTES };
	size_t secret_len = 0, hash_len = 0;
	memset(token_out, 0, sizeof(*token_out));
	if (strnlen(text, SLUSS_ENROL_TOKEN_TEXT) != ID + 1 + SECRET + 1 + HASH || text[ID] != '.' || text[ID + 1 + SECRET] != '.')
		return false;
	return sluss_id_parse(text, ID, &token_out->id) &&
	    sodium_base642bin(token_out->secret, sizeof(token_out->secret), text + ID + 1, SECRET, NULL, &secret_len, NULL,
	        sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	    secret_len == sizeof(token_out->secret) &&
	    sodium_hex2bin(token_out->log_hash, sizeof(token_out->log_hash), text + ID + 1 + SECRET + 1, HASH, NULL, &hash_len, NULL) == 0 &&
	    hash_len == sizeof(token_out->log_hash);
}

bool sluss_enrol_token_fits_log(const struct sluss_enrol_token *token, const char *log_verifier_key)
{
	uint8_t hash[SLUSS_ENROL_LOG_HASH_BYTES];
	log_hash_of(log_verifier_key, hash);
	return sodium_memcmp(hash, token->log_hash, sizeof(hash)) == 0;
}

void sluss_enrol_mac(const uint8_t secret[SLUSS_ENROL_SECRET_BYTES], const char *authority, const char *agency_id,
    const uint8_t signing_public[SLUSS_KEY_BYTES], const uint8_t sealing_public[SLUSS_KEY_BYTES], const char *certificate_request,
    uint8_t mac_out[SLUSS_ENROL_MAC_BYTES])
{
	static const char tag[] = "sluss-enrol-v1";
	uint8_t request_hash[crypto_hash_sha256_BYTES];
	crypto_auth_hmacsha256_state mac;
	crypto_hash_sha256(request_hash, (const uint8_t *)certificate_request, strlen(certificate_request));
	crypto_auth_hmacsha256_init(&mac, secret, SLUSS_ENROL_SECRET_BYTES);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)tag, sizeof(tag) - 1);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)authority, strlen(authority) + 1);
	crypto_auth_hmacsha256_update(&mac, (const uint8_t *)agency_id, strlen(agency_id) + 1);
	crypto_auth_hmacsha256_update(&mac, signing_public, SLUSS_KEY_BYTES);
	crypto_auth_hmacsha256_update(&mac, sealing_public, SLUSS_KEY_BYTES);
	crypto_auth_hmacsha256_update(&mac, request_hash, sizeof(request_hash));
	crypto_auth_hmacsha256_final(&mac, mac_out);
}

bool sluss_enrol_mac_equal(const uint8_t mac[SLUSS_ENROL_MAC_BYTES], const uint8_t *other, size_t other_len)
{
	return other_len == SLUSS_ENROL_MAC_BYTES && sodium_memcmp(mac, other, SLUSS_ENROL_MAC_BYTES) == 0;
}
