// SPDX-License-Identifier: EUPL-1.2
// Certificates for agencies, through OpenSSL.
#include "ca.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
	REQUEST_MAX = 8 * 1024,
	SERIAL_BITS = 127,
	BACKDATE_S = 300,
	RSA_BITS_MIN = 2048,
};

struct sluss_ca {
	EVP_PKEY *key;
	X509 *certificate;
};

static BIO *bio_of(struct sluss_bytes octets)
{
	if (octets.len == 0 || octets.len > INT32_MAX)
		return NULL;
	return BIO_new_mem_buf(octets.data, (int)octets.len);
}

// A PEM callback that never asks at the terminal.
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

enum sluss_ca_result sluss_ca_open(struct sluss_bytes key_pem, struct sluss_bytes certificate_pem, struct sluss_ca **ca_out)
{
	*ca_out = NULL;
	struct sluss_ca *ca = calloc(1, sizeof(*ca));
	BIO *key_bio = bio_of(key_pem);
	BIO *cert_bio = bio_of(certificate_pem);
	if (ca != NULL && key_bio != NULL && cert_bio != NULL) {
		ca->key = PEM_read_bio_PrivateKey(key_bio, NULL, no_password, NULL);
		ca->certificate = PEM_read_bio_X509(cert_bio, NULL, no_password, NULL);
	}
	BIO_free(key_bio);
	BIO_free(cert_bio);
	if (ca == NULL || ca->key == NULL || ca->certificate == NULL || X509_check_private_key(ca->certificate, ca->key) != 1) {
		ERR_clear_error();
		sluss_ca_free(&ca);
		return SLUSS_CA_BROKEN;
	}
	*ca_out = ca;
	return SLUSS_CA_OK;
}

void sluss_ca_free(struct sluss_ca **ca)
{
	if (*ca == NULL)
		return;
	EVP_PKEY_free((*ca)->key);
	X509_free((*ca)->certificate);
	free(*ca);
	*ca = NULL;
}

static bool key_is_strong(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
		return true;
	case EVP_PKEY_RSA:
		return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	case EVP_PKEY_EC: {
		char group[32];
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
			return false;
		return strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0 || strcmp(group, "secp384r1") == 0 ||
		    strcmp(group, "P-384") == 0;
	}
	default:
		return false;
	}
}

static bool set_serial(X509 *cert)
{
	BIGNUM *serial = BN_new();
	bool ok = serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;
	BN_free(serial);
	return ok;
}

static bool set_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool set_subject(X509 *cert, const char *agency_id)
{
	X509_NAME *name = X509_NAME_new();
	bool ok = name != NULL &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)agency_id, -1, -1, 0) == 1 &&
	    X509_set_subject_name(cert, name) == 1;
	X509_NAME_free(name);
	return ok;
}

// The digest that the CA key signs with: none of its own for Ed25519 (RFC 8410).
static const EVP_MD *signing_digest(const EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
}

static X509 *build(const struct sluss_ca *ca, EVP_PKEY *subject_key, const char *agency_id, int days)
{
	X509 *cert = X509_new();
	if (cert == NULL)
		return NULL;
	bool ok = X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) && set_subject(cert, agency_id) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(ca->certificate)) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) != NULL &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, NULL) != NULL && X509_set_pubkey(cert, subject_key) == 1 &&
	    set_extension(cert, ca->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	    set_extension(cert, ca->certificate, NID_key_usage, "critical,digitalSignature") &&
	    set_extension(cert, ca->certificate, NID_ext_key_usage, "clientAuth") &&
	    set_extension(cert, ca->certificate, NID_subject_key_identifier, "hash") &&
	    (X509_get0_subject_key_id(ca->certificate) == NULL ||
	        set_extension(cert, ca->certificate, NID_authority_key_identifier, "keyid")) &&
	    X509_sign(cert, ca->key, signing_digest(ca->key)) > 0;
	if (!ok) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

static char *chain_text(X509 *cert, X509 *issuer)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1 && PEM_write_bio_X509(bio, issuer) == 1) {
		char *data;
		long len = BIO_get_mem_data(bio, &data);
		if (len > 0)
			text = strndup(data, (size_t)len);
	}
	BIO_free(bio);
	return text;
}

enum sluss_ca_result sluss_ca_issue(const struct sluss_ca *ca, struct sluss_bytes request_pem, const char *agency_id, int days,
    struct sluss_ca_certificate *certificate_out)
{
	memset(certificate_out, 0, sizeof(*certificate_out));
	if (request_pem.len > REQUEST_MAX)
		return SLUSS_CA_REQUEST_MALFORMED;
	BIO *bio = bio_of(request_pem);
	if (bio == NULL)
		return SLUSS_CA_REQUEST_MALFORMED;
	X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, no_password, NULL);
	BIO_free(bio);
	EVP_PKEY *key = request == NULL ? NULL : X509_REQ_get0_pubkey(request); // owned by request
	enum sluss_ca_result result = SLUSS_CA_OK;
	X509 *cert = NULL;
	if (key == NULL || X509_REQ_verify(request, key) != 1) {
		result = SLUSS_CA_REQUEST_MALFORMED;
	} else if (!key_is_strong(key)) {
		result = SLUSS_CA_KEY_WEAK;
	} else {
		unsigned int len = 0;
		cert = build(ca, key, agency_id, days);
		if (cert == NULL || X509_digest(cert, EVP_sha256(), certificate_out->fingerprint, &len) != 1 || len != SLUSS_HASH_BYTES)
			result = SLUSS_CA_BROKEN;
		else if ((certificate_out->chain_pem = chain_text(cert, ca->certificate)) == NULL)
			result = SLUSS_CA_BROKEN;
	}
	X509_free(cert);
	X509_REQ_free(request);
	ERR_clear_error();
	return result;
}
