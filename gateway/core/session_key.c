// SPDX-License-Identifier: EUPL-1.2
#include "session_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

enum { HALF = SLUSS_SESSION_SIGNATURE_BYTES / 2 };

// NULL: not a point on the curve, or no memory.
static EVP_PKEY *load(const uint8_t *key)
{
	char group[] = "P-256";
	uint8_t point[SLUSS_SESSION_KEY_BYTES];
	memcpy(point, key, sizeof(point));
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *loaded = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &loaded, EVP_PKEY_PUBLIC_KEY, params) != 1)
		loaded = NULL;
	EVP_PKEY_CTX_free(context);
	return loaded;
}

bool sluss_session_key_valid(struct sluss_bytes key)
{
	if (key.len != SLUSS_SESSION_KEY_BYTES || key.data[0] != 0x04)
		return false;
	EVP_PKEY *loaded = load(key.data);
	EVP_PKEY_free(loaded);
	return loaded != NULL;
}

// r || s as the DER that OpenSSL verifies. The result is freed with OPENSSL_free; NULL: no memory.
static uint8_t *to_der(const uint8_t *signature, size_t *len_out)
{
	uint8_t *der = NULL;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, HALF, NULL), *s = BN_bin2bn(signature + HALF, HALF, NULL);
	if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(pair);
		return NULL;
	}
	int len = i2d_ECDSA_SIG(pair, &der);
	ECDSA_SIG_free(pair);
	*len_out = len > 0 ? (size_t)len : 0;
	return len > 0 ? der : NULL;
}

static bool verify(EVP_PKEY *key, const struct sluss_bytes *parts, size_t count, const uint8_t *der, size_t der_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context != NULL && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1;
	for (size_t i = 0; ok && i < count; i++)
		ok = parts[i].len == 0 || EVP_DigestVerifyUpdate(context, parts[i].data, parts[i].len) == 1;
	ok = ok && EVP_DigestVerifyFinal(context, der, der_len) == 1;
	EVP_MD_CTX_free(context);
	return ok;
}

bool sluss_session_key_verify(const uint8_t key[SLUSS_SESSION_KEY_BYTES], const struct sluss_bytes *parts, size_t count,
    struct sluss_bytes signature)
{
	size_t der_len = 0;
	if (signature.len != SLUSS_SESSION_SIGNATURE_BYTES)
		return false;
	uint8_t *der = to_der(signature.data, &der_len);
	EVP_PKEY *loaded = der == NULL ? NULL : load(key);
	bool ok = loaded != NULL && verify(loaded, parts, count, der, der_len);
	EVP_PKEY_free(loaded);
	OPENSSL_free(der);
	return ok;
}
