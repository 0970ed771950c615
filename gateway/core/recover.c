// SPDX-License-Identifier: EUPL-1.2
// Start: open the store, check the signed checkpoint against the tree (log_writer.h), fold the log. What cannot be
// right is not repaired: the gateway does not start, and says what to do.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ca.h"
#include "log_event.h"
#include "writer.h"

static int64_t real_clock(void *arg)
{
	(void)arg;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value == 0 ? fallback : value;
}

static void fill_config(struct sluss_core_config *config)
{
	config->verify_threads = or_default(config->verify_threads, 2);
	config->queue_max = or_default(config->queue_max, 4096);
	config->queue_max_per_agency = or_default(config->queue_max_per_agency, 200000);
	config->batch_max = or_default(config->batch_max, 256);
	config->max_frame = or_default(config->max_frame, 4u << 20);
	config->fetch_wait_max_ms = or_default(config->fetch_wait_max_ms, 60000);
	config->clock_skew_max_ms = or_default(config->clock_skew_max_ms, 300000);
	config->lease_ms = or_default(config->lease_ms, 30000);
	config->delivery_queue_octets_max = or_default(config->delivery_queue_octets_max, 4000000000U);
	config->delivery_expiry_hours = or_default(config->delivery_expiry_hours, 720);
	config->chunk_octets_max = or_default(config->chunk_octets_max, 1U << 30);
	config->chunk_uploads_max = or_default(config->chunk_uploads_max, 64);
	config->chunk_orphan_hours = or_default(config->chunk_orphan_hours, 24);
	config->request_max = or_default(config->request_max, SLUSS_REQUEST_ARENA_MAX);
	config->drop_timeout_ms = or_default(config->drop_timeout_ms, 2000);
	config->client_certificate_days = or_default(config->client_certificate_days, 365);
	config->sessions_max = or_default(config->sessions_max, 2000);
	config->session_ms = or_default(config->session_ms, 20 * 60 * 1000);
	config->session_idle_ms = or_default(config->session_idle_ms, 10 * 60 * 1000);
	config->code_days = or_default(config->code_days, 7);
}

static enum sluss_store_result say(struct sluss_store_error *error_out, enum sluss_store_result result,
    const char *what, const char *why, const char *advice)
{
	struct sluss_store_error reason; // `why` may lie in error_out
	snprintf(reason.text, sizeof(reason.text), "%s", why);
	snprintf(error_out->text, sizeof(error_out->text), "%s: %.120s. %s", what, reason.text, advice);
	return result;
}

void sluss_writer_unload(struct sluss_writer *w)
{
	// The shared directory stays: workers go on looking keys up in it, and the writer believes nobody before it has
	// folded the log again.
	sluss_world_free(&w->world);
	sluss_log_close(&w->log);
	sluss_store_close(&w->store);
}

static enum sluss_store_result fold(struct sluss_writer *w, struct sluss_store_error *error_out)
{
	enum sluss_store_result result = sluss_policies_load(w->policies, w->store);
	if (result != SLUSS_STORE_OK)
		return say(error_out, result, "A stored policy cannot be read", sluss_store_result_name(result),
		    "Restore the state from a backup.");
	w->world = sluss_world_new(w->policies);
	if (w->world == NULL)
		return say(error_out, SLUSS_STORE_FULL, "The state cannot be built", "no memory",
		    "Give the gateway more memory.");
	result = sluss_world_fold(w->world, w->store, error_out);
	sluss_stop_init(&w->stop, w->world->ends_moved);
	if (result != SLUSS_STORE_OK)
		return say(error_out, result, "The log cannot be folded", error_out->text,
		    "Do not go on with this state: restore a backup and compare it with the agencies' receipts.");
	if (w->world->size != sluss_log_size(w->log))
		return say(error_out, SLUSS_STORE_CORRUPT, "The log cannot be folded",
		    "its size differs from the tree's", "Restore a backup.");
	if (w->world->size > 0 && strcmp(w->world->origin, w->config.authority) != 0)
		return say(error_out, SLUSS_STORE_CORRUPT, "The log is another authority's", w->world->origin,
		    "Set `authority` to it, or use another state_dir.");
	result = sluss_uploads_load(w->uploads, w->store);
	if (result != SLUSS_STORE_OK)
		return say(error_out, result, "The table of uploads cannot be read", sluss_store_result_name(result),
		    "Restore a backup, or look at the disk.");
	result = sluss_persons_load(w->persons, w->store);
	if (result != SLUSS_STORE_OK)
		return say(error_out, result, "The register of persons cannot be read", sluss_store_result_name(result),
		    "Is data_key the one that it was written with?");
	return SLUSS_STORE_OK;
}

static enum sluss_store_result open_store(struct sluss_writer *w, struct sluss_store_error *error_out)
{
	*error_out = (struct sluss_store_error){{0}};
	if (w->config.open_store == NULL)
		return sluss_store_open(w->config.store_url, SLUSS_STORE_WRITER, error_out, &w->store);
	w->store = w->config.open_store(w->config.arg);
	return w->store == NULL ? SLUSS_STORE_AGAIN : SLUSS_STORE_OK;
}

enum sluss_store_result sluss_writer_load(struct sluss_writer *w, struct sluss_store_error *error_out)
{
	enum sluss_store_result result = open_store(w, error_out);
	if (result != SLUSS_STORE_OK)
		return say(error_out, result, "The store cannot be opened", error_out->text,
		    "Is another gateway running on it?");
	result = sluss_log_open(w->store, &w->log_key, w->log_secret, error_out, &w->log);
	if (result == SLUSS_STORE_OK)
		result = fold(w, error_out);
	else
		say(error_out, result, "The log cannot be trusted", error_out->text,
		    "Is log_key the right one? Else restore a backup.");
	if (result == SLUSS_STORE_OK)
		result = sluss_rollback_check(w, error_out);
	if (result != SLUSS_STORE_OK) {
		sluss_writer_unload(w);
		return result;
	}
	sluss_world_share(w->world, w->directory);
	sluss_files_publish(w->files, sluss_log_size(w->log), sluss_log_checkpoint(w->log));
	sluss_writer_ages_due(w);
	return SLUSS_STORE_OK;
}

// ---- the first batch

static bool genesis(struct sluss_writer *w, struct sluss_bytes policy_json, struct sluss_store_error *error_out)
{
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_policy_error wrong;
	if (policy_json.len == 0 || !sluss_policies_add(w->policies, policy_json, hash, &wrong)) {
		snprintf(error_out->text, sizeof(error_out->text),
		    "policy_file is needed for an empty log: line %d: %.150s", policy_json.len == 0 ? 0 : wrong.line,
		    policy_json.len == 0 ? "there is none" : wrong.message);
		return false;
	}
	struct sluss_record record = {.type = SLUSS_REC_GENESIS,
	    .u.genesis = {.origin = w->config.authority, .demo_clock = w->config.demo_clock}};
	bool ok = sluss_batch_append(w, &record, NULL) == SLUSS_BATCH_OK &&
		  sluss_store_put_side(w->store, SLUSS_SIDE_POLICY, (struct sluss_bytes){hash, sizeof(hash)},
		      policy_json) == SLUSS_STORE_OK;
	record = (struct sluss_record){.type = SLUSS_REC_POLICY_SET};
	memcpy(record.u.policy_set.hash, hash, sizeof(hash));
	record.u.policy_set.name = sluss_policy_name(sluss_policies_find(w->policies, hash));
	return ok && sluss_batch_append(w, &record, NULL) == SLUSS_BATCH_OK;
}

static void start_clock(struct sluss_writer *w)
{
	w->clock = (struct sluss_clock){
	    .real_ms = w->config.clock_ms == NULL ? real_clock : w->config.clock_ms, .arg = w->config.arg};
	bool empty = w->world->size == 0;
	w->clock.demo = empty ? w->config.demo_clock : w->world->demo_clock;
	if (!w->clock.demo)
		return;
	// A demo clock stands still while the gateway does not run.
	int64_t begin =
	    w->config.demo_clock_start_ms != 0 ? w->config.demo_clock_start_ms : w->clock.real_ms(w->clock.arg);
	sluss_clock_set(&w->clock, empty ? begin : sluss_state_time_ms(w->world->state));
}

// What the operator set differs from what the log says.
static bool record_settings(struct sluss_writer *w)
{
	struct sluss_record record = {.type = SLUSS_REC_SETTINGS,
	    .u.settings = {.values = w->config.behaviour, .value_count = w->config.behaviour_count}};
	if (w->config.behaviour_count == 0 || sluss_world_has_settings(w->world, &record.u.settings))
		return true;
	return sluss_batch_append(w, &record, NULL) == SLUSS_BATCH_OK;
}

static bool first_batch(struct sluss_writer *w, struct sluss_bytes policy_json, struct sluss_store_error *error_out)
{
	start_clock(w);
	sluss_batch_start(w);
	bool empty = w->world->size == 0;
	if (!empty && w->now_ms < sluss_state_time_ms(w->world->state)) {
		// The clock went back while the gateway was down: no record can be written until it has caught up, and
		// every request is answered `unavailable`.
		sluss_event(SLUSS_EVENT_ERROR, "clock-went-back", "by_ms=%lld",
		    (long long)(sluss_state_time_ms(w->world->state) - w->now_ms));
		return true;
	}
	struct sluss_record restart = {.type = SLUSS_REC_RESTART};
	bool ok = empty ? genesis(w, policy_json, error_out)
			: sluss_rollback_record(w) && sluss_batch_append(w, &restart, NULL) == SLUSS_BATCH_OK;
	ok = ok && record_settings(w);
	if (ok && sluss_batch_commit(w))
		return true;
	if (error_out->text[0] == '\0')
		snprintf(error_out->text, sizeof(error_out->text), "The first record could not be written: %.150s",
		    w->store == NULL ? "the store failed" : sluss_store_error_text(w->store));
	return false;
}

// ---- open and close

static bool set_up(struct sluss_writer *w, const struct sluss_keys *keys, struct sluss_store_error *error_out)
{
	uint8_t public_key[32];
	w->log_secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
	w->directory = sluss_directory_new();
	w->policies = sluss_policies_new();
	w->persons = sluss_persons_new(keys->data_key);
	w->uploads = sluss_uploads_new();
	w->codec = sluss_codec_new();
	w->read_codec = sluss_codec_new();
	w->transfers = sluss_transfers_new(w->to_intake, w->config.drop_timeout_ms);
	w->sessions = sluss_sessions_new(w->config.sessions_max, w->config.session_ms, w->config.session_idle_ms);
	if (w->log_secret == NULL || w->directory == NULL || w->policies == NULL || w->persons == NULL ||
	    w->uploads == NULL || w->codec == NULL || w->read_codec == NULL || w->transfers == NULL ||
	    w->sessions == NULL || !sluss_queue_init(&w->in, -1)) {
		snprintf(error_out->text, sizeof(error_out->text), "There is not enough memory to start.");
		return false;
	}
	crypto_sign_seed_keypair(public_key, w->log_secret, keys->log_seed);
	if (!sluss_note_key_init(&w->log_key, w->config.authority, SLUSS_NOTE_ED25519, public_key) ||
	    !sluss_note_key_format(&w->log_key, w->verifier_key, sizeof(w->verifier_key))) {
		snprintf(error_out->text, sizeof(error_out->text),
		    "`authority` cannot be the name of a log: no spaces, no plus sign, at most 127 octets.");
		return false;
	}
	if (!sluss_rollback_open(w, error_out))
		return false;
	w->files = sluss_files_new(w->verifier_key);
	if (w->files == NULL)
		snprintf(error_out->text, sizeof(error_out->text), "There is not enough memory to start.");
	return w->files != NULL;
}

struct sluss_writer *sluss_writer_open(const struct sluss_core_config *config, const struct sluss_keys *keys,
    struct sluss_bytes policy_json, struct sluss_ca *ca, struct sluss_queue *to_intake,
    struct sluss_store_error *error_out)
{
	*error_out = (struct sluss_store_error){{0}};
	struct sluss_writer *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->config = *config;
	fill_config(&w->config);
	w->ca = ca;
	w->to_intake = to_intake;
	w->logins = sluss_logins_new(config->issuers, config->issuer_count, config->redirect_url, to_intake);
	for (size_t i = 0; w->logins != NULL && config->issuer_keys != NULL && i < config->issuer_count; i++)
		sluss_logins_pin(w->logins, i, config->issuer_keys[i]);
	if (w->logins == NULL || !set_up(w, keys, error_out) || sluss_writer_load(w, error_out) != SLUSS_STORE_OK ||
	    !first_batch(w, policy_json, error_out) || !sluss_notary_open(w, &w->notary, error_out))
		sluss_writer_close(&w);
	return w;
}

void sluss_writer_close(struct sluss_writer **writer)
{
	struct sluss_writer *w = *writer;
	if (w == NULL)
		return;
	sluss_notary_close(&w->notary);
	sluss_transfers_free(&w->transfers);
	sluss_sessions_free(&w->sessions);
	sluss_logins_free(&w->logins);
	sluss_writer_unload(w);
	sluss_directory_free(&w->directory);
	sluss_persons_free(&w->persons);
	sluss_uploads_free(&w->uploads);
	sluss_policies_free(&w->policies);
	sluss_files_free(&w->files);
	sluss_head_close(&w->head);
	sluss_codec_free(&w->codec);
	sluss_codec_free(&w->read_codec);
	sluss_queue_destroy(&w->in);
	sodium_free(w->log_secret);
	free(w->entries);
	free(w->revoked);
	free(w);
	*writer = NULL;
}
