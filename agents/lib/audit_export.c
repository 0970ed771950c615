// SPDX-License-Identifier: EUPL-1.2
// The order of work: the checkpoint; the tiles at the right edge, which lead to its root; full tiles from the top down,
// each against the hash in the tile above; bundles against the tiles below; policies as the entries name them; then
// what others signed. The checkpoint is written last: until then the folder says what it said before.
#include "audit_export_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log_text.h"

enum sluss_export_result export_fail(struct exporting *e, enum sluss_export_result result, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(e->report->why, sizeof(e->report->why), format, args);
	va_end(args);
	return result;
}

// ---- files

static bool make_folders(char *name, size_t top)
{
	for (char *slash = strchr(name + top, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool ok = mkdir(name, 0755) == 0 || errno == EEXIST;
		*slash = '/';
		if (!ok)
			return false;
	}
	return true;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

// Not synced: a file that a crash cuts short does not fit next time, and is fetched again.
enum sluss_export_result export_put(struct exporting *e, const char *path, struct sluss_bytes octets)
{
	char name[PATH_ROOM];
	int n = snprintf(name, sizeof(name), "%s/%s", e->options->folder, path);
	if (n < 0 || (size_t)n >= sizeof(name) || !make_folders(name, strlen(e->options->folder) + 1))
		return export_fail(e, SLUSS_EXPORT_FOLDER, "%s cannot be made in %s", path, e->options->folder);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write_all(fd, octets.data, octets.len);
	ok = (fd < 0 || close(fd) == 0) && ok;
	return ok ? SLUSS_EXPORT_OK
		  : export_fail(e, SLUSS_EXPORT_FOLDER, "%s cannot be written: %s", name, strerror(errno));
}

enum sluss_export_result export_drop(struct exporting *e, const char *path)
{
	char name[PATH_ROOM];
	int n = snprintf(name, sizeof(name), "%s/%s", e->options->folder, path);
	if (n > 0 && (size_t)n < sizeof(name) && (unlink(name) == 0 || errno == ENOENT))
		return SLUSS_EXPORT_OK;
	return export_fail(e, SLUSS_EXPORT_FOLDER, "%s cannot be removed from %s", path, e->options->folder);
}

bool export_have(struct exporting *e, const char *path, uint8_t *out, size_t room, size_t *len_out)
{
	return e->source.read(e->source.context, path, out, room, len_out) == SLUSS_AUDIT_READ_OK;
}

// A file that has to be there.
enum sluss_export_result export_get(struct exporting *e, const char *path, struct sluss_bytes *octets_out)
{
	switch (e->fetcher->get(e->fetcher->context, path, octets_out)) {
	case SLUSS_FETCH_OK:
		e->report->fetched++;
		return SLUSS_EXPORT_OK;
	case SLUSS_FETCH_ABSENT:
		return export_fail(
		    e, SLUSS_EXPORT_FETCH, "The gateway has no %s, and its checkpoint says that it has.", path);
	case SLUSS_FETCH_FAILED:
	case SLUSS_FETCH_NONE:
		break;
	}
	return SLUSS_EXPORT_FETCH;
}

void export_step(struct exporting *e)
{
	e->done++;
	if (e->options->on_progress != NULL)
		e->options->on_progress(e->options->context, e->done, e->total);
}

// ---- bundles and policies

static enum sluss_export_result policy(struct exporting *e, const uint8_t hash[SLUSS_HASH_BYTES])
{
	char hex[2 * SLUSS_HASH_BYTES + 1], path[96];
	struct sluss_hash found;
	struct sluss_bytes octets;
	size_t len = 0;
	uint8_t *stored = malloc(512 * 1024);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, SLUSS_HASH_BYTES);
	(void)snprintf(path, sizeof(path), "policies/%s.json", hex);
	bool known = stored != NULL && export_have(e, path, stored, 512 * 1024, &len);
	if (known)
		sluss_hash_octets(stored, len, &found);
	free(stored);
	if (known && memcmp(found.b, hash, SLUSS_HASH_BYTES) == 0)
		return SLUSS_EXPORT_OK;
	enum sluss_export_result result = export_get(e, path, &octets);
	if (result != SLUSS_EXPORT_OK)
		return result;
	sluss_hash_octets(octets.data, octets.len, &found);
	if (memcmp(found.b, hash, SLUSS_HASH_BYTES) != 0)
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "%s has another hash than the log names.", path);
	return export_put(e, path, octets);
}

// Whether the octets are the entries that the tile has the hashes of.
static bool fits(struct sluss_bytes bundle, const uint8_t *hashes, uint16_t width)
{
	struct sluss_bytes entry;
	for (uint16_t i = 0; i < width; i++) {
		struct sluss_hash leaf, wanted = export_hash_at(hashes, i);
		if (!sluss_bundle_next(&bundle, &entry))
			return false;
		sluss_hash_leaf(entry.data, entry.len, &leaf);
		if (!sluss_hash_equal(&leaf, &wanted))
			return false;
	}
	return bundle.len == 0;
}

static enum sluss_export_result policies_of(struct exporting *e, struct sluss_bytes bundle)
{
	struct sluss_bytes entry;
	enum sluss_export_result result = SLUSS_EXPORT_OK;
	while (result == SLUSS_EXPORT_OK && sluss_bundle_next(&bundle, &entry)) {
		struct sluss_record record;
		sluss_codec_reset(e->codec);
		// What cannot be read is the verifier's to report; here only policies are looked for.
		if (sluss_record_decode(e->codec, entry, &record, NULL) == SLUSS_CODEC_OK &&
		    record.type == SLUSS_REC_POLICY_SET)
			result = policy(e, record.u.policy_set.hash);
	}
	return result;
}

static enum sluss_export_result bundle(struct exporting *e, uint64_t index)
{
	uint8_t hashes[TILE_OCTETS];
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	struct sluss_bytes octets;
	struct sluss_tile_name below = {.level = 0, .index = index, .width = sluss_tile_width(0, index, e->head.size)};
	struct sluss_tile_name name = {.level = SLUSS_TILE_LEVEL_ENTRIES, .index = index, .width = below.width};
	if (!export_stored_tile(e, below, hashes) || !sluss_tile_path_format(&name, path, sizeof(path)))
		return export_fail(e, SLUSS_EXPORT_FOLDER, "A tile is not in %s any more.", e->options->folder);
	if (export_have(e, path, e->room, BUNDLE_MAX, &len) &&
	    fits((struct sluss_bytes){e->room, len}, hashes, name.width)) {
		e->report->kept++;
		return SLUSS_EXPORT_OK;
	}
	enum sluss_export_result result = export_get(e, path, &octets);
	if (result != SLUSS_EXPORT_OK)
		return result;
	if (octets.len > BUNDLE_MAX || !fits(octets, hashes, name.width))
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "%s has other entries than the tile says.", path);
	memcpy(e->room, octets.data, octets.len);
	octets.data = e->room; // the fetcher's own go with the next file
	result = policies_of(e, octets);
	return result == SLUSS_EXPORT_OK ? export_put(e, path, octets) : result;
}

static enum sluss_export_result bundles(struct exporting *e)
{
	enum sluss_export_result result = SLUSS_EXPORT_OK;
	for (uint64_t index = 0; result == SLUSS_EXPORT_OK && index * WIDTH < e->head.size; index++) {
		result = bundle(e, index);
		export_step(e);
	}
	return result;
}

// ---- what others signed

// A file that may be there or not, and may change.
static enum sluss_export_result follow(struct exporting *e, const char *path)
{
	struct sluss_bytes octets;
	switch (e->fetcher->get(e->fetcher->context, path, &octets)) {
	case SLUSS_FETCH_OK:
		e->report->fetched++;
		return export_put(e, path, octets);
	case SLUSS_FETCH_ABSENT:
		return export_drop(e, path);
	case SLUSS_FETCH_FAILED:
	case SLUSS_FETCH_NONE:
		break;
	}
	return SLUSS_EXPORT_FETCH;
}

static enum sluss_export_result kept_line(struct exporting *e, struct sluss_bytes line)
{
	char path[64];
	uint64_t size = 0;
	bool stamped = line.len > 2 && memcmp(line.data + line.len - 2, " t", 2) == 0;
	if (!sluss_text_decimal((struct sluss_bytes){line.data, stamped ? line.len - 2 : line.len}, &size))
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "The list of kept checkpoints cannot be read.");
	if (size > e->head.size)
		return SLUSS_EXPORT_OK; // younger than this export
	(void)snprintf(path, sizeof(path), "checkpoints/%llu", (unsigned long long)size);
	enum sluss_export_result result = follow(e, path);
	(void)snprintf(path, sizeof(path), "timestamps/%llu.tsr", (unsigned long long)size);
	return result != SLUSS_EXPORT_OK || !stamped ? result : follow(e, path);
}

static enum sluss_export_result signed_by_others(struct exporting *e)
{
	static const char *const keys[] = {"keys/log.vkey", "keys/witnesses", "keys/quorum", "keys/tsa.pem"};
	enum sluss_export_result result = SLUSS_EXPORT_OK;
	struct sluss_bytes octets, line;
	for (size_t i = 0; result == SLUSS_EXPORT_OK && i < sizeof(keys) / sizeof(keys[0]); i++)
		result = follow(e, keys[i]);
	if (result != SLUSS_EXPORT_OK)
		return result;
	enum sluss_fetch fetched = e->fetcher->get(e->fetcher->context, "checkpoints/", &octets);
	if (fetched == SLUSS_FETCH_ABSENT)
		return SLUSS_EXPORT_OK;
	if (fetched != SLUSS_FETCH_OK || octets.len > BUNDLE_MAX)
		return SLUSS_EXPORT_FETCH;
	memcpy(e->room, octets.data, octets.len);
	octets.data = e->room;
	while (result == SLUSS_EXPORT_OK && octets.len > 0) {
		if (!sluss_text_line(&octets, &line))
			return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "The list of kept checkpoints is cut off.");
		result = kept_line(e, line);
	}
	return result;
}

// ---- the folder

// Partial tiles of a smaller log are the beginnings of those there are now.
static bool drop_superseded(void *to, const char *path)
{
	struct exporting *e = to;
	struct sluss_tile_name name;
	if (!sluss_tile_path_parse((struct sluss_bytes){(const uint8_t *)path, strlen(path)}, &name) ||
	    name.width == sluss_tile_width(name.level, name.index, e->head.size))
		return true;
	return export_drop(e, path) == SLUSS_EXPORT_OK;
}

static enum sluss_export_result write_manifest(struct exporting *e)
{
	char text[512], made[32];
	struct tm utc;
	time_t now = time(NULL);
	if (gmtime_r(&now, &utc) == NULL || strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		made[0] = '\0';
	int n = snprintf(text, sizeof(text),
	    "{\"format\":\"sluss-export-1\",\"origin\":\"%s\",\"size\":%llu,\"made\":\"%s\"}\n", e->key.name,
	    (unsigned long long)e->head.size, made);
	if (n < 0 || (size_t)n >= sizeof(text))
		return export_fail(e, SLUSS_EXPORT_FOLDER, "The log's name is too long for a manifest.");
	return export_put(e, "manifest.json", (struct sluss_bytes){(const uint8_t *)text, (size_t)n});
}

// What the folder said before has to be the beginning of what it says now.
static enum sluss_export_result compare_former(struct exporting *e)
{
	struct sluss_checkpoint former;
	struct sluss_hash root;
	size_t len = 0;
	uint8_t note[SLUSS_NOTE_MAX];
	if (!export_have(e, "checkpoint", note, sizeof(note), &len))
		return SLUSS_EXPORT_OK;
	if (!sluss_checkpoint_open((struct sluss_bytes){note, len}, &e->key, &former))
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED, "%s holds the export of another log, or a changed one.",
		    e->options->folder);
	e->report->former_size = former.size;
	if (former.size > e->head.size)
		return export_fail(e, SLUSS_EXPORT_UNVERIFIED,
		    "The log went back: it has %llu entries now, and had %llu. Keep this folder: it is proof.",
		    (unsigned long long)e->head.size, (unsigned long long)former.size);
	enum sluss_export_result result = export_former_root(e, former.size, &root);
	if (result != SLUSS_EXPORT_OK || sluss_hash_equal(&root, &former.root))
		return result;
	return export_fail(e, SLUSS_EXPORT_UNVERIFIED,
	    "The log does not begin with what it was: it was forked. Keep this folder's checkpoint: it is proof.");
}

static enum sluss_export_result fetch_checkpoint(struct exporting *e)
{
	struct sluss_bytes octets;
	enum sluss_export_result result = export_get(e, "checkpoint", &octets);
	if (result != SLUSS_EXPORT_OK)
		return result;
	uint8_t *copy = malloc(octets.len + 1);
	if (copy == NULL)
		return SLUSS_EXPORT_NO_MEMORY;
	memcpy(copy, octets.data, octets.len);
	e->note = (struct sluss_bytes){copy, octets.len};
	if (!sluss_checkpoint_open(e->note, &e->key, &e->head))
		return export_fail(
		    e, SLUSS_EXPORT_UNVERIFIED, "The gateway's checkpoint is not signed by the log's key.");
	e->report->size = e->head.size;
	e->total = (e->head.size + WIDTH - 1) / WIDTH;
	for (unsigned level = 0; level < LEVELS - 1; level++)
		e->total += e->head.size >> (8 * (level + 1));
	return SLUSS_EXPORT_OK;
}

static enum sluss_export_result run(struct exporting *e)
{
	if (mkdir(e->options->folder, 0755) != 0 && errno != EEXIST)
		return export_fail(
		    e, SLUSS_EXPORT_FOLDER, "%s cannot be made: %s", e->options->folder, strerror(errno));
	enum sluss_export_result result = fetch_checkpoint(e);
	result = result == SLUSS_EXPORT_OK ? export_tiles(e) : result;
	result = result == SLUSS_EXPORT_OK ? compare_former(e) : result;
	result = result == SLUSS_EXPORT_OK ? bundles(e) : result;
	result = result == SLUSS_EXPORT_OK ? signed_by_others(e) : result;
	if (result == SLUSS_EXPORT_OK && !e->source.each(e->source.context, drop_superseded, e))
		result = e->report->why[0] != '\0'
			     ? SLUSS_EXPORT_FOLDER
			     : export_fail(e, SLUSS_EXPORT_FOLDER, "%s cannot be listed.", e->options->folder);
	result = result == SLUSS_EXPORT_OK ? write_manifest(e) : result;
	return result == SLUSS_EXPORT_OK ? export_put(e, "checkpoint", e->note) : result;
}

enum sluss_export_result sluss_audit_export(const struct sluss_fetcher *fetcher,
    const struct sluss_export_options *options, struct sluss_export_report *report_out)
{
	enum sluss_export_result result = SLUSS_EXPORT_NO_MEMORY;
	*report_out = (struct sluss_export_report){.size = 0};
	struct exporting *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return result;
	e->fetcher = fetcher;
	e->options = options;
	e->report = report_out;
	e->source = sluss_audit_folder(&options->folder);
	e->codec = sluss_codec_new();
	e->room = malloc(BUNDLE_MAX);
	if (!sluss_note_key_parse(
		(struct sluss_bytes){(const uint8_t *)options->log_key, strlen(options->log_key)}, &e->key))
		result = export_fail(e, SLUSS_EXPORT_UNVERIFIED, "The log's key is not a verifier key.");
	else if (e->codec != NULL && e->room != NULL)
		result = run(e);
	if (result == SLUSS_EXPORT_NO_MEMORY)
		(void)export_fail(e, result, "There is not enough memory.");
	sluss_codec_free(&e->codec);
	free((void *)(uintptr_t)e->note.data);
	free(e->room);
	free(e);
	return result;
}
