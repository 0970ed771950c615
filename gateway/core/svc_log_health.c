// SPDX-License-Identifier: EUPL-1.2
// AuditService.GetLogHealth: how the log stands, for auditors: its newest checkpoint, who has cosigned and dated it,
// and whether relaying has stopped. No name, no payload. The look is a record of its own; what is shown does not have
// it yet.
#include "log_writer.h"
#include "svc_common.h"
#include "svc_disclosures.h"
#include "svc_witnesses.h"
#include "writer.h"

static char *note_text(struct sluss_txn *txn, struct sluss_bytes note)
{
	char *text = sluss_arena_alloc(txn->arena, note.len + 1);
	if (text != NULL && note.len > 0)
		memcpy(text, note.data, note.len);
	return text;
}

// When the newest of the cosignatures over that size was made.
static int64_t cosigned_s(const struct sluss_notary_health *health)
{
	int64_t newest_s = 0;
	for (size_t i = 0; i < health->keeper->config.count; i++) {
		const struct sluss_keeper_witness *witness = &health->keeper->witnesses[i];
		if (witness->cosigned >= health->cosigned_size && witness->cosigned_s > newest_s)
			newest_s = witness->cosigned_s;
	}
	return newest_s;
}

static bool fill_others(struct sluss_txn *txn, Sluss__V1__GetLogHealthResponse *response)
{
	struct sluss_notary_health health;
	char why[SLUSS_NOTARY_WHY];
	response->relaying_stopped = !sluss_notary_open_for_relay(sluss_writer_of(txn), why);
	if (!sluss_notary_health(sluss_writer_of(txn), &health))
		return true;
	response->witness_quorum = health.quorum;
	response->cosigned_size = health.cosigned_size;
	response->timestamped_size = health.stamped_size;
	int64_t at_s = cosigned_s(&health);
	if (at_s > 0 && (response->cosigned_at = svc_time(txn, at_s * 1000)) == NULL)
		return false;
	if (health.stamped_s > 0 && (response->timestamped_at = svc_time(txn, health.stamped_s * 1000)) == NULL)
		return false;
	return svc_witnesses(txn, &health, &response->witnesses, &response->n_witnesses);
}

// The newest replay that an auditor reported.
static bool fill_replay(struct sluss_txn *txn, Sluss__V1__GetLogHealthResponse *response)
{
	const struct sluss_last_replay *last = &sluss_writer_of(txn)->world->replay;
	response->replayed_by = sluss_arena_text(txn->arena, last->agency);
	response->replayed_size = last->size;
	response->replay_findings = last->findings;
	response->replay_complete = last->complete;
	if (last->at_ms > 0 && (response->replayed_at = svc_time(txn, last->at_ms)) == NULL)
		return false;
	return response->replayed_by != NULL;
}

void svc_get_log_health(struct sluss_txn *txn)
{
	Sluss__V1__GetLogHealthResponse response = SLUSS__V1__GET_LOG_HEALTH_RESPONSE__INIT;
	if (txn->caller_type != SLUSS_AGENCY_AUDITOR) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL,
		    "how the log stands is for auditors; the operator asks GetHealth");
		return;
	}
	uint64_t cosigned_size = 0;
	struct sluss_bytes cosigned = sluss_notary_checkpoint(sluss_writer_of(txn), &cosigned_size);
	bool newest = cosigned.len > 0 && cosigned_size == txn->committed;
	response.authority = sluss_arena_text(txn->arena, txn->authority);
	response.now = svc_time(txn, txn->now_ms);
	response.size = txn->committed;
	response.checkpoint = note_text(txn, newest ? cosigned : sluss_log_checkpoint(sluss_txn_log(txn)));
	response.checkpoint_at = svc_time(txn, sluss_state_time_ms(txn->state));
	response.policy_id = sluss_arena_text(txn->arena, txn->policy == NULL ? "" : sluss_policy_name(txn->policy));
	if (response.authority == NULL || response.now == NULL || response.checkpoint == NULL ||
	    response.checkpoint_at == NULL || response.policy_id == NULL || !fill_others(txn, &response) ||
	    !fill_replay(txn, &response)) {
		svc_no_memory(txn);
		return;
	}
	struct sluss_record looked = {.type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "log-health"}};
	if (sluss_txn_append(txn, &looked, NULL))
		sluss_txn_respond(txn, &response.base);
}
