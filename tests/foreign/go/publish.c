// SPDX-License-Identifier: EUPL-1.2
// Writes a log as static files, as the gateway serves it, for a verifier that others wrote: publish FOLDER. For each
// size of a list: checkpoint, the tiles and bundles that this size adds, inclusion proofs (tlog-proof) and consistency
// proofs. The Go program beside this file reads them.
#include "log_note.h"
#include "log_proof.h"
#include "log_tile.h"
#include "log_writer.h"
#include "store_memory.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	ALL_UP_TO = 1025,
	NEAR = 65536,
	AROUND = 6,
};

static void die(const char *what)
{
	(void)fprintf(stderr, "publish: %s\n", what);
	exit(1);
}

// Opens a file below the folder for writing, making the folders on its way.
static FILE *create(const char *folder, const char *path)
{
	char name[512];
	int len = snprintf(name, sizeof(name), "%s/%s", folder, path);
	if (len < 0 || (size_t)len >= sizeof(name))
		die("path too long");
	for (char *slash = name + strlen(folder); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0755) != 0 && errno != EEXIST)
			die(name);
		*slash = '/';
	}
	FILE *file = fopen(name, "wb");
	if (file == NULL)
		die(name);
	return file;
}

static void finish(FILE *file)
{
	if (fclose(file) != 0)
		die("write failed");
}

static size_t entry_of(uint64_t index, char *out, size_t room)
{
	return (size_t)snprintf(out, room, "entry number %llu", (unsigned long long)index);
}

static void append(struct sluss_log *log, uint64_t count)
{
	if (sluss_log_begin(log) != SLUSS_STORE_OK)
		die("begin");
	for (uint64_t i = 0; i < count; i++) {
		char entry[64];
		uint64_t index = 0;
		size_t len = entry_of(sluss_log_size(log), entry, sizeof(entry));
		if (sluss_log_append(log, (struct sluss_bytes){(const uint8_t *)entry, len}, &index) != SLUSS_STORE_OK)
			die("append");
	}
	if (sluss_log_commit(log) != SLUSS_STORE_OK)
		die("commit");
}

// ---- one size

static void write_tile(const char *folder, struct sluss_store *store, const struct sluss_tile_name *name)
{
	char path[SLUSS_TILE_PATH_MAX];
	uint8_t hashes[SLUSS_TILE_WIDTH * SLUSS_HASH_BYTES];
	uint16_t width = 0;
	if (!sluss_tile_path_format(name, path, sizeof(path)) ||
	    sluss_store_get_tile(store, name->level, name->index, hashes, &width) != SLUSS_STORE_OK ||
	    width < name->width)
		die("tile");
	FILE *file = create(folder, path);
	(void)fwrite(hashes, SLUSS_HASH_BYTES, name->width, file);
	finish(file);
}

static bool put_entry(void *file, uint64_t index, struct sluss_bytes record)
{
	uint8_t octets[256];
	size_t len = sluss_bundle_put(record, octets, sizeof(octets));
	(void)index;
	return len > 0 && fwrite(octets, 1, len, file) == len;
}

static void write_bundle(const char *folder, struct sluss_store *store, const struct sluss_tile_name *name)
{
	char path[SLUSS_TILE_PATH_MAX];
	if (!sluss_tile_path_format(name, path, sizeof(path)))
		die("bundle path");
	FILE *file = create(folder, path);
	if (sluss_store_read(store, name->index * SLUSS_TILE_WIDTH, name->width, put_entry, file) != SLUSS_STORE_OK)
		die("bundle");
	finish(file);
}

// The tiles and bundles of a log of `size` entries that one of `from` entries did not have.
static void write_tiles(const char *folder, struct sluss_store *store, uint64_t from, uint64_t size)
{
	for (unsigned level = 0; level < 8 && size >> (8 * level) != 0; level++) {
		for (uint64_t index = (from >> (8 * level)) / SLUSS_TILE_WIDTH;
		     sluss_tile_width((uint8_t)level, index, size) != 0; index++) {
			struct sluss_tile_name name = {.level = (uint8_t)level,
			    .index = index,
			    .width = sluss_tile_width((uint8_t)level, index, size)};
			write_tile(folder, store, &name);
			name.level = SLUSS_TILE_LEVEL_ENTRIES;
			if (level == 0)
				write_bundle(folder, store, &name);
		}
	}
}

// Which entries, and which older sizes, to prove: all in a small log, the ends and some between in a large one.
static bool worth(uint64_t index, uint64_t size)
{
	return size <= 40 || index == 0 || index + 1 == size || index % 256 == 255 || (index * 7919 + size) % 997 == 0;
}

static void write_proofs(const char *folder, struct sluss_log *log, uint64_t size)
{
	struct sluss_store_blob text = {0};
	struct sluss_tree_consistency consistency;
	char path[64];
	(void)snprintf(path, sizeof(path), "proofs/%llu", (unsigned long long)size);
	FILE *file = create(folder, path);
	for (uint64_t index = 0; index < size; index++) {
		if (!worth(index, size))
			continue;
		if (sluss_log_receipt(log, index, &text) != SLUSS_STORE_OK)
			die("proof");
		(void)fprintf(file, "proof %zu\n", text.len);
		(void)fwrite(text.data, 1, text.len, file);
	}
	for (uint64_t old = 1; old < size; old++) {
		if (!worth(old, size))
			continue;
		if (sluss_tree_prove_consistency(sluss_log_tree(log), old, size, &consistency) != SLUSS_TREE_OK)
			die("consistency");
		(void)fprintf(file, "consistency %llu %zu\n", (unsigned long long)old, consistency.count);
		(void)fwrite(consistency.hashes, SLUSS_HASH_BYTES, consistency.count, file);
	}
	sluss_store_blob_free(&text);
	finish(file);
}

static void write_checkpoint(const char *folder, struct sluss_bytes note, uint64_t size)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "checkpoints/%llu", (unsigned long long)size);
	FILE *file = create(folder, path);
	(void)fwrite(note.data, 1, note.len, file);
	finish(file);
}

int main(int argc, char **argv)
{
	struct sluss_store *store = NULL;
	struct sluss_store_error error;
	struct sluss_log *log = NULL;
	struct sluss_note_key key;
	uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES];
	uint8_t secret[SLUSS_NOTE_SECRET_BYTES];
	char text[SLUSS_NOTE_LINE_MAX];
	char empty[SLUSS_CHECKPOINT_OWN_MAX];
	struct sluss_hash root;
	struct sluss_memory_db *db = sluss_memory_db_new();
	if (argc != 2 || db == NULL || sodium_init() < 0 || crypto_sign_keypair(public_key, secret) != 0 ||
	    !sluss_note_key_init(&key, "sluss.example.org/foreign", SLUSS_NOTE_ED25519, public_key) ||
	    sluss_store_memory_open(db, SLUSS_STORE_WRITER, &store) != SLUSS_STORE_OK ||
	    sluss_log_open(store, &key, secret, &error, &log) != SLUSS_STORE_OK ||
	    !sluss_note_key_format(&key, text, sizeof(text)))
		die("usage: publish FOLDER");
	FILE *file = create(argv[1], "vkey");
	(void)fputs(text, file);
	finish(file);
	// The empty log: its checkpoint is made here, as the gateway publishes none before its first entry.
	sluss_hash_empty(&root);
	size_t len = sluss_checkpoint_sign(&key, secret, 0, &root, empty, sizeof(empty));
	write_checkpoint(argv[1], (struct sluss_bytes){(const uint8_t *)empty, len}, 0);
	for (uint64_t size = 1; size <= NEAR + AROUND; size++) {
		if (size == ALL_UP_TO + 1)
			size = NEAR - AROUND;
		uint64_t from = sluss_log_size(log);
		append(log, size - from);
		write_checkpoint(argv[1], sluss_log_checkpoint(log), size);
		write_tiles(argv[1], store, from, size);
		write_proofs(argv[1], log, size);
	}
	sluss_log_close(&log);
	sluss_store_close(&store);
	sluss_memory_db_free(&db);
	return 0;
}
