// SPDX-License-Identifier: EUPL-1.2
// Log entries against what was signed.
#include "record.h"

#include <sodium.h>

#include "sluss/v1/audit.pb-c.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "sluss/v1/log.pb-c.h"
#include "sluss/v1/recall.pb-c.h"
#include "sluss/v1/statutory.pb-c.h"

#define EVENT(name) SLUSS__V1__LOG_RECORD__EVENT_##name

// ---- comparing

static bool same_id(ProtobufCBinaryData octets, const char *text)
{
	struct sluss_id id;
	return sluss_id_from_text(text, &id) && octets.len == sizeof(id.b) && memcmp(octets.data, id.b, sizeof(id.b)) == 0;
}

static bool same_octets(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool same_hash(ProtobufCBinaryData hash, struct sluss_bytes octets)
{
	uint8_t own[SLUSS_HASH_BYTES];
	(void)crypto_hash_sha256(own, octets.data, octets.len);
	return hash.len == sizeof(own) && memcmp(hash.data, own, sizeof(own)) == 0;
}

// ---- one comparison for each statement; the event's type was checked, so that its pointer is set

static bool fits_envelope(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__Envelope *s = (const Sluss__V1__Envelope *)statement;
	return same_id(r->message_accepted->message, s->message_id) && same_hash(r->message_accepted->envelope_hash, octets);
}

static bool fits_consent(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__RecordConsent *s = (const Sluss__V1__RecordConsent *)statement;
	return same_id(r->consent_recorded->consent, s->consent_id) && same_hash(r->consent_recorded->statement_hash, octets);
}

static bool fits_withdrawal(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__WithdrawConsent *s = (const Sluss__V1__WithdrawConsent *)statement;
	return same_id(r->withdrawal->case_id, s->case_id) && same_id(r->withdrawal->person, s->person_id) && same_hash(r->withdrawal->evidence_hash, octets);
}

static Sluss__V1__LogAct act_of(Sluss__V1__GrantAct act)
{
	switch ((int)act) {
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE:
		return SLUSS__V1__LOG_ACT__LOG_ACT_GIVE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE:
		return SLUSS__V1__LOG_ACT__LOG_ACT_REFUSE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE:
		return SLUSS__V1__LOG_ACT__LOG_ACT_PAUSE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_RESUME:
		return SLUSS__V1__LOG_ACT__LOG_ACT_RESUME;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE:
		return SLUSS__V1__LOG_ACT__LOG_ACT_INVALIDATE;
	case SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW:
		return SLUSS__V1__LOG_ACT__LOG_ACT_NARROW;
	default:
		return SLUSS__V1__LOG_ACT__LOG_ACT_UNSPECIFIED;
	}
}

static bool fits_act(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__ActOnGrants *s = (const Sluss__V1__ActOnGrants *)statement;
	const Sluss__V1__LogGrantStatus *e = r->grant_status;
	(void)octets;
	if (!same_id(e->case_id, s->case_id) || !same_id(e->person, s->person_id) || e->act != act_of(s->act) || e->n_grants != s->n_grant_ids) {
		return false;
	}
	for (size_t i = 0; i < s->n_grant_ids; i++) {
		if (!same_id(e->grants[i], s->grant_ids[i])) {
			return false;
		}
	}
	return true;
}

static bool fits_open(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__OpenCase *s = (const Sluss__V1__OpenCase *)statement;
	(void)octets;
	return same_id(r->case_opened->case_id, s->case_id) && strcmp(r->case_opened->agency, s->agency_id) == 0 && strcmp(r->case_opened->programme, s->programme) == 0;
}

static bool fits_members(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__SetMembers *s = (const Sluss__V1__SetMembers *)statement;
	(void)octets;
	if (!same_id(r->members_set->case_id, s->case_id) || r->members_set->n_members != s->n_members) {
		return false;
	}
	for (size_t i = 0; i < s->n_members; i++) {
		bool found = false;
		for (size_t k = 0; k < s->n_members && !found; k++) {
			found = strcmp(r->members_set->members[k]->agency, s->members[i]->agency_id) == 0;
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

static bool fits_phase(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__SetPhase *s = (const Sluss__V1__SetPhase *)statement;
	(void)octets;
	return same_id(r->phase_set->case_id, s->case_id) && r->phase_set->phase == s->phase;
}

static bool fits_guardians(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__SetGuardians *s = (const Sluss__V1__SetGuardians *)statement;
	(void)octets;
	return same_id(r->guardians_set->case_id, s->case_id) && r->guardians_set->n_guardians == s->n_guardians;
}

static bool fits_protection(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__SetProtection *s = (const Sluss__V1__SetProtection *)statement;
	(void)octets;
	return same_id(r->protection_set->case_id, s->case_id) && r->protection_set->protected_identity == s->protected_identity
	    && r->protection_set->login_locked == s->login_locked;
}

static bool fits_maturity(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	(void)octets;
	return same_id(r->maturity_assessed->case_id, ((const Sluss__V1__AssessMaturity *)statement)->case_id);
}

// Received: an acknowledgement; rejected: the last mismatch that was written.
static bool fits_acknowledgement(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__AcknowledgeDelivery *s = (const Sluss__V1__AcknowledgeDelivery *)statement;
	const Sluss__V1__LogAcknowledged *e = r->event_case == EVENT(ACKNOWLEDGED) ? r->acknowledged : r->mismatch_reported;
	(void)octets;
	return same_id(e->message, s->message_id) && strcmp(e->agency, s->agency_id) == 0;
}

static bool fits_rotation(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__RotateKeys *s = (const Sluss__V1__RotateKeys *)statement;
	(void)octets;
	return strcmp(r->keys_rotated->agency, s->agency_id) == 0 && same_octets(r->keys_rotated->sign_key, s->signing_key)
	    && same_octets(r->keys_rotated->seal_key, s->sealing_key);
}

static bool fits_request(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__RequestStatutory *s = (const Sluss__V1__RequestStatutory *)statement;
	(void)octets;
	return same_id(r->statute_requested->request, s->approval_id) && same_id(r->statute_requested->case_id, s->case_id);
}

static bool fits_approval(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__ApproveStatutory *s = (const Sluss__V1__ApproveStatutory *)statement;
	const Sluss__V1__LogStatuteAnswered *e = r->event_case == EVENT(STATUTE_APPROVED) ? r->statute_approved : r->statute_refused;
	(void)octets;
	return same_id(e->request, s->approval_id) && (r->event_case == EVENT(STATUTE_APPROVED)) == (s->approved != 0);
}

static bool fits_recall(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__AttestRecall *s = (const Sluss__V1__AttestRecall *)statement;
	(void)octets;
	return same_id(r->recall_answered->recall, s->recall_id)
	    && (r->recall_answered->deleted != 0) == (s->answer == SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED);
}

static bool fits_replay(const Sluss__V1__LogRecord *r, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const Sluss__V1__ReplayReport *s = (const Sluss__V1__ReplayReport *)statement;
	const Sluss__V1__LogReplayReported *e = r->replay_reported;
	bool same = e->n_findings == s->n_findings;
	for (size_t i = 0; same && i < s->n_findings; i++) {
		same = e->findings[i]->finding_class == s->findings[i]->finding_class && e->findings[i]->count == s->findings[i]->count;
	}
	return same && strcmp(e->agency, s->agency_id) == 0 && (uint64_t)e->size == s->size && same_octets(e->root, s->root)
	    && (e->complete != 0) == (s->complete != 0) && same_hash(e->statement_hash, octets);
}

// ---- the table

static const struct row {
	const ProtobufCMessageDescriptor *statement;
	Sluss__V1__LogRecord__EventCase event;
	Sluss__V1__LogRecord__EventCase or_event; // 0: only the first
	bool (*fits)(const Sluss__V1__LogRecord *record, const ProtobufCMessage *statement, struct sluss_bytes octets);
} rows[] = {
	{&sluss__v1__envelope__descriptor, EVENT(MESSAGE_ACCEPTED), 0, fits_envelope},
	{&sluss__v1__record_consent__descriptor, EVENT(CONSENT_RECORDED), 0, fits_consent},
	{&sluss__v1__withdraw_consent__descriptor, EVENT(WITHDRAWAL), 0, fits_withdrawal},
	{&sluss__v1__act_on_grants__descriptor, EVENT(GRANT_STATUS), 0, fits_act},
	{&sluss__v1__open_case__descriptor, EVENT(CASE_OPENED), 0, fits_open},
	{&sluss__v1__set_members__descriptor, EVENT(MEMBERS_SET), 0, fits_members},
	{&sluss__v1__set_phase__descriptor, EVENT(PHASE_SET), 0, fits_phase},
	{&sluss__v1__set_guardians__descriptor, EVENT(GUARDIANS_SET), 0, fits_guardians},
	{&sluss__v1__set_protection__descriptor, EVENT(PROTECTION_SET), 0, fits_protection},
	{&sluss__v1__assess_maturity__descriptor, EVENT(MATURITY_ASSESSED), 0, fits_maturity},
	{&sluss__v1__acknowledge_delivery__descriptor, EVENT(ACKNOWLEDGED), EVENT(MISMATCH_REPORTED), fits_acknowledgement},
	{&sluss__v1__rotate_keys__descriptor, EVENT(KEYS_ROTATED), 0, fits_rotation},
	{&sluss__v1__request_statutory__descriptor, EVENT(STATUTE_REQUESTED), 0, fits_request},
	{&sluss__v1__approve_statutory__descriptor, EVENT(STATUTE_APPROVED), EVENT(STATUTE_REFUSED), fits_approval},
	{&sluss__v1__attest_recall__descriptor, EVENT(RECALL_ANSWERED), 0, fits_recall},
	{&sluss__v1__replay_report__descriptor, EVENT(REPLAY_REPORTED), 0, fits_replay},
};

bool sluss_record_fits(struct sluss_bytes entry, const ProtobufCMessage *statement, struct sluss_bytes octets)
{
	const struct row *row = NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].statement == statement->descriptor) {
			row = &rows[i];
		}
	}
	Sluss__V1__LogRecord *record = row == NULL ? NULL : sluss__v1__log_record__unpack(NULL, entry.len, entry.data);
	if (record == NULL) {
		return false;
	}
	bool right_event = record->event_case == row->event || (row->or_event != 0 && record->event_case == row->or_event);
	bool ok = right_event && row->fits(record, statement, octets);
	sluss__v1__log_record__free_unpacked(record, NULL);
	return ok;
}

bool sluss_record_binds_keys(struct sluss_bytes entry, const char *agency_id, const Sluss__V1__AgencyKeys *keys)
{
	Sluss__V1__LogRecord *r = sluss__v1__log_record__unpack(NULL, entry.len, entry.data);
	bool ok = false;
	if (r != NULL && r->event_case == EVENT(AGENCY_ENROLLED)) {
		ok = strcmp(r->agency_enrolled->agency, agency_id) == 0 && same_octets(r->agency_enrolled->sign_key, keys->signing_key)
		    && same_octets(r->agency_enrolled->seal_key, keys->sealing_key);
	} else if (r != NULL && r->event_case == EVENT(KEYS_ROTATED)) {
		ok = strcmp(r->keys_rotated->agency, agency_id) == 0 && same_octets(r->keys_rotated->sign_key, keys->signing_key)
		    && same_octets(r->keys_rotated->seal_key, keys->sealing_key);
	}
	if (r != NULL) {
		sluss__v1__log_record__free_unpacked(r, NULL);
	}
	return ok;
}
