// SPDX-License-Identifier: EUPL-1.2
// Messages and releases are decided again, from their own labels, with the state and the policy of that moment; each
// decision is compared with the one on record.
#include <stdio.h>

#include "audit_replay.h"

static bool permits(enum sluss_reason reason)
{
	return reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
}

static const char *reason_name(enum sluss_reason reason)
{
	const char *name = sluss_reason_name(reason);
	return name == NULL ? "?" : name;
}

static struct sluss_decision decide(const struct audit_replay *replay, const struct sluss_rec_message *message,
    size_t section, const struct sluss_recipient *recipient)
{
	const struct sluss_section_label *label = &message->sections[section];
	const struct sluss_question question = {
	    .case_id = message->case_id,
	    .sender = message->sender,
	    .sender_officer = message->officer,
	    .recipient = recipient->agency,
	    .recipient_officer = recipient->officer,
	    .message_type = message->message_type,
	    .category = label->category,
	    .purpose = label->purpose,
	    .concerned = label->concerned,
	    .concerned_count = label->concerned_count,
	    .claims = label->claims,
	    .claim_count = label->claim_count,
	    .necessity = label->necessity,
	    .log_usable = true,
	};
	replay->audit->report->decisions++;
	return sluss_decide(replay->state, &question, replay->audit->at_ms);
}

// What the record says rests on the same grounds.
static bool same_grounds(const struct sluss_pair *pair, const struct sluss_decision *decision)
{
	enum sluss_ground ground = permits(decision->reason) ? decision->ground : SLUSS_GROUND_NONE;
	if (pair->ground != ground || pair->ground_count != decision->ground_count ||
	    strcmp(pair->provision, decision->provision == NULL ? "" : decision->provision) != 0)
		return false;
	for (size_t i = 0; i < pair->ground_count; i++) {
		if (!sluss_id_equal(&pair->grounds[i], &decision->grounds[i]))
			return false;
	}
	return true;
}

struct complaint {
	enum sluss_audit_kind without_ground, after_withdrawal;
	const char *doing; // "accepted", "released"
};

static const struct complaint at_acceptance = {
    SLUSS_AUDIT_ACCEPTED_WITHOUT_GROUND, SLUSS_AUDIT_ACCEPTED_AFTER_WITHDRAWAL, "accepted"};
static const struct complaint at_release = {
    SLUSS_AUDIT_RELEASED_WITHOUT_GROUND, SLUSS_AUDIT_RELEASED_AFTER_WITHDRAWAL, "released"};

// Compares a pair on record with the decision made again. True: they are the same.
static bool compare(struct audit_replay *replay, const struct complaint *complaint, const struct sluss_pair *pair,
    const struct sluss_decision *decision)
{
	bool says_yes = permits(pair->reason);
	bool yes = decision->verdict == SLUSS_VERDICT_PERMIT && permits(decision->reason);
	if (says_yes && !yes) {
		audit_find(replay->audit,
		    decision->reason == SLUSS_WITHDRAWN ? complaint->after_withdrawal : complaint->without_ground,
		    "section %u for %.40s was %s (%s), and the decision is %s", pair->section, pair->recipient,
		    complaint->doing, reason_name(pair->reason), reason_name(decision->reason));
		return false;
	}
	if (!says_yes && yes) {
		audit_find(replay->audit, SLUSS_AUDIT_DENIED_THOUGH_PERMITTED,
		    "section %u for %.40s was denied (%s), and the decision is %s", pair->section, pair->recipient,
		    reason_name(pair->reason), reason_name(decision->reason));
		return false;
	}
	if (pair->reason == decision->reason && same_grounds(pair, decision))
		return true;
	audit_find(replay->audit, SLUSS_AUDIT_DECISION_DIFFERS,
	    "section %u for %.40s: the record says %s, the decision %s, or on other grounds", pair->section,
	    pair->recipient, reason_name(pair->reason), reason_name(decision->reason));
	return false;
}

// ---- acceptance and denial

// The pair of section and recipient on record; in its place, or anywhere. NULL: left out.
static const struct sluss_pair *find_pair(
    const struct sluss_rec_message *message, size_t place, size_t section, const char *recipient)
{
	if (place < message->pair_count && message->pairs[place].section == section &&
	    strcmp(message->pairs[place].recipient, recipient) == 0)
		return &message->pairs[place];
	for (size_t i = 0; i < message->pair_count; i++) {
		if (message->pairs[i].section == section && strcmp(message->pairs[i].recipient, recipient) == 0)
			return &message->pairs[i];
	}
	return NULL;
}

static bool is_whole(struct audit_replay *replay, const struct sluss_rec_message *message)
{
	const char *wrong = NULL;
	if (message->section_count == 0 || message->section_count > AUDIT_SECTIONS_MAX)
		wrong = "a message has 1 to 64 sections";
	else if (message->recipient_count == 0)
		wrong = "a message has a recipient";
	else if (sluss_state_agency_type(replay->state, message->sender) == SLUSS_AGENCY_NONE)
		wrong = "the sender takes no part here";
	for (size_t i = 0; wrong == NULL && i < message->recipient_count; i++) {
		if (sluss_state_agency_type(replay->state, message->recipients[i].agency) == SLUSS_AGENCY_NONE)
			wrong = "a recipient takes no part here";
		for (size_t k = 0; k < i; k++) {
			if (strcmp(message->recipients[i].agency, message->recipients[k].agency) == 0)
				wrong = "a recipient is named twice";
		}
	}
	if (wrong != NULL)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "%s", wrong);
	return message->section_count <= AUDIT_SECTIONS_MAX;
}

static void concern_ages(struct audit_replay *replay, const struct sluss_rec_message *message)
{
	audit_acts_ages(replay, &message->case_id);
	for (size_t s = 0; s < message->section_count; s++) {
		for (size_t c = 0; c < message->sections[s].concerned_count; c++) {
			if (message->sections[s].concerned[c].kind == SLUSS_CONCERNED_OTHER_CASE)
				audit_acts_ages(replay, &message->sections[s].concerned[c].ref);
		}
	}
}

void audit_decide_message(struct audit_replay *replay, const struct sluss_rec_message *message, bool accepted)
{
	size_t permitted = 0, count = message->section_count * message->recipient_count;
	if (!is_whole(replay, message))
		return;
	concern_ages(replay, message);
	for (size_t s = 0; s < message->section_count; s++) {
		for (size_t r = 0; r < message->recipient_count; r++) {
			struct sluss_decision decision = decide(replay, message, s, &message->recipients[r]);
			const struct sluss_pair *pair =
			    find_pair(message, s * message->recipient_count + r, s, message->recipients[r].agency);
			permitted += permits(decision.reason) ? 1 : 0;
			if (pair == NULL)
				audit_find(replay->audit, SLUSS_AUDIT_DECISION_LEFT_OUT,
				    "the decision for section %zu and %.40s is not on record; it is %s", s,
				    message->recipients[r].agency, reason_name(decision.reason));
			else
				(void)compare(replay, &at_acceptance, pair, &decision);
		}
	}
	if (message->pair_count > count)
		audit_find(replay->audit, SLUSS_AUDIT_DECISION_DIFFERS, "there are more decisions than questions");
	bool passes = permitted == count || (message->partial && permitted > 0);
	if (passes != accepted)
		audit_find(replay->audit, SLUSS_AUDIT_OUTCOME_DIFFERS,
		    accepted ? "accepted whole, and a part of it is denied"
			     : "denied, and every part of it that had to be is permitted");
}

bool audit_decide_accepted(struct audit_replay *replay, const struct sluss_rec_message *message)
{
	if (message->section_count > AUDIT_SECTIONS_MAX)
		return true;
	if (audit_open_find(&replay->open, &message->message) != NULL)
		return true; // twice: reported with all ids that came twice
	struct audit_message *open = audit_open_add(&replay->open, message, replay->audit->index);
	if (open == NULL)
		return false;
	for (size_t i = 0; i < message->pair_count; i++) {
		struct audit_delivery *delivery = audit_open_delivery(open, message->pairs[i].recipient);
		if (delivery != NULL && permits(message->pairs[i].reason) &&
		    message->pairs[i].section < message->section_count)
			delivery->live |= UINT64_C(1) << message->pairs[i].section;
	}
	audit_open_settle(&replay->open, open);
	return true;
}

// ---- releases

// The delivery that a record is about; NULL and a finding when there is none.
static struct audit_delivery *delivery_of(struct audit_replay *replay, const struct sluss_id *message_id,
    const struct sluss_id *case_id, const char *agency, struct audit_message **message_out)
{
	struct audit_message *message = audit_open_find(&replay->open, message_id);
	*message_out = message;
	if (message == NULL) {
		audit_find(replay->audit, SLUSS_AUDIT_UNKNOWN_MESSAGE,
		    "no such message was accepted, or all of it had ended long before");
		return NULL;
	}
	struct audit_delivery *delivery = audit_open_delivery(message, agency);
	if (delivery == NULL || !sluss_id_equal(&message->record.case_id, case_id)) {
		audit_find(
		    replay->audit, SLUSS_AUDIT_UNKNOWN_MESSAGE, "the message was not for %.40s in this case", agency);
		return NULL;
	}
	return delivery;
}

static bool concerns(const struct audit_replay *replay, const struct audit_message *message,
    const struct sluss_section_label *section, const struct sluss_id *subject)
{
	const struct sluss_audit_options *options = replay->audit->options;
	bool in_case =
	    sluss_id_is_none(&options->case_id) || sluss_id_equal(&options->case_id, &message->record.case_id);
	bool of_person = sluss_id_is_none(&options->person);
	for (size_t i = 0; i < section->concerned_count; i++) {
		const struct sluss_concerned *one = &section->concerned[i];
		struct sluss_case_view view;
		if (one->kind == SLUSS_CONCERNED_SUBJECT)
			of_person = of_person || sluss_id_equal(subject, &options->person);
		if (one->kind == SLUSS_CONCERNED_GUARDIAN)
			of_person = of_person || sluss_id_equal(&one->ref, &options->person);
		if (one->kind == SLUSS_CONCERNED_OTHER_CASE && sluss_case_find(replay->state, &one->ref, &view)) {
			of_person = of_person || sluss_id_equal(&view.subject, &options->person);
			in_case = in_case || sluss_id_equal(&one->ref, &options->case_id);
		}
	}
	return in_case && of_person;
}

static bool is_unattributed(const struct sluss_section_label *section)
{
	for (size_t i = 0; i < section->concerned_count; i++) {
		if (section->concerned[i].kind == SLUSS_CONCERNED_OTHER)
			return true;
	}
	return false;
}

static void disclose(struct audit_replay *replay, const struct audit_message *message,
    const struct sluss_recipient *recipient, const struct sluss_pair *pair, bool permitted)
{
	struct audit *audit = replay->audit;
	const struct sluss_section_label *section = &message->record.sections[pair->section];
	struct sluss_case_view view = {.programme = ""};
	if (!sluss_id_is_none(&audit->options->person) || audit->options->on_disclosure != NULL)
		(void)sluss_case_find(replay->state, &message->record.case_id, &view);
	audit->report->unattributed += is_unattributed(section) ? 1 : 0;
	if (!concerns(replay, message, section, &view.subject))
		return;
	audit->report->disclosures++;
	if (audit->options->on_disclosure == NULL)
		return;
	const struct sluss_audit_disclosure disclosure = {.index = audit->index,
	    .accepted = message->index,
	    .at_ms = audit->at_ms,
	    .message = &message->record,
	    .section = section,
	    .recipient = recipient,
	    .pair = pair,
	    .subject = view.subject,
	    .origin = replay->origin,
	    .permitted = permitted};
	audit->options->on_disclosure(audit->options->context, &disclosure);
}

static void release_pair(struct audit_replay *replay, struct audit_message *message, struct audit_delivery *delivery,
    const struct sluss_recipient *recipient, const struct sluss_pair *pair)
{
	if (pair->section >= message->record.section_count || strcmp(pair->recipient, recipient->agency) != 0) {
		audit_find(
		    replay->audit, SLUSS_AUDIT_CONTRADICTS, "the message has no such section for this recipient");
		return;
	}
	uint64_t bit = UINT64_C(1) << pair->section;
	struct sluss_decision decision = decide(replay, &message->record, pair->section, recipient);
	bool permitted = compare(replay, &at_release, pair, &decision) && permits(pair->reason);
	if (!permits(pair->reason) && !permits(decision.reason))
		audit_find(replay->audit, SLUSS_AUDIT_RELEASED_WITHOUT_GROUND,
		    "section %u for %.40s was released though its own record denies it", pair->section,
		    pair->recipient);
	if ((message->destroyed & bit) != 0)
		audit_find(replay->audit, SLUSS_AUDIT_RELEASED_AFTER_DESTRUCTION,
		    "section %u was released after its payload was destroyed", pair->section);
	else if (delivery->acknowledged || delivery->rejected)
		audit_find(replay->audit, SLUSS_AUDIT_RELEASED_AFTER_END,
		    "section %u was released to %.40s after that had said it had it", pair->section, pair->recipient);
	else if ((delivery->live & bit) == 0)
		audit_find(replay->audit, SLUSS_AUDIT_RELEASED_WITHOUT_GROUND,
		    "section %u was released to %.40s, which it had been denied", pair->section, pair->recipient);
	if (message->record.expires_ms != 0 && message->record.expires_ms <= replay->audit->at_ms)
		audit_find(replay->audit, SLUSS_AUDIT_RELEASED_AFTER_END,
		    "section %u was released after its time was over", pair->section);
	delivery->released |= bit;
	disclose(replay, message, recipient, pair, permitted);
}

// What waits for the recipient, is not in this release, and is denied now: that it was withheld is not on record.
static void left_out(struct audit_replay *replay, const struct audit_message *message,
    const struct audit_delivery *delivery, const struct sluss_recipient *recipient, uint64_t handed)
{
	for (uint32_t s = 0; s < message->record.section_count; s++) {
		uint64_t bit = UINT64_C(1) << s;
		if ((delivery->live & ~handed & bit) == 0)
			continue;
		struct sluss_decision decision = decide(replay, &message->record, s, recipient);
		if (!permits(decision.reason))
			audit_find(replay->audit, SLUSS_AUDIT_DECISION_LEFT_OUT,
			    "section %u for %.40s is denied now (%s), and that it was withheld is not on record", s,
			    recipient->agency, reason_name(decision.reason));
	}
}

void audit_decide_release(struct audit_replay *replay, const struct sluss_rec_release *release)
{
	struct audit_message *message;
	uint64_t handed = 0;
	struct audit_delivery *delivery =
	    delivery_of(replay, &release->message, &release->case_id, release->recipient, &message);
	if (delivery == NULL)
		return;
	const struct sluss_recipient *recipient = audit_open_recipient(message, release->recipient);
	concern_ages(replay, &message->record);
	if (release->pair_count == 0)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "a release of nothing");
	for (size_t i = 0; i < release->pair_count; i++) {
		uint64_t bit = UINT64_C(1) << (release->pairs[i].section % AUDIT_SECTIONS_MAX);
		if ((handed & bit) != 0)
			audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "a section stands twice in one release");
		handed |= bit;
		release_pair(replay, message, delivery, recipient, &release->pairs[i]);
	}
	left_out(replay, message, delivery, recipient, handed);
}

// ---- withholding and destroying

void audit_decide_withheld(struct audit_replay *replay, const struct sluss_rec_release *withheld)
{
	struct audit_message *message;
	struct audit_delivery *delivery =
	    delivery_of(replay, &withheld->message, &withheld->case_id, withheld->recipient, &message);
	if (delivery == NULL)
		return;
	const struct sluss_recipient *recipient = audit_open_recipient(message, withheld->recipient);
	uint64_t before = audit_open_needed(message);
	for (size_t i = 0; i < withheld->pair_count; i++) {
		const struct sluss_pair *pair = &withheld->pairs[i];
		if (pair->section >= message->record.section_count) {
			audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "the message has no such section");
			continue;
		}
		struct sluss_decision decision = decide(replay, &message->record, pair->section, recipient);
		if (permits(pair->reason))
			audit_find(replay->audit, SLUSS_AUDIT_DECISION_DIFFERS,
			    "section %u was withheld with a reason that permits it", pair->section);
		else
			(void)compare(replay, &at_release, pair, &decision);
		delivery->live &= ~(UINT64_C(1) << pair->section);
		delivery->to_withhold &= ~(UINT64_C(1) << pair->section);
	}
	message->to_destroy |= before & ~audit_open_needed(message);
	if (message->to_destroy != 0)
		audit_replay_owes(replay, message);
	audit_open_settle(&replay->open, message);
}

static void cover(void *to, struct audit_message *message)
{
	struct audit_replay *replay = to;
	for (size_t i = 0; i < message->record.recipient_count; i++) {
		struct audit_delivery *delivery = &message->deliveries[i];
		for (uint32_t s = 0; s < message->record.section_count; s++) {
			if ((delivery->live & (UINT64_C(1) << s)) == 0)
				continue;
			struct sluss_decision decision =
			    decide(replay, &message->record, s, &message->record.recipients[i]);
			if (!permits(decision.reason))
				delivery->to_withhold |= UINT64_C(1) << s;
		}
		if (delivery->to_withhold != 0)
			audit_replay_owes(replay, message);
	}
}

void audit_decide_after_withdrawal(struct audit_replay *replay, const struct sluss_id *case_id)
{
	audit_open_touched(&replay->open, case_id, cover, replay);
}

void audit_decide_destroyed(struct audit_replay *replay, const struct sluss_rec_payload_destroyed *destroyed)
{
	struct audit_message *message = audit_open_find(&replay->open, &destroyed->message);
	if (message == NULL || !sluss_id_equal(&message->record.case_id, &destroyed->case_id)) {
		audit_find(replay->audit, SLUSS_AUDIT_UNKNOWN_MESSAGE, "no such message was accepted in this case");
		return;
	}
	uint64_t gone = destroyed->section_count == 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < destroyed->section_count; i++) {
		if (destroyed->sections[i] >= message->record.section_count)
			audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "the message has no such section");
		else
			gone |= UINT64_C(1) << destroyed->sections[i];
	}
	if ((gone & audit_open_needed(message)) != 0)
		audit_find(replay->audit, SLUSS_AUDIT_DESTROYED_WHILE_WAITING,
		    "payload was destroyed that somebody may still be given");
	if (!sluss_id_is_none(&destroyed->cause) && !sluss_id_equal(&destroyed->cause, &replay->withdrawal))
		audit_find(
		    replay->audit, SLUSS_AUDIT_CONTRADICTS, "it names another cause than the withdrawal before it");
	message->destroyed |= gone;
	message->to_destroy &= ~gone;
}

// ---- the end of a delivery

void audit_decide_ended(struct audit_replay *replay, const struct sluss_rec_acknowledged *ended, bool mismatch)
{
	struct audit_message *message;
	struct audit_delivery *delivery =
	    delivery_of(replay, &ended->message, &ended->case_id, ended->agency, &message);
	if (delivery == NULL)
		return;
	if (delivery->released == 0)
		audit_find(replay->audit, SLUSS_AUDIT_ACKNOWLEDGED_BEFORE_RELEASE,
		    "%.40s speaks of a message that was not released to it", ended->agency);
	else if (delivery->acknowledged)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "%.40s had said before that it has the message",
		    ended->agency);
	if (mismatch && ended->section >= message->record.section_count)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "the message has no such section");
	if (mismatch)
		delivery->rejected = true;
	else
		delivery->acknowledged = true;
	delivery->live = 0;
	audit_open_settle(&replay->open, message);
}

// Its subject was erased just now: then nobody shall be given what waits, whatever its time.
static bool is_erased(const struct audit_replay *replay, const struct sluss_id *case_id)
{
	struct sluss_case_view view;
	return !sluss_id_is_none(&replay->erased) && sluss_case_find(replay->state, case_id, &view) &&
	       sluss_id_equal(&view.subject, &replay->erased);
}

void audit_decide_expired(struct audit_replay *replay, const struct sluss_rec_expired *expired)
{
	struct audit_message *message;
	struct audit_delivery *delivery =
	    delivery_of(replay, &expired->message, &expired->case_id, expired->recipient, &message);
	if (delivery == NULL)
		return;
	bool due = message->record.expires_ms != 0 && message->record.expires_ms <= replay->audit->at_ms;
	if (!due && !is_erased(replay, &expired->case_id))
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "what waited for %.40s expired before its time",
		    expired->recipient);
	delivery->live = 0;
	audit_open_settle(&replay->open, message);
}
