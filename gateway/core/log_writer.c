// SPDX-License-Identifier: EUPL-1.2
// The writer's log: store, tree and checkpoint in step.
#include "log_writer.h"

#include "log_proof.h"
#include "store_impl.h"

#include <stdio.h>
#include <stdlib.h>

struct sluss_log {
	struct sluss_store *store;
	struct sluss_note_key key;
	const uint8_t *secret;
	struct sluss_tree *tree;
	char checkpoint[SLUSS_CHECKPOINT_OWN_MAX];
	size_t checkpoint_len;
	// What the open batch will publish, if it commits.
	char next[SLUSS_CHECKPOINT_OWN_MAX];
	size_t next_len;
	bool in_batch;
};

// ---- open: does what is stored fit together?

bool sluss_log_read_tile(void *store, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	uint8_t hashes[SLUSS_STORE_TILE_WIDTH * SLUSS_HASH_BYTES];
	uint16_t known = 0;
	if (sluss_store_get_tile(store, level, index, hashes, &known) != SLUSS_STORE_OK || known < width)
		return false;
	memcpy(hashes_out, hashes, (size_t)width * SLUSS_HASH_BYTES);
	return true;
}

struct leaf_check {
	struct sluss_tree *tree;
	const uint8_t *hashes;
	uint64_t first;
	bool wrong;
};

static bool check_leaf(void *context, uint64_t index, struct sluss_bytes record)
{
	struct leaf_check *check = context;
	struct sluss_hash leaf;
	sluss_hash_leaf(record.data, record.len, &leaf);
	check->wrong = memcmp(leaf.b, check->hashes + (index - check->first) * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES) != 0;
	return !check->wrong;
}

static enum sluss_store_result refuse(struct sluss_store_error *error, const char *why)
{
	(void)snprintf(error->text, sizeof(error->text), "%s", why);
	return SLUSS_STORE_CORRUPT;
}

// The records of the newest tile must be what its leaf hashes say.
static enum sluss_store_result check_newest_leaves(
    struct sluss_log *log, uint64_t size, struct sluss_store_error *error)
{
	uint8_t hashes[SLUSS_STORE_TILE_WIDTH * SLUSS_HASH_BYTES];
	uint64_t first = (size - 1) / SLUSS_TREE_TILE_WIDTH * SLUSS_TREE_TILE_WIDTH;
	struct leaf_check check = {.hashes = hashes, .first = first};
	if (!sluss_log_read_tile(log->store, 0, first / SLUSS_TREE_TILE_WIDTH, (uint16_t)(size - first), hashes))
		return refuse(error, "the newest tile is missing or too narrow");
	enum sluss_store_result result = sluss_store_read(log->store, first, size - first, check_leaf, &check);
	if (result != SLUSS_STORE_OK)
		(void)refuse(error, sluss_store_error_text(log->store));
	else if (check.wrong)
		result = refuse(error, "a record is not what its leaf hash says");
	return result;
}

static enum sluss_store_result check_checkpoint(
    struct sluss_log *log, uint64_t size, struct sluss_bytes note, struct sluss_store_error *error)
{
	struct sluss_checkpoint checkpoint;
	struct sluss_hash root;
	if (note.len > sizeof(log->checkpoint) || !sluss_checkpoint_open(note, &log->key, &checkpoint))
		return refuse(error, "the newest checkpoint is not signed by this log's key, or is of another log");
	sluss_tree_root(log->tree, &root);
	if (checkpoint.size != size)
		return refuse(error, "the newest checkpoint is not as large as the log");
	if (!sluss_hash_equal(&checkpoint.root, &root))
		return refuse(error, "the tree's root is not the one of the newest checkpoint");
	memcpy(log->checkpoint, note.data, note.len);
	log->checkpoint_len = note.len;
	return SLUSS_STORE_OK;
}

static enum sluss_store_result load(struct sluss_log *log, struct sluss_store_error *error)
{
	struct sluss_store_blob note = {0};
	uint64_t size = 0;
	enum sluss_store_result result = sluss_store_size(log->store, &size);
	if (result == SLUSS_STORE_OK) {
		enum sluss_tree_result opened = sluss_tree_open(size, sluss_log_read_tile, log->store, &log->tree);
		if (opened == SLUSS_TREE_MEMORY)
			return SLUSS_STORE_FULL;
		if (opened != SLUSS_TREE_OK)
			return refuse(error, "a tile is missing or too narrow");
		result = sluss_store_get_checkpoint(log->store, &note);
	}
	if (result == SLUSS_STORE_NOT_FOUND) {
		result = size == 0 ? SLUSS_STORE_OK : refuse(error, "there are records, but no checkpoint");
	} else if (result == SLUSS_STORE_OK) {
		result = check_checkpoint(log, size, (struct sluss_bytes){note.data, note.len}, error);
		if (result == SLUSS_STORE_OK && size > 0)
			result = check_newest_leaves(log, size, error);
	} else {
		(void)snprintf(error->text, sizeof(error->text), "%s", sluss_store_error_text(log->store));
	}
	sluss_store_blob_free(&note);
	return result;
}

enum sluss_store_result sluss_log_open(struct sluss_store *store, const struct sluss_note_key *key,
    const uint8_t *secret, struct sluss_store_error *error_out, struct sluss_log **log_out)
{
	*log_out = NULL;
	error_out->text[0] = '\0';
	struct sluss_log *log = calloc(1, sizeof(*log));
	if (log == NULL)
		return SLUSS_STORE_FULL;
	log->store = store;
	log->key = *key;
	log->secret = secret;
	enum sluss_store_result result = load(log, error_out);
	if (result == SLUSS_STORE_OK)
		*log_out = log;
	else
		sluss_log_close(&log);
	return result;
}

void sluss_log_close(struct sluss_log **log)
{
	if (*log == NULL)
		return;
	sluss_log_rollback(*log);
	sluss_tree_close(&(*log)->tree);
	free(*log);
	*log = NULL;
}

// ---- batches

enum sluss_store_result sluss_log_begin(struct sluss_log *log)
{
	enum sluss_store_result result = sluss_store_begin(log->store);
	if (result != SLUSS_STORE_OK)
		return result;
	sluss_tree_begin(log->tree);
	log->in_batch = true;
	return SLUSS_STORE_OK;
}

enum sluss_store_result sluss_log_append(struct sluss_log *log, struct sluss_bytes entry, uint64_t *index_out)
{
	struct sluss_hash leaf;
	uint64_t index = sluss_tree_size(log->tree);
	enum sluss_store_result result = sluss_store_append(log->store, index, &entry, 1);
	if (result != SLUSS_STORE_OK)
		return result;
	sluss_hash_leaf(entry.data, entry.len, &leaf);
	if (sluss_tree_append(log->tree, &leaf) != SLUSS_TREE_OK) {
		sluss_log_rollback(log); // a store with a record that the tree lacks must not be committed
		return SLUSS_STORE_FULL;
	}
	*index_out = index;
	return SLUSS_STORE_OK;
}

// Writes what the batch changed in the tree, and the checkpoint over it.
static enum sluss_store_result publish(struct sluss_log *log)
{
	const struct sluss_tree_tile *tiles = NULL;
	struct sluss_hash root;
	size_t count = 0;
	if (sluss_tree_finish(log->tree, &tiles, &count) != SLUSS_TREE_OK)
		return SLUSS_STORE_FULL;
	log->next_len = 0;
	if (count == 0)
		return SLUSS_STORE_OK;
	for (size_t i = 0; i < count; i++) {
		struct sluss_store_tile tile = {.level = tiles[i].level,
		    .index = tiles[i].index,
		    .width = tiles[i].width,
		    .hashes = tiles[i].hashes};
		enum sluss_store_result result = sluss_store_put_tile(log->store, &tile);
		if (result != SLUSS_STORE_OK)
			return result;
	}
	sluss_tree_root(log->tree, &root);
	log->next_len = sluss_checkpoint_sign(
	    &log->key, log->secret, sluss_tree_size(log->tree), &root, log->next, sizeof(log->next));
	if (log->next_len == 0)
		return SLUSS_STORE_INVALID;
	return sluss_store_put_checkpoint(log->store, (struct sluss_bytes){(const uint8_t *)log->next, log->next_len});
}

enum sluss_store_result sluss_log_commit(struct sluss_log *log)
{
	if (!log->in_batch)
		return SLUSS_STORE_INVALID;
	enum sluss_store_result result = publish(log);
	if (result == SLUSS_STORE_OK)
		result = sluss_store_commit(log->store);
	if (result != SLUSS_STORE_OK) {
		sluss_log_rollback(log);
		return result;
	}
	sluss_tree_accept(log->tree);
	log->in_batch = false;
	if (log->next_len > 0) {
		memcpy(log->checkpoint, log->next, log->next_len);
		log->checkpoint_len = log->next_len;
	}
	return SLUSS_STORE_OK;
}

void sluss_log_rollback(struct sluss_log *log)
{
	if (!log->in_batch)
		return;
	sluss_store_rollback(log->store);
	sluss_tree_cancel(log->tree);
	log->in_batch = false;
}

// ---- what there is

uint64_t sluss_log_size(const struct sluss_log *log)
{
	return sluss_tree_size(log->tree);
}

struct sluss_bytes sluss_log_checkpoint(const struct sluss_log *log)
{
	return (struct sluss_bytes){(const uint8_t *)log->checkpoint, log->checkpoint_len};
}

struct sluss_tree *sluss_log_tree(struct sluss_log *log)
{
	return log->tree;
}

enum sluss_store_result sluss_log_receipt_at(struct sluss_log *log, uint64_t index, uint64_t size,
    struct sluss_bytes checkpoint, struct sluss_store_blob *text_out)
{
	struct sluss_tree_proof proof;
	if (log->in_batch)
		return SLUSS_STORE_INVALID;
	enum sluss_tree_result proved = sluss_tree_prove(log->tree, index, size, &proof);
	if (proved == SLUSS_TREE_RANGE)
		return SLUSS_STORE_NOT_FOUND;
	if (proved != SLUSS_TREE_OK)
		return proved == SLUSS_TREE_MEMORY ? SLUSS_STORE_FULL : SLUSS_STORE_CORRUPT;
	size_t room = sluss_proof_room(proof.count, checkpoint.len);
	char *text = malloc(room);
	if (text == NULL)
		return SLUSS_STORE_FULL;
	size_t len = sluss_proof_format(index, proof.hashes, proof.count, checkpoint, text, room);
	enum sluss_store_result result = len == 0 ? SLUSS_STORE_INVALID : sluss_store_blob_set(text_out, text, len);
	free(text);
	return result;
}

enum sluss_store_result sluss_log_receipt(struct sluss_log *log, uint64_t index, struct sluss_store_blob *text_out)
{
	return sluss_log_receipt_at(log, index, sluss_tree_size(log->tree), sluss_log_checkpoint(log), text_out);
}
