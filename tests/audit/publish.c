// SPDX-License-Identifier: EUPL-1.2
// The forge's entries as an export in memory, written the long way round: each hash from the entries below it, so that
// the verifier's one pass is compared with something else than itself.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "forge.h"
#include "log_checkpoint.h"
#include "log_hash.h"
#include "log_tile.h"

static void die(const char *what)
{
	(void)fprintf(stderr, "forge: %s\n", what);
	abort();
}

// ---- files

struct forge_file *forge_file(struct forge *forge, const char *path)
{
	for (size_t i = 0; i < forge->file_count; i++) {
		if (strcmp(forge->files[i].path, path) == 0)
			return &forge->files[i];
	}
	return NULL;
}

void forge_add_file(struct forge *forge, const char *path, const void *data, size_t len)
{
	struct forge_file *file = forge_file(forge, path);
	uint8_t *copy = malloc(len + 1);
	if (copy == NULL)
		die("no memory");
	memcpy(copy, data, len);
	if (file == NULL) {
		if (forge->file_count == forge->file_room) {
			forge->file_room = forge->file_room == 0 ? 64 : forge->file_room * 2;
			forge->files = reallocarray(forge->files, forge->file_room, sizeof(*forge->files));
			if (forge->files == NULL)
				die("no memory");
		}
		file = &forge->files[forge->file_count++];
		*file = (struct forge_file){.data = NULL};
		(void)snprintf(file->path, sizeof(file->path), "%s", path);
	}
	free(file->data);
	file->data = copy;
	file->len = len;
}

void forge_remove_file(struct forge *forge, const char *path)
{
	struct forge_file *file = forge_file(forge, path);
	if (file == NULL)
		return;
	free(file->data);
	*file = forge->files[--forge->file_count];
}

// ---- hashes

// The root of entries [from, until) by the definition (RFC 6962 section 2.1).
static struct sluss_hash root_of(const struct sluss_hash *leaves, size_t count)
{
	struct sluss_hash left, right, made;
	if (count == 0) {
		sluss_hash_empty(&made);
		return made;
	}
	if (count == 1)
		return leaves[0];
	size_t split = 1;
	while (split * 2 < count)
		split *= 2;
	left = root_of(leaves, split);
	right = root_of(leaves + split, count - split);
	sluss_hash_node(&left, &right, &made);
	return made;
}

static struct sluss_hash *leaves_of(const struct forge *forge)
{
	struct sluss_hash *leaves = calloc(forge->entry_count + 1, sizeof(*leaves));
	if (leaves == NULL)
		die("no memory");
	for (size_t i = 0; i < forge->entry_count; i++)
		sluss_hash_leaf(forge->entries[i].data, forge->entries[i].len, &leaves[i]);
	return leaves;
}

size_t forge_checkpoint(struct forge *forge, size_t size, char *note_out, size_t room)
{
	struct sluss_hash *leaves = leaves_of(forge);
	struct sluss_hash root = root_of(leaves, size);
	free(leaves);
	size_t len = sluss_checkpoint_sign(&forge->key, forge->secret, size, &root, note_out, room);
	if (len == 0)
		die("a checkpoint cannot be signed");
	return len;
}

static void publish_tiles(struct forge *forge, const struct sluss_hash *leaves)
{
	char path[SLUSS_TILE_PATH_MAX];
	for (uint8_t level = 0; level < 8; level++) {
		uint64_t span = UINT64_C(1) << (8 * level);
		for (uint64_t n = 0;; n++) {
			struct sluss_tile_name name = {
			    .level = level, .index = n, .width = sluss_tile_width(level, n, forge->entry_count)};
			uint8_t tile[256 * SLUSS_HASH_BYTES];
			if (name.width == 0)
				break;
			for (size_t i = 0; i < name.width; i++) {
				struct sluss_hash hash = root_of(leaves + (n * 256 + i) * span, span);
				memcpy(tile + i * SLUSS_HASH_BYTES, hash.b, SLUSS_HASH_BYTES);
			}
			if (!sluss_tile_path_format(&name, path, sizeof(path)))
				die("a tile has no path");
			forge_add_file(forge, path, tile, (size_t)name.width * SLUSS_HASH_BYTES);
		}
	}
}

static void publish_bundles(struct forge *forge)
{
	enum { BUNDLE_MAX = 256 * (2 + SLUSS_BUNDLE_ENTRY_MAX) };
	char path[SLUSS_TILE_PATH_MAX];
	uint8_t *bundle = malloc(BUNDLE_MAX);
	if (bundle == NULL)
		die("no memory");
	for (uint64_t n = 0; n * 256 < forge->entry_count; n++) {
		size_t len = 0;
		struct sluss_tile_name name = {.level = SLUSS_TILE_LEVEL_ENTRIES,
		    .index = n,
		    .width = sluss_tile_width(SLUSS_TILE_LEVEL_ENTRIES, n, forge->entry_count)};
		for (size_t i = 0; i < name.width; i++)
			len += sluss_bundle_put(forge->entries[n * 256 + i], bundle + len, BUNDLE_MAX - len);
		if (!sluss_tile_path_format(&name, path, sizeof(path)))
			die("a bundle has no path");
		forge_add_file(forge, path, bundle, len);
	}
	free(bundle);
}

void forge_publish(struct forge *forge)
{
	char text[1024], hex[2 * SLUSS_HASH_BYTES + 1];
	for (size_t i = forge->file_count; i-- > 0;) {
		if (strncmp(forge->files[i].path, "tile/", 5) == 0)
			forge_remove_file(forge, forge->files[i].path);
	}
	struct sluss_hash *leaves = leaves_of(forge);
	publish_tiles(forge, leaves);
	free(leaves);
	publish_bundles(forge);
	forge_add_file(forge, "checkpoint", text, forge_checkpoint(forge, forge->entry_count, text, sizeof(text)));
	(void)sodium_bin2hex(hex, sizeof(hex), forge->policy_hash, SLUSS_HASH_BYTES);
	(void)snprintf(text, sizeof(text), "policies/%s.json", hex);
	forge_add_file(forge, text, forge->policy_json, forge->policy_len);
	int len = snprintf(text, sizeof(text), "%s\n", forge->key_text);
	forge_add_file(forge, "keys/log.vkey", text, (size_t)len);
	len = snprintf(text, sizeof(text),
	    "{\"format\":\"sluss-export-1\",\"origin\":\"%s\",\"size\":%zu,\"made\":\"2026-01-01T00:00:00Z\"}\n",
	    forge->key.name, forge->entry_count);
	forge_add_file(forge, "manifest.json", text, (size_t)len);
}

// ---- as a source

static enum sluss_audit_read read_file(void *context, const char *path, uint8_t *out, size_t room, size_t *len_out)
{
	const struct forge_file *file = forge_file(context, path);
	*len_out = 0;
	if (file == NULL)
		return SLUSS_AUDIT_READ_ABSENT;
	if (file->len > room)
		return SLUSS_AUDIT_READ_FAILED;
	memcpy(out, file->data, file->len);
	*len_out = file->len;
	return SLUSS_AUDIT_READ_OK;
}

static bool each_file(void *context, sluss_audit_path_fn *fn, void *to)
{
	const struct forge *forge = context;
	for (size_t i = 0; i < forge->file_count; i++) {
		if (!fn(to, forge->files[i].path))
			return false;
	}
	return true;
}

struct sluss_audit_source forge_source(struct forge *forge)
{
	return (struct sluss_audit_source){.context = forge, .read = read_file, .each = each_file};
}

void forge_write(struct forge *forge, const char *folder)
{
	for (size_t i = 0; i < forge->file_count; i++) {
		char name[1024];
		(void)snprintf(name, sizeof(name), "%s/%s", folder, forge->files[i].path);
		for (char *slash = strchr(name + strlen(folder) + 1, '/'); slash != NULL;
		     slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			if (mkdir(name, 0755) != 0 && errno != EEXIST)
				die(name);
			*slash = '/';
		}
		FILE *file = fopen(name, "wb");
		if (file == NULL || fwrite(forge->files[i].data, 1, forge->files[i].len, file) != forge->files[i].len ||
		    fclose(file) != 0)
			die(name);
	}
}

// ---- verifying

static void note(void *context, const struct sluss_audit_finding *finding)
{
	struct forge_findings *findings = context;
	if (findings->count < sizeof(findings->list) / sizeof(findings->list[0]))
		findings->list[findings->count++] = *finding;
}

void forge_verify(struct forge *forge, const struct sluss_audit_options *options, struct forge_findings *findings_out)
{
	struct sluss_audit_options own = {.log_key = forge->key_text, .quorum = -1};
	struct sluss_audit_source source = forge_source(forge);
	if (options != NULL)
		own = *options;
	findings_out->count = 0;
	own.context = findings_out;
	own.on_finding = note;
	findings_out->outcome = sluss_audit_verify(&source, &own, &findings_out->report);
}

bool forge_found(const struct forge_findings *findings, enum sluss_audit_kind kind)
{
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->list[i].kind == kind)
			return true;
	}
	return false;
}
