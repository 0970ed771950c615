// SPDX-License-Identifier: EUPL-1.2
// The replay: folds the log's records with the gateway's own functions and looks at each before it is folded.
#include "audit_replay.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "log_text.h"
#include "policy/policy.h"

enum { POLICY_MAX = 512 * 1024, HEX_TEXT = 2 * SLUSS_HASH_BYTES + 1 };

// ---- policies

// Reads policies/<hash>.json: its octets have to have the hash that the log says.
static struct sluss_policy *read_policy(struct audit *audit, const char *path, const uint8_t hash[SLUSS_HASH_BYTES])
{
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error = {.line = 0};
	struct sluss_hash found;
	uint8_t *octets = malloc(POLICY_MAX);
	size_t len = 0;
	if (octets == NULL) {
		audit->no_memory = true;
		return NULL;
	}
	enum sluss_audit_read result = audit->source->read(audit->source->context, path, octets, POLICY_MAX, &len);
	sluss_hash_octets(octets, len, &found);
	if (result != SLUSS_AUDIT_READ_OK)
		audit_find(audit, SLUSS_AUDIT_POLICY_MISSING,
		    "%s is missing: nothing can be decided again from here on", path);
	else if (memcmp(found.b, hash, SLUSS_HASH_BYTES) != 0)
		audit_find(audit, SLUSS_AUDIT_POLICY_DIFFERS, "%s has another hash than its name says", path);
	else if (!sluss_policy_parse((const char *)octets, len, &policy, &error))
		audit_find(audit, SLUSS_AUDIT_POLICY_MISSING, "%s cannot be read: line %d: %.120s", path, error.line,
		    error.message);
	free(octets);
	return policy;
}

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	struct audit_replay *replay = context;
	for (const struct audit_policy *known = replay->policies; known != NULL; known = known->next) {
		if (memcmp(known->hash, hash, SLUSS_HASH_BYTES) == 0)
			return known->policy;
	}
	char hex[HEX_TEXT], path[HEX_TEXT + 16];
	(void)sodium_bin2hex(hex, sizeof(hex), hash, SLUSS_HASH_BYTES);
	(void)snprintf(path, sizeof(path), "policies/%s.json", hex);
	struct audit_policy *known = calloc(1, sizeof(*known));
	if (known == NULL) {
		replay->audit->no_memory = true;
		return NULL;
	}
	memcpy(known->hash, hash, SLUSS_HASH_BYTES);
	known->policy = read_policy(replay->audit, path, hash);
	known->next = replay->policies;
	replay->policies = known; // also when it cannot be read: the file belongs to the export
	return known->policy;
}

bool audit_replay_has_policy(const struct audit_replay *replay, const char *hex)
{
	char own[HEX_TEXT];
	for (const struct audit_policy *known = replay->policies; known != NULL; known = known->next) {
		(void)sodium_bin2hex(own, sizeof(own), known->hash, SLUSS_HASH_BYTES);
		if (strcmp(own, hex) == 0)
			return true;
	}
	return false;
}

// ---- making

struct audit_replay *audit_replay_new(struct audit *audit)
{
	struct audit_replay *replay = calloc(1, sizeof(*replay));
	if (replay == NULL)
		return NULL;
	struct sluss_state_options options = {.lookup = lookup, .context = replay};
	randombytes_buf(options.hash_key, sizeof(options.hash_key));
	replay->audit = audit;
	audit_open_init(&replay->open, options.hash_key);
	audit_ages_init(&replay->ages, options.hash_key);
	replay->state = sluss_state_new(&options);
	if (replay->state == NULL)
		audit_replay_free(&replay);
	return replay;
}

void audit_replay_free(struct audit_replay **replay_at)
{
	struct audit_replay *replay = *replay_at;
	if (replay == NULL)
		return;
	sluss_state_free(&replay->state);
	for (struct audit_policy *policy = replay->policies; policy != NULL;) {
		struct audit_policy *next = policy->next;
		sluss_policy_free(&policy->policy);
		free(policy);
		policy = next;
	}
	audit_open_clear(&replay->open);
	audit_ages_clear(&replay->ages);
	free(replay->owing);
	free(replay->moves);
	free(replay);
	*replay_at = NULL;
}

bool audit_replay_demo_clock(const struct audit_replay *replay)
{
	return replay->demo_clock;
}

// ---- folding

bool audit_replay_fold(struct audit_replay *replay, const struct sluss_record *record)
{
	switch (sluss_state_apply(replay->state, record, replay->seq++)) {
	case SLUSS_APPLY_OK:
		return true;
	case SLUSS_APPLY_INVALID:
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS,
		    "the entry contradicts those before it (an unknown id, or one that was used)");
		return true;
	case SLUSS_APPLY_CLOCK:
		audit_find(replay->audit, SLUSS_AUDIT_TIME_RUNS_BACK, "the entry is older than the one before it");
		return true;
	case SLUSS_APPLY_UNKNOWN_POLICY: // lookup said why
	case SLUSS_APPLY_NO_MEMORY:
		break;
	}
	replay->stopped = true;
	return false;
}

// ---- what is owed

void audit_replay_owes(struct audit_replay *replay, struct audit_message *message)
{
	if (message->owing)
		return;
	if (replay->owing_count == replay->owing_room) {
		size_t room = replay->owing_room == 0 ? 64 : replay->owing_room * 2;
		struct audit_message **owing = reallocarray(replay->owing, room, sizeof(struct audit_message *));
		if (owing == NULL) {
			replay->audit->no_memory = true;
			return;
		}
		replay->owing = owing;
		replay->owing_room = room;
	}
	message->owing = true;
	replay->owing[replay->owing_count++] = message;
}

static void message_owed(struct audit_replay *replay, struct audit_message *message)
{
	replay->audit->message = message->record.message;
	replay->audit->case_id = message->record.case_id;
	for (size_t i = 0; i < message->record.recipient_count; i++) {
		if ((message->deliveries[i].to_withhold & message->deliveries[i].live) != 0)
			audit_find(replay->audit, SLUSS_AUDIT_NOT_WITHHELD,
			    "what waited for %.40s was covered by the withdrawal before, and was not withheld",
			    message->record.recipients[i].agency);
		message->deliveries[i].to_withhold = 0;
	}
	if (message->to_destroy != 0)
		audit_find(replay->audit, SLUSS_AUDIT_NOT_DESTROYED,
		    "nobody may have the withheld payload any more, and its destruction is not recorded");
	message->to_destroy = 0;
	message->owing = false;
}

void audit_replay_owed(struct audit_replay *replay)
{
	struct sluss_id message = replay->audit->message, case_id = replay->audit->case_id;
	for (size_t i = 0; i < replay->owing_count; i++) {
		message_owed(replay, replay->owing[i]);
		audit_open_settle(&replay->open, replay->owing[i]);
	}
	replay->owing_count = 0;
	for (size_t i = 0; i < replay->move_count; i++) {
		replay->audit->case_id = replay->moves[i];
		audit_find(replay->audit, SLUSS_AUDIT_PHASE_MOVE_MISSING,
		    "a link that the programme cannot do without was lost, and the case did not go to closing");
	}
	replay->move_count = 0;
	audit_duties_withdrawn(replay);
	replay->audit->message = message;
	replay->audit->case_id = case_id;
}

// ---- what happens by itself

static bool note_move(struct audit_replay *replay, const struct sluss_id *case_id)
{
	if (replay->move_count == replay->move_room) {
		size_t room = replay->move_room == 0 ? 16 : replay->move_room * 2;
		struct sluss_id *moves = reallocarray(replay->moves, room, sizeof(*moves));
		if (moves == NULL)
			return false;
		replay->moves = moves;
		replay->move_room = room;
	}
	replay->moves[replay->move_count++] = *case_id;
	return true;
}

// Cases that lose a link at an instant: the replay moves them itself, and waits for the records that say so.
static bool settle_instant(struct audit_replay *replay, int64_t at_ms)
{
	struct sluss_id case_id;
	while (sluss_state_link_lost(replay->state, at_ms, &case_id)) {
		const struct sluss_record move = {.type = SLUSS_REC_PHASE_SET,
		    .at_ms = at_ms,
		    .u.phase_set = {.case_id = case_id, .phase = SLUSS_PHASE_CLOSING, .by_gateway = true}};
		if (sluss_state_apply(replay->state, &move, replay->seq++) != SLUSS_APPLY_OK ||
		    !note_move(replay, &case_id))
			return false;
	}
	return true;
}

// The same instants as the gateway's: each at which a grant begins or ends on the way to `now_ms`, then that itself.
static bool settle(struct audit_replay *replay, int64_t now_ms)
{
	bool ok = true;
	for (int64_t last_ms = INT64_MIN; ok;) {
		int64_t edge_ms = sluss_state_next_edge_ms(replay->state);
		int64_t log_ms = sluss_state_time_ms(replay->state);
		int64_t at_ms = edge_ms > log_ms ? edge_ms : log_ms;
		if (at_ms >= now_ms || at_ms <= last_ms)
			break;
		ok = settle_instant(replay, at_ms);
		last_ms = at_ms;
	}
	if (ok && settle_instant(replay, now_ms))
		return true;
	audit_find(replay->audit, SLUSS_AUDIT_REPLAY_GAP, "the state cannot be folded on: there is not enough memory");
	replay->audit->no_memory = true;
	replay->stopped = true;
	return false;
}

// A move that the gateway recorded: the one that is waited for, or one without cause.
static bool moved(struct audit_replay *replay, const struct sluss_record *record)
{
	for (size_t i = 0; i < replay->move_count; i++) {
		if (!sluss_id_equal(&replay->moves[i], &record->u.phase_set.case_id))
			continue;
		replay->moves[i] = replay->moves[--replay->move_count];
		return true; // the state has it
	}
	audit_find(replay->audit, SLUSS_AUDIT_PHASE_MOVE_UNFOUNDED,
	    "the gateway moved the case, and no link that the programme cannot do without was lost");
	return audit_replay_fold(replay, record);
}

// ---- one record

// Follows from another record in the same transaction.
static bool is_consequence(const struct sluss_record *record)
{
	switch ((int)record->type) {
	case SLUSS_REC_PHASE_SET:
		return record->u.phase_set.by_gateway;
	case SLUSS_REC_WITHHELD:
	case SLUSS_REC_PAYLOAD_DESTROYED:
	case SLUSS_REC_PERSON_AGE:
	case SLUSS_REC_RECALL_OPENED:
	case SLUSS_REC_RECALL_OVERDUE:
	case SLUSS_REC_STATUTE_NOTIFIED:
	case SLUSS_REC_EXPIRED:
		return true;
	default:
		return false;
	}
}

// Written without looking at what time changed: the first record of a start, and parts of one change to a case.
static bool is_unsettled(const struct sluss_record *record)
{
	switch ((int)record->type) {
	case SLUSS_REC_GENESIS:
	case SLUSS_REC_RESTART:
	case SLUSS_REC_SETTINGS:
	case SLUSS_REC_BACKUP:
	case SLUSS_REC_RESTORED:
	case SLUSS_REC_CLOCK_JUMPED:
	case SLUSS_REC_PERSON_ERASED:
	case SLUSS_REC_PERSON_AGE:
	case SLUSS_REC_GUARDIANS_SET:
	case SLUSS_REC_MEMBERS_SET:
	case SLUSS_REC_PROTECTION_SET:
	case SLUSS_REC_VIEW_LIMITED:
		return true;
	default:
		return false;
	}
}

static void keep_text(char *room, size_t size, const char *text)
{
	(void)snprintf(room, size, "%s", text);
}

static void hold(struct audit_replay *replay, const struct sluss_record *record)
{
	replay->held = true;
	replay->opening = *record;
	struct sluss_rec_case_opened *opened = &replay->opening.u.case_opened;
	keep_text(replay->opening_texts[0], sizeof(replay->opening_texts[0]), opened->agency);
	keep_text(replay->opening_texts[1], sizeof(replay->opening_texts[1]), opened->officer);
	keep_text(replay->opening_texts[2], sizeof(replay->opening_texts[2]), opened->reporter);
	opened->programme = "";
	opened->agency = replay->opening_texts[0];
	opened->officer = replay->opening_texts[1];
	opened->reporter = replay->opening_texts[2];
}

// The case that a message opened: now its own, or, of a report about a closed case, a new one of the same person.
static bool opened_by(const struct audit_replay *replay, const struct sluss_rec_message *message)
{
	const struct sluss_rec_case_opened *opened = &replay->opening.u.case_opened;
	const struct sluss_policy *policy = sluss_state_policy(replay->state);
	struct sluss_case_view view;
	struct sluss_type_view type;
	if (policy == NULL || !sluss_policy_type(policy, message->message_type, &type) || !type.opens_case ||
	    strcmp(opened->reporter, message->sender) != 0)
		return false;
	if (!sluss_case_find(replay->state, &message->case_id, &view))
		return sluss_id_equal(&opened->case_id, &message->case_id);
	return view.phase == SLUSS_PHASE_CLOSED && message->message_type == SLUSS_MESSAGE_CONCERN_REPORT &&
	       sluss_id_equal(&view.subject, &opened->subject);
}

static bool fold_held(struct audit_replay *replay, const struct sluss_record *next)
{
	if (!replay->held)
		return true;
	bool founded = next != NULL && next->type == SLUSS_REC_MESSAGE_ACCEPTED &&
		       next->at_ms == replay->opening.at_ms && opened_by(replay, &next->u.message_accepted);
	if (!founded)
		audit_find(replay->audit, SLUSS_AUDIT_CASE_OPENED_BY_NOTHING,
		    "the entry before opened a case as if for a message, and no such message follows");
	replay->held = false;
	return audit_replay_fold(replay, &replay->opening);
}

static bool message_record(struct audit_replay *replay, const struct sluss_record *record)
{
	bool accepted = record->type == SLUSS_REC_MESSAGE_ACCEPTED;
	const struct sluss_rec_message *message = accepted ? &record->u.message_accepted : &record->u.message_denied;
	if (accepted)
		replay->audit->report->accepted++;
	else
		replay->audit->report->denied++;
	audit_decide_message(replay, message, accepted);
	if (!fold_held(replay, record) || !audit_replay_fold(replay, record))
		return false;
	if (accepted && !audit_decide_accepted(replay, message)) {
		replay->audit->no_memory = true;
		return false;
	}
	return true;
}

static bool withdrawal_record(struct audit_replay *replay, const struct sluss_record *record)
{
	replay->audit->report->withdrawals++;
	audit_acts_check(replay, record);
	replay->withdrawal = record->u.withdrawal.withdrawal;
	replay->withdrawn = record->u.withdrawal.case_id;
	if (!audit_replay_fold(replay, record) || !settle(replay, record->at_ms))
		return false;
	audit_decide_after_withdrawal(replay, &record->u.withdrawal.case_id);
	return true;
}

static bool age_record(struct audit_replay *replay, const struct sluss_record *record)
{
	const struct sluss_rec_person_age *age = &record->u.person_age;
	const struct sluss_policy *policy = sluss_state_policy(replay->state);
	uint8_t from = 0, until = 0;
	if (policy != NULL)
		sluss_age_band(policy, age->from_years, &from, &until);
	if (from != age->from_years || until != age->until_years)
		audit_find(replay->audit, SLUSS_AUDIT_AGE_CONTRADICTS, "the policy knows no such age band");
	switch (audit_ages_note(&replay->ages, age, record->at_ms)) {
	case AUDIT_AGE_CONTRADICTS:
		audit_find(
		    replay->audit, SLUSS_AUDIT_AGE_CONTRADICTS, "no birth date fits all age records of this person");
		break;
	case AUDIT_AGE_NO_MEMORY:
		replay->audit->no_memory = true;
		return false;
	case AUDIT_AGE_FITS:
	case AUDIT_AGE_NONE:
		break;
	}
	return audit_replay_fold(replay, record);
}

static void genesis_record(struct audit_replay *replay, const struct sluss_rec_genesis *genesis)
{
	if (replay->audit->index != 0)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "a log begins once");
	else
		replay->demo_clock = genesis->demo_clock;
	keep_text(replay->origin, sizeof(replay->origin), genesis->origin);
	if (strcmp(genesis->origin, replay->audit->report->origin) != 0)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "the log begins as another authority's: %.80s",
		    genesis->origin);
}

static bool dispatch(struct audit_replay *replay, const struct sluss_record *record)
{
	switch ((int)record->type) {
	case SLUSS_REC_MESSAGE_ACCEPTED:
	case SLUSS_REC_MESSAGE_DENIED:
		return message_record(replay, record);
	case SLUSS_REC_WITHDRAWAL:
		return withdrawal_record(replay, record);
	case SLUSS_REC_PERSON_AGE:
		return age_record(replay, record);
	case SLUSS_REC_PHASE_SET:
		if (record->u.phase_set.by_gateway)
			return moved(replay, record);
		break;
	case SLUSS_REC_CASE_OPENED:
		if (record->u.case_opened.reporter[0] == '\0')
			break;
		hold(replay, record);
		return true;
	case SLUSS_REC_RELEASED:
		replay->audit->report->released++;
		audit_decide_release(replay, &record->u.released);
		break;
	case SLUSS_REC_WITHHELD:
		replay->audit->report->withheld++;
		audit_decide_withheld(replay, &record->u.withheld);
		break;
	case SLUSS_REC_PAYLOAD_DESTROYED:
		audit_decide_destroyed(replay, &record->u.payload_destroyed);
		break;
	case SLUSS_REC_ACKNOWLEDGED:
		replay->audit->report->acknowledged++;
		audit_decide_ended(replay, &record->u.acknowledged, false);
		break;
	case SLUSS_REC_MISMATCH_REPORTED:
		audit_decide_ended(replay, &record->u.mismatch_reported, true);
		break;
	case SLUSS_REC_EXPIRED:
		audit_decide_expired(replay, &record->u.expired);
		break;
	case SLUSS_REC_CLOCK_STEP:
		if (!replay->demo_clock)
			audit_find(replay->audit, SLUSS_AUDIT_CLOCK_STEPPED,
			    "the clock was stepped, and this authority's clock cannot be");
		break;
	case SLUSS_REC_PERSON_ERASED:
		audit_ages_forget(&replay->ages, &record->u.person_erased.person);
		replay->erased = record->u.person_erased.person;
		break;
	case SLUSS_REC_RESTORED:
		audit_find(replay->audit, SLUSS_AUDIT_HISTORY_DIFFERS,
		    "the operator went on with a database that was not the one signed last (%lld entries then)",
		    (long long)record->u.restored.signed_size);
		break;
	case SLUSS_REC_GENESIS:
		genesis_record(replay, &record->u.genesis);
		break;
	default:
		break;
	}
	audit_acts_check(replay, record);
	return audit_replay_fold(replay, record);
}

bool audit_replay_record(struct audit_replay *replay, const struct sluss_record *record)
{
	if (replay->stopped)
		return false;
	if (replay->audit->index == 0 && record->type != SLUSS_REC_GENESIS)
		audit_find(replay->audit, SLUSS_AUDIT_CONTRADICTS, "the log does not begin with its first entry");
	// What time changed is looked at before the decision that it may change.
	if (!is_unsettled(record) && record->at_ms >= sluss_state_time_ms(replay->state) &&
	    !settle(replay, record->at_ms))
		return false;
	if (!is_consequence(record)) {
		audit_replay_owed(replay);
		replay->erased = (struct sluss_id){{0}};
	}
	if (record->type != SLUSS_REC_MESSAGE_ACCEPTED && record->type != SLUSS_REC_MESSAGE_DENIED &&
	    !fold_held(replay, record))
		return false;
	return dispatch(replay, record);
}

void audit_replay_end(struct audit_replay *replay)
{
	if (replay->stopped)
		return;
	replay->audit->message = replay->audit->case_id = (struct sluss_id){{0}};
	if (!fold_held(replay, NULL))
		return;
	audit_replay_owed(replay);
	audit_duties_end(replay);
	replay->audit->report->replayed = true;
}
