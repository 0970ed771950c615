// SPDX-License-Identifier: EUPL-1.2
#include "oidc_token.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

enum {
	HEADER_MAX = 1024, // octets, decoded
	SIGNATURE_MAX = 1024,
	AUDIENCES_MAX = 8,
	ANSWER_MAX = 64 * 1024,
};

struct sluss_oidc_claims {
	json_t *root;
};

const char *sluss_oidc_result_name(enum sluss_oidc_result result)
{
	switch (result) {
	case SLUSS_OIDC_NONE:
		return "unchecked";
	case SLUSS_OIDC_OK:
		return "ok";
	case SLUSS_OIDC_MALFORMED:
		return "malformed";
	case SLUSS_OIDC_ALGORITHM:
		return "algorithm";
	case SLUSS_OIDC_KEY_UNKNOWN:
		return "key-unknown";
	case SLUSS_OIDC_SIGNATURE:
		return "signature";
	case SLUSS_OIDC_ISSUER:
		return "issuer";
	case SLUSS_OIDC_AUDIENCE:
		return "audience";
	case SLUSS_OIDC_TIME:
		return "time";
	case SLUSS_OIDC_NONCE:
		return "nonce";
	case SLUSS_OIDC_ACR:
		return "acr";
	case SLUSS_OIDC_NO_MEMORY:
		return "no-memory";
	}
	return "unchecked";
}

// ---- the three parts

struct jws {
	struct sluss_bytes header, payload, signature, signed_octets; // the first three coded
};

static bool split(struct sluss_bytes token, struct jws *jws_out)
{
	if (token.len == 0 || token.len > SLUSS_OIDC_TOKEN_MAX)
		return false;
	const uint8_t *first = memchr(token.data, '.', token.len);
	if (first == NULL)
		return false;
	const uint8_t *rest = first + 1, *end = token.data + token.len;
	const uint8_t *second = memchr(rest, '.', (size_t)(end - rest));
	if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	jws_out->header = (struct sluss_bytes){token.data, (size_t)(first - token.data)};
	jws_out->payload = (struct sluss_bytes){rest, (size_t)(second - rest)};
	jws_out->signature = (struct sluss_bytes){second + 1, (size_t)(end - second - 1)};
	jws_out->signed_octets = (struct sluss_bytes){token.data, (size_t)(second - token.data)};
	return jws_out->header.len > 0 && jws_out->payload.len > 0 && jws_out->signature.len > 0;
}

// Strict base64url: no padding, no other characters, no stray bits.
static bool decode(struct sluss_bytes coded, uint8_t *out, size_t room, size_t *len_out)
{
	return sodium_base642bin(out, room, (const char *)coded.data, coded.len, NULL, len_out, NULL,
		   sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       *len_out > 0;
}

static json_t *decode_object(struct sluss_bytes coded, uint8_t *room, size_t room_len)
{
	size_t len;
	if (!decode(coded, room, room_len, &len))
		return NULL;
	json_t *object = json_loadb((const char *)room, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

static const char *text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);
	return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

// ---- header and signature

static enum sluss_oidc_result check_header(const json_t *header, enum sluss_oidc_alg *alg_out, const char **kid_out)
{
	const char *alg = text_of(header, "alg"), *type = text_of(header, "typ");
	*kid_out = text_of(header, "kid");
	if (alg == NULL || *kid_out == NULL || json_object_get(header, "crit") != NULL ||
	    (json_object_get(header, "typ") != NULL && (type == NULL || strcasecmp(type, "JWT") != 0)))
		return SLUSS_OIDC_MALFORMED;
	*alg_out = sluss_oidc_alg_of(alg);
	return *alg_out == SLUSS_OIDC_ALG_NONE ? SLUSS_OIDC_ALGORITHM : SLUSS_OIDC_OK;
}

// Before anything else of the token is believed. What the header says of keys (jwk, jku, x5c) is not looked at.
static enum sluss_oidc_result check_signature(const struct jws *jws, const struct sluss_oidc_keys *keys)
{
	uint8_t octets[HEADER_MAX], signature[SIGNATURE_MAX];
	enum sluss_oidc_alg alg = SLUSS_OIDC_ALG_NONE;
	const char *kid = NULL;
	size_t len;
	json_t *header = decode_object(jws->header, octets, sizeof(octets));
	enum sluss_oidc_result result = header == NULL ? SLUSS_OIDC_MALFORMED : check_header(header, &alg, &kid);
	if (result == SLUSS_OIDC_OK && !decode(jws->signature, signature, sizeof(signature), &len))
		result = SLUSS_OIDC_MALFORMED;
	if (result == SLUSS_OIDC_OK && (keys == NULL || !sluss_oidc_keys_has(keys, kid)))
		result = SLUSS_OIDC_KEY_UNKNOWN;
	if (result == SLUSS_OIDC_OK &&
	    !sluss_oidc_keys_verify(keys, kid, alg, jws->signed_octets, (struct sluss_bytes){signature, len}))
		result = SLUSS_OIDC_SIGNATURE;
	json_decref(header);
	return result;
}

// ---- claims

static bool says(const json_t *claims, const char *name, const char *expected)
{
	const char *text = text_of(claims, name);
	return text != NULL && strcmp(text, expected) == 0;
}

// Section 3.1.3.7, points 3 to 5.
static bool is_for_us(const json_t *claims, const char *client_id)
{
	const json_t *audience = json_object_get(claims, "aud");
	bool alone = json_is_string(audience), found = alone && says(claims, "aud", client_id);
	size_t count = json_array_size(audience);
	if (!alone && (count == 0 || count > AUDIENCES_MAX))
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *one = json_string_value(json_array_get(audience, i));
		if (one == NULL)
			return false;
		found = found || strcmp(one, client_id) == 0;
	}
	bool has_party = json_object_get(claims, "azp") != NULL;
	return found && (!has_party || says(claims, "azp", client_id)) && (count <= 1 || has_party);
}

static bool time_of(const json_t *claims, const char *name, int64_t *time_out)
{
	const json_t *value = json_object_get(claims, name);
	*time_out = json_integer_value(value);
	return json_is_integer(value) && *time_out > 0 && *time_out < INT64_C(1) << 40;
}

static bool is_of_now(const json_t *claims, int64_t now_s)
{
	int64_t until, issued, from;
	if (!time_of(claims, "exp", &until) || !time_of(claims, "iat", &issued))
		return false;
	if (json_object_get(claims, "nbf") != NULL &&
	    (!time_of(claims, "nbf", &from) || from > now_s + SLUSS_OIDC_SKEW_S))
		return false;
	return until > now_s - SLUSS_OIDC_SKEW_S && issued <= now_s + SLUSS_OIDC_SKEW_S &&
	       issued >= now_s - SLUSS_OIDC_AGE_S - SLUSS_OIDC_SKEW_S;
}

static enum sluss_oidc_result check_claims(const json_t *claims, const struct sluss_oidc_expect *expect)
{
	const char *subject = text_of(claims, "sub");
	if (subject == NULL || subject[0] == '\0' || strlen(subject) > SLUSS_OIDC_CLAIM_MAX)
		return SLUSS_OIDC_MALFORMED;
	if (!says(claims, "iss", expect->issuer))
		return SLUSS_OIDC_ISSUER;
	if (!is_for_us(claims, expect->client_id))
		return SLUSS_OIDC_AUDIENCE;
	if (!is_of_now(claims, expect->now_s))
		return SLUSS_OIDC_TIME;
	if (!says(claims, "nonce", expect->nonce))
		return SLUSS_OIDC_NONCE;
	return expect->acr[0] == '\0' || says(claims, "acr", expect->acr) ? SLUSS_OIDC_OK : SLUSS_OIDC_ACR;
}

static json_t *read_payload(const struct jws *jws)
{
	uint8_t *octets = malloc(SLUSS_OIDC_TOKEN_MAX);
	json_t *root = octets == NULL ? NULL : decode_object(jws->payload, octets, SLUSS_OIDC_TOKEN_MAX);
	if (octets != NULL)
		sodium_memzero(octets, SLUSS_OIDC_TOKEN_MAX);
	free(octets);
	return root;
}

enum sluss_oidc_result sluss_oidc_verify(struct sluss_bytes token, const struct sluss_oidc_keys *keys,
    const struct sluss_oidc_expect *expect, struct sluss_oidc_claims **claims_out)
{
	struct jws jws;
	*claims_out = NULL;
	if (!split(token, &jws))
		return SLUSS_OIDC_MALFORMED;
	enum sluss_oidc_result result = check_signature(&jws, keys);
	if (result != SLUSS_OIDC_OK)
		return result;
	json_t *root = read_payload(&jws);
	result = root == NULL ? SLUSS_OIDC_MALFORMED : check_claims(root, expect);
	if (result == SLUSS_OIDC_OK) {
		*claims_out = calloc(1, sizeof(**claims_out));
		result = *claims_out == NULL ? SLUSS_OIDC_NO_MEMORY : SLUSS_OIDC_OK;
	}
	if (result == SLUSS_OIDC_OK)
		(*claims_out)->root = root;
	else
		json_decref(root);
	return result;
}

void sluss_oidc_claims_free(struct sluss_oidc_claims **claims)
{
	if (*claims == NULL)
		return;
	json_decref((*claims)->root);
	free(*claims);
	*claims = NULL;
}

const char *sluss_oidc_claim(const struct sluss_oidc_claims *claims, const char *name)
{
	const char *text = text_of(claims->root, name);
	return text != NULL && text[0] != '\0' && strlen(text) <= SLUSS_OIDC_CLAIM_MAX ? text : NULL;
}

bool sluss_oidc_id_token(struct sluss_bytes json, char *token_out)
{
	if (json.len == 0 || json.len > ANSWER_MAX)
		return false;
	json_t *root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	const char *token = text_of(root, "id_token");
	bool good = token != NULL && strlen(token) <= SLUSS_OIDC_TOKEN_MAX;
	if (good)
		memcpy(token_out, token, strlen(token) + 1);
	json_decref(root);
	return good;
}
