// SPDX-License-Identifier: EUPL-1.2
// Names and classes of findings, and what one is about.
#include "audit_impl.h"

static const struct {
	enum sluss_audit_class class;
	const char *name;
} kinds[SLUSS_AUDIT_KINDS] = {
    [SLUSS_AUDIT_KIND_NONE] = {SLUSS_AUDIT_NOTHING, "none"},
    [SLUSS_AUDIT_FILE_MISSING] = {SLUSS_AUDIT_STRUCTURE, "file-missing"},
    [SLUSS_AUDIT_FILE_UNEXPECTED] = {SLUSS_AUDIT_STRUCTURE, "file-unexpected"},
    [SLUSS_AUDIT_FILE_UNREADABLE] = {SLUSS_AUDIT_STRUCTURE, "file-unreadable"},
    [SLUSS_AUDIT_BUNDLE_CUT] = {SLUSS_AUDIT_STRUCTURE, "bundle-cut"},
    [SLUSS_AUDIT_TILE_DIFFERS] = {SLUSS_AUDIT_STRUCTURE, "tile-differs"},
    [SLUSS_AUDIT_ROOT_DIFFERS] = {SLUSS_AUDIT_STRUCTURE, "root-differs"},
    [SLUSS_AUDIT_ENTRY_MALFORMED] = {SLUSS_AUDIT_STRUCTURE, "entry-malformed"},
    [SLUSS_AUDIT_ENTRY_REPEATED] = {SLUSS_AUDIT_STRUCTURE, "entry-repeated"},
    [SLUSS_AUDIT_POLICY_DIFFERS] = {SLUSS_AUDIT_STRUCTURE, "policy-differs"},
    [SLUSS_AUDIT_MANIFEST_DIFFERS] = {SLUSS_AUDIT_STRUCTURE, "manifest-differs"},
    [SLUSS_AUDIT_CHECKPOINT_MALFORMED] = {SLUSS_AUDIT_SIGNATURE, "checkpoint-malformed"},
    [SLUSS_AUDIT_CHECKPOINT_UNSIGNED] = {SLUSS_AUDIT_SIGNATURE, "checkpoint-unsigned"},
    [SLUSS_AUDIT_KEY_DIFFERS] = {SLUSS_AUDIT_SIGNATURE, "key-differs"},
    [SLUSS_AUDIT_SIGNER_UNKNOWN] = {SLUSS_AUDIT_COSIGNATURE, "signer-unknown"},
    [SLUSS_AUDIT_COSIGNATURE_WRONG] = {SLUSS_AUDIT_COSIGNATURE, "cosignature-wrong"},
    [SLUSS_AUDIT_QUORUM_MISSED] = {SLUSS_AUDIT_COSIGNATURE, "quorum-missed"},
    [SLUSS_AUDIT_TIMESTAMP_WRONG] = {SLUSS_AUDIT_TIMESTAMP, "timestamp-wrong"},
    [SLUSS_AUDIT_TIMESTAMP_CONTRADICTS] = {SLUSS_AUDIT_TIMESTAMP, "timestamp-contradicts"},
    [SLUSS_AUDIT_HISTORY_DIFFERS] = {SLUSS_AUDIT_HISTORY, "history-differs"},
    [SLUSS_AUDIT_RELEASED_WITHOUT_GROUND] = {SLUSS_AUDIT_GROUND, "released-without-ground"},
    [SLUSS_AUDIT_RELEASED_AFTER_WITHDRAWAL] = {SLUSS_AUDIT_WITHDRAWN, "released-after-withdrawal"},
    [SLUSS_AUDIT_ACCEPTED_WITHOUT_GROUND] = {SLUSS_AUDIT_GROUND, "accepted-without-ground"},
    [SLUSS_AUDIT_ACCEPTED_AFTER_WITHDRAWAL] = {SLUSS_AUDIT_WITHDRAWN, "accepted-after-withdrawal"},
    [SLUSS_AUDIT_DENIED_THOUGH_PERMITTED] = {SLUSS_AUDIT_DECISION, "denied-though-permitted"},
    [SLUSS_AUDIT_DECISION_LEFT_OUT] = {SLUSS_AUDIT_DECISION, "decision-left-out"},
    [SLUSS_AUDIT_DECISION_DIFFERS] = {SLUSS_AUDIT_DECISION, "decision-differs"},
    [SLUSS_AUDIT_OUTCOME_DIFFERS] = {SLUSS_AUDIT_DECISION, "outcome-differs"},
    [SLUSS_AUDIT_TIME_RUNS_BACK] = {SLUSS_AUDIT_ORDER, "time-runs-back"},
    [SLUSS_AUDIT_CONTRADICTS] = {SLUSS_AUDIT_ORDER, "contradicts"},
    [SLUSS_AUDIT_UNKNOWN_MESSAGE] = {SLUSS_AUDIT_ORDER, "unknown-message"},
    [SLUSS_AUDIT_MESSAGE_ID_REUSED] = {SLUSS_AUDIT_ORDER, "message-id-reused"},
    [SLUSS_AUDIT_RELEASED_AFTER_END] = {SLUSS_AUDIT_ORDER, "released-after-end"},
    [SLUSS_AUDIT_ACKNOWLEDGED_BEFORE_RELEASE] = {SLUSS_AUDIT_ORDER, "acknowledged-before-release"},
    [SLUSS_AUDIT_BIRTHDAY_MISSING] = {SLUSS_AUDIT_ORDER, "birthday-missing"},
    [SLUSS_AUDIT_AGE_CONTRADICTS] = {SLUSS_AUDIT_ORDER, "age-contradicts"},
    [SLUSS_AUDIT_PHASE_MOVE_MISSING] = {SLUSS_AUDIT_ORDER, "phase-move-missing"},
    [SLUSS_AUDIT_PHASE_MOVE_UNFOUNDED] = {SLUSS_AUDIT_ORDER, "phase-move-unfounded"},
    [SLUSS_AUDIT_CASE_OPENED_BY_NOTHING] = {SLUSS_AUDIT_ORDER, "case-opened-by-nothing"},
    [SLUSS_AUDIT_CLOCK_STEPPED] = {SLUSS_AUDIT_ORDER, "clock-stepped"},
    [SLUSS_AUDIT_NOT_ENTITLED] = {SLUSS_AUDIT_ENTITLEMENT, "not-entitled"},
    [SLUSS_AUDIT_NOT_CONTACT] = {SLUSS_AUDIT_ENTITLEMENT, "not-contact"},
    [SLUSS_AUDIT_CONSENT_VAGUE] = {SLUSS_AUDIT_ENTITLEMENT, "consent-refusable"},
    [SLUSS_AUDIT_STATUTE_WRONG] = {SLUSS_AUDIT_ENTITLEMENT, "statute-wrong"},
    [SLUSS_AUDIT_PHASE_WRONG] = {SLUSS_AUDIT_ENTITLEMENT, "phase-wrong"},
    [SLUSS_AUDIT_NOT_WITHHELD] = {SLUSS_AUDIT_PAYLOAD, "not-withheld"},
    [SLUSS_AUDIT_NOT_DESTROYED] = {SLUSS_AUDIT_PAYLOAD, "not-destroyed"},
    [SLUSS_AUDIT_RELEASED_AFTER_DESTRUCTION] = {SLUSS_AUDIT_PAYLOAD, "released-after-destruction"},
    [SLUSS_AUDIT_DESTROYED_WHILE_WAITING] = {SLUSS_AUDIT_PAYLOAD, "destroyed-while-waiting"},
    [SLUSS_AUDIT_RECALL_OVERDUE] = {SLUSS_AUDIT_OVERDUE, "recall-overdue"},
    [SLUSS_AUDIT_RECALL_LATE] = {SLUSS_AUDIT_OVERDUE, "recall-late"},
    [SLUSS_AUDIT_RECALL_MISSING] = {SLUSS_AUDIT_OVERDUE, "recall-missing"},
    [SLUSS_AUDIT_NOTICE_MISSING] = {SLUSS_AUDIT_OVERDUE, "notice-missing"},
    [SLUSS_AUDIT_POLICY_MISSING] = {SLUSS_AUDIT_UNREPLAYED, "policy-missing"},
    [SLUSS_AUDIT_RECORD_UNKNOWN] = {SLUSS_AUDIT_UNREPLAYED, "record-unknown"},
    [SLUSS_AUDIT_REPLAY_GAP] = {SLUSS_AUDIT_UNREPLAYED, "replay-gap"},
};

enum sluss_audit_class sluss_audit_class_of(enum sluss_audit_kind kind)
{
	return (unsigned)kind < SLUSS_AUDIT_KINDS ? kinds[kind].class : SLUSS_AUDIT_NOTHING;
}

const char *sluss_audit_kind_name(enum sluss_audit_kind kind)
{
	return (unsigned)kind < SLUSS_AUDIT_KINDS ? kinds[kind].name : "none";
}

const char *sluss_audit_class_name(enum sluss_audit_class class)
{
	static const char *const names[SLUSS_AUDIT_CLASSES] = {"nothing", "structure", "signature", "cosignature",
	    "timestamp", "history", "ground", "withdrawn", "decision", "order", "entitlement", "payload", "overdue",
	    "unreplayed"};
	return (unsigned)class < SLUSS_AUDIT_CLASSES ? names[class] : "nothing";
}

enum sluss_audit_class sluss_audit_gravest(const struct sluss_audit_report *report)
{
	for (unsigned class = SLUSS_AUDIT_STRUCTURE; class < SLUSS_AUDIT_CLASSES; class ++) {
		if (report->findings[class] > 0)
			return (enum sluss_audit_class) class;
	}
	return SLUSS_AUDIT_NOTHING;
}

void audit_set_ids(struct audit *audit, const struct sluss_record *record)
{
	static const struct sluss_id none;
	audit->message = audit->case_id = none;
	switch ((int)record->type) {
	case SLUSS_REC_MESSAGE_ACCEPTED:
	case SLUSS_REC_MESSAGE_DENIED:
		audit->message = record->u.message_accepted.message;
		audit->case_id = record->u.message_accepted.case_id;
		return;
	case SLUSS_REC_RELEASED:
	case SLUSS_REC_WITHHELD:
		audit->message = record->u.released.message;
		audit->case_id = record->u.released.case_id;
		return;
	case SLUSS_REC_PAYLOAD_DESTROYED:
	case SLUSS_REC_ACKNOWLEDGED:
	case SLUSS_REC_MISMATCH_REPORTED:
		audit->message = record->u.acknowledged.message; // the first two fields are the same in all three
		audit->case_id = record->u.acknowledged.case_id;
		return;
	case SLUSS_REC_CASE_OPENED:
	case SLUSS_REC_GUARDIANS_SET:
	case SLUSS_REC_MEMBERS_SET:
	case SLUSS_REC_PHASE_SET:
	case SLUSS_REC_PROTECTION_SET:
	case SLUSS_REC_MATURITY_ASSESSED:
	case SLUSS_REC_VIEW_LIMITED:
	case SLUSS_REC_GRANT_STATUS:
		audit->case_id = record->u.case_opened.case_id; // the first field of all of these
		return;
	case SLUSS_REC_CONSENT_RECORDED:
	case SLUSS_REC_WITHDRAWAL:
	case SLUSS_REC_STATUTE_REQUESTED:
	case SLUSS_REC_RECALL_OPENED:
		audit->case_id = record->u.withdrawal.case_id; // the second
		return;
	default:
		return;
	}
}
