// SPDX-License-Identifier: EUPL-1.2
// AuditService.ReportReplay: an auditor's signed word that the log was decided again up to a size, and with what
// result. What was verified has to be this log: the root at that size is compared.
#include <sodium.h>

#include "log_writer.h"
#include "sluss/v1/audit.pb-c.h"
#include "svc_common.h"

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// At most one count for each class, in their order. False: refused.
static bool read_findings(
    struct sluss_txn *txn, const Sluss__V1__ReplayReport *report, struct sluss_rec_replay_reported *record)
{
	uint32_t last = SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_UNSPECIFIED;
	struct sluss_replay_findings *findings =
	    sluss_arena_array(txn->arena, report->n_findings, sizeof(struct sluss_replay_findings));
	if (findings == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < report->n_findings; i++) {
		findings[i].finding_class = (uint32_t)report->findings[i]->finding_class;
		findings[i].count = report->findings[i]->count;
		if (findings[i].finding_class <= last ||
		    findings[i].finding_class > SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_UNREPLAYED)
			return wrong(txn, svc_path(txn, "findings[%zu].finding_class", i),
			    "Each class of finding stands once, in the order of their numbers.");
		if (findings[i].count == 0)
			return wrong(txn, svc_path(txn, "findings[%zu].count", i),
			    "A class in which nothing was found is left out.");
		last = findings[i].finding_class;
	}
	record->findings = findings;
	record->finding_count = report->n_findings;
	return true;
}

// What was verified is this log, as far as it is durable.
static bool is_this_log(struct sluss_txn *txn, const Sluss__V1__ReplayReport *report)
{
	struct sluss_hash root;
	if (report->size == 0)
		return wrong(txn, "size", "Say how many entries were verified.");
	if (report->root.len != SLUSS_HASH_BYTES)
		return wrong(txn, "root", "A root has 32 octets.");
	if (report->size <= txn->committed) {
		enum sluss_tree_result result =
		    sluss_tree_root_at(sluss_log_tree(sluss_txn_log(txn)), report->size, &root);
		if (result != SLUSS_TREE_OK) {
			sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
			return false;
		}
		if (sodium_memcmp(root.b, report->root.data, SLUSS_HASH_BYTES) == 0)
			return true;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_LOG_DIFFERS,
	    report->size <= txn->committed ? "root" : "size", NULL);
	return false;
}

static bool is_auditor(struct sluss_txn *txn)
{
	if (txn->caller_type == SLUSS_AGENCY_AUDITOR)
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL, "Auditors report replays.");
	return false;
}

static void report_execute(struct sluss_txn *txn)
{
	const Sluss__V1__ReplayReport *report = (const Sluss__V1__ReplayReport *)txn->statement;
	Sluss__V1__ReportReplayResponse response = SLUSS__V1__REPORT_REPLAY_RESPONSE__INIT;
	struct sluss_record record = {.type = SLUSS_REC_REPLAY_REPORTED,
	    .u.replay_reported = {.agency = txn->caller,
		.officer = txn->header->officer_id,
		.size = (int64_t)report->size,
		.complete = report->complete}};
	uint64_t index;
	if (!is_auditor(txn) || !is_this_log(txn, report) || !read_findings(txn, report, &record.u.replay_reported))
		return;
	memcpy(record.u.replay_reported.root, report->root.data, SLUSS_HASH_BYTES);
	if (!sluss_txn_append(txn, &record, &index))
		return;
	sluss_txn_respond(txn, &response.base);
	sluss_txn_receipt(txn, index, 1);
}

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_AUDIT_REPORT_REPLAY,
	.statement = &sluss__v1__replay_report__descriptor,
	.execute = report_execute},
};

const struct sluss_service_list sluss_svc_replay = {rows, sizeof(rows) / sizeof(rows[0])};
