// SPDX-License-Identifier: EUPL-1.2
// ID tokens, right ones and forged ones: a row is a header, claims, who signs and how, and what must come of it.
#include "oidc_token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	TEXT = 32768,
	NOW = 1700000000,
};

static EVP_PKEY *rsa, *rsa_stranger, *ec, *ed;
static struct sluss_oidc_keys *keys;
static char rsa_modulus[512];

static const struct sluss_oidc_expect expect = {
    .issuer = "https://idp.example", .client_id = "sluss", .nonce = "n-1", .acr = "", .now_s = NOW};

#define WHO "\"iss\":\"https://idp.example\",\"sub\":\"x\""
#define FOR_US "\"aud\":\"sluss\""
#define TIMES "\"exp\":1700000300,\"iat\":1699999990"
#define NONCE "\"nonce\":\"n-1\""
#define GOOD "{" WHO "," FOR_US "," TIMES "," NONCE ",\"pin\":\"200803012384\"}"
#define RS256 "{\"alg\":\"RS256\",\"kid\":\"r\"}"

// ---- making

static size_t code(const uint8_t *octets, size_t len, char *out)
{
	// It fills what it is told with zeros: no more than the text needs.
	const int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	sodium_bin2base64(out, sodium_base64_encoded_len(len, form), octets, len, form);
	return strlen(out);
}

static size_t sign(EVP_PKEY *key, bool pss, const char *text, uint8_t *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	size_t len = 1024;
	assert_int_equal(EVP_DigestSignInit(
			     context, &how, EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256(), NULL, key),
	    1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	assert_int_equal(EVP_DigestSign(context, out, &len, (const uint8_t *)text, strlen(text)), 1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_get_id(key) != EVP_PKEY_EC)
		return len;
	const unsigned char *der = out;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t raw[64];
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32), 32);
	ECDSA_SIG_free(pair);
	memcpy(out, raw, sizeof(raw));
	return sizeof(raw);
}

enum how { HOW_NONE = 0, HOW_KEY, HOW_PSS, HOW_MAC, HOW_EMPTY };

static void make(const char *header, const char *claims, EVP_PKEY *key, enum how how, char token_out[TEXT])
{
	uint8_t signature[1024];
	size_t len = code((const uint8_t *)header, strlen(header), token_out), signed_len;
	token_out[len++] = '.';
	len += code((const uint8_t *)claims, strlen(claims), token_out + len);
	if (how == HOW_MAC) { // the public key taken for a secret
		crypto_auth_hmacsha256_state state;
		crypto_auth_hmacsha256_init(&state, (const uint8_t *)rsa_modulus, strlen(rsa_modulus));
		crypto_auth_hmacsha256_update(&state, (const uint8_t *)token_out, len);
		crypto_auth_hmacsha256_final(&state, signature);
		signed_len = 32;
	} else {
		signed_len = how == HOW_EMPTY ? 0 : sign(key, how == HOW_PSS, token_out, signature);
	}
	token_out[len++] = '.';
	(void)code(signature, signed_len, token_out + len);
}

static enum sluss_oidc_result judge(const char *token, const struct sluss_oidc_expect *with)
{
	struct sluss_oidc_claims *claims = NULL;
	enum sluss_oidc_result result =
	    sluss_oidc_verify((struct sluss_bytes){(const uint8_t *)token, strlen(token)}, keys, with, &claims);
	assert_int_equal(claims != NULL, result == SLUSS_OIDC_OK);
	if (claims != NULL && sluss_oidc_claim(claims, "pin") != NULL)
		assert_string_equal(sluss_oidc_claim(claims, "pin"), "200803012384");
	sluss_oidc_claims_free(&claims);
	return result;
}

// ---- the keys, as a provider gives them

static void number(EVP_PKEY *key, const char *name, char *out)
{
	BIGNUM *value = NULL;
	uint8_t octets[1024];
	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
	int len = BN_num_bytes(value);
	int padded = strncmp(name, "q", 1) == 0 ? 32 : len; // coordinates have all their octets
	assert_int_equal(BN_bn2binpad(value, octets, padded), padded);
	BN_free(value);
	(void)code(octets, (size_t)padded, out);
}

static int make_keys(void **state)
{
	static char x[TEXT], y[TEXT], z[TEXT], set[4096];
	uint8_t raw[32];
	size_t len = sizeof(raw);
	(void)state;
	rsa = EVP_RSA_gen(2048);
	rsa_stranger = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	number(rsa, OSSL_PKEY_PARAM_RSA_N, x);
	(void)snprintf(rsa_modulus, sizeof(rsa_modulus), "%.400s", x);
	number(ec, OSSL_PKEY_PARAM_EC_PUB_X, x);
	number(ec, OSSL_PKEY_PARAM_EC_PUB_Y, y);
	assert_int_equal(EVP_PKEY_get_raw_public_key(ed, raw, &len), 1);
	(void)code(raw, len, z);
	(void)snprintf(set, sizeof(set),
	    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"%.400s\",\"e\":\"AQAB\"},"
	    "{\"kty\":\"RSA\",\"kid\":\"p\",\"alg\":\"PS256\",\"n\":\"%.400s\",\"e\":\"AQAB\"},"
	    "{\"kty\":\"RSA\",\"kid\":\"enc\",\"use\":\"enc\",\"n\":\"%.400s\",\"e\":\"AQAB\"},"
	    "{\"kty\":\"oct\",\"kid\":\"mac\",\"k\":\"AAAA\"},{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"big\",\"x\":"
	    "\"AA\",\"y\":\"AA\"},7,"
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":\"%.50s\",\"y\":\"%.50s\"},"
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\",\"x\":\"%.50s\"}]}",
	    rsa_modulus, rsa_modulus, rsa_modulus, x, y, z);
	keys = sluss_oidc_keys_read((struct sluss_bytes){(const uint8_t *)set, strlen(set)});
	assert_non_null(keys);
	assert_int_equal(sluss_oidc_keys_count(keys), 4);
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	sluss_oidc_keys_free(&keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa_stranger);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
	return 0;
}

// ---- tables

static void test_tokens(void **state)
{
	(void)state;
	const struct {
		const char *what, *header, *claims;
		EVP_PKEY *key;
		enum how how;
		enum sluss_oidc_result expected;
	} rows[] = {
	    {"RS256", RS256, GOOD, rsa, HOW_KEY, SLUSS_OIDC_OK},
	    {"PS256", "{\"alg\":\"PS256\",\"kid\":\"r\",\"typ\":\"JWT\"}", GOOD, rsa, HOW_PSS, SLUSS_OIDC_OK},
	    {"ES256", "{\"alg\":\"ES256\",\"kid\":\"e\"}", GOOD, ec, HOW_KEY, SLUSS_OIDC_OK},
	    {"EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"d\"}", GOOD, ed, HOW_KEY, SLUSS_OIDC_OK},
	    {"another key", RS256, GOOD, rsa_stranger, HOW_KEY, SLUSS_OIDC_SIGNATURE},
	    {"none", "{\"alg\":\"none\",\"kid\":\"r\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_ALGORITHM},
	    {"none without kid", "{\"alg\":\"none\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_MALFORMED},
	    {"NONE", "{\"alg\":\"NONE\",\"kid\":\"r\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_ALGORITHM},
	    {"no signature", RS256, GOOD, rsa, HOW_EMPTY, SLUSS_OIDC_MALFORMED},
	    {"HS256 by the public key", "{\"alg\":\"HS256\",\"kid\":\"r\"}", GOOD, rsa, HOW_MAC, SLUSS_OIDC_ALGORITHM},
	    {"RS256 said, MAC made", RS256, GOOD, rsa, HOW_MAC, SLUSS_OIDC_SIGNATURE},
	    {"PSS where PKCS 1 is said", RS256, GOOD, rsa, HOW_PSS, SLUSS_OIDC_SIGNATURE},
	    {"the key is for PS256 alone", "{\"alg\":\"RS256\",\"kid\":\"p\"}", GOOD, rsa, HOW_KEY,
		SLUSS_OIDC_SIGNATURE},
	    {"RSA key, ES256 said", "{\"alg\":\"ES256\",\"kid\":\"r\"}", GOOD, ec, HOW_KEY, SLUSS_OIDC_SIGNATURE},
	    {"a key for encryption", "{\"alg\":\"RS256\",\"kid\":\"enc\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_KEY_UNKNOWN},
	    {"no kid", "{\"alg\":\"RS256\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_MALFORMED},
	    {"unknown kid", "{\"alg\":\"RS256\",\"kid\":\"z\"}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_KEY_UNKNOWN},
	    {"kid is a number", "{\"alg\":\"RS256\",\"kid\":7}", GOOD, rsa, HOW_KEY, SLUSS_OIDC_MALFORMED},
	    {"critical", "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"b64\"],\"b64\":false}", GOOD, rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	    {"an access token", "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", GOOD, rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	    {"alg twice", "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"r\"}", GOOD, rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	    {"header no JSON", "RS256", GOOD, rsa, HOW_KEY, SLUSS_OIDC_MALFORMED},
	    {"claims no object", RS256, "[1]", rsa, HOW_KEY, SLUSS_OIDC_MALFORMED},
	    {"nonce twice", RS256, "{" WHO "," FOR_US "," TIMES ",\"nonce\":\"n-2\"," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	    {"nobody", RS256, "{\"iss\":\"https://idp.example\"," FOR_US "," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	    {"another issuer", RS256, "{\"iss\":\"https://idp.example/\",\"sub\":\"x\"," FOR_US "," TIMES "," NONCE "}",
		rsa, HOW_KEY, SLUSS_OIDC_ISSUER},
	    {"for another", RS256, "{" WHO ",\"aud\":\"other\"," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_AUDIENCE},
	    {"for nobody", RS256, "{" WHO "," TIMES "," NONCE "}", rsa, HOW_KEY, SLUSS_OIDC_AUDIENCE},
	    {"for us in a list", RS256, "{" WHO ",\"aud\":[\"sluss\"]," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_OK},
	    {"for us and another", RS256, "{" WHO ",\"aud\":[\"sluss\",\"o\"]," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_AUDIENCE},
	    {"for us and another, given to us", RS256,
		"{" WHO ",\"aud\":[\"o\",\"sluss\"],\"azp\":\"sluss\"," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_OK},
	    {"given to another", RS256, "{" WHO "," FOR_US ",\"azp\":\"o\"," TIMES "," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_AUDIENCE},
	    {"expired", RS256, "{" WHO "," FOR_US ",\"exp\":1699999900,\"iat\":1699999890," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_TIME},
	    {"without end", RS256, "{" WHO "," FOR_US ",\"iat\":1699999990," NONCE "}", rsa, HOW_KEY, SLUSS_OIDC_TIME},
	    {"end is a text", RS256, "{" WHO "," FOR_US ",\"exp\":\"1700000300\",\"iat\":1699999990," NONCE "}", rsa,
		HOW_KEY, SLUSS_OIDC_TIME},
	    {"not yet valid", RS256, "{" WHO "," FOR_US "," TIMES ",\"nbf\":1700000200," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_TIME},
	    {"of tomorrow", RS256, "{" WHO "," FOR_US ",\"exp\":1700090000,\"iat\":1700086400," NONCE "}", rsa, HOW_KEY,
		SLUSS_OIDC_TIME},
	    {"an old one that lives long", RS256,
		"{" WHO "," FOR_US ",\"exp\":1800000000,\"iat\":1699990000," NONCE "}", rsa, HOW_KEY, SLUSS_OIDC_TIME},
	    {"another login's", RS256, "{" WHO "," FOR_US "," TIMES ",\"nonce\":\"n-2\"}", rsa, HOW_KEY,
		SLUSS_OIDC_NONCE},
	    {"no nonce", RS256, "{" WHO "," FOR_US "," TIMES "}", rsa, HOW_KEY, SLUSS_OIDC_NONCE},
	    {"nonce cut by NUL", RS256, "{" WHO "," FOR_US "," TIMES ",\"nonce\":\"n-1\\u0000x\"}", rsa, HOW_KEY,
		SLUSS_OIDC_MALFORMED},
	};
	static char token[TEXT];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(rows[i].header, rows[i].claims, rows[i].key, rows[i].how, token);
		enum sluss_oidc_result result = judge(token, &expect);
		if (result != rows[i].expected)
			print_message("%s: %s\n", rows[i].what, sluss_oidc_result_name(result));
		assert_int_equal(result, rows[i].expected);
	}
}

static void test_assurance(void **state)
{
	static char token[TEXT];
	struct sluss_oidc_expect with = expect;
	(void)state;
	with.acr = "loa3";
	make(RS256, GOOD, rsa, HOW_KEY, token);
	assert_int_equal(judge(token, &with), SLUSS_OIDC_ACR);
	make(RS256, "{" WHO "," FOR_US "," TIMES "," NONCE ",\"acr\":\"loa3\"}", rsa, HOW_KEY, token);
	assert_int_equal(judge(token, &with), SLUSS_OIDC_OK);
}

// A good token with anything cut off or changed is none; nor is one that is too long.
static void test_every_octet_counts(void **state)
{
	static char token[TEXT], broken[TEXT];
	(void)state;
	make(RS256, GOOD, rsa, HOW_KEY, token);
	size_t len = strlen(token);
	for (size_t i = 0; i < len; i++) {
		memcpy(broken, token, len + 1);
		broken[i] = broken[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(judge(broken, &expect), SLUSS_OIDC_OK);
		memcpy(broken, token, len + 1);
		broken[i] = '\0';
		assert_int_not_equal(judge(broken, &expect), SLUSS_OIDC_OK);
	}
	memset(broken, 'a', sizeof(broken));
	broken[TEXT - 1] = '\0';
	assert_int_equal(judge(broken, &expect), SLUSS_OIDC_MALFORMED);
	assert_int_equal(judge("..", &expect), SLUSS_OIDC_MALFORMED);
	assert_int_equal(judge("a.b.c.d", &expect), SLUSS_OIDC_MALFORMED);
}

static void test_key_sets(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "[]", "{}", "{\"keys\":[]}", "{\"keys\":7}", "{\"keys\":[],\"keys\":[]}",
	    "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}]}",
	    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
	    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"AA\",\"y\":\"AA\"}]}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(sluss_oidc_keys_read((struct sluss_bytes){(const uint8_t *)bad[i], strlen(bad[i])}));
	char twice[2048];
	(void)snprintf(twice, sizeof(twice),
	    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"%.400s\",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"kid\":\"r\","
	    "\"n\":\"%.400s\",\"e\":\"AQAB\"}]}",
	    rsa_modulus, rsa_modulus);
	assert_null(sluss_oidc_keys_read((struct sluss_bytes){(const uint8_t *)twice, strlen(twice)}));
}

// A file of keys: who may write it decides who gets in.
static void test_key_files(void **state)
{
	(void)state;
	char path[] = "/tmp/sluss-keys-XXXXXX", set[1024], sha256[SLUSS_OIDC_KEYS_SHA256];
	const char *why;
	int fd = mkstemp(path);
	int len = snprintf(set, sizeof(set),
	    "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"%.400s\",\"e\":\"AQAB\"}]}", rsa_modulus);
	assert_true(fd >= 0);
	assert_null(sluss_oidc_keys_load(fd, sha256, &why)); // empty
	assert_non_null(strstr(why, "JWK Set"));
	assert_int_equal(write(fd, set, (size_t)len), len);
	struct sluss_oidc_keys *loaded = sluss_oidc_keys_load(fd, sha256, &why);
	assert_non_null(loaded);
	assert_true(sluss_oidc_keys_has(loaded, "r"));
	assert_int_equal(strlen(sha256), 64);
	sluss_oidc_keys_free(&loaded);
	assert_int_equal(fchmod(fd, 0664), 0); // others write it
	assert_null(sluss_oidc_keys_load(fd, sha256, &why));
	assert_non_null(strstr(why, "owner alone"));
	assert_string_equal(sha256, "");
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(ftruncate(fd, SLUSS_OIDC_KEYS_OCTETS + 1), 0); // more than is read
	assert_null(sluss_oidc_keys_load(fd, sha256, &why));
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_null(sluss_oidc_keys_load(ends[0], sha256, &why));
	assert_int_equal(close(ends[0]) + close(ends[1]), 0);
}

static void test_answers(void **state)
{
	static char token[SLUSS_OIDC_TOKEN_MAX + 1];
	static const char good[] = "{\"access_token\":\"a\",\"id_token\":\"x.y.z\"}", number_[] = "{\"id_token\":7}",
			  twice[] = "{\"id_token\":\"a\",\"id_token\":\"b\"}";
	(void)state;
	assert_true(sluss_oidc_id_token((struct sluss_bytes){(const uint8_t *)good, sizeof(good) - 1}, token));
	assert_string_equal(token, "x.y.z");
	assert_false(sluss_oidc_id_token((struct sluss_bytes){(const uint8_t *)good, sizeof(good) - 2}, token));
	assert_false(sluss_oidc_id_token((struct sluss_bytes){(const uint8_t *)number_, sizeof(number_) - 1}, token));
	assert_false(sluss_oidc_id_token((struct sluss_bytes){(const uint8_t *)twice, sizeof(twice) - 1}, token));
	assert_false(sluss_oidc_id_token((struct sluss_bytes){NULL, 0}, token));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens),
	    cmocka_unit_test(test_assurance),
	    cmocka_unit_test(test_every_octet_counts),
	    cmocka_unit_test(test_key_sets),
	    cmocka_unit_test(test_key_files),
	    cmocka_unit_test(test_answers),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests_name("core_oidc", tests, make_keys, drop_keys);
}
