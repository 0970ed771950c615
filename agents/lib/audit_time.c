// SPDX-License-Identifier: EUPL-1.2
// RFC 3161 timestamps over checkpoints, checked by OpenSSL against the authority's certificates. The certificates have
// to be valid at the time that the timestamp says, not today: a log outlives them.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <stdlib.h>
#include <time.h>

#include "audit_impl.h"

enum { RESPONSE_MAX = 256 * 1024 };

static X509_STORE *store_of(const struct audit_trust *trust, time_t at)
{
	X509_STORE *store = X509_STORE_new();
	BIO *pem = trust->tsa_len > INT32_MAX ? NULL : BIO_new_mem_buf(trust->tsa_pem, (int)trust->tsa_len);
	size_t count = 0;
	for (X509 *one; store != NULL && pem != NULL && (one = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL;) {
		count += X509_STORE_add_cert(store, one) == 1 ? 1 : 0;
		X509_free(one);
	}
	BIO_free(pem);
	ERR_clear_error(); // the end of the file is an error too
	if (store != NULL && count > 0) {
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), at);
		return store;
	}
	X509_STORE_free(store);
	return NULL;
}

static bool time_of(TS_RESP *response, time_t *at_out)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(response);
	const ASN1_GENERALIZEDTIME *stated = info == NULL ? NULL : TS_TST_INFO_get_time(info);
	struct tm tm;
	if (stated == NULL || ASN1_TIME_to_tm(stated, &tm) != 1)
		return false;
	*at_out = timegm(&tm);
	return *at_out != (time_t)-1;
}

// The one encoding: written again, it is the same. So nothing stands in the file that was not looked at as DER.
static bool is_der(TS_RESP *response, const uint8_t *octets, size_t len)
{
	unsigned char *again = NULL;
	int n = i2d_TS_RESP(response, &again);
	bool same = n > 0 && (size_t)n == len && memcmp(again, octets, len) == 0;
	OPENSSL_free(again);
	return same;
}

// An algorithm's parameters are NULL or absent, in every one that occurs here but PSS, which is not accepted.
static bool is_plain(const X509_ALGOR *algorithm)
{
	int type = V_ASN1_UNDEF;
	const ASN1_OBJECT *object = NULL;
	X509_ALGOR_get0(&object, &type, NULL, algorithm);
	return type == V_ASN1_NULL || type == V_ASN1_UNDEF;
}

static bool signs_with(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	switch (OBJ_obj2nid(object)) {
	case NID_rsaEncryption:
	case NID_sha256WithRSAEncryption:
	case NID_sha384WithRSAEncryption:
	case NID_sha512WithRSAEncryption:
	case NID_X9_62_id_ecPublicKey:
	case NID_ecdsa_with_SHA256:
	case NID_ecdsa_with_SHA384:
	case NID_ecdsa_with_SHA512:
		return true;
	default:
		return false;
	}
}

// The signer is named as its certificate names its issuer, octet by octet: OpenSSL keeps a name as it was written and
// compares it by meaning.
static bool names_issuer(PKCS7 *token, const PKCS7_SIGNER_INFO *signer)
{
	STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);
	const unsigned char *stated = NULL, *own = NULL;
	size_t stated_len = 0, own_len = 0;
	bool same = sk_X509_num(signers) == 1 &&
		    X509_NAME_get0_der(signer->issuer_and_serial->issuer, &stated, &stated_len) == 1 &&
		    X509_NAME_get0_der(X509_get_issuer_name(sk_X509_value(signers, 0)), &own, &own_len) == 1 &&
		    stated_len == own_len && memcmp(stated, own, own_len) == 0;
	sk_X509_free(signers);
	return same;
}

// What stands around the signature and is not under it: granted without a word (RFC 3161 section 2.4.2), the versions
// that a token has (RFC 5652 sections 5.1 and 5.3), algorithms that sign. OpenSSL does not look at them.
static bool frame_is_usual(TS_RESP *response)
{
	TS_STATUS_INFO *status = TS_RESP_get_status_info(response);
	PKCS7 *token = TS_RESP_get_token(response);
	if (status == NULL || ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)) != TS_STATUS_GRANTED ||
	    TS_STATUS_INFO_get0_text(status) != NULL || TS_STATUS_INFO_get0_failure_info(status) != NULL ||
	    token == NULL || !PKCS7_type_is_signed(token) || ASN1_INTEGER_get(token->d.sign->version) != 3 ||
	    sk_PKCS7_SIGNER_INFO_num(token->d.sign->signer_info) != 1 || sk_X509_ALGOR_num(token->d.sign->md_algs) != 1)
		return false;
	const PKCS7_SIGNER_INFO *signer = sk_PKCS7_SIGNER_INFO_value(token->d.sign->signer_info, 0);
	return ASN1_INTEGER_get(signer->version) == 1 && is_plain(sk_X509_ALGOR_value(token->d.sign->md_algs, 0)) &&
	       is_plain(signer->digest_alg) && is_plain(signer->digest_enc_alg) && signs_with(signer->digest_enc_alg) &&
	       signer->unauth_attr == NULL && names_issuer(token, signer);
}

static bool verify(TS_RESP *response, const struct audit_trust *trust, const struct sluss_hash *imprint, time_t at)
{
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	X509_STORE *store = store_of(trust, at);
	unsigned char *copy = OPENSSL_memdup(imprint->b, sizeof(imprint->b));
	bool ok = false;
	if (context != NULL && store != NULL && copy != NULL) {
		(void)TS_VERIFY_CTX_set_flags(context, TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
		(void)TS_VERIFY_CTX_set_store(context, store); // both are the context's from here on
		(void)TS_VERIFY_CTX_set_imprint(context, copy, sizeof(imprint->b));
		store = NULL;
		copy = NULL;
		ok = TS_RESP_verify_response(context, response) == 1;
	}
	OPENSSL_free(copy);
	X509_STORE_free(store);
	TS_VERIFY_CTX_free(context);
	ERR_clear_error();
	return ok;
}

// Says what is wrong, NULL when nothing is.
static const char *check(const struct audit_trust *trust, const uint8_t *octets, size_t len,
    const struct sluss_hash *imprint, int64_t *time_ms_out)
{
	const unsigned char *at = octets;
	time_t stated = 0;
	const char *wrong = NULL;
	TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)len);
	if (response == NULL || at != octets + len || !is_der(response, octets, len))
		wrong = "is not a time-stamp response";
	else if (!frame_is_usual(response))
		wrong = "is not granted, or in a form that no time-stamping authority uses";
	else if (!time_of(response, &stated))
		wrong = "says no time";
	else if (trust->tsa_pem == NULL)
		wrong = "cannot be verified: keys/tsa.pem is missing";
	else if (!verify(response, trust, imprint, stated))
		wrong = "does not verify, or is not over this checkpoint";
	TS_RESP_free(response);
	ERR_clear_error();
	*time_ms_out = (int64_t)stated * 1000;
	return wrong;
}

bool audit_timestamp(struct audit *audit, const struct audit_trust *trust, const char *path,
    const struct sluss_hash *imprint, int64_t *time_ms_out)
{
	uint8_t *octets = malloc(RESPONSE_MAX);
	size_t len = 0;
	*time_ms_out = 0;
	if (octets == NULL) {
		audit->no_memory = true;
		return false;
	}
	const char *wrong = "cannot be read";
	if (audit->source->read(audit->source->context, path, octets, RESPONSE_MAX, &len) == SLUSS_AUDIT_READ_OK)
		wrong = check(trust, octets, len, imprint, time_ms_out);
	free(octets);
	if (wrong != NULL)
		audit_find(audit, SLUSS_AUDIT_TIMESTAMP_WRONG, "%s %s", path, wrong);
	return wrong == NULL;
}
