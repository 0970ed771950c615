// SPDX-License-Identifier: EUPL-1.2
#include "init_pki.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum {
	SERIAL_BITS = 127, // positive and at most 20 octets (RFC 5280 section 4.1.2.2)
};

static bool set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool good = number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return good;
}

static bool set_subject(X509 *certificate, const char *common_name)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	const unsigned char *text = (const unsigned char *)common_name;
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct sluss_pki_request *request)
{
	bool good = add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
	if (request->use == SLUSS_PKI_CA) {
		good = good &&
		       add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		       add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
	} else {
		const char *purpose = request->use == SLUSS_PKI_SERVER ? "serverAuth" : "clientAuth";
		good = good && add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
		       add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
		       add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
		       add_extension(certificate, issuer, NID_ext_key_usage, purpose);
	}
	if (request->alternative_names != NULL)
		good = good && add_extension(certificate, issuer, NID_subject_alt_name, request->alternative_names);
	return good;
}

static bool fill(
    X509 *certificate, EVP_PKEY *key, const struct sluss_pki_request *request, const struct sluss_pki_pair *issuer)
{
	bool good = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
		    X509_gmtime_adj(X509_getm_notBefore(certificate), request->from_s) != NULL &&
		    X509_gmtime_adj(X509_getm_notAfter(certificate), request->until_s) != NULL &&
		    set_subject(certificate, request->common_name) && X509_set_pubkey(certificate, key) == 1;
	X509 *parent = issuer != NULL ? issuer->certificate : certificate;
	return good && X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1 &&
	       add_extensions(certificate, parent, request) &&
	       X509_sign(certificate, issuer != NULL ? issuer->key : key, EVP_sha256()) > 0;
}

bool sluss_pki_issue(
    const struct sluss_pki_request *request, const struct sluss_pki_pair *issuer, struct sluss_pki_pair *pair_out)
{
	struct sluss_pki_pair pair = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	if (pair.key == NULL || pair.certificate == NULL || !fill(pair.certificate, pair.key, request, issuer))
		sluss_pki_free(&pair);
	*pair_out = pair;
	return pair.certificate != NULL;
}

void sluss_pki_free(struct sluss_pki_pair *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->certificate);
	*pair = (struct sluss_pki_pair){0};
}

static bool add_revoked(X509_CRL *crl, X509 *certificate)
{
	ASN1_INTEGER *serial = X509_get_serialNumber(certificate);
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	bool good = entry != NULL && now != NULL && X509_REVOKED_set_revocationDate(entry, now) == 1 &&
		    X509_REVOKED_set_serialNumber(entry, serial) == 1;
	ASN1_TIME_free(now);
	if (good && X509_CRL_add0_revoked(crl, entry) == 1)
		return true;
	X509_REVOKED_free(entry);
	return false;
}

X509_CRL *sluss_pki_crl(const struct sluss_pki_pair *issuer, X509 *const *revoked, size_t count, int days)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, 0);
	ASN1_TIME *until = X509_time_adj_ex(NULL, days, 0, NULL);
	bool good = crl != NULL && from != NULL && until != NULL &&
		    X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
		    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)) == 1 &&
		    X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, until) == 1;
	for (size_t i = 0; good && i < count; i++)
		good = add_revoked(crl, revoked[i]);
	good = good && X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0;
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	if (good)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}
