// SPDX-License-Identifier: EUPL-1.2
// Certificate requests.
#include "csr.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

// What was written into a memory BIO, as a NUL-terminated copy; frees the BIO. The BIO's own memory is wiped by OpenSSL (BIO_s_secmem).
static char *take_text(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *copy = len > 0 ? malloc((size_t)len + 1) : NULL;
	if (copy != NULL) {
		memcpy(copy, data, (size_t)len);
		copy[len] = '\0';
	}
	BIO_free_all(bio);
	return copy;
}

char *sluss_csr_new_key(void)
{
	char *pem = NULL;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_secmem());
	if (key != NULL && bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		pem = take_text(bio);
		bio = NULL;
	}
	BIO_free_all(bio);
	EVP_PKEY_free(key);
	return pem;
}

char *sluss_csr_make(const char *key_pem, const char *agency_id)
{
	char *pem = NULL;
	BIO *in = BIO_new_mem_buf(key_pem, -1);
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	BIO *out = BIO_new(BIO_s_mem());
	if (key != NULL && request != NULL && name != NULL && out != NULL && X509_REQ_set_version(request, 0) == 1
	    && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)agency_id, -1, -1, 0) == 1
	    && X509_REQ_set_subject_name(request, name) == 1 && X509_REQ_set_pubkey(request, key) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0
	    && PEM_write_bio_X509_REQ(out, request) == 1) {
		pem = take_text(out);
		out = NULL;
	}
	BIO_free_all(out);
	X509_NAME_free(name);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	BIO_free_all(in);
	return pem;
}
