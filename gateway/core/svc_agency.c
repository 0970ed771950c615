// SPDX-License-Identifier: EUPL-1.2
// Enrolment tokens and the view of an agency.
#include "svc_agency.h"

#include <sodium.h>

#include "svc_common.h"

enum {
	END_OCTETS = 8,
	HEAD_OCTETS = END_OCTETS + SLUSS_ENROL_SECRET_BYTES,
};

// ---- tokens

bool svc_token_make(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *invitation, int64_t until_ms,
    char token_out[SLUSS_ENROL_TOKEN_TEXT])
{
	struct sluss_enrol_token token;
	size_t packed = sluss__v1__add_agency_request__get_packed_size(invitation);
	uint8_t *row = sluss_arena_alloc(txn->arena, HEAD_OCTETS + packed);
	if (row == NULL)
		return svc_no_memory(txn);
	sluss_enrol_token_new(sluss_txn_verifier_key(txn), &token);
	for (size_t i = 0; i < END_OCTETS; i++)
		row[i] = (uint8_t)((uint64_t)until_ms >> (8 * (END_OCTETS - 1 - i)));
	memcpy(row + END_OCTETS, token.secret, sizeof(token.secret));
	sluss__v1__add_agency_request__pack(invitation, row + HEAD_OCTETS);
	sluss_enrol_token_format(&token, token_out);
	bool ok = sluss_txn_put_side(txn, SLUSS_SIDE_TOKEN, (struct sluss_bytes){token.id.b, sizeof(token.id.b)},
	    (struct sluss_bytes){row, HEAD_OCTETS + packed});
	sodium_memzero(&token, sizeof(token));
	sodium_memzero(row, HEAD_OCTETS);
	return ok;
}

// The MAC is over the keys that came, so a token in foreign hands on the way is of no use.
static bool mac_fits(const struct sluss_txn *txn, const uint8_t *secret, const Sluss__V1__EnrolRequest *request)
{
	uint8_t mac[SLUSS_ENROL_MAC_BYTES];
	if (request->signing_key.len != SLUSS_KEY_BYTES || request->sealing_key.len != SLUSS_KEY_BYTES)
		return false;
	sluss_enrol_mac(secret, txn->authority, request->agency_id, request->signing_key.data,
	    request->sealing_key.data, request->certificate_request, mac);
	return sluss_enrol_mac_equal(mac, request->token_mac.data, request->token_mac.len);
}

Sluss__V1__AddAgencyRequest *svc_token_read(struct sluss_txn *txn, const Sluss__V1__EnrolRequest *request)
{
	struct sluss_id id;
	struct sluss_bytes row;
	uint64_t until = 0;
	Sluss__V1__AddAgencyRequest *invitation = NULL;
	if (!svc_read_id(txn, request->token_id, "token_id", &id) ||
	    !sluss_txn_get_side(txn, SLUSS_SIDE_TOKEN, (struct sluss_bytes){id.b, sizeof(id.b)}, &row))
		return NULL;
	if (row.data != NULL && row.len >= HEAD_OCTETS && mac_fits(txn, row.data + END_OCTETS, request)) {
		for (size_t i = 0; i < END_OCTETS; i++)
			until = until << 8 | row.data[i];
		invitation = sluss__v1__add_agency_request__unpack(
		    sluss_arena_allocator(txn->arena), row.len - HEAD_OCTETS, row.data + HEAD_OCTETS);
	}
	if (invitation == NULL || (int64_t)until <= txn->now_ms ||
	    strcmp(invitation->agency_id, request->agency_id) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_TOKEN_INVALID, "token_mac", NULL);
		return NULL;
	}
	return invitation;
}

bool svc_token_use(struct sluss_txn *txn, const char *token_id)
{
	struct sluss_id id;
	return svc_read_id(txn, token_id, "token_id", &id) &&
	       sluss_txn_erase_side(txn, SLUSS_SIDE_TOKEN, (struct sluss_bytes){id.b, sizeof(id.b)});
}

// ---- revoking

static bool append_revocation(struct sluss_txn *txn, const char *agency_id, const char *key_id,
    const uint8_t *certificate, struct svc_revoked *revoked)
{
	struct sluss_record record = {
	    .type = SLUSS_REC_KEY_REVOKED, .u.key_revoked = {.agency = agency_id, .key_id = key_id}};
	if (certificate != NULL)
		memcpy(record.u.key_revoked.certificate, certificate, SLUSS_HASH_BYTES);
	revoked->records++;
	return sluss_txn_append(txn, &record, &revoked->index);
}

bool svc_revoke_binding(struct sluss_txn *txn, const char *agency_id, size_t binding, const uint8_t *kept_sign_key,
    struct svc_revoked *revoked)
{
	struct sluss_agency_keys old;
	if (!sluss_directory_keys(sluss_txn_directory(txn), agency_id, binding, &old))
		return true;
	bool kept = kept_sign_key != NULL && memcmp(old.sign_key, kept_sign_key, sizeof(old.sign_key)) == 0;
	if (!kept && !old.sign_revoked && !append_revocation(txn, agency_id, old.sign_key_id, NULL, revoked))
		return false;
	return old.certificate_revoked || append_revocation(txn, agency_id, "", old.certificate, revoked);
}

// ---- the view

static ProtobufCBinaryData octets(struct sluss_txn *txn, const uint8_t *data, size_t len)
{
	uint8_t *copy = sluss_arena_copy(txn->arena, data, len);
	return (ProtobufCBinaryData){copy == NULL ? 0 : len, copy};
}

static Sluss__V1__AgencyKeys *keys_of(struct sluss_txn *txn, const struct sluss_agency_keys *keys)
{
	Sluss__V1__AgencyKeys *k = sluss_arena_alloc(txn->arena, sizeof(*k));
	if (k == NULL)
		return NULL;
	sluss__v1__agency_keys__init(k);
	k->signing_key = octets(txn, keys->sign_key, sizeof(keys->sign_key));
	k->sealing_key = octets(txn, keys->seal_key, sizeof(keys->seal_key));
	k->certificate_fingerprint = octets(txn, keys->certificate, sizeof(keys->certificate));
	k->valid_from = svc_time(txn, keys->from_ms);
	k->valid_until = svc_time(txn, keys->until_ms);
	k->revoked = keys->sign_revoked;
	k->certificate_valid_until = svc_time(txn, keys->certificate_until_ms);
	k->certificate_revoked = keys->certificate_revoked;
	k->log_index = keys->index;
	return k->certificate_fingerprint.len == 0 ? NULL : k;
}

static bool fill_keys(struct sluss_txn *txn, const struct sluss_agency_view *view, Sluss__V1__Agency *a)
{
	a->keys = sluss_arena_array(txn->arena, view->key_count, sizeof(*a->keys));
	if (a->keys == NULL)
		return false;
	for (size_t i = view->key_count; i-- > 0;) {
		struct sluss_agency_keys keys;
		if (!sluss_directory_keys(sluss_txn_directory(txn), view->agency, i, &keys) ||
		    (a->keys[a->n_keys] = keys_of(txn, &keys)) == NULL)
			return false;
		a->n_keys++;
	}
	return true;
}

Sluss__V1__Agency *svc_agency(struct sluss_txn *txn, const char *agency_id)
{
	struct sluss_agency_view view;
	struct sluss_bytes name;
	Sluss__V1__Agency *a = sluss_arena_alloc(txn->arena, sizeof(*a));
	if (a == NULL || !sluss_directory_agency(sluss_txn_directory(txn), agency_id, &view)) {
		svc_no_memory(txn);
		return NULL;
	}
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_AGENCY_NAME,
		(struct sluss_bytes){(const uint8_t *)agency_id, strlen(agency_id)}, &name))
		return NULL;
	sluss__v1__agency__init(a);
	a->agency_id = sluss_arena_text(txn->arena, view.agency);
	a->type = (Sluss__V1__AgencyType)view.type; // same numbers, see policy/record.h
	a->left = view.left;
	char *display = sluss_arena_alloc(txn->arena, name.len + 1);
	if (display != NULL && name.data != NULL)
		memcpy(display, name.data, name.len);
	a->display_name = display;
	if (a->agency_id == NULL || display == NULL || !fill_keys(txn, &view, a)) {
		svc_no_memory(txn);
		return NULL;
	}
	return a;
}
