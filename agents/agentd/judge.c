// SPDX-License-Identifier: EUPL-1.2
#include "judge.h"

#include "web/json.h"

// A refusal without the contract's detail is not the gateway's: something between us and it answered.
static bool is_gateways(const struct sluss_client_error *error)
{
	return error->refusal != NULL && error->reason != SLUSS_REASON_NONE;
}

static enum agentd_verdict judge_refusal(const struct sluss_client_error *error)
{
	if (!is_gateways(error))
		return AGENTD_LATER;
	switch ((int)error->reason) {
	case SLUSS_CLOCK_SKEW:
	case SLUSS_KEY_UNKNOWN:
	case SLUSS_SIGNATURE_INVALID:
		return AGENTD_RESIGN;
	case SLUSS_ID_REUSED:
		return AGENTD_ASK;
	case SLUSS_CERTIFICATE_UNKNOWN:
		return AGENTD_LINK;
	case SLUSS_UNAVAILABLE:
		return AGENTD_LATER; // "could not tell" is neither yes nor no
	default:
		return AGENTD_REFUSED;
	}
}

enum agentd_verdict agentd_judge(const struct sluss_client_error *error, bool sealing)
{
	enum agentd_verdict verdict = AGENTD_VERDICT_NONE;
	switch (error->result) {
	case SLUSS_CLIENT_OK:
		return AGENTD_ACCEPTED;
	case SLUSS_CLIENT_BAD_REQUEST:
		// What was described cannot be made into a message; a sealed one that cannot be sent is not its fault.
		return strcmp(error->field, "settings") == 0 ? AGENTD_LINK : sealing ? AGENTD_REFUSED : AGENTD_LATER;
	case SLUSS_CLIENT_DENIED:
		verdict = strcmp(error->code, "unauthenticated") == 0 ? AGENTD_LINK : judge_refusal(error);
		break;
	case SLUSS_CLIENT_REFUSED:
		verdict = judge_refusal(error);
		break;
	case SLUSS_CLIENT_UNAVAILABLE:
		return error->http_status == 0 ? AGENTD_LINK : AGENTD_LATER;
	case SLUSS_CLIENT_UNVERIFIED:
	case SLUSS_CLIENT_INTERNAL:
		return AGENTD_LATER;
	}
	// Questions of the sealing are not signed and have no id.
	return sealing && (verdict == AGENTD_RESIGN || verdict == AGENTD_ASK) ? AGENTD_LATER : verdict;
}

bool agentd_is_about_gateway(const struct sluss_client_error *error)
{
	switch (error->result) {
	case SLUSS_CLIENT_UNVERIFIED:
	case SLUSS_CLIENT_INTERNAL:
		return true;
	case SLUSS_CLIENT_UNAVAILABLE:
		return strcmp(error->code, "resource_exhausted") != 0; // a full queue is one recipient's
	case SLUSS_CLIENT_DENIED:
	case SLUSS_CLIENT_REFUSED:
		return !is_gateways(error);
	case SLUSS_CLIENT_OK:
	case SLUSS_CLIENT_BAD_REQUEST:
		break;
	}
	return false;
}

json_t *agentd_why(const struct sluss_client_error *error)
{
	const char *reason = sluss_reason_name(error->reason);
	json_t *why =
	    json_pack("{s:s, s:s, s:s}", "reason", error->reason == SLUSS_REASON_NONE || reason == NULL ? "" : reason,
		"code", error->code, "explanation", error->explanation);
	if (error->field[0] != '\0')
		(void)json_object_set_new(why, "field", json_string(error->field));
	if (error->refusal != NULL && error->refusal->n_pairs > 0) {
		json_t *tree = sluss_json_tree(&error->refusal->base);
		(void)json_object_set(why, "pairs", json_object_get(tree, "pairs"));
		json_decref(tree);
	}
	return why;
}
