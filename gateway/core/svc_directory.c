// SPDX-License-Identifier: EUPL-1.2
// DirectoryService: who takes part and with which keys; joining with a one-time token; new keys that overlap with the
// old ones.
#include "ca.h"
#include "svc_agency.h"
#include "svc_common.h"

#include <stdlib.h>

enum {
	OVERLAP_HOURS_MAX = 30 * 24,
	HOUR_MS = 3600 * 1000,
	KEY_BYTES = 32,
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// ---- ListAgencies, GetAgency

static void list_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ListAgenciesRequest *request = (const Sluss__V1__ListAgenciesRequest *)txn->request;
	Sluss__V1__ListAgenciesResponse response = SLUSS__V1__LIST_AGENCIES_RESPONSE__INIT;
	struct sluss_agency_view view;
	size_t count = 0;
	while (sluss_directory_at(sluss_txn_directory(txn), count, &view))
		count++;
	response.agencies = sluss_arena_array(txn->arena, count, sizeof(*response.agencies));
	if (response.agencies == NULL) {
		svc_no_memory(txn);
		return;
	}
	for (size_t i = 0; i < count && sluss_directory_at(sluss_txn_directory(txn), i, &view); i++) {
		if (request->type != SLUSS__V1__AGENCY_TYPE__AGENCY_TYPE_UNSPECIFIED &&
		    (Sluss__V1__AgencyType)view.type != request->type)
			continue;
		if ((response.agencies[response.n_agencies] = svc_agency(txn, view.agency)) == NULL)
			return;
		response.n_agencies++;
	}
	sluss_txn_respond(txn, &response.base);
}

static void get_execute(struct sluss_txn *txn)
{
	const Sluss__V1__GetAgencyRequest *request = (const Sluss__V1__GetAgencyRequest *)txn->request;
	Sluss__V1__GetAgencyResponse response = SLUSS__V1__GET_AGENCY_RESPONSE__INIT;
	struct sluss_agency_view view;
	if (!sluss_directory_agency(sluss_txn_directory(txn), request->agency_id, &view)) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_AGENCY, "agency_id", NULL);
		return;
	}
	if ((response.agency = svc_agency(txn, view.agency)) != NULL)
		sluss_txn_respond(txn, &response.base);
}

// ---- new keys, in enrolment and rotation

struct new_keys {
	ProtobufCBinaryData signing, sealing, possession;
	struct sluss_ca_certificate certificate; // chain_pem NULL: none was asked for
};

static bool possessed(struct sluss_txn *txn, const char *agency_id, const struct new_keys *keys)
{
	if (keys->signing.len != KEY_BYTES)
		return wrong(txn, "signing_key", "an Ed25519 public key of 32 octets is needed here");
	if (keys->sealing.len != KEY_BYTES)
		return wrong(txn, "sealing_key", "an X25519 public key of 32 octets is needed here");
	if (sluss_possession_verify(keys->signing.data, txn->authority, agency_id, keys->sealing.data,
		keys->possession.data, keys->possession.len))
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, "possession_signature",
	    "this is not a proof by the new signing key for this agency and authority");
	return false;
}

static bool certify(struct sluss_txn *txn, const char *agency_id, const char *request_pem, struct new_keys *keys)
{
	struct sluss_bytes request = {(const uint8_t *)request_pem, strlen(request_pem)};
	if (sluss_txn_ca(txn) == NULL) {
		sluss_txn_refuse(
		    txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "this gateway does not issue certificates");
		return false;
	}
	switch (sluss_ca_issue(
	    sluss_txn_ca(txn), request, agency_id, sluss_txn_certificate_days(txn), &keys->certificate)) {
	case SLUSS_CA_OK:
		return true;
	case SLUSS_CA_REQUEST_MALFORMED:
		return wrong(txn, "certificate_request",
		    "one PEM certificate request (PKCS #10), signed by its own key, is needed here");
	case SLUSS_CA_KEY_WEAK:
		return wrong(txn, "certificate_request",
		    "the key must be EC P-256 or P-384, Ed25519, or RSA of at least 2048 bits");
	case SLUSS_CA_BROKEN:
		break;
	}
	sluss_txn_refuse(
	    txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, "the gateway could not make a certificate");
	return false;
}

// Takes the certificate's text into the arena, so that it is freed with the request.
static char *keep_chain(struct sluss_txn *txn, struct new_keys *keys)
{
	char *text = keys->certificate.chain_pem == NULL ? sluss_arena_text(txn->arena, "")
							 : sluss_arena_text(txn->arena, keys->certificate.chain_pem);
	free(keys->certificate.chain_pem);
	keys->certificate.chain_pem = NULL;
	if (text == NULL)
		svc_no_memory(txn);
	return text;
}

// A key or certificate that somebody has already is refused before anything is written.
static bool append_binding(struct sluss_txn *txn, const struct sluss_record *record, uint64_t *index_out)
{
	if (sluss_directory_accepts(sluss_txn_directory(txn), record))
		return sluss_txn_append(txn, record, index_out);
	sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, "signing_key",
	    "this key or certificate is bound to an agency already");
	return false;
}

// ---- Enrol

static bool set_approvers(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation)
{
	struct sluss_record record = {.type = SLUSS_REC_APPROVERS_SET,
	    .u.approvers_set = {invitation->agency_id, (const char *const *)invitation->approver_officer_ids,
		invitation->n_approver_officer_ids}};
	return invitation->n_approver_officer_ids == 0 || sluss_txn_append(txn, &record, NULL);
}

// An agency that enrols again has lost its keys: all old ones end now. One that comes with its old signing key has lost
// its certificate only.
static bool revoke_old(struct sluss_txn *txn, const struct sluss_agency_view *view, const uint8_t *sign_key)
{
	struct svc_revoked revoked = {0};
	for (size_t i = 0; i < view->key_count; i++) {
		if (!svc_revoke_binding(txn, view->agency, i, sign_key, &revoked))
			return false;
	}
	return true;
}

static bool append_enrolment(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation,
    const struct new_keys *keys, uint64_t *index_out)
{
	struct sluss_record record = {.type = SLUSS_REC_AGENCY_ENROLLED,
	    .u.agency_enrolled = {.agency = invitation->agency_id, .type = (enum sluss_agency_type)invitation->type}};
	struct sluss_rec_agency_enrolled *e = &record.u.agency_enrolled;
	memcpy(e->sign_key, keys->signing.data, KEY_BYTES);
	memcpy(e->seal_key, keys->sealing.data, KEY_BYTES);
	memcpy(e->certificate, keys->certificate.fingerprint, SLUSS_HASH_BYTES);
	return append_binding(txn, &record, index_out);
}

static bool append_rotation(struct sluss_txn *txn, const char *agency_id, const struct new_keys *keys,
    const uint8_t *certificate, int64_t old_until_ms, uint64_t *index_out)
{
	struct sluss_record record = {
	    .type = SLUSS_REC_KEYS_ROTATED, .u.keys_rotated = {.agency = agency_id, .old_until_ms = old_until_ms}};
	struct sluss_rec_keys_rotated *r = &record.u.keys_rotated;
	memcpy(r->sign_key, keys->signing.data, KEY_BYTES);
	memcpy(r->seal_key, keys->sealing.data, KEY_BYTES);
	memcpy(r->certificate, certificate, SLUSS_HASH_BYTES);
	return append_binding(txn, &record, index_out);
}

static bool bind(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation, const struct new_keys *keys,
    uint64_t *index_out)
{
	struct sluss_agency_view view;
	if (!sluss_directory_agency(sluss_txn_directory(txn), invitation->agency_id, &view))
		return append_enrolment(txn, invitation, keys, index_out);
	return append_rotation(
		   txn, invitation->agency_id, keys, keys->certificate.fingerprint, txn->now_ms, index_out) &&
	       revoke_old(txn, &view, keys->signing.data);
}

static void enrol_execute(struct sluss_txn *txn)
{
	const Sluss__V1__EnrolRequest *request = (const Sluss__V1__EnrolRequest *)txn->request;
	Sluss__V1__EnrolResponse response = SLUSS__V1__ENROL_RESPONSE__INIT;
	struct new_keys keys = {request->signing_key, request->sealing_key, request->possession_signature, {0}};
	uint64_t index = 0;
	const Sluss__V1__AddAgencyRequest *invitation = svc_token_read(txn, request);
	if (invitation == NULL || !possessed(txn, invitation->agency_id, &keys) ||
	    !certify(txn, invitation->agency_id, request->certificate_request, &keys) ||
	    (response.certificate_chain = keep_chain(txn, &keys)) == NULL)
		return;
	struct sluss_bytes name_key = {(const uint8_t *)invitation->agency_id, strlen(invitation->agency_id)};
	struct sluss_bytes name = {(const uint8_t *)invitation->display_name, strlen(invitation->display_name)};
	if (!bind(txn, invitation, &keys, &index) || !set_approvers(txn, invitation) ||
	    !svc_token_use(txn, request->token_id) ||
	    !sluss_txn_put_side(txn, SLUSS_SIDE_AGENCY_NAME, name_key, name) ||
	    (response.agency = svc_agency(txn, invitation->agency_id)) == NULL)
		return;
	response.authority = sluss_arena_text(txn->arena, txn->authority);
	response.log_verifier_key = sluss_arena_text(txn->arena, sluss_txn_verifier_key(txn));
	if (response.authority == NULL || response.log_verifier_key == NULL) {
		svc_no_memory(txn);
		return;
	}
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 5);
}

// ---- RotateKeys

static void rotate_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RotateKeys *s = (const Sluss__V1__RotateKeys *)txn->statement;
	Sluss__V1__RotateKeysResponse response = SLUSS__V1__ROTATE_KEYS_RESPONSE__INIT;
	struct new_keys keys = {s->signing_key, s->sealing_key, s->possession_signature, {0}};
	struct sluss_agency_view view;
	struct sluss_agency_keys newest;
	uint64_t index = 0;
	if (s->overlap_hours > OVERLAP_HOURS_MAX) {
		wrong(txn, "overlap_hours", "at most 720 hours");
		return;
	}
	if (!sluss_directory_agency(sluss_txn_directory(txn), txn->caller, &view) || view.key_count == 0 ||
	    !sluss_directory_keys(sluss_txn_directory(txn), txn->caller, view.key_count - 1, &newest)) {
		svc_no_memory(txn);
		return;
	}
	if (view.key_count >= SLUSS_AGENCY_KEYS_MAX) {
		sluss_txn_refuse(txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, NULL,
		    "this agency has rotated its keys as often as it can");
		return;
	}
	bool renew = s->certificate_request[0] != '\0';
	if (!possessed(txn, txn->caller, &keys) ||
	    (renew && !certify(txn, txn->caller, s->certificate_request, &keys)) ||
	    (response.certificate = keep_chain(txn, &keys)) == NULL)
		return;
	int64_t old_until_ms = txn->now_ms + (int64_t)s->overlap_hours * HOUR_MS;
	if (!append_rotation(txn, txn->caller, &keys, renew ? keys.certificate.fingerprint : newest.certificate,
		old_until_ms, &index) ||
	    (response.agency = svc_agency(txn, txn->caller)) == NULL)
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 3);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_DIRECTORY_LIST_AGENCIES, NULL, NULL, list_execute, NULL, 0},
    {SLUSS_METHOD_DIRECTORY_GET_AGENCY, NULL, NULL, get_execute, NULL, 0},
    {SLUSS_METHOD_DIRECTORY_ROTATE_KEYS, &sluss__v1__rotate_keys__descriptor, NULL, rotate_execute, NULL, 0},
    {SLUSS_METHOD_DIRECTORY_ENROL, NULL, NULL, enrol_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_directory = {rows, sizeof(rows) / sizeof(rows[0])};
