// SPDX-License-Identifier: EUPL-1.2
// AuditService: ranges of the log with the checkpoint that covers them, and proofs. What is not durable yet is shown to nobody.
#include "log_writer.h"
#include "svc_common.h"
#include "svc_disclosures.h"
#include "svc_log_file.h"
#include "svc_report.h"
#include "sluss/v1/audit.pb-c.h"

enum {
	EXPORT_ENTRIES_MAX = 4096,
	EXPORT_OCTETS_MAX = 768 * 1024,
};

// The newest checkpoint as text; NULL: refused.
static char *checkpoint_text(struct sluss_txn *txn)
{
	struct sluss_bytes note = sluss_log_checkpoint(sluss_txn_log(txn));
	char *text = sluss_arena_alloc(txn->arena, note.len + 1);
	if (text == NULL)
		svc_no_memory(txn);
	else if (note.len > 0)
		memcpy(text, note.data, note.len);
	return text;
}

// ---- Export

static void export_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ExportRequest *request = (const Sluss__V1__ExportRequest *)txn->request;
	Sluss__V1__ExportResponse response = SLUSS__V1__EXPORT_RESPONSE__INIT;
	uint64_t limit = request->count < EXPORT_ENTRIES_MAX ? request->count : EXPORT_ENTRIES_MAX;
	size_t octets = 0;
	if (request->start > txn->committed) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "start", "the log is shorter than that");
		return;
	}
	if (limit > txn->committed - request->start)
		limit = txn->committed - request->start;
	response.start = request->start;
	response.entries = sluss_arena_array(txn->arena, (size_t)limit, sizeof(*response.entries));
	if (response.entries == NULL || (response.checkpoint = checkpoint_text(txn)) == NULL) {
		svc_no_memory(txn);
		return;
	}
	while (response.n_entries < limit) {
		struct sluss_bytes entry;
		if (!sluss_txn_entry(txn, request->start + response.n_entries, &entry))
			return;
		octets += entry.len;
		if (octets > EXPORT_OCTETS_MAX && response.n_entries > 0)
			break;
		// protobuf-c has no const octets; nothing writes to them.
		response.entries[response.n_entries++] = (ProtobufCBinaryData){entry.len, (uint8_t *)(uintptr_t)entry.data};
	}
	if (svc_look_at_entries(txn))
		sluss_txn_respond(txn, &response.base);
}

// ---- GetProof

static bool consistency(struct sluss_txn *txn, uint64_t from_size, Sluss__V1__GetProofResponse *response)
{
	struct sluss_tree_consistency *proof = sluss_arena_alloc(txn->arena, sizeof(*proof));
	response->consistency = sluss_arena_array(txn->arena, SLUSS_TREE_CONSISTENCY_MAX, sizeof(*response->consistency));
	if (proof == NULL || response->consistency == NULL)
		return svc_no_memory(txn);
	if (sluss_tree_prove_consistency(sluss_log_tree(sluss_txn_log(txn)), from_size, txn->committed, proof) != SLUSS_TREE_OK) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "from_size", "the log never had this size");
		return false;
	}
	for (; response->n_consistency < proof->count; response->n_consistency++)
		response->consistency[response->n_consistency] =
		    (ProtobufCBinaryData){SLUSS_HASH_BYTES, (uint8_t *)&proof->hashes[response->n_consistency]};
	return true;
}

static void proof_execute(struct sluss_txn *txn)
{
	const Sluss__V1__GetProofRequest *request = (const Sluss__V1__GetProofRequest *)txn->request;
	Sluss__V1__GetProofResponse response = SLUSS__V1__GET_PROOF_RESPONSE__INIT;
	if (request->from_size == 0 && request->log_index >= txn->committed) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "log_index", "the log is shorter than that");
		return;
	}
	if ((response.checkpoint = checkpoint_text(txn)) == NULL || (request->from_size != 0 && !consistency(txn, request->from_size, &response)))
		return;
	// An inclusion proof shows the entry that it is about.
	if (request->from_size == 0 && !svc_look_at_entries(txn))
		return;
	sluss_txn_respond(txn, &response.base);
	if (request->from_size == 0)
		sluss_txn_receipt(txn, request->log_index, 1);
}

static void proof_finish(struct sluss_txn *txn)
{
	if (((const Sluss__V1__GetProofRequest *)txn->request)->from_size == 0)
		svc_looked_at_entries(txn);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_AUDIT_LIST_DISCLOSURES, NULL, NULL, svc_list_disclosures, NULL, 0},
    {SLUSS_METHOD_AUDIT_GET_LOG_HEALTH, NULL, NULL, svc_get_log_health, NULL, 0},
    {SLUSS_METHOD_AUDIT_GET_PROOF, NULL, NULL, proof_execute, proof_finish, 0},
    {SLUSS_METHOD_AUDIT_EXPORT, NULL, NULL, export_execute, svc_looked_at_entries, 0},
    {SLUSS_METHOD_AUDIT_GET_REPORT, NULL, NULL, svc_get_report, NULL, 0},
};

const struct sluss_service_list sluss_svc_audit = {rows, sizeof(rows) / sizeof(rows[0])};
