// SPDX-License-Identifier: EUPL-1.2
#include "forge.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "log_checkpoint.h"
#include "log_hash.h"

static void die(const char *what)
{
	(void)fprintf(stderr, "forge: %s\n", what);
	abort();
}

// ---- making

static const struct sluss_policy *lookup(void *context, const uint8_t hash[SLUSS_HASH_BYTES])
{
	const struct forge *forge = context;
	return memcmp(hash, forge->policy_hash, SLUSS_HASH_BYTES) == 0 ? forge->policy : NULL;
}

static void read_policy(struct forge *forge)
{
	struct sluss_policy_error error;
	struct sluss_hash hash;
	FILE *file = fopen(FORGE_POLICY, "rb");
	forge->policy_json = calloc(1, 512 * 1024);
	if (file == NULL || forge->policy_json == NULL)
		die("policy/sweden-sig.json cannot be read");
	forge->policy_len = fread(forge->policy_json, 1, 512 * 1024, file);
	(void)fclose(file);
	if (!sluss_policy_parse(forge->policy_json, forge->policy_len, &forge->policy, &error))
		die(error.message);
	sluss_hash_octets(forge->policy_json, forge->policy_len, &hash);
	memcpy(forge->policy_hash, hash.b, SLUSS_HASH_BYTES);
}

void forge_open(struct forge *forge)
{
	uint8_t public_key[32], seed[32] = {7};
	*forge = (struct forge){.now_ms = FORGE_START_MS};
	if (sodium_init() < 0)
		die("libsodium");
	(void)crypto_sign_seed_keypair(public_key, forge->secret, seed);
	read_policy(forge);
	struct sluss_state_options options = {.lookup = lookup, .context = forge, .hash_key = {1}};
	forge->state = sluss_state_new(&options);
	forge->codec = sluss_codec_new();
	if (forge->state == NULL || forge->codec == NULL ||
	    !sluss_note_key_init(&forge->key, "sluss.test/forge", SLUSS_NOTE_ED25519, public_key) ||
	    !sluss_note_key_format(&forge->key, forge->key_text, sizeof(forge->key_text)))
		die("no memory");
}

static void free_entry(struct sluss_bytes entry)
{
	free((void *)(uintptr_t)entry.data);
}

void forge_close(struct forge *forge)
{
	for (size_t i = 0; i < forge->entry_count; i++)
		free_entry(forge->entries[i]);
	for (size_t i = 0; i < forge->file_count; i++)
		free(forge->files[i].data);
	free(forge->entries);
	free(forge->files);
	sluss_state_free(&forge->state);
	sluss_policy_free(&forge->policy);
	sluss_codec_free(&forge->codec);
	free(forge->policy_json);
}

struct sluss_id forge_id(struct forge *forge)
{
	// Spread like random ones, and the same in every run.
	struct sluss_id id;
	struct sluss_hash hash;
	uint32_t number = ++forge->ids;
	sluss_hash_octets(&number, sizeof(number), &hash);
	memcpy(id.b, hash.b, sizeof(id.b));
	return id;
}

void forge_pass(struct forge *forge, int64_t ms)
{
	forge->now_ms += ms;
}

static void insert(struct forge *forge, size_t at, struct sluss_bytes entry)
{
	if (forge->entry_count == forge->entry_room) {
		forge->entry_room = forge->entry_room == 0 ? 256 : forge->entry_room * 2;
		forge->entries = reallocarray(forge->entries, forge->entry_room, sizeof(*forge->entries));
		if (forge->entries == NULL)
			die("no memory");
	}
	memmove(&forge->entries[at + 1], &forge->entries[at], (forge->entry_count - at) * sizeof(*forge->entries));
	forge->entries[at] = entry;
	forge->entry_count++;
}

static struct sluss_bytes copy_of(struct sluss_bytes octets)
{
	uint8_t *copy = malloc(octets.len);
	if (copy == NULL)
		die("no memory");
	memcpy(copy, octets.data, octets.len);
	return (struct sluss_bytes){copy, octets.len};
}

uint64_t forge_record(struct forge *forge, struct sluss_record record)
{
	struct sluss_hash nonce;
	struct sluss_bytes entry;
	forge->nonce++;
	sluss_hash_octets(&forge->nonce, sizeof(forge->nonce), &nonce);
	record.at_ms = forge->now_ms;
	sluss_codec_reset(forge->codec);
	if (sluss_record_encode(forge->codec, &record, nonce.b, &entry) != SLUSS_CODEC_OK)
		die("a record cannot be encoded");
	insert(forge, forge->entry_count, copy_of(entry));
	if (sluss_state_apply(forge->state, &record, forge->seq) == SLUSS_APPLY_OK)
		forge->seq++;
	return forge->entry_count - 1;
}

// ---- the world

static void enrol(struct forge *forge, const char *agency, enum sluss_agency_type type)
{
	struct sluss_record record = {
	    .type = SLUSS_REC_AGENCY_ENROLLED, .u.agency_enrolled = {.agency = agency, .type = type}};
	memset(record.u.agency_enrolled.sign_key, (int)type, 32);
	memset(record.u.agency_enrolled.seal_key, (int)type + 64, 32);
	memset(record.u.agency_enrolled.certificate, (int)type + 128, 32);
	(void)forge_record(forge, record);
}

static void age(struct forge *forge, struct sluss_id person, int years)
{
	struct sluss_record record = {.type = SLUSS_REC_PERSON_AGE, .u.person_age = {.person = person}};
	sluss_age_band(forge->policy, years, &record.u.person_age.from_years, &record.u.person_age.until_years);
	memset(record.u.person_age.commitment, 9, SLUSS_HASH_BYTES);
	(void)forge_record(forge, record);
}

static void phase(struct forge *forge, enum sluss_phase to)
{
	(void)forge_record(
	    forge, (struct sluss_record){.type = SLUSS_REC_PHASE_SET,
		       .u.phase_set = {.case_id = forge->kase, .phase = to, .agency = "soc-1", .officer = "s1"}});
}

static void give(struct forge *forge, struct sluss_id person, const struct sluss_id *grants, size_t count)
{
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
				      .u.grant_status = {.case_id = forge->kase,
					  .act = SLUSS_ACT_GIVE,
					  .person = person,
					  .consent = forge->consent,
					  .grants = grants,
					  .grant_count = count,
					  .channel = SLUSS_CHANNEL_PAPER,
					  .agency = "soc-1",
					  .officer = "s1"}});
}

static struct sluss_grant grant_of(
    const struct forge *forge, struct sluss_id id, const char *category, const char *from, const char *to)
{
	return (struct sluss_grant){.grant = id,
	    .category = category,
	    .sender = from,
	    .recipient = to,
	    .purpose = SLUSS_PURPOSE_COORDINATION,
	    .from_ms = forge->now_ms,
	    .until_ms = forge->now_ms + 300 * FORGE_DAY_MS};
}

static void agree(struct forge *forge)
{
	const struct sluss_grant grants[] = {
	    grant_of(forge, forge->attendance[0], "school_attendance", "school-1", "soc-1"),
	    grant_of(forge, forge->attendance[1], "school_attendance", "school-1", "police-1"),
	    grant_of(forge, forge->links[0], "enrolment", "soc-1", "police-1"),
	    grant_of(forge, forge->links[1], "police_observation", "police-1", "soc-1"),
	};
	const struct sluss_id ids[] = {forge->attendance[0], forge->attendance[1], forge->links[0], forge->links[1]};
	struct sluss_record record = {.type = SLUSS_REC_CONSENT_RECORDED,
	    .u.consent_recorded = {.consent = forge->consent,
		.case_id = forge->kase,
		.grants = grants,
		.grant_count = 4,
		.text_version = "1",
		.language = "sv",
		.channel = SLUSS_CHANNEL_PAPER,
		.obtained_ms = forge->now_ms,
		.agency = "soc-1",
		.officer = "s1"}};
	memset(record.u.consent_recorded.statement_hash, 5, SLUSS_HASH_BYTES);
	(void)forge_record(forge, record);
	give(forge, forge->subject, ids, 4);
	give(forge, forge->guardian, ids, 4);
}

static void open_case(struct forge *forge)
{
	static const struct sluss_member_officer soc[] = {{"s1", true}, {"s2", true}}, police[] = {{"p1", false}},
						 school[] = {{"k1", false}};
	static const struct sluss_member members[] = {
	    {"soc-1", soc, 2}, {"police-1", police, 1}, {"school-1", school, 1}};
	age(forge, forge->subject, 16);
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
				      .u.case_opened = {.case_id = forge->kase,
					  .subject = forge->subject,
					  .programme = "SIG_YOUTH",
					  .phase = SLUSS_PHASE_NOMINATED,
					  .agency = "soc-1",
					  .officer = "s1"}});
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_GUARDIANS_SET,
				      .u.guardians_set = {.case_id = forge->kase,
					  .guardians = &forge->guardian,
					  .guardian_count = 1,
					  .agency = "soc-1",
					  .officer = "s1"}});
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_MEMBERS_SET,
				      .u.members_set = {.case_id = forge->kase,
					  .members = members,
					  .member_count = 3,
					  .agency = "soc-1",
					  .officer = "s1"}});
}

void forge_world(struct forge *forge, bool demo)
{
	static const char *const soc = "soc-1", *const observation = "police_observation";
	struct forge_message suitable;
	struct sluss_record policy = {.type = SLUSS_REC_POLICY_SET, .u.policy_set = {.name = "sweden-sig"}};
	memcpy(policy.u.policy_set.hash, forge->policy_hash, SLUSS_HASH_BYTES);
	forge->kase = forge_id(forge);
	forge->subject = forge_id(forge);
	forge->guardian = forge_id(forge);
	forge->consent = forge_id(forge);
	for (size_t i = 0; i < 2; i++) {
		forge->attendance[i] = forge_id(forge);
		forge->links[i] = forge_id(forge);
	}
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_GENESIS,
				      .u.genesis = {.origin = forge->key.name, .demo_clock = demo}});
	(void)forge_record(forge, policy);
	enrol(forge, "soc-1", SLUSS_AGENCY_SOCIAL_SERVICES);
	enrol(forge, "police-1", SLUSS_AGENCY_POLICE);
	enrol(forge, "school-1", SLUSS_AGENCY_SCHOOL);
	forge_pass(forge, FORGE_HOUR_MS);
	open_case(forge);
	forge_pass(forge, FORGE_HOUR_MS);
	agree(forge);
	phase(forge, SLUSS_PHASE_INQUIRY);
	forge_draft(forge, &suitable, 1, &soc, 1, &observation);
	suitable.record.sender = "police-1";
	suitable.record.officer = "p1";
	suitable.record.message_type = SLUSS_MESSAGE_SUITABILITY_ASSESSMENT;
	if (!forge_send(forge, &suitable))
		die("the police's assessment is denied");
	forge_fetch(forge, &suitable, "soc-1");
	forge_acknowledge(forge, &suitable, "soc-1");
	phase(forge, SLUSS_PHASE_ENROLLED);
	forge_pass(forge, FORGE_HOUR_MS);
}

// ---- messages

void forge_draft(struct forge *forge, struct forge_message *message, size_t recipients, const char *const *to,
    size_t sections, const char *const *categories)
{
	memset(message, 0, sizeof(*message));
	message->concerned.kind = SLUSS_CONCERNED_SUBJECT;
	message->claim = (struct sluss_claim){.kind = SLUSS_CLAIM_CONSENT, .id = forge->consent, .provision = ""};
	for (size_t i = 0; i < recipients; i++)
		message->recipients[i] = (struct sluss_recipient){to[i], ""};
	for (size_t i = 0; i < sections; i++) {
		message->sections[i] = (struct sluss_section_label){.category = categories[i],
		    .purpose = SLUSS_PURPOSE_COORDINATION,
		    .concerned = &message->concerned,
		    .concerned_count = 1,
		    .claims = &message->claim,
		    .claim_count = 1};
		memset(message->sections[i].header_hash, (int)i + 1, SLUSS_HASH_BYTES);
	}
	message->record = (struct sluss_rec_message){.message = forge_id(forge),
	    .case_id = forge->kase,
	    .sender = "school-1",
	    .officer = "k1",
	    .message_type = SLUSS_MESSAGE_ATTENDANCE_REPORT,
	    .recipients = message->recipients,
	    .recipient_count = recipients,
	    .sections = message->sections,
	    .section_count = sections,
	    .pairs = message->pairs};
	memset(message->record.envelope_hash, 3, SLUSS_HASH_BYTES);
}

static void decide_pair(
    const struct forge *forge, struct forge_message *message, size_t place, size_t section, size_t recipient)
{
	const struct sluss_section_label *label = &message->sections[section];
	const struct sluss_question question = {.case_id = message->record.case_id,
	    .sender = message->record.sender,
	    .sender_officer = message->record.officer,
	    .recipient = message->recipients[recipient].agency,
	    .recipient_officer = message->recipients[recipient].officer,
	    .message_type = message->record.message_type,
	    .category = label->category,
	    .purpose = label->purpose,
	    .concerned = label->concerned,
	    .concerned_count = label->concerned_count,
	    .claims = label->claims,
	    .claim_count = label->claim_count,
	    .necessity = label->necessity,
	    .log_usable = true};
	struct sluss_decision decision = sluss_decide(forge->state, &question, forge->now_ms);
	memcpy(message->grounds[place], decision.grounds, sizeof(decision.grounds));
	message->pairs[place] = (struct sluss_pair){.section = (uint32_t)section,
	    .recipient = message->recipients[recipient].agency,
	    .reason = decision.reason,
	    .ground = decision.verdict == SLUSS_VERDICT_PERMIT ? decision.ground : SLUSS_GROUND_NONE,
	    .grounds = message->grounds[place],
	    .ground_count = decision.ground_count,
	    .provision = decision.provision};
}

void forge_decide(struct forge *forge, struct forge_message *message)
{
	size_t recipients = message->record.recipient_count;
	message->record.pair_count = message->record.section_count * recipients;
	for (size_t i = 0; i < message->record.pair_count; i++)
		decide_pair(forge, message, i, i / recipients, i % recipients);
}

static bool permits(enum sluss_reason reason)
{
	return reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
}

uint64_t forge_accept(struct forge *forge, const struct forge_message *message)
{
	return forge_record(
	    forge, (struct sluss_record){.type = SLUSS_REC_MESSAGE_ACCEPTED, .u.message_accepted = message->record});
}

bool forge_send(struct forge *forge, struct forge_message *message)
{
	size_t permitted = 0;
	forge_decide(forge, message);
	for (size_t i = 0; i < message->record.pair_count; i++)
		permitted += permits(message->pairs[i].reason) ? 1 : 0;
	bool passes = permitted == message->record.pair_count || (message->record.partial && permitted > 0);
	if (passes)
		(void)forge_accept(forge, message);
	else
		(void)forge_record(forge,
		    (struct sluss_record){.type = SLUSS_REC_MESSAGE_DENIED, .u.message_denied = message->record});
	return passes;
}

// The pairs of one recipient, of that kind, decided now.
static struct sluss_rec_release release_of(
    struct forge *forge, struct forge_message *message, const char *recipient, bool permitted, struct sluss_pair *pairs)
{
	struct sluss_rec_release release = {.message = message->record.message,
	    .case_id = message->record.case_id,
	    .recipient = recipient,
	    .pairs = pairs};
	forge_decide(forge, message);
	for (size_t i = 0; i < message->record.pair_count; i++) {
		if (strcmp(message->pairs[i].recipient, recipient) == 0 &&
		    permits(message->pairs[i].reason) == permitted)
			pairs[release.pair_count++] = message->pairs[i];
	}
	return release;
}

static void destroy(struct forge *forge, const struct forge_message *message, struct sluss_id cause)
{
	(void)forge_record(
	    forge, (struct sluss_record){.type = SLUSS_REC_PAYLOAD_DESTROYED,
		       .u.payload_destroyed = {
			   .message = message->record.message, .case_id = message->record.case_id, .cause = cause}});
}

void forge_fetch(struct forge *forge, struct forge_message *message, const char *recipient)
{
	struct sluss_pair pairs[FORGE_PAIRS];
	struct sluss_record record = {.type = SLUSS_REC_RELEASED};
	record.u.released = release_of(forge, message, recipient, true, pairs);
	if (record.u.released.pair_count > 0)
		(void)forge_record(forge, record);
}

uint64_t forge_release(struct forge *forge, struct forge_message *message, const char *recipient)
{
	struct sluss_pair pairs[FORGE_PAIRS];
	struct sluss_record record = {.type = SLUSS_REC_RELEASED,
	    .u.released = {.message = message->record.message,
		.case_id = message->record.case_id,
		.recipient = recipient,
		.pairs = pairs}};
	for (size_t s = 0; s < message->record.section_count; s++)
		pairs[record.u.released.pair_count++] = (struct sluss_pair){.section = (uint32_t)s,
		    .recipient = recipient,
		    .reason = SLUSS_OK_CONSENT,
		    .ground = SLUSS_GROUND_CONSENT,
		    .grounds = forge->attendance,
		    .ground_count = 1,
		    .provision = ""};
	return forge_record(forge, record);
}

void forge_acknowledge(struct forge *forge, const struct forge_message *message, const char *recipient)
{
	(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_ACKNOWLEDGED,
				      .u.acknowledged = {.message = message->record.message,
					  .case_id = message->record.case_id,
					  .agency = recipient,
					  .officer = "x1"}});
}

struct recalling {
	struct forge *forge;
	struct sluss_id withdrawal;
	size_t count;
	struct sluss_id grants[16];
	char agencies[16][SLUSS_AGENCY_MAX + 1];
};

static bool collect(void *context, const struct sluss_grant_view *grant)
{
	struct recalling *r = context;
	if (grant->received && !grant->recalled && grant->standing == SLUSS_WITHDRAWN && r->count < 16) {
		memcpy(r->agencies[r->count], grant->recipient, strlen(grant->recipient) + 1);
		r->grants[r->count++] = grant->grant;
	}
	return true;
}

void forge_recall(struct forge *forge, struct sluss_id withdrawal)
{
	struct recalling r = {.forge = forge, .withdrawal = withdrawal};
	sluss_case_each_grant(forge->state, &forge->kase, forge->now_ms, collect, &r);
	for (size_t i = 0; i < r.count; i++)
		(void)forge_record(forge, (struct sluss_record){.type = SLUSS_REC_RECALL_OPENED,
					      .u.recall_opened = {.recall = forge_id(forge),
						  .case_id = forge->kase,
						  .withdrawal = withdrawal,
						  .agency = r.agencies[i],
						  .cause = SLUSS_RECALL_WITHDRAWAL,
						  .grants = &r.grants[i],
						  .grant_count = 1,
						  .due_ms = forge->now_ms + 14 * FORGE_DAY_MS}});
}

struct sluss_id forge_withdraw(struct forge *forge, const char *category, struct forge_message *waiting)
{
	struct sluss_id withdrawal = forge_id(forge);
	struct sluss_record record = {.type = SLUSS_REC_WITHDRAWAL,
	    .u.withdrawal = {.withdrawal = withdrawal,
		.case_id = forge->kase,
		.person = forge->guardian,
		.scope = SLUSS_SCOPE_CATEGORY,
		.category = category,
		.channel = SLUSS_CHANNEL_ORAL,
		.agency = "soc-1",
		.officer = "s1"}};
	memset(record.u.withdrawal.evidence_hash, 6, SLUSS_HASH_BYTES);
	(void)forge_record(forge, record);
	for (size_t i = 0; waiting != NULL && i < waiting->record.recipient_count; i++) {
		struct sluss_pair pairs[FORGE_PAIRS];
		struct sluss_record withheld = {.type = SLUSS_REC_WITHHELD};
		withheld.u.withheld = release_of(forge, waiting, waiting->recipients[i].agency, false, pairs);
		if (withheld.u.withheld.pair_count > 0)
			(void)forge_record(forge, withheld);
	}
	if (waiting != NULL)
		destroy(forge, waiting, withdrawal);
	forge_recall(forge, withdrawal);
	return withdrawal;
}

// ---- a forger's hand

void forge_drop(struct forge *forge, size_t index)
{
	free_entry(forge->entries[index]);
	forge->entry_count--;
	memmove(
	    &forge->entries[index], &forge->entries[index + 1], (forge->entry_count - index) * sizeof(*forge->entries));
}

void forge_swap(struct forge *forge, size_t a, size_t b)
{
	struct sluss_bytes entry = forge->entries[a];
	forge->entries[a] = forge->entries[b];
	forge->entries[b] = entry;
}

void forge_twice(struct forge *forge, size_t index)
{
	insert(forge, index + 1, copy_of(forge->entries[index]));
}
