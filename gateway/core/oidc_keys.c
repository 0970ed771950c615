// SPDX-License-Identifier: EUPL-1.2
#include "oidc_keys.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PART_MAX = 1024, // octets of one number of a key: RSA of 8192 bits
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 8192,
	FIELD = 32, // octets of a coordinate on P-256, of an Ed25519 key
};

enum kind {
	KIND_NONE = 0,
	KIND_RSA,
	KIND_P256,
	KIND_ED25519,
};

struct key {
	char kid[SLUSS_OIDC_KID_MAX + 1];
	enum kind kind;
	enum sluss_oidc_alg alg; // NONE: any that fits the kind
	EVP_PKEY *pkey;
};

struct sluss_oidc_keys {
	size_t count;
	struct key keys[SLUSS_OIDC_KEYS_MAX];
};

// ---- one key

// base64url without padding (RFC 7515 section 2). 0: not there, malformed, or too long.
static size_t read_part(const json_t *jwk, const char *name, uint8_t out[PART_MAX])
{
	const char *text = json_string_value(json_object_get(jwk, name));
	size_t len = 0;
	if (text == NULL || sodium_base642bin(out, PART_MAX, text, strlen(text), NULL, &len, NULL,
				sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return 0;
	return len;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *read_rsa(const json_t *jwk)
{
	uint8_t n[PART_MAX], e[PART_MAX];
	size_t n_len = read_part(jwk, "n", n), e_len = read_part(jwk, "e", e);
	if (n_len == 0 || e_len == 0 || e_len > 8)
		return NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL), *exponent = BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM *params = NULL;
	if (build != NULL && modulus != NULL && exponent != NULL && BN_is_odd(exponent) && !BN_is_one(exponent) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *pkey = from_params("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	if (pkey != NULL && (EVP_PKEY_get_bits(pkey) < RSA_BITS_MIN || EVP_PKEY_get_bits(pkey) > RSA_BITS_MAX)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

// A point that is not on the curve is refused by OpenSSL.
static EVP_PKEY *read_p256(const json_t *jwk)
{
	uint8_t x[PART_MAX], y[PART_MAX], point[1 + 2 * FIELD] = {4};
	char group[] = "prime256v1";
	if (read_part(jwk, "x", x) != FIELD || read_part(jwk, "y", y) != FIELD)
		return NULL;
	memcpy(point + 1, x, FIELD);
	memcpy(point + 1 + FIELD, y, FIELD);
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
	    OSSL_PARAM_construct_end()};
	return from_params("EC", params);
}

static EVP_PKEY *read_ed25519(const json_t *jwk)
{
	uint8_t x[PART_MAX];
	if (read_part(jwk, "x", x) != FIELD)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, FIELD);
}

static bool is(const json_t *jwk, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(jwk, name));
	return text != NULL && strcmp(text, value) == 0;
}

static void read_kind(const json_t *jwk, struct key *key)
{
	if (is(jwk, "kty", "RSA")) {
		key->kind = KIND_RSA;
		key->pkey = read_rsa(jwk);
	} else if (is(jwk, "kty", "EC") && is(jwk, "crv", "P-256")) {
		key->kind = KIND_P256;
		key->pkey = read_p256(jwk);
	} else if (is(jwk, "kty", "OKP") && is(jwk, "crv", "Ed25519")) {
		key->kind = KIND_ED25519;
		key->pkey = read_ed25519(jwk);
	}
}

// False: not for us.
static bool read_key(const json_t *jwk, struct key *key)
{
	const char *kid = json_string_value(json_object_get(jwk, "kid"));
	const json_t *use = json_object_get(jwk, "use"), *alg = json_object_get(jwk, "alg");
	*key = (struct key){0};
	if (kid == NULL || kid[0] == '\0' || strlen(kid) > SLUSS_OIDC_KID_MAX ||
	    (use != NULL && !is(jwk, "use", "sig")))
		return false;
	memcpy(key->kid, kid, strlen(kid) + 1);
	if (alg != NULL) {
		key->alg = json_is_string(alg) ? sluss_oidc_alg_of(json_string_value(alg)) : SLUSS_OIDC_ALG_NONE;
		if (key->alg == SLUSS_OIDC_ALG_NONE)
			return false;
	}
	read_kind(jwk, key);
	ERR_clear_error();
	return key->pkey != NULL;
}

// ---- the set

static const struct key *find(const struct sluss_oidc_keys *keys, const char *kid)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->keys[i].kid, kid) == 0)
			return &keys->keys[i];
	return NULL;
}

static bool add(struct sluss_oidc_keys *keys, const json_t *jwk)
{
	struct key key;
	if (!read_key(jwk, &key))
		return true;
	if (find(keys, key.kid) != NULL) { // which of the two is meant nobody can tell
		EVP_PKEY_free(key.pkey);
		return false;
	}
	keys->keys[keys->count++] = key;
	return true;
}

struct sluss_oidc_keys *sluss_oidc_keys_read(struct sluss_bytes json)
{
	if (json.len == 0 || json.len > SLUSS_OIDC_KEYS_OCTETS)
		return NULL;
	json_t *root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(root, "keys");
	struct sluss_oidc_keys *keys = json_is_array(list) ? calloc(1, sizeof(*keys)) : NULL;
	bool good = keys != NULL;
	for (size_t i = 0; good && i < json_array_size(list) && keys->count < SLUSS_OIDC_KEYS_MAX; i++)
		good = add(keys, json_array_get(list, i));
	json_decref(root);
	if (!good || keys->count == 0)
		sluss_oidc_keys_free(&keys);
	return keys;
}

struct sluss_oidc_keys *sluss_oidc_keys_load(int fd, char sha256_out[SLUSS_OIDC_KEYS_SHA256], const char **why_out)
{
	struct stat status;
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct sluss_oidc_keys *keys = NULL;
	sha256_out[0] = '\0';
	*why_out = "must be a regular file that its owner alone can write";
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 022) != 0)
		return NULL;
	*why_out = "there is not enough memory";
	uint8_t *octets = malloc(SLUSS_OIDC_KEYS_OCTETS + 1);
	if (octets == NULL)
		return NULL;
	ssize_t len = pread(fd, octets, SLUSS_OIDC_KEYS_OCTETS + 1, 0);
	*why_out = "must be a JWK Set (at most 128 KiB) with a key that can be used";
	if (len > 0)
		keys = sluss_oidc_keys_read((struct sluss_bytes){octets, (size_t)len});
	if (keys != NULL && crypto_hash_sha256(hash, octets, (unsigned long long)len) == 0)
		sodium_bin2hex(sha256_out, SLUSS_OIDC_KEYS_SHA256, hash, sizeof(hash));
	free(octets);
	return keys;
}

void sluss_oidc_keys_free(struct sluss_oidc_keys **keys)
{
	if (*keys == NULL)
		return;
	for (size_t i = 0; i < (*keys)->count; i++)
		EVP_PKEY_free((*keys)->keys[i].pkey);
	free(*keys);
	*keys = NULL;
}

size_t sluss_oidc_keys_count(const struct sluss_oidc_keys *keys)
{
	return keys->count;
}

bool sluss_oidc_keys_has(const struct sluss_oidc_keys *keys, const char *kid)
{
	return find(keys, kid) != NULL;
}

// ---- signatures

enum sluss_oidc_alg sluss_oidc_alg_of(const char *name)
{
	static const struct {
		const char *name;
		enum sluss_oidc_alg alg;
	} algs[] = {{"RS256", SLUSS_OIDC_RS256}, {"PS256", SLUSS_OIDC_PS256}, {"ES256", SLUSS_OIDC_ES256},
	    {"EdDSA", SLUSS_OIDC_EDDSA}};
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (strcmp(algs[i].name, name) == 0)
			return algs[i].alg;
	return SLUSS_OIDC_ALG_NONE;
}

static enum kind kind_of(enum sluss_oidc_alg alg)
{
	switch (alg) {
	case SLUSS_OIDC_RS256:
	case SLUSS_OIDC_PS256:
		return KIND_RSA;
	case SLUSS_OIDC_ES256:
		return KIND_P256;
	case SLUSS_OIDC_EDDSA:
		return KIND_ED25519;
	case SLUSS_OIDC_ALG_NONE:
		break;
	}
	return KIND_NONE;
}

// r || s (RFC 7518 section 3.4) as OpenSSL wants it. 0: malformed. The caller frees with OPENSSL_free.
static size_t ecdsa_der(struct sluss_bytes raw, unsigned char **der_out)
{
	*der_out = NULL;
	ECDSA_SIG *signature = raw.len == 2 * FIELD ? ECDSA_SIG_new() : NULL;
	BIGNUM *r = signature == NULL ? NULL : BN_bin2bn(raw.data, FIELD, NULL);
	BIGNUM *s = signature == NULL ? NULL : BN_bin2bn(raw.data + FIELD, FIELD, NULL);
	int len = 0;
	if (r == NULL || s == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else {
		len = i2d_ECDSA_SIG(signature, der_out);
	}
	ECDSA_SIG_free(signature);
	return len > 0 ? (size_t)len : 0;
}

static bool verify(
    const struct key *key, enum sluss_oidc_alg alg, struct sluss_bytes octets, struct sluss_bytes signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	const EVP_MD *hash = alg == SLUSS_OIDC_EDDSA ? NULL : EVP_sha256();
	bool ok = context != NULL && EVP_DigestVerifyInit(context, &how, hash, NULL, key->pkey) == 1;
	if (ok && alg == SLUSS_OIDC_PS256) // RFC 7518 section 3.5: MGF1 with the same hash, salt as long as it
		ok = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestVerify(context, signature.data, signature.len, octets.data, octets.len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return ok;
}

bool sluss_oidc_keys_verify(const struct sluss_oidc_keys *keys, const char *kid, enum sluss_oidc_alg alg,
    struct sluss_bytes octets, struct sluss_bytes signature)
{
	const struct key *key = find(keys, kid);
	if (key == NULL || alg == SLUSS_OIDC_ALG_NONE || key->kind != kind_of(alg) ||
	    (key->alg != SLUSS_OIDC_ALG_NONE && key->alg != alg))
		return false;
	if (alg != SLUSS_OIDC_ES256)
		return verify(key, alg, octets, signature);
	unsigned char *der;
	size_t len = ecdsa_der(signature, &der);
	bool ok = len > 0 && verify(key, alg, octets, (struct sluss_bytes){der, len});
	OPENSSL_free(der);
	return ok;
}
