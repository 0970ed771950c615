// SPDX-License-Identifier: EUPL-1.2
#include "files.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "log_note.h"
#include "log_text.h"
#include "log_tile.h"
#include "service.h"

enum {
	LOOKS = 4096, // connections whose look is remembered; one that was forgotten is logged again
};

// What a tile or bundle may be kept for by caches: it never changes (a partial tile is the beginning of the full one).
static const char forever[] = "public, max-age=31536000, immutable";
static const char forever_private[] = "private, max-age=31536000, immutable";
static const char moment[] = "no-store";
static const char hour[] = "public, max-age=3600";
static const char octets_type[] = "application/octet-stream";
static const char text_type[] = "text/plain; charset=utf-8";

struct look {
	uint64_t generation, connection;
};

struct sluss_files {
	pthread_mutex_t lock;
	uint64_t size;
	uint8_t note[SLUSS_STORE_CHECKPOINT_MAX];
	size_t note_len;
	uint64_t note_size;
	bool want_cosigned, is_cosigned; // the note
	char verifier_key[SLUSS_NOTE_LINE_MAX + 1];
	struct look looks[LOOKS];
	size_t next_look;
};

struct sluss_files *sluss_files_new(const char *verifier_key)
{
	struct sluss_files *files = calloc(1, sizeof(*files));
	if (files == NULL)
		return NULL;
	(void)snprintf(files->verifier_key, sizeof(files->verifier_key), "%s\n", verifier_key);
	if (pthread_mutex_init(&files->lock, NULL) != 0) {
		free(files);
		return NULL;
	}
	return files;
}

void sluss_files_free(struct sluss_files **files)
{
	if (*files == NULL)
		return;
	pthread_mutex_destroy(&(*files)->lock);
	free(*files);
	*files = NULL;
}

static void set_note(struct sluss_files *files, uint64_t size, struct sluss_bytes note, bool cosigned)
{
	if (note.len > sizeof(files->note))
		return;
	if (note.len > 0)
		memcpy(files->note, note.data, note.len);
	files->note_len = note.len;
	files->note_size = size;
	files->is_cosigned = cosigned;
}

void sluss_files_publish(struct sluss_files *files, uint64_t size, struct sluss_bytes note)
{
	pthread_mutex_lock(&files->lock);
	// A commit without entries leaves the checkpoint as it is, with what cosignatures it has.
	if ((size != files->size || files->note_len == 0) && !(files->want_cosigned && files->is_cosigned))
		set_note(files, size, note, false);
	files->size = size;
	pthread_mutex_unlock(&files->lock);
}

void sluss_files_want_cosigned(struct sluss_files *files, uint64_t size, struct sluss_bytes note)
{
	pthread_mutex_lock(&files->lock);
	files->want_cosigned = true;
	if (note.len > 0)
		set_note(files, size, note, true);
	pthread_mutex_unlock(&files->lock);
}

void sluss_files_cosigned(struct sluss_files *files, uint64_t size, struct sluss_bytes note)
{
	pthread_mutex_lock(&files->lock);
	if (size == files->size || (files->want_cosigned && size >= files->note_size && size < files->size))
		set_note(files, size, note, true);
	pthread_mutex_unlock(&files->lock);
}

static uint64_t published(struct sluss_files *files)
{
	pthread_mutex_lock(&files->lock);
	uint64_t size = files->size;
	pthread_mutex_unlock(&files->lock);
	return size;
}

// ---- who looked

bool sluss_files_looked(struct sluss_files *files, uint64_t generation, uint64_t connection)
{
	bool found = false;
	pthread_mutex_lock(&files->lock);
	for (size_t i = 0; i < LOOKS && !found; i++)
		found = files->looks[i].connection == connection && files->looks[i].generation == generation;
	pthread_mutex_unlock(&files->lock);
	return found && connection != 0;
}

void sluss_files_note_look(struct sluss_files *files, uint64_t generation, uint64_t connection)
{
	if (sluss_files_looked(files, generation, connection))
		return;
	pthread_mutex_lock(&files->lock);
	files->looks[files->next_look++ % LOOKS] = (struct look){generation, connection};
	pthread_mutex_unlock(&files->lock);
}

// ---- reading

struct asking {
	struct sluss_files *files;
	struct sluss_store *store;
	struct sluss_arena *arena;
	struct sluss_file *file;
};

static enum sluss_file_result keep(const struct asking *a, const void *data, size_t len)
{
	a->file->octets = (struct sluss_bytes){sluss_arena_copy(a->arena, data, len), len};
	return a->file->octets.data == NULL ? SLUSS_FILE_BROKEN : SLUSS_FILE_OK;
}

static enum sluss_file_result read_checkpoint(const struct asking *a)
{
	a->file->content_type = text_type;
	a->file->cache_control = moment;
	pthread_mutex_lock(&a->files->lock);
	enum sluss_file_result result =
	    a->files->note_len == 0 ? SLUSS_FILE_NOT_THERE : keep(a, a->files->note, a->files->note_len);
	pthread_mutex_unlock(&a->files->lock);
	return result;
}

static enum sluss_file_result read_hashes(const struct asking *a, const struct sluss_tile_name *name)
{
	uint8_t hashes[SLUSS_STORE_TILE_WIDTH * SLUSS_HASH_BYTES];
	uint16_t known = 0;
	enum sluss_store_result result = sluss_store_get_tile(a->store, name->level, name->index, hashes, &known);
	if (result != SLUSS_STORE_OK || known < name->width)
		return SLUSS_FILE_BROKEN; // by its size the log has it
	return keep(a, hashes, (size_t)name->width * SLUSS_HASH_BYTES);
}

struct bundle {
	uint8_t *data;
	size_t len, cap;
	bool full;
};

static bool add_entry(void *context, uint64_t index, struct sluss_bytes entry)
{
	struct bundle *bundle = context;
	(void)index;
	if (bundle->cap - bundle->len < entry.len + 2) {
		size_t cap = (bundle->cap + entry.len + 2) * 2;
		uint8_t *bigger = realloc(bundle->data, cap);
		bundle->full = bigger == NULL;
		if (bundle->full)
			return false;
		bundle->data = bigger;
		bundle->cap = cap;
	}
	size_t put = sluss_bundle_put(entry, bundle->data + bundle->len, bundle->cap - bundle->len);
	bundle->len += put;
	bundle->full = put == 0;
	return put > 0;
}

static enum sluss_file_result read_bundle(const struct asking *a, const struct sluss_tile_name *name)
{
	struct bundle bundle = {0};
	enum sluss_store_result result =
	    sluss_store_read(a->store, name->index * SLUSS_TILE_WIDTH, name->width, add_entry, &bundle);
	enum sluss_file_result kept =
	    result != SLUSS_STORE_OK || bundle.full ? SLUSS_FILE_BROKEN : keep(a, bundle.data, bundle.len);
	free(bundle.data);
	return kept;
}

static enum sluss_file_result read_tile(const struct asking *a, const char *path)
{
	struct sluss_tile_name name;
	if (!sluss_tile_path_parse((struct sluss_bytes){(const uint8_t *)path, strlen(path)}, &name))
		return SLUSS_FILE_NOT_CANONICAL;
	bool bundle = name.level == SLUSS_TILE_LEVEL_ENTRIES;
	a->file->content_type = octets_type;
	a->file->cache_control = bundle ? forever_private : forever;
	if (sluss_tile_width(name.level, name.index, published(a->files)) < name.width)
		return SLUSS_FILE_NOT_THERE;
	return bundle ? read_bundle(a, &name) : read_hashes(a, &name);
}

static enum sluss_file_result read_side(const struct asking *a, uint16_t kind, struct sluss_bytes key)
{
	struct sluss_store_blob blob = {0};
	enum sluss_store_result result = sluss_store_get_side(a->store, kind, key, &blob);
	enum sluss_file_result kept = SLUSS_FILE_BROKEN;
	if (result == SLUSS_STORE_NOT_FOUND)
		kept = SLUSS_FILE_NOT_THERE;
	else if (result == SLUSS_STORE_OK)
		kept = keep(a, blob.data, blob.len);
	sluss_store_blob_free(&blob);
	return kept;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// policies/<64 lower-case hexadecimal digits>.json
static enum sluss_file_result read_policy(const struct asking *a, const char *name)
{
	uint8_t hash[SLUSS_HASH_BYTES];
	a->file->content_type = "application/json";
	a->file->cache_control = forever_private;
	if (strlen(name) != 2 * sizeof(hash) + 5 || strcmp(name + 2 * sizeof(hash), ".json") != 0)
		return SLUSS_FILE_NOT_CANONICAL;
	for (size_t i = 0; i < sizeof(hash); i++) {
		int high = hex_digit(name[2 * i]), low = hex_digit(name[2 * i + 1]);
		if (high < 0 || low < 0)
			return SLUSS_FILE_NOT_CANONICAL;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	return read_side(a, SLUSS_SIDE_POLICY, (struct sluss_bytes){hash, sizeof(hash)});
}

// <size> and what follows it.
static enum sluss_file_result read_kept(
    const struct asking *a, uint16_t kind, const char *name, const char *ending, const char *type)
{
	size_t len = strlen(name), tail = strlen(ending);
	uint64_t size;
	a->file->content_type = type;
	a->file->cache_control = hour; // cosignatures may still be added
	if (len <= tail || strcmp(name + len - tail, ending) != 0 ||
	    !sluss_text_decimal((struct sluss_bytes){(const uint8_t *)name, len - tail}, &size))
		return SLUSS_FILE_NOT_CANONICAL;
	uint8_t key[8];
	for (int i = 0; i < 8; i++)
		key[i] = (uint8_t)(size >> (56 - 8 * i));
	return read_side(a, kind, (struct sluss_bytes){key, sizeof(key)});
}

struct sizes {
	uint8_t (*keys)[8];
	size_t count, room;
	bool full;
};

static bool add_size(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	struct sizes *sizes = context;
	(void)value;
	if (sizes->count == sizes->room) {
		size_t room = sizes->room == 0 ? 256 : sizes->room * 2;
		void *bigger = reallocarray(sizes->keys, room, sizeof(*sizes->keys));
		sizes->full = bigger == NULL;
		if (sizes->full)
			return false;
		sizes->keys = bigger;
		sizes->room = room;
	}
	if (key.len == sizeof(sizes->keys[0]))
		memcpy(sizes->keys[sizes->count++], key.data, key.len);
	return true;
}

// "<size>" a line, oldest first, with " t" where a timestamp exists. False: the store failed, or there is no memory.
static bool list_sizes(const struct asking *a, const struct sizes *sizes)
{
	enum { LINE_MAX_OCTETS = SLUSS_DECIMAL_MAX + 3 };
	char *text = sluss_arena_array(a->arena, sizes->count, LINE_MAX_OCTETS);
	size_t len = 0;
	for (size_t i = 0; text != NULL && i < sizes->count; i++) {
		uint64_t size = 0;
		for (int k = 0; k < 8; k++)
			size = size << 8 | sizes->keys[i][k];
		enum sluss_file_result stamp =
		    read_side(a, SLUSS_SIDE_TIMESTAMP, (struct sluss_bytes){sizes->keys[i], 8});
		if (stamp == SLUSS_FILE_BROKEN)
			return false;
		len += sluss_text_put_decimal(size, text + len);
		const char *tail = stamp == SLUSS_FILE_OK ? " t\n" : "\n";
		memcpy(text + len, tail, strlen(tail));
		len += strlen(tail);
	}
	a->file->octets = (struct sluss_bytes){(const uint8_t *)text, len};
	return text != NULL;
}

static enum sluss_file_result read_sizes(const struct asking *a)
{
	struct sizes sizes = {0};
	a->file->content_type = text_type;
	a->file->cache_control = moment;
	// First the keys, then the rows: a callback must not call the handle that called it.
	enum sluss_store_result result =
	    sluss_store_each_side(a->store, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){0}, add_size, &sizes);
	bool ok = result == SLUSS_STORE_OK && !sizes.full && list_sizes(a, &sizes);
	free(sizes.keys);
	return ok ? SLUSS_FILE_OK : SLUSS_FILE_BROKEN;
}

static enum sluss_file_result read_key(const struct asking *a, const char *path)
{
	static const char *const names[] = {"keys/witnesses", "keys/quorum", "keys/tsa.pem"};
	a->file->content_type = text_type;
	a->file->cache_control = moment; // what a verifier believes must not come from a cache
	if (strcmp(path, "keys/log.vkey") == 0)
		return keep(a, a->files->verifier_key, strlen(a->files->verifier_key));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path, names[i]) == 0)
			return read_side(a, SLUSS_SIDE_FILE, (struct sluss_bytes){(const uint8_t *)path, strlen(path)});
	return SLUSS_FILE_NOT_THERE;
}

static const char *after(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

bool sluss_files_is_bundle(const char *path)
{
	return after(path, "tile/entries/") != NULL;
}

bool sluss_files_is_public(const char *path)
{
	return !sluss_files_is_bundle(path) && after(path, "policies/") == NULL;
}

enum sluss_file_result sluss_files_read(struct sluss_files *files, struct sluss_store *store, const char *path,
    bool inside, struct sluss_arena *arena, struct sluss_file *file_out)
{
	*file_out = (struct sluss_file){.content_type = octets_type, .cache_control = moment};
	const struct asking a = {files, store, arena, file_out};
	const char *rest;
	if (!inside && !sluss_files_is_public(path))
		return SLUSS_FILE_NOT_FOR_YOU;
	if (strcmp(path, "checkpoint") == 0)
		return read_checkpoint(&a);
	if (after(path, "tile/") != NULL)
		return read_tile(&a, path);
	if ((rest = after(path, "policies/")) != NULL)
		return read_policy(&a, rest);
	if ((rest = after(path, "checkpoints/")) != NULL)
		return rest[0] == '\0' ? read_sizes(&a) : read_kept(&a, SLUSS_SIDE_CHECKPOINT, rest, "", text_type);
	if ((rest = after(path, "timestamps/")) != NULL)
		return read_kept(&a, SLUSS_SIDE_TIMESTAMP, rest, ".tsr", "application/timestamp-reply");
	return after(path, "keys/") != NULL ? read_key(&a, path) : SLUSS_FILE_NOT_THERE;
}
