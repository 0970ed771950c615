// SPDX-License-Identifier: EUPL-1.2
#include "world.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "log_record.h"

static const struct sluss_policy *lookup(void *policies, const uint8_t hash[SLUSS_HASH_BYTES])
{
	return sluss_policies_find(policies, hash);
}

struct sluss_world *sluss_world_new(const struct sluss_policies *policies)
{
	struct sluss_world *world = calloc(1, sizeof(*world));
	if (world == NULL)
		return NULL;
	struct sluss_state_options options = {.lookup = lookup, .context = (void *)(uintptr_t)policies};
	randombytes_buf(options.hash_key, sizeof(options.hash_key));
	sluss_idmap_init(&world->answers, options.hash_key);
	world->state = sluss_state_new(&options);
	world->directory = sluss_directory_new();
	world->messages = sluss_messages_new(options.hash_key);
	world->notices = sluss_notices_new();
	world->cases = sluss_case_index_new(options.hash_key);
	world->report_facts = sluss_report_facts_new(options.hash_key);
	if (world->state == NULL || world->directory == NULL || world->messages == NULL || world->notices == NULL ||
	    world->cases == NULL || world->report_facts == NULL)
		sluss_world_free(&world);
	return world;
}

void sluss_world_free(struct sluss_world **world)
{
	if (*world == NULL)
		return;
	sluss_state_free(&(*world)->state);
	if (!(*world)->directory_shared)
		sluss_directory_free(&(*world)->directory);
	sluss_messages_free(&(*world)->messages);
	sluss_notices_free(&(*world)->notices);
	sluss_case_index_free(&(*world)->cases);
	sluss_months_free(&(*world)->months);
	sluss_report_facts_free(&(*world)->report_facts);
	sluss_idmap_free(&(*world)->answers);
	free((*world)->settings);
	free(*world);
	*world = NULL;
}

void sluss_world_share(struct sluss_world *world, struct sluss_directory *shared)
{
	sluss_directory_replace(shared, world->directory);
	sluss_directory_free(&world->directory);
	world->directory = shared;
	world->directory_shared = true;
}

// ---- folding

static void count_pairs(struct sluss_core_counts *counts, const struct sluss_rec_message *message)
{
	for (size_t i = 0; i < message->pair_count; i++) {
		enum sluss_reason reason = message->pairs[i].reason;
		bool denied = reason != SLUSS_OK_CONSENT && reason != SLUSS_OK_STATUTE && reason != SLUSS_OK_TYPE;
		if (denied && (size_t)reason < sizeof(counts->denied_by_reason) / sizeof(counts->denied_by_reason[0]))
			counts->denied_by_reason[reason]++;
	}
}

// One text, each value followed by a newline. NULL: no memory.
static char *join_settings(const struct sluss_rec_settings *settings)
{
	size_t len = 1;
	for (size_t i = 0; i < settings->value_count; i++)
		len += strlen(settings->values[i]) + 1;
	char *text = malloc(len), *at = text;
	for (size_t i = 0; text != NULL && i < settings->value_count; i++) {
		size_t part = strlen(settings->values[i]);
		memcpy(at, settings->values[i], part);
		at += part;
		*at++ = '\n';
	}
	if (text != NULL)
		*at = '\0';
	return text;
}

bool sluss_world_has_settings(const struct sluss_world *world, const struct sluss_rec_settings *settings)
{
	char *text = join_settings(settings);
	bool same = text != NULL && world->settings != NULL && strcmp(text, world->settings) == 0;
	free(text);
	return same;
}

static bool keep_settings(struct sluss_world *world, const struct sluss_record *record)
{
	if (record->type != SLUSS_REC_SETTINGS)
		return true;
	free(world->settings);
	world->settings = join_settings(&record->u.settings);
	return world->settings != NULL;
}

static void count(struct sluss_world *world, const struct sluss_record *record)
{
	struct sluss_core_counts *counts = &world->counts;
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED) {
		counts->accepted++;
		count_pairs(counts, &record->u.message_accepted);
	} else if (record->type == SLUSS_REC_MESSAGE_DENIED) {
		counts->denied++;
		count_pairs(counts, &record->u.message_denied);
	} else if (record->type == SLUSS_REC_RELEASED) {
		counts->released++;
	} else if (record->type == SLUSS_REC_WITHHELD) {
		counts->withheld++;
	} else if (record->type == SLUSS_REC_ACKNOWLEDGED) {
		counts->acknowledged += record->u.acknowledged.outcome != SLUSS_OUTCOME_REJECTED;
		counts->rejected += record->u.acknowledged.outcome == SLUSS_OUTCOME_REJECTED;
	} else if (record->type == SLUSS_REC_EXPIRED) {
		counts->expired++;
	} else if (record->type == SLUSS_REC_WITHDRAWAL) {
		counts->withdrawals++;
	} else if (record->type == SLUSS_REC_GENESIS) {
		snprintf(world->origin, sizeof(world->origin), "%s", record->u.genesis.origin);
		world->demo_clock = record->u.genesis.demo_clock;
	}
	counts->waiting = sluss_messages_waiting(world->messages);
}

static void keep_replay(struct sluss_world *world, const struct sluss_record *record)
{
	const struct sluss_rec_replay_reported *reported = &record->u.replay_reported;
	struct sluss_last_replay *last = &world->replay;
	if (record->type != SLUSS_REC_REPLAY_REPORTED)
		return;
	*last = (struct sluss_last_replay){
	    .at_ms = record->at_ms, .size = (uint64_t)reported->size, .complete = reported->complete};
	for (size_t i = 0; i < reported->finding_count; i++) {
		uint32_t room = UINT32_MAX - last->findings, more = reported->findings[i].count;
		last->findings += more < room ? more : room;
	}
	(void)snprintf(last->agency, sizeof(last->agency), "%s", reported->agency);
}

// When the first ground ends that carries a delivery.
static void note_ends(struct sluss_world *world, const struct sluss_rec_message *message)
{
	uint32_t at = sluss_messages_find(world->messages, &message->message);
	for (size_t i = 0; i < message->pair_count; i++) {
		const struct sluss_pair *pair = &message->pairs[i];
		uint32_t number = sluss_messages_delivery_to(world->messages, at, pair->recipient);
		if (number == SLUSS_NOWHERE)
			continue;
		struct sluss_delivery *delivery = sluss_messages_delivery(world->messages, number);
		if ((delivery->live & (UINT64_C(1) << pair->section)) == 0)
			continue;
		for (size_t k = 0; k < pair->ground_count; k++) {
			int64_t until_ms = sluss_ground_until_ms(world->state, &pair->grounds[k]);
			delivery->ends_ms = until_ms < delivery->ends_ms ? until_ms : delivery->ends_ms;
		}
	}
}

enum sluss_world_result sluss_world_apply(struct sluss_world *world, const struct sluss_record *record)
{
	if (!sluss_directory_accepts(world->directory, record) || !sluss_messages_accepts(world->messages, record))
		return SLUSS_WORLD_INVALID;
	enum sluss_apply applied = sluss_state_apply(world->state, record, world->size);
	if (applied == SLUSS_APPLY_NO_MEMORY)
		return SLUSS_WORLD_BROKEN;
	if (applied != SLUSS_APPLY_OK)
		return SLUSS_WORLD_INVALID;
	if (!sluss_directory_apply(world->directory, record, world->size) ||
	    !sluss_messages_apply(world->messages, record, world->size) ||
	    !sluss_notices_apply(world->notices, world->state, world->messages, record, world->size) ||
	    !sluss_months_apply(&world->months, record) ||
	    !sluss_case_index_apply(world->cases, world->state, record, world->size) ||
	    !sluss_report_facts_apply(world->report_facts, world->state, record))
		return SLUSS_WORLD_BROKEN;
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED)
		note_ends(world, &record->u.message_accepted);
	// The end of a ground moved after something had been accepted on it, perhaps.
	if (record->type == SLUSS_REC_POLICY_SET ||
	    (record->type == SLUSS_REC_GRANT_STATUS && record->u.grant_status.act == SLUSS_ACT_NARROW))
		world->ends_moved |= sluss_messages_waiting(world->messages) > 0;
	if (!keep_settings(world, record))
		return SLUSS_WORLD_BROKEN;
	keep_replay(world, record);
	world->size++;
	count(world, record);
	return SLUSS_WORLD_OK;
}

struct folding {
	struct sluss_world *world;
	struct sluss_codec *codec;
	struct sluss_store_error *error;
	enum sluss_store_result result;
};

static bool fold_one(void *context, uint64_t index, struct sluss_bytes entry)
{
	struct folding *folding = context;
	struct sluss_record record;
	sluss_codec_reset(folding->codec);
	enum sluss_codec_result decoded = sluss_record_decode(folding->codec, entry, &record, NULL);
	if (decoded != SLUSS_CODEC_OK) {
		snprintf(folding->error->text, sizeof(folding->error->text), "log entry %llu cannot be read (%s)",
		    (unsigned long long)index, sluss_codec_result_name(decoded));
		folding->result = decoded == SLUSS_CODEC_MEMORY ? SLUSS_STORE_FULL : SLUSS_STORE_CORRUPT;
		return false;
	}
	enum sluss_world_result applied = sluss_world_apply(folding->world, &record);
	if (applied != SLUSS_WORLD_OK) {
		snprintf(folding->error->text, sizeof(folding->error->text),
		    "log entry %llu (type %d) contradicts the entries before it", (unsigned long long)index,
		    (int)record.type);
		folding->result = applied == SLUSS_WORLD_BROKEN ? SLUSS_STORE_FULL : SLUSS_STORE_CORRUPT;
		return false;
	}
	return true;
}

static uint64_t big_endian(const uint8_t octets[8])
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value = value << 8 | octets[i];
	return value;
}

static bool load_answer(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	(void)value;
	struct folding *folding = context;
	struct sluss_id id;
	if (key.len != SLUSS_ANSWER_KEY) {
		snprintf(folding->error->text, sizeof(folding->error->text),
		    "the table of answers has a key of %zu octets", key.len);
		folding->result = SLUSS_STORE_CORRUPT;
		return false;
	}
	memcpy(id.b, key.data + 8, sizeof(id.b));
	if (!sluss_idmap_put(&folding->world->answers, &id, big_endian(key.data)))
		folding->result = SLUSS_STORE_FULL;
	return folding->result == SLUSS_STORE_OK;
}

enum sluss_store_result sluss_world_fold(
    struct sluss_world *world, struct sluss_store *store, struct sluss_store_error *error_out)
{
	*error_out = (struct sluss_store_error){{0}};
	struct folding folding = {.world = world, .codec = sluss_codec_new(), .error = error_out};
	if (folding.codec == NULL)
		return SLUSS_STORE_FULL;
	uint64_t size;
	enum sluss_store_result result = sluss_store_size(store, &size);
	// In pieces, so that no read holds an old view of the store for long.
	for (uint64_t at = 0; result == SLUSS_STORE_OK && folding.result == SLUSS_STORE_OK && at < size;) {
		uint64_t piece = size - at < 4096 ? size - at : 4096;
		result = sluss_store_read(store, at, piece, fold_one, &folding);
		at += piece;
	}
	if (result == SLUSS_STORE_OK && folding.result == SLUSS_STORE_OK)
		result =
		    sluss_store_each_side(store, SLUSS_SIDE_ANSWER, (struct sluss_bytes){0}, load_answer, &folding);
	sluss_codec_free(&folding.codec);
	if (result != SLUSS_STORE_OK && error_out->text[0] == '\0')
		snprintf(error_out->text, sizeof(error_out->text), "%s", sluss_store_error_text(store));
	return result != SLUSS_STORE_OK ? result : folding.result;
}

void sluss_answer_key(uint64_t position, const struct sluss_id *statement, uint8_t key_out[SLUSS_ANSWER_KEY])
{
	for (int i = 0; i < 8; i++)
		key_out[i] = (uint8_t)(position >> (56 - 8 * i));
	memcpy(key_out + 8, statement->b, sizeof(statement->b));
}
