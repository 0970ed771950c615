// SPDX-License-Identifier: EUPL-1.2
// The authority's certification: what it issues, and what it refuses.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "ca.h"

static char *pem_text(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = strndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

static char *key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return pem_text(bio);
}

static struct sluss_bytes bytes_of(const char *text)
{
	return (struct sluss_bytes){(const uint8_t *)text, strlen(text)};
}

// A self-signed CA as `slussd --init` makes one.
static struct sluss_ca *make_ca(X509 **certificate_out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Test CA", -1, -1, 0);
	X509_set_version(cert, X509_VERSION_3);
	X509_set_issuer_name(cert, name);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_time_adj_ex(X509_getm_notAfter(cert), 10, 0, NULL);
	X509_set_pubkey(cert, key);
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	char *cert_text = pem_text(bio), *key_text = key_pem(key);
	struct sluss_ca *ca;
	assert_int_equal(sluss_ca_open(bytes_of(key_text), bytes_of(cert_text), &ca), SLUSS_CA_OK);
	free(cert_text);
	free(key_text);
	EVP_PKEY_free(key);
	*certificate_out = cert;
	return ca;
}

static char *make_request(EVP_PKEY *key)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_REQ_get_subject_name(req);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"somebody-else", -1, -1, 0);
	X509_REQ_set_pubkey(req, key);
	assert_true(X509_REQ_sign(req, key, EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509_REQ(bio, req);
	X509_REQ_free(req);
	return pem_text(bio);
}

static void issues_for_its_own_subject(void **state)
{
	(void)state;
	X509 *ca_cert;
	struct sluss_ca *ca = make_ca(&ca_cert);
	EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_RSA_gen(2048), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *request = make_request(keys[i]);
		struct sluss_ca_certificate issued;
		assert_int_equal(sluss_ca_issue(ca, bytes_of(request), "school", 30, &issued), SLUSS_CA_OK);
		BIO *bio = BIO_new_mem_buf(issued.chain_pem, -1);
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		X509 *issuer = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
		char cn[64];
		assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn)) > 0);
		assert_string_equal(cn, "school");
		assert_int_equal(X509_cmp(issuer, ca_cert), 0);
		assert_int_equal(X509_check_ca(cert), 0);
		assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_CLIENT);
		X509_STORE *store = X509_STORE_new();
		X509_STORE_add_cert(store, ca_cert);
		X509_STORE_CTX *ctx = X509_STORE_CTX_new();
		X509_STORE_CTX_init(ctx, store, cert, NULL);
		X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
		assert_int_equal(X509_verify_cert(ctx), 1);
		uint8_t fingerprint[SLUSS_HASH_BYTES];
		X509_digest(cert, EVP_sha256(), fingerprint, NULL);
		assert_memory_equal(fingerprint, issued.fingerprint, sizeof(fingerprint));
		X509_STORE_CTX_free(ctx);
		X509_STORE_free(store);
		X509_free(cert);
		X509_free(issuer);
		EVP_PKEY_free(keys[i]);
		free(issued.chain_pem);
		free(request);
	}
	X509_free(ca_cert);
	sluss_ca_free(&ca);
	assert_null(ca);
}

static void refuses_what_it_cannot_stand_for(void **state)
{
	(void)state;
	X509 *ca_cert;
	struct sluss_ca *ca = make_ca(&ca_cert);
	struct sluss_ca_certificate issued;
	assert_int_equal(sluss_ca_issue(ca, bytes_of(""), "school", 30, &issued), SLUSS_CA_REQUEST_MALFORMED);
	assert_int_equal(sluss_ca_issue(ca, bytes_of("no request"), "school", 30, &issued), SLUSS_CA_REQUEST_MALFORMED);

	EVP_PKEY *weak = EVP_RSA_gen(1024);
	char *request = make_request(weak);
	assert_int_equal(sluss_ca_issue(ca, bytes_of(request), "school", 30, &issued), SLUSS_CA_KEY_WEAK);
	free(request);
	EVP_PKEY_free(weak);

	// A request whose signature is another key's: nobody has shown to hold the private key.
	EVP_PKEY *mine = EVP_EC_gen("P-256"), *theirs = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	X509_REQ_set_pubkey(req, theirs);
	assert_true(X509_REQ_sign(req, mine, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509_REQ(bio, req);
	request = pem_text(bio);
	assert_int_equal(sluss_ca_issue(ca, bytes_of(request), "school", 30, &issued), SLUSS_CA_REQUEST_MALFORMED);
	assert_null(issued.chain_pem);
	free(request);
	X509_REQ_free(req);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	X509_free(ca_cert);
	sluss_ca_free(&ca);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(issues_for_its_own_subject),
	    cmocka_unit_test(refuses_what_it_cannot_stand_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
