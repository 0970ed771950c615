// SPDX-License-Identifier: EUPL-1.2
// Rounds: when they begin, whom they ask, and what a quorum is. What witnesses answer: keeper_answer.c.
#include "keeper_impl.h"

#include "log_text.h"

#include <sodium.h>
#include <stdio.h>

enum {
	HURRY_PART = 10, // of the period: how soon a grown log is shown
	BACKOFF_MAX_MS = 60000,
	BODY_MAX = 64 + SLUSS_KEEPER_PROOF * 45 + SLUSS_CHECKPOINT_OWN_MAX,
};

bool sluss_keeper_init(struct sluss_keeper *k, const struct sluss_keeper_config *config)
{
	*k = (struct sluss_keeper){.config = *config, .cosigned_ms = -1};
	for (size_t i = 0; i < config->count; i++) {
		const struct sluss_note_key *key = &config->witnesses[i];
		if (key->type != SLUSS_NOTE_COSIGNATURE) {
			(void)snprintf(k->why, sizeof(k->why),
			    "the key of witness %s is not one for cosignatures (type 04)", key->name);
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (memcmp(key->public_key, config->witnesses[j].public_key, sizeof(key->public_key)) != 0)
				continue;
			(void)snprintf(k->why, sizeof(k->why),
			    "the witnesses %s and %s have one key; each needs its own", config->witnesses[j].name,
			    key->name);
			return false;
		}
	}
	return true;
}

// ---- what is cosigned

// Puts the round's checkpoint and its lines together, in the order of the settings.
static void assemble(struct sluss_keeper *k)
{
	memcpy(k->cosigned, k->note, k->note_len);
	k->cosigned_len = k->note_len;
	for (size_t i = 0; i < k->config.count; i++) {
		const struct sluss_keeper_witness *w = &k->witnesses[i];
		if (!w->signed_round)
			continue;
		memcpy(k->cosigned + k->cosigned_len, w->line, w->line_len);
		k->cosigned_len += w->line_len;
	}
	k->cosigned_size = k->size;
	k->cosigned_ms = k->began_ms;
	k->unstored = true;
}

void keeper_signed(struct sluss_keeper *k)
{
	size_t count = 0;
	for (size_t i = 0; i < k->config.count; i++)
		count += k->witnesses[i].signed_round ? 1 : 0;
	if (count > 0 && count >= k->config.quorum)
		assemble(k);
}

void sluss_keeper_load(struct sluss_keeper *k, struct sluss_bytes octets)
{
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	size_t count = 0;
	if (octets.len > sizeof(k->cosigned) || !sluss_checkpoint_open(octets, &k->config.log, &checkpoint) ||
	    !sluss_note_parse(octets, &note) || checkpoint.size < k->cosigned_size)
		return;
	for (size_t i = 0; i < k->config.count; i++)
		count += sluss_note_verify(&note, &k->config.witnesses[i], NULL) == SLUSS_NOTE_VALID ? 1 : 0;
	if (count == 0 || count < k->config.quorum)
		return;
	memcpy(k->cosigned, octets.data, octets.len);
	k->cosigned_len = octets.len;
	k->cosigned_size = checkpoint.size;
}

bool sluss_keeper_open(const struct sluss_keeper *k, int64_t now_ms)
{
	return k->config.quorum == 0 || (k->cosigned_ms >= 0 && now_ms - k->cosigned_ms <= k->config.gap_max_ms);
}

int64_t sluss_keeper_closes_ms(const struct sluss_keeper *k)
{
	if (k->config.quorum == 0 || k->cosigned_ms < 0)
		return INT64_MAX;
	return k->cosigned_ms + k->config.gap_max_ms + 1;
}

// ---- asking

// The period, twice it, four times ... up to a minute; a quarter more or less, so that many gateways do not come at
// once.
void keeper_failed(struct sluss_keeper *k, struct sluss_keeper_witness *w, int64_t now_ms)
{
	unsigned doublings = w->failures < 10 ? w->failures : 10;
	int64_t delay = (int64_t)k->config.period_ms << doublings;
	if (delay > BACKOFF_MAX_MS)
		delay = BACKOFF_MAX_MS;
	delay = delay * 3 / 4 + (int64_t)randombytes_uniform((uint32_t)(delay / 2) + 1);
	w->failures++;
	w->not_before_ms = now_ms + delay;
}

// "old N", proof, empty line, checkpoint. Returns the octets, 0 when it cannot be told now.
static size_t make_body(const struct sluss_keeper *k, uint64_t old_size, char out[BODY_MAX])
{
	struct sluss_hash hashes[SLUSS_KEEPER_PROOF];
	size_t count = 0;
	if (old_size > 0 && old_size < k->size && !k->config.prove(k->config.arg, old_size, k->size, hashes, &count))
		return 0;
	memcpy(out, "old ", 4);
	size_t len = 4 + sluss_text_put_decimal(old_size, out + 4);
	out[len++] = '\n';
	for (size_t i = 0; i < count; i++) {
		len += sluss_text_put_base64(hashes[i].b, SLUSS_HASH_BYTES, out + len);
		out[len++] = '\n';
	}
	out[len++] = '\n';
	memcpy(out + len, k->note, k->note_len);
	return len + k->note_len;
}

static void ask(struct sluss_keeper *k, uint32_t index, int64_t now_ms)
{
	struct sluss_keeper_witness *w = &k->witnesses[index];
	char body[BODY_MAX];
	uint64_t old_size = w->asked ? w->known : 0;
	size_t len = make_body(k, old_size, body);
	uint64_t number = k->calls + 1;
	if (len == 0 ||
	    !k->config.send(k->config.arg, index, number, (struct sluss_bytes){(const uint8_t *)body, len})) {
		keeper_failed(k, w, now_ms);
		return;
	}
	k->calls = number;
	w->call = number;
	w->sent_old = old_size;
	w->sent_size = k->size;
	w->sent_round = k->round;
}

// ---- rounds

// A round is left when everybody has answered, or at its time when there is a quorum; a slower one gets as long as a
// call may take, because a witness that needs longer than the period would otherwise never be heard.
static bool is_due(const struct sluss_keeper *k, int64_t now_ms, uint64_t size, int64_t *when_out)
{
	bool busy = false;
	size_t count = 0;
	if (k->round == 0)
		return true;
	for (size_t i = 0; i < k->config.count; i++) {
		const struct sluss_keeper_witness *w = &k->witnesses[i];
		busy = busy || (w->call != 0 && w->sent_round == k->round);
		count += w->signed_round ? 1 : 0;
	}
	int64_t wait_ms = k->config.period_ms;
	if (!busy && (size > k->size || k->hurry))
		wait_ms /= HURRY_PART;
	else if (busy && (count == 0 || count < k->config.quorum) && wait_ms < SLUSS_KEEPER_TIMEOUT_MS + 1000)
		wait_ms = SLUSS_KEEPER_TIMEOUT_MS + 1000;
	*when_out = k->began_ms + wait_ms;
	return now_ms >= *when_out;
}

static void begin(struct sluss_keeper *k, int64_t now_ms, struct sluss_bytes newest, uint64_t size)
{
	k->round++;
	k->began_ms = now_ms;
	k->hurry = false;
	k->size = size;
	memcpy(k->note, newest.data, newest.len);
	k->note_len = newest.len;
	for (size_t i = 0; i < k->config.count; i++) {
		k->witnesses[i].signed_round = false;
		k->witnesses[i].conflicts = 0;
	}
}

int64_t sluss_keeper_tick(struct sluss_keeper *k, int64_t now_ms, struct sluss_bytes newest, uint64_t size)
{
	int64_t next = INT64_MAX;
	if (k->fatal || k->config.count == 0 || newest.len == 0 || newest.len > sizeof(k->note))
		return INT64_MAX;
	if (is_due(k, now_ms, size, &next)) {
		begin(k, now_ms, newest, size);
		(void)is_due(k, now_ms, size, &next);
	}
	for (uint32_t i = 0; i < k->config.count; i++) {
		struct sluss_keeper_witness *w = &k->witnesses[i];
		if (w->call != 0 || w->signed_round || (w->asked && w->known > k->size))
			continue; // under way, done, or it waits for the next round
		if (w->not_before_ms <= now_ms)
			ask(k, i, now_ms);
		if (w->call == 0 && w->not_before_ms < next)
			next = w->not_before_ms;
	}
	return next;
}
