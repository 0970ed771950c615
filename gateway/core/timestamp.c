// SPDX-License-Identifier: EUPL-1.2
#include "timestamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

struct sluss_stamper {
	X509_STORE *store;
};

// ---- open and close

static bool add_certificates(X509_STORE *store, struct sluss_bytes pem)
{
	BIO *in = pem.len > INT32_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
	size_t count = 0;
	bool good = in != NULL;
	while (good) {
		X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
		if (certificate == NULL)
			break;
		good = X509_STORE_add_cert(store, certificate) == 1;
		X509_free(certificate);
		count++;
	}
	ERR_clear_error(); // the last read finds the end
	BIO_free(in);
	return good && count > 0;
}

struct sluss_stamper *sluss_stamper_new(struct sluss_bytes ca)
{
	struct sluss_stamper *stamper = calloc(1, sizeof(*stamper));
	if (stamper == NULL)
		return NULL;
	stamper->store = X509_STORE_new();
	if (stamper->store == NULL || !add_certificates(stamper->store, ca))
		sluss_stamper_free(&stamper);
	return stamper;
}

void sluss_stamper_free(struct sluss_stamper **stamper)
{
	if (*stamper == NULL)
		return;
	X509_STORE_free((*stamper)->store);
	free(*stamper);
	*stamper = NULL;
}

// ---- the query

// A positive number of these octets; the first bit set, so that no octet is lost.
static ASN1_INTEGER *make_nonce(const uint8_t octets[SLUSS_STAMP_NONCE])
{
	uint8_t positive[SLUSS_STAMP_NONCE];
	memcpy(positive, octets, sizeof(positive));
	positive[0] = (positive[0] & 0x7f) | 0x40;
	BIGNUM *number = BN_bin2bn(positive, sizeof(positive), NULL);
	ASN1_INTEGER *nonce = number == NULL ? NULL : BN_to_ASN1_INTEGER(number, NULL);
	BN_free(number);
	return nonce;
}

static TS_MSG_IMPRINT *make_imprint(const uint8_t imprint[SLUSS_HASH_BYTES])
{
	TS_MSG_IMPRINT *made = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t hash[SLUSS_HASH_BYTES];
	memcpy(hash, imprint, sizeof(hash));
	bool good = made != NULL && algorithm != NULL &&
		    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
		    TS_MSG_IMPRINT_set_algo(made, algorithm) == 1 &&
		    TS_MSG_IMPRINT_set_msg(made, hash, sizeof(hash)) == 1;
	X509_ALGOR_free(algorithm);
	if (good)
		return made;
	TS_MSG_IMPRINT_free(made);
	return NULL;
}

size_t sluss_stamp_query(
    const uint8_t imprint[SLUSS_HASH_BYTES], const uint8_t nonce[SLUSS_STAMP_NONCE], uint8_t out[SLUSS_STAMP_QUERY_MAX])
{
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *message = make_imprint(imprint);
	ASN1_INTEGER *number = make_nonce(nonce);
	size_t len = 0;
	if (request != NULL && message != NULL && number != NULL && TS_REQ_set_version(request, 1) == 1 &&
	    TS_REQ_set_msg_imprint(request, message) == 1 && TS_REQ_set_nonce(request, number) == 1 &&
	    TS_REQ_set_cert_req(request, 1) == 1) {
		int octets = i2d_TS_REQ(request, NULL);
		uint8_t *end = out;
		if (octets > 0 && octets <= SLUSS_STAMP_QUERY_MAX && i2d_TS_REQ(request, &end) == octets)
			len = (size_t)octets;
	}
	ASN1_INTEGER_free(number);
	TS_MSG_IMPRINT_free(message);
	TS_REQ_free(request);
	return len;
}

// ---- the reply

// RFC 3161 section 2.4.2: only "granted" and "granted with modifications" carry a timestamp; of the latter we know none
// that we could accept.
static bool is_granted(TS_RESP *reply)
{
	const TS_STATUS_INFO *status = TS_RESP_get_status_info(reply);
	return status != NULL && ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)) == TS_STATUS_GRANTED &&
	       TS_RESP_get_tst_info(reply) != NULL;
}

static bool time_of(TS_RESP *reply, int64_t *time_s_out)
{
	struct tm tm = {0};
	const ASN1_GENERALIZEDTIME *time = TS_TST_INFO_get_time(TS_RESP_get_tst_info(reply));
	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*time_s_out = (int64_t)timegm(&tm);
	return *time_s_out > 0;
}

// What the failed check was about, in our words.
static const char *why_failed(void)
{
	unsigned long code = ERR_peek_last_error();
	switch (ERR_GET_LIB(code) == ERR_LIB_TS ? ERR_GET_REASON(code) : 0) {
	case TS_R_MESSAGE_IMPRINT_MISMATCH:
		return "it is over something else (imprint)";
	case TS_R_NONCE_MISMATCH:
	case TS_R_NONCE_NOT_RETURNED:
		return "it answers another query (nonce)";
	case TS_R_CERTIFICATE_VERIFY_ERROR:
		return "its certificate does not lead to timestamp_ca, or is not for time-stamping";
	case TS_R_SIGNATURE_FAILURE:
		return "its signature does not verify";
	default:
		return "it does not verify";
	}
}

static TS_VERIFY_CTX *make_context(
    const struct sluss_stamper *stamper, const uint8_t imprint[SLUSS_HASH_BYTES], const uint8_t *nonce)
{
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *message = make_imprint(imprint);
	ASN1_INTEGER *number = nonce == NULL ? NULL : make_nonce(nonce);
	bool good = context != NULL && request != NULL && message != NULL && (nonce == NULL || number != NULL) &&
		    TS_REQ_set_version(request, 1) == 1 && TS_REQ_set_msg_imprint(request, message) == 1 &&
		    (number == NULL || TS_REQ_set_nonce(request, number) == 1) &&
		    TS_REQ_to_TS_VERIFY_CTX(request, context) != NULL && X509_STORE_up_ref(stamper->store) == 1;
	if (good) {
		(void)TS_VERIFY_CTX_set_store(context, stamper->store);
		(void)TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
	}
	ASN1_INTEGER_free(number);
	TS_MSG_IMPRINT_free(message);
	TS_REQ_free(request);
	if (good)
		return context;
	TS_VERIFY_CTX_free(context);
	return NULL;
}

bool sluss_stamp_verify(const struct sluss_stamper *stamper, struct sluss_bytes octets,
    const uint8_t imprint[SLUSS_HASH_BYTES], const uint8_t *nonce, int64_t *time_s_out, const char **why_out)
{
	const uint8_t *at = octets.data;
	*why_out = "it is no timestamp reply";
	if (octets.len == 0 || octets.len > SLUSS_STAMP_REPLY_MAX)
		return false;
	ERR_clear_error();
	TS_RESP *reply = d2i_TS_RESP(NULL, &at, (long)octets.len);
	bool good = reply != NULL && at == octets.data + octets.len;
	if (good && !is_granted(reply)) {
		*why_out = "the authority did not grant it";
		good = false;
	}
	TS_VERIFY_CTX *context = good ? make_context(stamper, imprint, nonce) : NULL;
	if (good) {
		good = context != NULL && TS_RESP_verify_response(context, reply) == 1;
		*why_out = good ? "it has no readable time" : why_failed();
		good = good && time_of(reply, time_s_out);
	}
	TS_VERIFY_CTX_free(context);
	TS_RESP_free(reply);
	ERR_clear_error();
	return good;
}
