// SPDX-License-Identifier: EUPL-1.2
// The tables of the record codec: the authority, its agencies, cases, consents and people. Those of messages stand in
// log_record_map_exchange.c.
#include "log_record_map_table.h"

// clang-format off

// ---- parts of events

#define C struct sluss_member_officer
#define P Sluss__V1__LogMemberOfficer
static const struct record_field member_officer_fields[] = {
	STRING(officer), BOOL(coordinator),
};
MAP(member_officer, log_member_officer);
#undef C
#undef P

#define C struct sluss_member
#define P Sluss__V1__LogMember
static const struct record_field member_fields[] = {
	STRING(agency), MESSAGES(officers, officer_count, member_officer_map),
};
MAP(member, log_member);
#undef C
#undef P

#define C struct sluss_grant
#define P Sluss__V1__LogGrant
static const struct record_field grant_fields[] = {
	ID(grant), STRING(category), STRING(sender), STRING(recipient), ENUM(purpose, SLUSS_PURPOSES - 1),
	I64(from_ms), I64(until_ms), BOOL(explicit_mark),
};
MAP(grant, log_grant);
#undef C
#undef P

// ---- events

#define C struct sluss_rec_genesis
#define P Sluss__V1__LogGenesis
static const struct record_field genesis_fields[] = {
	STRING(origin), BOOL(demo_clock),
};
MAP(genesis, log_genesis);
#undef C
#undef P

#define C struct sluss_rec_clock_step
#define P Sluss__V1__LogClockStep
static const struct record_field clock_step_fields[] = {
	I64(to_ms),
};
MAP(clock_step, log_clock_step);
#undef C
#undef P

#define C struct sluss_rec_policy_set
#define P Sluss__V1__LogPolicySet
static const struct record_field policy_set_fields[] = {
	HASH(hash), STRING(name),
};
MAP(policy_set, log_policy_set);
#undef C
#undef P

#define C struct sluss_rec_settings
#define P Sluss__V1__LogSettings
static const struct record_field settings_fields[] = {
	STRINGS(values, value_count),
};
MAP(settings, log_settings);
#undef C
#undef P

#define C struct sluss_rec_backup
#define P Sluss__V1__LogBackup
static const struct record_field backup_fields[] = {
	I64(size), HASH(root),
};
MAP(backup, log_backup);
#undef C
#undef P

#define C struct sluss_rec_restored
#define P Sluss__V1__LogRestored
static const struct record_field restored_fields[] = {
	I64(signed_size), HASH(signed_root), I64(size), BOOL(forked),
};
MAP(restored, log_restored);
#undef C
#undef P

#define C struct sluss_rec_clock_jumped
#define P Sluss__V1__LogClockJumped
static const struct record_field clock_jumped_fields[] = {
	I64(by_ms),
};
MAP(clock_jumped, log_clock_jumped);
#undef C
#undef P

#define C struct sluss_rec_person_erased
#define P Sluss__V1__LogPersonErased
static const struct record_field person_erased_fields[] = {
	ID(person),
};
MAP(person_erased, log_person_erased);
#undef C
#undef P

#define C struct sluss_rec_agency_enrolled
#define P Sluss__V1__LogAgencyEnrolled
static const struct record_field agency_enrolled_fields[] = {
	STRING(agency), ENUM(type, SLUSS_AGENCY_TYPES - 1), HASH(sign_key), HASH(seal_key), HASH(certificate),
};
MAP(agency_enrolled, log_agency_enrolled);
#undef C
#undef P

#define C struct sluss_rec_keys_rotated
#define P Sluss__V1__LogKeysRotated
static const struct record_field keys_rotated_fields[] = {
	STRING(agency), HASH(sign_key), HASH(seal_key), HASH(certificate), I64(old_until_ms),
};
MAP(keys_rotated, log_keys_rotated);
#undef C
#undef P

#define C struct sluss_rec_key_revoked
#define P Sluss__V1__LogKeyRevoked
static const struct record_field key_revoked_fields[] = {
	STRING(agency), STRING(key_id), HASH(certificate),
};
MAP(key_revoked, log_key_revoked);
#undef C
#undef P

#define C struct sluss_rec_agency_left
#define P Sluss__V1__LogAgencyLeft
static const struct record_field agency_left_fields[] = {
	STRING(agency),
};
MAP(agency_left, log_agency_left);
#undef C
#undef P

#define C struct sluss_rec_approvers_set
#define P Sluss__V1__LogApproversSet
static const struct record_field approvers_set_fields[] = {
	STRING(agency), STRINGS(officers, officer_count),
};
MAP(approvers_set, log_approvers_set);
#undef C
#undef P

#define C struct sluss_rec_case_opened
#define P Sluss__V1__LogCaseOpened
static const struct record_field case_opened_fields[] = {
	ID(case_id), ID(subject), STRING(programme), ENUM(phase, SLUSS_PHASES - 1), STRING(agency), STRING(officer),
	STRING(reporter),
	HASH(statement_hash),
};
MAP(case_opened, log_case_opened);
#undef C
#undef P

#define C struct sluss_rec_person_age
#define P Sluss__V1__LogPersonAge
static const struct record_field person_age_fields[] = {
	ID(person), U8(from_years), U8(until_years), HASH(commitment),
};
MAP(person_age, log_person_age);
#undef C
#undef P

#define C struct sluss_rec_guardians_set
#define P Sluss__V1__LogGuardiansSet
static const struct record_field guardians_set_fields[] = {
	ID(case_id), IDS(guardians, guardian_count), STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(guardians_set, log_guardians_set);
#undef C
#undef P

#define C struct sluss_rec_members_set
#define P Sluss__V1__LogMembersSet
static const struct record_field members_set_fields[] = {
	ID(case_id), MESSAGES(members, member_count, member_map), STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(members_set, log_members_set);
#undef C
#undef P

#define C struct sluss_rec_phase_set
#define P Sluss__V1__LogPhaseSet
static const struct record_field phase_set_fields[] = {
	ID(case_id), ENUM(phase, SLUSS_PHASES - 1), ENUM(reason, SLUSS_CLOSE_REASONS - 1), BOOL(by_gateway),
	STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(phase_set, log_phase_set);
#undef C
#undef P

#define C struct sluss_rec_protection_set
#define P Sluss__V1__LogProtectionSet
static const struct record_field protection_set_fields[] = {
	ID(case_id), BOOL(protected_identity), BOOL(login_locked), STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(protection_set, log_protection_set);
#undef C
#undef P

#define C struct sluss_rec_maturity_assessed
#define P Sluss__V1__LogMaturityAssessed
static const struct record_field maturity_assessed_fields[] = {
	ID(case_id), ENUM(who, SLUSS_WHO_BOTH), STRING(agency), STRING(officer), HASH(reasons_hash),
	HASH(statement_hash),
};
MAP(maturity_assessed, log_maturity_assessed);
#undef C
#undef P

#define C struct sluss_rec_view_limited
#define P Sluss__V1__LogViewLimited
static const struct record_field view_limited_fields[] = {
	ID(case_id), ID(guardian), ID(message), BOOL(limited), STRING(agency), STRING(officer), HASH(reasons_hash),
	HASH(statement_hash),
};
MAP(view_limited, log_view_limited);
#undef C
#undef P

#define C struct sluss_rec_consent_recorded
#define P Sluss__V1__LogConsentRecorded
static const struct record_field consent_recorded_fields[] = {
	ID(consent), ID(case_id), MESSAGES(grants, grant_count, grant_map), STRING(text_version), STRING(language),
	ENUM(channel, SLUSS_CHANNEL_ORAL), I64(obtained_ms), STRING(agency), STRING(officer), HASH(statement_hash),
};
MAP(consent_recorded, log_consent_recorded);
#undef C
#undef P

#define C struct sluss_rec_grant_status
#define P Sluss__V1__LogGrantStatus
static const struct record_field grant_status_fields[] = {
	ID(case_id), ENUM(act, SLUSS_ACT_INVALIDATE), ID(person), ID(consent), IDS(grants, grant_count),
	IDS_SAME(new_grants, grant_count), I64(from_ms), I64(until_ms), ENUM(channel, SLUSS_CHANNEL_ORAL),
	STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(grant_status, log_grant_status);
#undef C
#undef P

#define C struct sluss_rec_withdrawal
#define P Sluss__V1__LogWithdrawal
static const struct record_field withdrawal_fields[] = {
	ID(withdrawal), ID(case_id), ID(person), ENUM(scope, SLUSS_SCOPE_CONSENT), ID(grant), ID(consent),
	STRING(category), STRING(scope_agency), ENUM(channel, SLUSS_CHANNEL_ORAL), STRING(agency), STRING(officer),
	HASH(evidence_hash),
};
MAP(withdrawal, log_withdrawal);
#undef C
#undef P

#define C struct sluss_rec_statute_requested
#define P Sluss__V1__LogStatuteRequested
static const struct record_field statute_requested_fields[] = {
	ID(request), ID(case_id), STRING(provision), STRING(agency), STRING(officer),
	ENUM(message_type, SLUSS_MESSAGE_TYPES - 1), STRINGS(recipients, recipient_count),
	STRINGS(categories, category_count), BOOL(necessity), HASH(necessity_hash), BOOL(deferred), I64(notify_ms),
	HASH(deferral_hash),
	HASH(statement_hash),
};
MAP(statute_requested, log_statute_requested);
#undef C
#undef P

#define C struct sluss_rec_statute_answered
#define P Sluss__V1__LogStatuteAnswered
static const struct record_field statute_answered_fields[] = {
	ID(request), STRING(agency), STRING(officer),
	HASH(statement_hash),
};
MAP(statute_answered, log_statute_answered);
#undef C
#undef P

#define C struct sluss_rec_statute_notified
#define P Sluss__V1__LogStatuteNotified
static const struct record_field statute_notified_fields[] = {
	ID(request), ID(case_id), ID(person),
};
MAP(statute_notified, log_statute_notified);
#undef C
#undef P

#define C struct sluss_rec_looked
#define P Sluss__V1__LogLooked
static const struct record_field looked_fields[] = {
	STRING(who), ID(person), STRING(what), ID(case_id),
};
MAP(looked, log_looked);
#undef C
#undef P

#define C struct sluss_rec_session
#define P Sluss__V1__LogSession
static const struct record_field session_fields[] = {
	ID(person), STRING(agency), STRING(officer), STRING(issuer), HASH(key_hash), HASH(evidence_hash), BOOL(ended),
};
MAP(session, log_session);
#undef C
#undef P

#define C struct sluss_rec_code_issued
#define P Sluss__V1__LogCodeIssued
static const struct record_field code_issued_fields[] = {
	ID(case_id), ID(person), STRING(agency), STRING(officer),
};
MAP(code_issued, log_code_issued);
#undef C
#undef P

#define C struct sluss_replay_findings
#define P Sluss__V1__LogReplayFindings
static const struct record_field replay_findings_fields[] = {
	ENUM(finding_class, SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_UNREPLAYED), U32(count),
};
MAP(replay_findings, log_replay_findings);
#undef C
#undef P

#define C struct sluss_rec_replay_reported
#define P Sluss__V1__LogReplayReported
static const struct record_field replay_reported_fields[] = {
	STRING(agency), STRING(officer), I64(size), HASH(root), MESSAGES(findings, finding_count, replay_findings_map),
	BOOL(complete), HASH(statement_hash),
};
MAP(replay_reported, log_replay_reported);
#undef C
#undef P

#define C struct sluss_rec_agency_invited
#define P Sluss__V1__LogAgencyInvited
static const struct record_field agency_invited_fields[] = {
	STRING(agency), ENUM(type, SLUSS_AGENCY_TYPES - 1), I64(until_ms), STRINGS(approvers, approver_count),
};
MAP(agency_invited, log_agency_invited);
#undef C
#undef P

static const struct record_map restart_map = {.descriptor = &sluss__v1__log_restart__descriptor};

const struct record_map *record_map_of(enum sluss_record_type type)
{
	switch (type) {
	case SLUSS_REC_NONE: return NULL;
	case SLUSS_REC_GENESIS: return &genesis_map;
	case SLUSS_REC_RESTART: return &restart_map;
	case SLUSS_REC_CLOCK_STEP: return &clock_step_map;
	case SLUSS_REC_POLICY_SET: return &policy_set_map;
	case SLUSS_REC_SETTINGS: return &settings_map;
	case SLUSS_REC_BACKUP: return &backup_map;
	case SLUSS_REC_RESTORED: return &restored_map;
	case SLUSS_REC_CLOCK_JUMPED: return &clock_jumped_map;
	case SLUSS_REC_PERSON_ERASED: return &person_erased_map;
	case SLUSS_REC_AGENCY_ENROLLED: return &agency_enrolled_map;
	case SLUSS_REC_KEYS_ROTATED: return &keys_rotated_map;
	case SLUSS_REC_KEY_REVOKED: return &key_revoked_map;
	case SLUSS_REC_AGENCY_LEFT: return &agency_left_map;
	case SLUSS_REC_APPROVERS_SET: return &approvers_set_map;
	case SLUSS_REC_CASE_OPENED: return &case_opened_map;
	case SLUSS_REC_PERSON_AGE: return &person_age_map;
	case SLUSS_REC_GUARDIANS_SET: return &guardians_set_map;
	case SLUSS_REC_MEMBERS_SET: return &members_set_map;
	case SLUSS_REC_PHASE_SET: return &phase_set_map;
	case SLUSS_REC_PROTECTION_SET: return &protection_set_map;
	case SLUSS_REC_MATURITY_ASSESSED: return &maturity_assessed_map;
	case SLUSS_REC_VIEW_LIMITED: return &view_limited_map;
	case SLUSS_REC_CONSENT_RECORDED: return &consent_recorded_map;
	case SLUSS_REC_GRANT_STATUS: return &grant_status_map;
	case SLUSS_REC_WITHDRAWAL: return &withdrawal_map;
	case SLUSS_REC_STATUTE_REQUESTED: return &statute_requested_map;
	case SLUSS_REC_STATUTE_APPROVED: return &statute_answered_map;
	case SLUSS_REC_STATUTE_REFUSED: return &statute_answered_map;
	case SLUSS_REC_STATUTE_NOTIFIED: return &statute_notified_map;
	case SLUSS_REC_MESSAGE_ACCEPTED: return &record_message_map;
	case SLUSS_REC_MESSAGE_DENIED: return &record_message_map;
	case SLUSS_REC_RELEASED: return &record_release_map;
	case SLUSS_REC_WITHHELD: return &record_release_map;
	case SLUSS_REC_PAYLOAD_DESTROYED: return &record_payload_destroyed_map;
	case SLUSS_REC_ACKNOWLEDGED: return &record_acknowledged_map;
	case SLUSS_REC_MISMATCH_REPORTED: return &record_acknowledged_map;
	case SLUSS_REC_EXPIRED: return &record_expired_map;
	case SLUSS_REC_RECALL_OPENED: return &record_recall_opened_map;
	case SLUSS_REC_RECALL_ANSWERED: return &record_recall_answered_map;
	case SLUSS_REC_RECALL_OVERDUE: return &record_recall_overdue_map;
	case SLUSS_REC_LOOKED: return &looked_map;
	case SLUSS_REC_LOGIN: return &looked_map;
	case SLUSS_REC_SESSION: return &session_map;
	case SLUSS_REC_CODE_ISSUED: return &code_issued_map;
	case SLUSS_REC_REPLAY_REPORTED: return &replay_reported_map;
	case SLUSS_REC_AGENCY_INVITED: return &agency_invited_map;
	}
	return NULL;
}

// clang-format on
