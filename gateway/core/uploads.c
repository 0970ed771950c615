// SPDX-License-Identifier: EUPL-1.2
#include "uploads.h"

#include <stdlib.h>

#include "log_hash.h"

enum {
	AGENCY = SLUSS_AGENCY_MAX + 1,
	KEY = SLUSS_HASH_BYTES + AGENCY,
	HEAD = 8 + 8 + 4 + 8, // begun, content, total, octets; then the hashes, then the label
	// Other ground, number of consents, consents, category: no multiple of a hash's length, so that a row that was
	// written before there were labels is told by its own.
	LABEL = 1 + 1 + SLUSS_CLAIMS_MAX * SLUSS_ID_BYTES + SLUSS_NAME_MAX + 1,
};

struct sluss_uploads {
	struct sluss_upload_state **list; // few: an agency may begin 64 by default
	size_t count, room;
};

struct sluss_uploads *sluss_uploads_new(void)
{
	return calloc(1, sizeof(struct sluss_uploads));
}

static void clear(struct sluss_uploads *uploads)
{
	while (uploads->count > 0)
		free(uploads->list[--uploads->count]);
}

void sluss_uploads_free(struct sluss_uploads **uploads)
{
	if (*uploads == NULL)
		return;
	clear(*uploads);
	free((*uploads)->list);
	free(*uploads);
	*uploads = NULL;
}

struct sluss_id sluss_chunks_id(const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES])
{
	static const char tag[] = "sluss-chunks-v1";
	uint8_t octets[sizeof(tag) + KEY] = {0};
	struct sluss_hash hash;
	struct sluss_id id;
	memcpy(octets, tag, sizeof(tag));
	memcpy(octets + sizeof(tag), header_hash, SLUSS_HASH_BYTES);
	memcpy(octets + sizeof(tag) + SLUSS_HASH_BYTES, agency, strnlen(agency, SLUSS_AGENCY_MAX));
	sluss_hash_octets(octets, sizeof(octets), &hash);
	memcpy(id.b, hash.b, sizeof(id.b));
	return id;
}

// ---- rows

static void put(uint8_t **at, uint64_t value, int len)
{
	for (int i = len; i-- > 0; value >>= 8)
		(*at)[i] = (uint8_t)value;
	*at += len;
}

static uint64_t get(const uint8_t **at, int len)
{
	uint64_t value = 0;
	for (int i = 0; i < len; i++)
		value = value << 8 | *(*at)++;
	return value;
}

static void key_of(const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES], uint8_t key_out[KEY])
{
	memset(key_out, 0, KEY);
	memcpy(key_out, header_hash, SLUSS_HASH_BYTES);
	memcpy(key_out + SLUSS_HASH_BYTES, agency, strnlen(agency, SLUSS_AGENCY_MAX));
}

static void put_label(uint8_t *at, const struct sluss_upload_label *label)
{
	memset(at, 0, LABEL);
	at[0] = label->other_ground;
	at[1] = label->consent_count;
	memcpy(at + 2, label->consents, sizeof(label->consents));
	memcpy(at + 2 + sizeof(label->consents), label->category, sizeof(label->category));
}

static bool read_label(const uint8_t *at, struct sluss_upload_label *label)
{
	label->other_ground = at[0] != 0;
	label->consent_count = at[1];
	memcpy(label->consents, at + 2, sizeof(label->consents));
	memcpy(label->category, at + 2 + sizeof(label->consents), sizeof(label->category));
	return label->consent_count <= SLUSS_CLAIMS_MAX && label->category[SLUSS_NAME_MAX] == '\0';
}

static enum sluss_store_result put_row(struct sluss_store *store, const struct sluss_upload_state *state)
{
	uint8_t key[KEY];
	uint8_t row[HEAD + sizeof(state->hashes) + LABEL];
	size_t hashes = (size_t)state->count * SLUSS_HASH_BYTES;
	uint8_t *at = row;
	key_of(state->agency, state->header_hash, key);
	put(&at, (uint64_t)state->begun_ms, 8);
	put(&at, state->content, 8);
	put(&at, state->total, 4);
	put(&at, state->octets, 8);
	memcpy(at, state->hashes, hashes);
	put_label(at + hashes, &state->label);
	return sluss_store_put_side(store, SLUSS_SIDE_UPLOAD, (struct sluss_bytes){key, sizeof(key)},
	    (struct sluss_bytes){row, HEAD + hashes + LABEL});
}

static bool read_row(struct sluss_bytes key, struct sluss_bytes row, struct sluss_upload_state *state)
{
	bool labelled = row.len >= HEAD + LABEL && (row.len - HEAD - LABEL) % SLUSS_HASH_BYTES == 0;
	size_t label = labelled ? LABEL : 0;
	if (key.len != KEY || row.len < HEAD || (row.len - HEAD - label) % SLUSS_HASH_BYTES != 0 ||
	    row.len - HEAD - label > sizeof(state->hashes))
		return false;
	size_t hashes = row.len - HEAD - label;
	const uint8_t *at = row.data;
	memcpy(state->header_hash, key.data, SLUSS_HASH_BYTES);
	memcpy(state->agency, key.data + SLUSS_HASH_BYTES, AGENCY);
	state->begun_ms = (int64_t)get(&at, 8);
	state->content = get(&at, 8);
	state->total = (uint32_t)get(&at, 4);
	state->octets = get(&at, 8);
	state->count = (uint32_t)(hashes / SLUSS_HASH_BYTES);
	memcpy(state->hashes, at, hashes);
	if (labelled && !read_label(at + hashes, &state->label))
		return false;
	return state->agency[AGENCY - 1] == '\0' && state->total <= SLUSS_CHUNKS_MAX && state->count <= state->total;
}

// ---- the table

static struct sluss_upload_state *add(struct sluss_uploads *uploads)
{
	if (uploads->count == uploads->room) {
		size_t room = uploads->room == 0 ? 16 : uploads->room * 2;
		struct sluss_upload_state **list =
		    reallocarray(uploads->list, room, sizeof(struct sluss_upload_state *));
		if (list == NULL)
			return NULL;
		uploads->list = list;
		uploads->room = room;
	}
	struct sluss_upload_state *state = calloc(1, sizeof(*state));
	if (state != NULL)
		uploads->list[uploads->count++] = state;
	return state;
}

struct loading {
	struct sluss_uploads *uploads;
	enum sluss_store_result result;
};

static bool load_one(void *context, struct sluss_bytes key, struct sluss_bytes row)
{
	struct loading *loading = context;
	struct sluss_upload_state *state = add(loading->uploads);
	if (state == NULL)
		loading->result = SLUSS_STORE_FULL;
	else if (!read_row(key, row, state))
		loading->result = SLUSS_STORE_CORRUPT;
	return loading->result == SLUSS_STORE_OK;
}

enum sluss_store_result sluss_uploads_load(struct sluss_uploads *uploads, struct sluss_store *store)
{
	struct loading loading = {.uploads = uploads};
	clear(uploads);
	enum sluss_store_result result =
	    sluss_store_each_side(store, SLUSS_SIDE_UPLOAD, (struct sluss_bytes){0}, load_one, &loading);
	return result != SLUSS_STORE_OK ? result : loading.result;
}

static size_t place(
    const struct sluss_uploads *uploads, const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES])
{
	size_t i = 0;
	while (i < uploads->count && (memcmp(uploads->list[i]->header_hash, header_hash, SLUSS_HASH_BYTES) != 0 ||
					 strcmp(uploads->list[i]->agency, agency) != 0))
		i++;
	return i;
}

const struct sluss_upload_state *sluss_uploads_find(
    const struct sluss_uploads *uploads, const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES])
{
	size_t at = place(uploads, agency, header_hash);
	return at == uploads->count ? NULL : uploads->list[at];
}

size_t sluss_uploads_of(const struct sluss_uploads *uploads, const char *agency, uint64_t *octets_out)
{
	size_t count = 0;
	*octets_out = 0;
	for (size_t i = 0; i < uploads->count; i++)
		if (strcmp(uploads->list[i]->agency, agency) == 0) {
			*octets_out += uploads->list[i]->octets;
			count++;
		}
	return count;
}

const struct sluss_upload_state *sluss_uploads_at(const struct sluss_uploads *uploads, size_t position)
{
	return position < uploads->count ? uploads->list[position] : NULL;
}

const struct sluss_upload_state *sluss_uploads_oldest(const struct sluss_uploads *uploads)
{
	const struct sluss_upload_state *oldest = NULL;
	for (size_t i = 0; i < uploads->count; i++)
		if (oldest == NULL || uploads->list[i]->begun_ms < oldest->begun_ms)
			oldest = uploads->list[i];
	return oldest;
}

enum sluss_store_result sluss_uploads_add(struct sluss_uploads *uploads, struct sluss_store *store,
    struct sluss_upload_state *state, struct sluss_bytes chunk)
{
	size_t at = place(uploads, state->agency, state->header_hash);
	struct sluss_hash hash;
	if (state->count >= state->total || state->total > SLUSS_CHUNKS_MAX ||
	    (at == uploads->count ? 0 : uploads->list[at]->count) != state->count)
		return SLUSS_STORE_INVALID;
	struct sluss_upload_state *kept = at == uploads->count ? add(uploads) : uploads->list[at];
	if (kept == NULL)
		return SLUSS_STORE_FULL;
	struct sluss_id id = sluss_chunks_id(state->agency, state->header_hash);
	enum sluss_store_result result = sluss_store_put_payload(store, &id, state->count, chunk);
	if (result != SLUSS_STORE_OK)
		return result;
	sluss_hash_leaf(chunk.data, chunk.len, &hash);
	memcpy(state->hashes[state->count++], hash.b, sizeof(hash.b));
	state->octets += chunk.len;
	*kept = *state;
	return put_row(store, state);
}

enum sluss_store_result sluss_uploads_forget(struct sluss_uploads *uploads, struct sluss_store *store,
    const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES])
{
	size_t at = place(uploads, agency, header_hash);
	if (at == uploads->count)
		return SLUSS_STORE_OK;
	uint8_t key[KEY];
	key_of(agency, header_hash, key);
	free(uploads->list[at]);
	uploads->list[at] = uploads->list[--uploads->count];
	return sluss_store_erase_side(store, SLUSS_SIDE_UPLOAD, (struct sluss_bytes){key, sizeof(key)});
}
