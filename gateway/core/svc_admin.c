// SPDX-License-Identifier: EUPL-1.2
// AdminService, on core's own local socket: invites and ends agencies, sets the policy, steps a demo authority's clock,
// tells how things are. Sees no payload, no name of a person.
#include "log_writer.h"
#include "stop.h"
#include "svc_agency.h"
#include "svc_common.h"
#include "svc_queues.h"
#include "svc_sessions_end.h"
#include "svc_witnesses.h"
#include "writer.h"

#include <sodium.h>

enum {
	DISPLAY_NAME_MAX = 200,
	APPROVERS_MAX = 16,
	POLICY_MAX = 512 * 1024,
	REASONS = 128, // as in struct sluss_core_counts
};

static const int64_t token_lasts_ms = 7LL * 24 * 3600 * 1000;

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// For what may take permission away in any case: a new policy, an agency that is gone.
static void barrier_everywhere(struct sluss_txn *txn)
{
	struct sluss_case_view view;
	for (size_t i = 0; sluss_case_at(txn->state, i, &view); i++)
		sluss_txn_barrier(txn, &view.case_id);
}

// ---- AddAgency

static bool invitation_is_good(struct sluss_txn *txn, const Sluss__V1__AddAgencyRequest *r)
{
	struct sluss_agency_view known;
	if (!sluss_is_agency_id(r->agency_id, strlen(r->agency_id)))
		return wrong(txn, "agency_id", "an agency id matches [a-z0-9][a-z0-9-]{0,30}");
	if (r->type <= SLUSS__V1__AGENCY_TYPE__AGENCY_TYPE_UNSPECIFIED ||
	    r->type > SLUSS__V1__AGENCY_TYPE__AGENCY_TYPE_AUDITOR)
		return wrong(txn, "type", "say what kind of agency it is");
	if (strlen(r->display_name) > DISPLAY_NAME_MAX)
		return wrong(txn, "display_name", "at most 200 octets");
	if (r->n_approver_officer_ids > APPROVERS_MAX)
		return wrong(txn, "approver_officer_ids", "at most 16 officers");
	for (size_t i = 0; i < r->n_approver_officer_ids; i++)
		if (!sluss_is_officer_id(r->approver_officer_ids[i], strlen(r->approver_officer_ids[i])))
			return wrong(txn, svc_path(txn, "approver_officer_ids[%zu]", i),
			    "an officer id matches [A-Za-z0-9._-]{1,32}");
	if (sluss_directory_agency(sluss_txn_directory(txn), r->agency_id, &known)) {
		if (known.left)
			return wrong(txn, "agency_id", "this agency has left; an id is not given twice");
		if ((Sluss__V1__AgencyType)known.type != r->type)
			return wrong(txn, "type", "this agency is enrolled with another type");
	}
	return true;
}

static void add_execute(struct sluss_txn *txn)
{
	const Sluss__V1__AddAgencyRequest *request = (const Sluss__V1__AddAgencyRequest *)txn->request;
	Sluss__V1__AddAgencyResponse response = SLUSS__V1__ADD_AGENCY_RESPONSE__INIT;
	int64_t until_ms = txn->now_ms + token_lasts_ms;
	char token[SLUSS_ENROL_TOKEN_TEXT];
	const struct sluss_record invited = {.type = SLUSS_REC_AGENCY_INVITED,
	    .u.agency_invited = {.agency = request->agency_id,
		.type = (enum sluss_agency_type)request->type,
		.until_ms = until_ms,
		.approvers = (const char *const *)request->approver_officer_ids,
		.approver_count = request->n_approver_officer_ids}};
	if (!invitation_is_good(txn, request) || !sluss_txn_append(txn, &invited, NULL) ||
	    !svc_token_make(txn, request, until_ms, token))
		return;
	response.token = token;
	response.expires = svc_time(txn, until_ms);
	sluss_txn_respond(txn, &response.base);
	sodium_memzero(token, sizeof(token));
}

// ---- RevokeAgency

static void revoke_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RevokeAgencyRequest *request = (const Sluss__V1__RevokeAgencyRequest *)txn->request;
	Sluss__V1__RevokeAgencyResponse response = SLUSS__V1__REVOKE_AGENCY_RESPONSE__INIT;
	struct sluss_agency_view view;
	struct sluss_record record = {.type = SLUSS_REC_AGENCY_LEFT, .u.agency_left = {request->agency_id}};
	if (!sluss_directory_agency(sluss_txn_directory(txn), request->agency_id, &view) || view.left) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_AGENCY, "agency_id", NULL);
		return;
	}
	if (!sluss_txn_append(txn, &record, &response.log_index) || !sluss_txn_settle(txn) ||
	    !sluss_txn_stop_waiting(txn, &(struct sluss_id){0}, &response.deliveries_withheld))
		return;
	sluss_txn_respond(txn, &response.base);
	barrier_everywhere(txn);
}

// ---- RevokeKeys

static void keys_execute(struct sluss_txn *txn)
{
	const Sluss__V1__RevokeKeysRequest *request = (const Sluss__V1__RevokeKeysRequest *)txn->request;
	Sluss__V1__RevokeKeysResponse response = SLUSS__V1__REVOKE_KEYS_RESPONSE__INIT;
	struct sluss_agency_view view;
	struct sluss_agency_keys keys;
	struct svc_revoked revoked = {0};
	bool known = request->key_id[0] == '\0';
	if (!sluss_directory_agency(sluss_txn_directory(txn), request->agency_id, &view) || view.left) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_UNKNOWN_AGENCY, "agency_id", NULL);
		return;
	}
	for (size_t i = 0; i < view.key_count && sluss_directory_keys(sluss_txn_directory(txn), view.agency, i, &keys);
	     i++) {
		if (request->key_id[0] != '\0' && strcmp(keys.sign_key_id, request->key_id) != 0)
			continue;
		known = true;
		if (!svc_revoke_binding(txn, view.agency, i, NULL, &revoked))
			return;
	}
	if (!known) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_KEY_UNKNOWN, "key_id", NULL);
		return;
	}
	response.records = revoked.records;
	response.log_index = revoked.index;
	sluss_txn_respond(txn, &response.base);
}

// ---- SetPolicy

static void policy_execute(struct sluss_txn *txn)
{
	const Sluss__V1__SetPolicyRequest *request = (const Sluss__V1__SetPolicyRequest *)txn->request;
	Sluss__V1__SetPolicyResponse response = SLUSS__V1__SET_POLICY_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_POLICY_SET};
	const char *name;
	if (request->policy.len == 0 || request->policy.len > POLICY_MAX) {
		wrong(txn, "policy", "the octets of a policy file, at most 512 KiB, are needed here");
		return;
	}
	if (!sluss_txn_policy(
		txn, (struct sluss_bytes){request->policy.data, request->policy.len}, record.u.policy_set.hash, &name))
		return;
	record.u.policy_set.name = name;
	if (!sluss_txn_append(txn, &record, &response.log_index) ||
	    (response.policy_id = sluss_arena_text(txn->arena, name)) == NULL)
		return;
	response.policy_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, record.u.policy_set.hash};
	sluss_txn_respond(txn, &response.base);
	barrier_everywhere(txn);
}

// ---- StepClock

static void step_execute(struct sluss_txn *txn)
{
	const Sluss__V1__StepClockRequest *request = (const Sluss__V1__StepClockRequest *)txn->request;
	Sluss__V1__StepClockResponse response = SLUSS__V1__STEP_CLOCK_RESPONSE__INIT;
	int64_t to_ms;
	uint64_t index;
	if (!svc_read_time(txn, request->to, "to", &to_ms) || !sluss_txn_step_clock(txn, to_ms, &index) ||
	    !sluss_txn_settle(txn))
		return;
	response.now = svc_time(txn, txn->now_ms);
	sluss_txn_respond(txn, &response.base);
}

// ---- GetHealth

static bool fill_reasons(
    struct sluss_txn *txn, const struct sluss_core_counts *counts, Sluss__V1__GetHealthResponse *response)
{
	response->denied_by_reason = sluss_arena_array(txn->arena, REASONS, sizeof(*response->denied_by_reason));
	if (response->denied_by_reason == NULL)
		return false;
	for (size_t i = 0; i < REASONS; i++) {
		if (counts->denied_by_reason[i] == 0)
			continue;
		Sluss__V1__ReasonCount *count = sluss_arena_alloc(txn->arena, sizeof(*count));
		if (count == NULL)
			return false;
		sluss__v1__reason_count__init(count);
		count->reason = (Sluss__V1__ReasonCode)i;
		count->count = counts->denied_by_reason[i];
		response->denied_by_reason[response->n_denied_by_reason++] = count;
	}
	return true;
}

// The third line of the newest checkpoint is the root in base64 (C2SP tlog-checkpoint); here it is shown in
// hexadecimal.
static char *root_hex(struct sluss_txn *txn)
{
	struct sluss_bytes note = sluss_log_checkpoint(sluss_txn_log(txn));
	char *text = sluss_arena_alloc(txn->arena, 2 * SLUSS_HASH_BYTES + 1);
	const char *line = (const char *)note.data, *end = line + note.len;
	uint8_t root[SLUSS_HASH_BYTES];
	size_t len = 0;
	for (int skipped = 0; text != NULL && note.len > 0 && skipped < 2 && line != NULL; skipped++) {
		line = memchr(line, '\n', (size_t)(end - line));
		line = line == NULL ? NULL : line + 1;
	}
	const char *stop =
	    text == NULL || note.len == 0 || line == NULL ? NULL : memchr(line, '\n', (size_t)(end - line));
	if (stop != NULL &&
	    sodium_base642bin(root, sizeof(root), line, (size_t)(stop - line), NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    len == sizeof(root))
		sodium_bin2hex(text, 2 * SLUSS_HASH_BYTES + 1, root, sizeof(root));
	return text;
}

// What witnesses and the time-stamping authority have said, and what depends on it.
static bool fill_notary(struct sluss_txn *txn, Sluss__V1__GetHealthResponse *response)
{
	const struct sluss_writer *w = sluss_writer_of(txn);
	struct sluss_notary_health health;
	char why[SLUSS_NOTARY_WHY];
	(void)sluss_notary_open_for_relay(w, why);
	response->relaying_stopped = sluss_arena_text(txn->arena, why);
	if (response->relaying_stopped == NULL || !sluss_notary_health(w, &health))
		return response->relaying_stopped != NULL;
	response->witness_quorum = health.quorum;
	response->cosigned_size = health.cosigned_size;
	response->timestamped_size = health.stamped_size;
	if (health.stamped_s > 0 && (response->timestamped_at = svc_time(txn, health.stamped_s * 1000)) == NULL)
		return false;
	return svc_witnesses(txn, &health, &response->witnesses, &response->n_witnesses);
}

static void health_execute(struct sluss_txn *txn)
{
	Sluss__V1__GetHealthResponse response = SLUSS__V1__GET_HEALTH_RESPONSE__INIT;
	const struct sluss_core_counts *counts = sluss_txn_counts(txn);
	response.authority = sluss_arena_text(txn->arena, txn->authority);
	response.log_verifier_key = sluss_arena_text(txn->arena, sluss_txn_verifier_key(txn));
	response.policy_id = sluss_arena_text(txn->arena, txn->policy == NULL ? "" : sluss_policy_name(txn->policy));
	response.log_root = root_hex(txn);
	response.now = svc_time(txn, txn->now_ms);
	if (response.authority == NULL || response.log_verifier_key == NULL || response.policy_id == NULL ||
	    response.log_root == NULL || !fill_reasons(txn, counts, &response) || !fill_notary(txn, &response)) {
		svc_no_memory(txn);
		return;
	}
	response.log_size = txn->committed;
	response.accepted = counts->accepted;
	response.denied = counts->denied;
	response.released = counts->released;
	response.withheld = counts->withheld;
	response.acknowledged = counts->acknowledged;
	response.withdrawals = counts->withdrawals;
	response.waiting = counts->waiting;
	response.rejected = counts->rejected;
	response.expired = counts->expired;
	response.cases = sluss_state_counts(txn->state).cases;
	sluss_txn_respond(txn, &response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_ADMIN_ADD_AGENCY, NULL, NULL, add_execute, NULL, 0},
    {SLUSS_METHOD_ADMIN_REVOKE_AGENCY, NULL, NULL, revoke_execute, NULL, 0},
    {SLUSS_METHOD_ADMIN_REVOKE_KEYS, NULL, NULL, keys_execute, NULL, 0},
    {SLUSS_METHOD_ADMIN_SET_POLICY, NULL, NULL, policy_execute, NULL, 0},
    {SLUSS_METHOD_ADMIN_STEP_CLOCK, NULL, NULL, step_execute, NULL, 0},
    {SLUSS_METHOD_ADMIN_END_SESSIONS, NULL, NULL, svc_sessions_end, NULL, 0},
    {SLUSS_METHOD_ADMIN_LIST_QUEUES, NULL, NULL, svc_queues, NULL, 0},
    {SLUSS_METHOD_ADMIN_GET_HEALTH, NULL, NULL, health_execute, NULL, 0},
};

const struct sluss_service_list sluss_svc_admin = {rows, sizeof(rows) / sizeof(rows[0])};
