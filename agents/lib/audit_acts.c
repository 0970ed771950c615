// SPDX-License-Identifier: EUPL-1.2
// Acts of persons and officers, checked again before they are folded: the same questions that the gateway had to ask.
#include "audit_replay.h"

static const char *reason_name(enum sluss_reason reason)
{
	const char *name = sluss_reason_name(reason);
	return name == NULL ? "?" : name;
}

static bool has_hash(const uint8_t hash[SLUSS_HASH_BYTES])
{
	uint8_t any = 0;
	for (size_t i = 0; i < SLUSS_HASH_BYTES; i++)
		any |= hash[i];
	return any != 0;
}

static void refused(struct audit_replay *replay, enum sluss_audit_kind kind, const char *what, enum sluss_reason reason)
{
	if (reason != SLUSS_REASON_NONE)
		audit_find(replay->audit, kind, "%s should have been refused: %s", what, reason_name(reason));
}

// ---- officers

enum standing { STANDING_NONE = 0, MEMBER, CONTACT, COORDINATOR };

// Whoever recorded it has that standing in the case. Without an agency a person did it on the page, or the gateway.
static void need(struct audit_replay *replay, const struct sluss_id *case_id, const char *agency, const char *officer,
    enum standing standing)
{
	bool ok = agency[0] == '\0' || sluss_case_is_member(replay->state, case_id, agency);
	if (ok && agency[0] != '\0' && standing == CONTACT)
		ok = sluss_case_is_contact(replay->state, case_id, agency, officer);
	if (ok && agency[0] != '\0' && standing == COORDINATOR)
		ok = sluss_case_is_coordinator(replay->state, case_id, agency, officer);
	if (!ok)
		audit_find(replay->audit, SLUSS_AUDIT_NOT_CONTACT,
		    "recorded by %.40s, officer %.40s, who %s of this case", agency, officer,
		    standing == MEMBER	  ? "is no member"
		    : standing == CONTACT ? "is no contact officer"
					  : "is no coordinator");
}

void audit_acts_ages(struct audit_replay *replay, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	if (audit_ages_any_overdue(&replay->ages, replay->audit->at_ms) &&
	    sluss_case_find(replay->state, case_id, &view) &&
	    audit_ages_overdue(&replay->ages, &view.subject, replay->audit->at_ms))
		audit_find(replay->audit, SLUSS_AUDIT_BIRTHDAY_MISSING,
		    "the subject has become older than the age on record, and nothing records that");
}

// ---- consent

static void consent(struct audit_replay *replay, const struct sluss_rec_consent_recorded *recorded)
{
	need(replay, &recorded->case_id, recorded->agency, recorded->officer, CONTACT);
	audit_acts_ages(replay, &recorded->case_id);
	for (size_t i = 0; i < recorded->grant_count; i++) {
		const struct sluss_grant *grant = &recorded->grants[i];
		struct sluss_refusal refusal;
		const struct sluss_grant_draft draft = {
		    .category = grant->category,
		    .sender = grant->sender,
		    .recipients = &grant->recipient,
		    .recipient_count = 1,
		    .purpose = grant->purpose,
		    .has_from = true,
		    .has_until = true,
		    .from_ms = grant->from_ms,
		    .until_ms = grant->until_ms,
		    .explicit_mark = grant->explicit_mark,
		};
		enum sluss_reason reason =
		    sluss_check_consent(replay->state, &recorded->case_id, &draft, 1, replay->audit->at_ms, &refusal);
		refused(replay, SLUSS_AUDIT_CONSENT_VAGUE, "a grant of this consent", reason);
		if (reason != SLUSS_REASON_NONE)
			return;
	}
}

static void status(struct audit_replay *replay, const struct sluss_rec_grant_status *done)
{
	struct sluss_refusal refusal;
	const struct sluss_act_request request = {
	    .case_id = done->case_id,
	    .person = done->person,
	    .act = done->act,
	    .grants = done->grants,
	    .grant_count = done->grant_count,
	    .from_ms = done->from_ms,
	    .until_ms = done->until_ms,
	};
	need(replay, &done->case_id, done->agency, done->officer, CONTACT);
	audit_acts_ages(replay, &done->case_id);
	refused(replay, SLUSS_AUDIT_NOT_ENTITLED, "this act",
	    sluss_check_act(replay->state, &request, replay->audit->at_ms, &refusal));
}

static void withdrawal(struct audit_replay *replay, const struct sluss_rec_withdrawal *withdrawn)
{
	struct sluss_refusal refusal;
	need(replay, &withdrawn->case_id, withdrawn->agency, withdrawn->officer, MEMBER);
	audit_acts_ages(replay, &withdrawn->case_id);
	refused(replay, SLUSS_AUDIT_NOT_ENTITLED, "this withdrawal",
	    sluss_check_withdrawal(replay->state, withdrawn, &refusal));
}

// ---- cases

static void opened(struct audit_replay *replay, const struct sluss_rec_case_opened *case_opened)
{
	struct sluss_refusal refusal;
	uint8_t from = 0, until = 0;
	(void)sluss_person_age(replay->state, &case_opened->subject, &from, &until);
	if (sluss_state_agency_type(replay->state, case_opened->agency) != SLUSS_AGENCY_SOCIAL_SERVICES)
		audit_find(replay->audit, SLUSS_AUDIT_NOT_CONTACT,
		    "%.40s opened a case and is no social services agency", case_opened->agency);
	refused(replay, SLUSS_AUDIT_PHASE_WRONG, "the opening of this case",
	    sluss_check_open(replay->state, case_opened->programme, from, until, &refusal));
}

static void guardians(struct audit_replay *replay, const struct sluss_rec_guardians_set *set)
{
	struct sluss_refusal refusal;
	need(replay, &set->case_id, set->agency, set->officer, COORDINATOR);
	refused(replay, SLUSS_AUDIT_NOT_ENTITLED, "these guardians",
	    sluss_check_guardians(replay->state, &set->case_id, set->guardians, set->guardian_count, &refusal));
}

static void phase(struct audit_replay *replay, const struct sluss_rec_phase_set *set)
{
	struct sluss_refusal refusal;
	need(replay, &set->case_id, set->agency, set->officer, COORDINATOR);
	refused(replay, SLUSS_AUDIT_PHASE_WRONG, "this step",
	    sluss_check_phase(replay->state, &set->case_id, set->phase, set->reason, replay->audit->at_ms, &refusal));
}

static void maturity(struct audit_replay *replay, const struct sluss_rec_maturity_assessed *assessed)
{
	struct sluss_refusal refusal;
	need(replay, &assessed->case_id, assessed->agency, assessed->officer, COORDINATOR);
	refused(replay, SLUSS_AUDIT_NOT_ENTITLED, "this assessment",
	    sluss_check_assessment(replay->state, &assessed->case_id, assessed->who, &refusal));
}

// ---- the statutory path and recalls

static void statute(struct audit_replay *replay, const struct sluss_rec_statute_requested *requested)
{
	struct sluss_refusal refusal;
	need(replay, &requested->case_id, requested->agency, requested->officer, CONTACT);
	audit_acts_ages(replay, &requested->case_id);
	refused(replay, SLUSS_AUDIT_STATUTE_WRONG, "this request",
	    sluss_check_statute_request(
		replay->state, requested, has_hash(requested->deferral_hash), replay->audit->at_ms, &refusal));
	if (requested->necessity && !has_hash(requested->necessity_hash))
		audit_find(
		    replay->audit, SLUSS_AUDIT_STATUTE_WRONG, "necessity is said to be argued, and no text is bound");
}

static void answered(struct audit_replay *replay, const struct sluss_rec_statute_answered *answer)
{
	struct sluss_refusal refusal;
	refused(replay, SLUSS_AUDIT_STATUTE_WRONG, "this answer",
	    sluss_check_statute_answer(replay->state, answer, replay->audit->at_ms, &refusal));
}

// ---- replays

// Two auditors' words: what this one was shown has to be the beginning of what we are shown.
static void reported(struct audit_replay *replay, const struct sluss_rec_replay_reported *report)
{
	struct sluss_hash root;
	if (sluss_state_agency_type(replay->state, report->agency) != SLUSS_AGENCY_AUDITOR)
		audit_find(replay->audit, SLUSS_AUDIT_NOT_ENTITLED, "%.40s reported a replay and is no auditor",
		    report->agency);
	if (report->size <= 0 || (uint64_t)report->size > replay->audit->index)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS,
		    "a replay of %lld entries is reported where there were %llu", (long long)report->size,
		    (unsigned long long)replay->audit->index);
	else if (audit_root_at(replay->audit, (uint64_t)report->size, &root) &&
		 memcmp(root.b, report->root, sizeof(root.b)) != 0)
		audit_find(replay->audit, SLUSS_AUDIT_HISTORY_DIFFERS,
		    "%.40s replayed %lld entries with another root: that auditor was shown another log", report->agency,
		    (long long)report->size);
}

void audit_acts_check(struct audit_replay *replay, const struct sluss_record *record)
{
	switch ((int)record->type) {
	case SLUSS_REC_CONSENT_RECORDED:
		consent(replay, &record->u.consent_recorded);
		return;
	case SLUSS_REC_GRANT_STATUS:
		status(replay, &record->u.grant_status);
		return;
	case SLUSS_REC_WITHDRAWAL:
		withdrawal(replay, &record->u.withdrawal);
		return;
	case SLUSS_REC_CASE_OPENED:
		opened(replay, &record->u.case_opened);
		return;
	case SLUSS_REC_GUARDIANS_SET:
		guardians(replay, &record->u.guardians_set);
		return;
	case SLUSS_REC_MEMBERS_SET:
		need(replay, &record->u.members_set.case_id, record->u.members_set.agency,
		    record->u.members_set.officer, COORDINATOR);
		return;
	case SLUSS_REC_PHASE_SET:
		phase(replay, &record->u.phase_set);
		return;
	case SLUSS_REC_PROTECTION_SET:
		need(replay, &record->u.protection_set.case_id, record->u.protection_set.agency,
		    record->u.protection_set.officer, COORDINATOR);
		return;
	case SLUSS_REC_MATURITY_ASSESSED:
		maturity(replay, &record->u.maturity_assessed);
		return;
	case SLUSS_REC_VIEW_LIMITED:
		need(replay, &record->u.view_limited.case_id, record->u.view_limited.agency,
		    record->u.view_limited.officer, COORDINATOR);
		return;
	case SLUSS_REC_REPLAY_REPORTED:
		reported(replay, &record->u.replay_reported);
		return;
	case SLUSS_REC_STATUTE_REQUESTED:
		statute(replay, &record->u.statute_requested);
		return;
	case SLUSS_REC_STATUTE_APPROVED:
		answered(replay, &record->u.statute_approved);
		return;
	case SLUSS_REC_STATUTE_REFUSED:
		answered(replay, &record->u.statute_refused);
		return;
	default:
		return;
	}
}
