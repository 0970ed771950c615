// SPDX-License-Identifier: EUPL-1.2
// Judging an add-checkpoint request (C2SP tlog-witness): the order of the checks is the specification's.
#include "sluss/witness.h"

#include "log_text.h"
#include "log_verify.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

static const char plain[] = "text/plain; charset=utf-8";
static const char tlog_size[] = "text/x.tlog.size";

struct request {
	uint64_t old_size;
	size_t count;
	struct sluss_hash hashes[SLUSS_WITNESS_PROOF_MAX];
	struct sluss_bytes note;
	struct sluss_note parts;
	struct sluss_checkpoint checkpoint;
};

static void reply(struct sluss_witness_reply *out, unsigned status, const char *type, const char *format, ...)
    SLUSS_PRINTF(4, 5);

static void reply(struct sluss_witness_reply *out, unsigned status, const char *type, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(out->body, sizeof(out->body), format, args);
	va_end(args);
	out->status = status;
	out->content_type = type;
	out->len = n > 0 ? (size_t)n : 0;
}

static bool parse(struct sluss_bytes body, struct request *request_out)
{
	struct sluss_bytes line;
	size_t len = 0;
	request_out->count = 0;
	if (body.len > SLUSS_WITNESS_BODY_MAX || !sluss_text_skip(&body, "old ") || !sluss_text_line(&body, &line) ||
	    !sluss_text_decimal(line, &request_out->old_size))
		return false;
	while (sluss_text_line(&body, &line)) {
		if (line.len == 0) {
			request_out->note = body;
			return sluss_note_parse(body, &request_out->parts) &&
			       sluss_checkpoint_parse(request_out->parts.text, &request_out->checkpoint);
		}
		if (request_out->count == SLUSS_WITNESS_PROOF_MAX ||
		    !sluss_text_base64(line, request_out->hashes[request_out->count].b, SLUSS_HASH_BYTES, &len) ||
		    len != SLUSS_HASH_BYTES)
			return false;
		request_out->count++;
	}
	return false;
}

// Has a key that we trust for this origin signed? 0, or the status that says why not. Lines by unknown keys are
// ignored.
static unsigned check_signature(const struct sluss_witness_keys *keys, const struct request *request)
{
	bool known = false;
	for (size_t i = 0; i < keys->log_count; i++) {
		struct sluss_note_key key;
		struct sluss_bytes text = {(const uint8_t *)keys->logs[i], strlen(keys->logs[i])};
		struct sluss_bytes origin = request->checkpoint.origin;
		if (!sluss_note_key_parse(text, &key) || key.type != SLUSS_NOTE_ED25519 ||
		    strlen(key.name) != origin.len || memcmp(key.name, origin.data, origin.len) != 0)
			continue;
		known = true;
		if (sluss_note_verify(&request->parts, &key, NULL) == SLUSS_NOTE_VALID)
			return 0;
	}
	return known ? 403 : 404;
}

static void conflict(struct sluss_witness_reply *out, uint64_t size)
{
	reply(out, 409, tlog_size, "%llu\n", (unsigned long long)size);
}

// Does the checkpoint continue what we know? True: yes.
static bool check_history(
    const struct request *request, const struct sluss_witness_state *state, struct sluss_witness_reply *out)
{
	struct sluss_hash old_root;
	if (request->old_size != state->size) {
		conflict(out, state->size);
		return false;
	}
	memcpy(old_root.b, state->root, sizeof(old_root.b));
	if (state->size == 0)
		sluss_hash_empty(&old_root);
	if (state->size == request->checkpoint.size && !sluss_hash_equal(&old_root, &request->checkpoint.root)) {
		out->misbehaviour = true;
		conflict(out, state->size);
		return false;
	}
	if (!sluss_verify_consistency(state->size, &old_root, request->checkpoint.size, &request->checkpoint.root,
		request->hashes, request->count)) {
		out->misbehaviour = true;
		reply(out, 422, plain, "the proof does not lead from size %llu to this checkpoint\n",
		    (unsigned long long)state->size);
		return false;
	}
	return true;
}

// The witness's key, and its secret form; the caller wipes the secret.
static bool make_key(
    const char *name, const uint8_t *seed, struct sluss_note_key *key_out, uint8_t secret_out[SLUSS_NOTE_SECRET_BYTES])
{
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	return crypto_sign_seed_keypair(public_key, secret_out, seed) == 0 &&
	       sluss_note_key_init(key_out, name, SLUSS_NOTE_COSIGNATURE, public_key);
}

// Makes the cosignature before anything is stored, so that a store is never for nothing.
static bool cosign(const struct sluss_witness_keys *keys, struct sluss_bytes text, uint64_t time_s, char *line_out,
    size_t room, size_t *len_out)
{
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key;
	*len_out = 0;
	if (make_key(keys->name, keys->seed, &key, secret))
		*len_out = sluss_note_sign(&key, secret, time_s, text, line_out, room);
	sodium_memzero(secret, sizeof(secret));
	return *len_out > 0;
}

// An origin as a C string; names of keys have no NUL and fit.
static void copy_origin(struct sluss_bytes origin, char out[SLUSS_NOTE_NAME_MAX + 1])
{
	memcpy(out, origin.data, origin.len);
	out[origin.len] = '\0';
}

void sluss_witness_judge(const struct sluss_witness_keys *keys, struct sluss_bytes body, uint64_t time_s,
    sluss_witness_load_fn *load, sluss_witness_store_fn *store, void *arg, struct sluss_witness_reply *reply_out)
{
	struct request request;
	struct sluss_witness_state state = {0};
	char origin[SLUSS_NOTE_NAME_MAX + 1];
	char line[SLUSS_NOTE_LINE_MAX];
	size_t len = 0;
	memset(reply_out, 0, sizeof(*reply_out));
	if (!parse(body, &request)) {
		reply(reply_out, 400, plain, "this is not an add-checkpoint request\n");
		return;
	}
	unsigned wrong = check_signature(keys, &request);
	if (wrong != 0) {
		reply(reply_out, wrong, plain,
		    wrong == 404 ? "this witness does not know that log\n" : "no signature by a key of that log\n");
		return;
	}
	if (request.old_size > request.checkpoint.size) {
		reply(reply_out, 400, plain, "the old size is larger than the checkpoint's\n");
		return;
	}
	copy_origin(request.checkpoint.origin, origin);
	if (!load(arg, origin, &state)) {
		reply(reply_out, 500, plain, "the witness cannot read what it knows\n");
		return;
	}
	if (!check_history(&request, &state, reply_out))
		return;
	struct sluss_witness_state next = {.size = request.checkpoint.size};
	memcpy(next.root, request.checkpoint.root.b, sizeof(next.root));
	if (!cosign(keys, request.parts.text, time_s, line, sizeof(line), &len) ||
	    !store(arg, origin, &next, request.note)) {
		reply(reply_out, 500, plain, "the witness cannot remember the checkpoint\n");
		return;
	}
	reply(reply_out, 200, plain, "%.*s", (int)len, line);
	reply_out->size = next.size;
}

bool sluss_witness_verifier_key(const char *name, const uint8_t seed[SLUSS_HASH_BYTES], char *text_out, size_t room)
{
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	struct sluss_note_key key;
	bool good = make_key(name, seed, &key, secret) && sluss_note_key_format(&key, text_out, room);
	sodium_memzero(secret, sizeof(secret));
	return good;
}
