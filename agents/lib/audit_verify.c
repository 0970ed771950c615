// SPDX-License-Identifier: EUPL-1.2
// One pass over an export: every file is read once, every octet is accounted for. Bundles in their order give entries,
// leaves, tiles and roots; at the sizes of kept checkpoints the root is compared; each record goes to the replay.
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit_impl.h"
#include "log_record.h"
#include "log_text.h"
#include "log_tile.h"

enum {
	BUNDLE_MAX = AUDIT_WIDTH * (2 + SLUSS_BUNDLE_ENTRY_MAX),
	PROGRESS_EVERY = 1024,
	CLOCK_ROOM_MS = 5 * 60 * 1000, // between the gateway's clock and a witness's or the time-stamping authority's
};

// A checkpoint that the export kept, or a timestamp over one.
struct kept {
	uint64_t size;
	bool checkpoint, timestamp;
};

struct pass {
	struct audit audit;
	struct audit_trust trust;
	struct audit_settings settings;
	struct audit_head head;
	struct audit_tree tree;
	struct audit_seen *seen;
	struct audit_replay *replay; // NULL: not wanted
	struct sluss_codec *codec;
	struct sluss_record record; // of the entry under way
	uint8_t *bundle;
	struct kept *kept; // by size
	size_t kept_count, kept_room, next_kept;
	int64_t last_ms;
	bool replaying;
};

void audit_find(struct audit *audit, enum sluss_audit_kind kind, const char *format, ...)
{
	struct sluss_audit_finding finding = {.kind = kind,
	    .index = audit->index,
	    .at_ms = audit->at_ms,
	    .message = audit->message,
	    .case_id = audit->case_id};
	va_list args;
	va_start(args, format);
	(void)vsnprintf(finding.text, sizeof(finding.text), format, args);
	va_end(args);
	audit->report->findings[sluss_audit_class_of(kind)]++;
	audit->report->finding_count++;
	if (audit->options->on_finding != NULL)
		audit->options->on_finding(audit->options->context, &finding);
}

static void outside_entries(struct audit *audit)
{
	audit->index = SLUSS_AUDIT_NO_INDEX;
	audit->at_ms = 0;
	audit->message = audit->case_id = (struct sluss_id){{0}};
}

// ---- which files there are

static struct kept *keep(struct pass *pass, uint64_t size)
{
	for (size_t i = pass->kept_count; i-- > 0;) {
		if (pass->kept[i].size == size)
			return &pass->kept[i];
	}
	if (pass->kept_count == pass->kept_room) {
		size_t room = pass->kept_room == 0 ? 64 : pass->kept_room * 2;
		struct kept *kept = reallocarray(pass->kept, room, sizeof(*kept));
		if (kept == NULL) {
			pass->audit.no_memory = true;
			return NULL;
		}
		pass->kept = kept;
		pass->kept_room = room;
	}
	pass->kept[pass->kept_count] = (struct kept){.size = size};
	return &pass->kept[pass->kept_count++];
}

static bool take_size(struct sluss_bytes rest, const char *suffix, uint64_t *size_out)
{
	size_t len = strlen(suffix);
	if (rest.len <= len || memcmp(rest.data + rest.len - len, suffix, len) != 0)
		return false;
	return sluss_text_decimal((struct sluss_bytes){rest.data, rest.len - len}, size_out);
}

// Is it a file that an export of this size has? Policies are looked at in the end, when the log has named them.
static bool is_expected(struct pass *pass, const char *path)
{
	static const char *const fixed[] = {
	    "checkpoint", "keys/log.vkey", "keys/witnesses", "keys/quorum", "keys/tsa.pem", "manifest.json"};
	struct sluss_bytes rest = {(const uint8_t *)path, strlen(path)};
	struct sluss_tile_name tile;
	uint64_t size = 0;
	struct kept *kept;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(path, fixed[i]) == 0)
			return true;
	}
	if (sluss_tile_path_parse(rest, &tile))
		return tile.width == sluss_tile_width(tile.level, tile.index, pass->head.size);
	if (sluss_text_skip(&rest, "policies/"))
		return true;
	if (sluss_text_skip(&rest, "checkpoints/") && take_size(rest, "", &size)) {
		if ((kept = keep(pass, size)) != NULL)
			kept->checkpoint = true;
		return true;
	}
	if (sluss_text_skip(&rest, "timestamps/") && take_size(rest, ".tsr", &size)) {
		if ((kept = keep(pass, size)) != NULL)
			kept->timestamp = true;
		return true;
	}
	return false;
}

static bool note_file(void *to, const char *path)
{
	struct pass *pass = to;
	if (!is_expected(pass, path))
		audit_find(&pass->audit, SLUSS_AUDIT_FILE_UNEXPECTED,
		    "%.150s does not belong to an export of this size", path);
	return !pass->audit.no_memory;
}

static bool note_policy(void *to, const char *path)
{
	struct pass *pass = to;
	char hex[2 * SLUSS_HASH_BYTES + 1] = "";
	if (strncmp(path, "policies/", 9) != 0)
		return true;
	bool named = strlen(path) == 9 + 64 + 5 && strcmp(path + 9 + 64, ".json") == 0;
	if (named)
		(void)snprintf(hex, sizeof(hex), "%.64s", path + 9);
	if (!named || !audit_replay_has_policy(pass->replay, hex))
		audit_find(&pass->audit, SLUSS_AUDIT_FILE_UNEXPECTED, "%.150s is no policy that the log names", path);
	return true;
}

static int by_size(const void *left, const void *right)
{
	const struct kept *a = left, *b = right;
	return (a->size > b->size) - (a->size < b->size);
}

static void list_files(struct pass *pass)
{
	const struct sluss_audit_source *source = pass->audit.source;
	if (!source->each(source->context, note_file, pass))
		audit_find(&pass->audit, SLUSS_AUDIT_FILE_UNREADABLE, "the export's files cannot be listed");
	for (size_t i = 0; i < pass->audit.options->promise_count; i++)
		(void)keep(pass, pass->audit.options->promises[i].size);
	if (pass->kept_count > 1)
		qsort(pass->kept, pass->kept_count, sizeof(*pass->kept), by_size);
}

// ---- checkpoints on the way

// Entries that a checkpoint covers were there at the time that somebody else wrote on it.
static void compare_time(struct pass *pass, const char *path, int64_t time_ms)
{
	if (pass->replay == NULL || audit_replay_demo_clock(pass->replay) || time_ms == 0)
		return;
	if (pass->last_ms > time_ms + CLOCK_ROOM_MS)
		audit_find(&pass->audit, SLUSS_AUDIT_TIMESTAMP_CONTRADICTS,
		    "%s is older than entries that it covers say they are", path);
}

static void compare_head(struct pass *pass, const char *path, uint64_t size, const struct audit_head *head)
{
	struct sluss_hash root;
	audit_tree_root(&pass->tree, &root);
	if (head->size != size || !sluss_hash_equal(&root, &head->root))
		audit_find(&pass->audit, SLUSS_AUDIT_HISTORY_DIFFERS,
		    "%s is signed, and the log does not begin with what it says", path);
	if (head->cosigned > 0)
		compare_time(pass, path, head->oldest_cosignature_s * 1000);
	if (pass->trust.quorum > 0 && head->cosigned >= pass->trust.quorum && head->size == size &&
	    size > pass->audit.report->cosigned_size)
		pass->audit.report->cosigned_size = size;
}

static void compare_promises(struct pass *pass, uint64_t size)
{
	const struct sluss_audit_options *options = pass->audit.options;
	struct sluss_hash root;
	audit_tree_root(&pass->tree, &root);
	for (size_t i = 0; i < options->promise_count; i++) {
		if (options->promises[i].size == size && memcmp(options->promises[i].root, root.b, sizeof(root.b)) != 0)
			audit_find(&pass->audit, SLUSS_AUDIT_HISTORY_DIFFERS,
			    "the log does not begin with what %.100s says of its first %llu entries",
			    options->promises[i].what, (unsigned long long)size);
	}
}

static void look_at_kept(struct pass *pass, const struct kept *kept)
{
	char path[64];
	struct audit_head head = pass->head;
	int64_t time_ms = 0;
	outside_entries(&pass->audit);
	compare_promises(pass, kept->size);
	(void)snprintf(path, sizeof(path), "checkpoints/%llu", (unsigned long long)kept->size);
	bool known = kept->checkpoint && audit_checkpoint(&pass->audit, &pass->trust, path, &head);
	if (known) {
		pass->audit.report->kept_checkpoints++;
		compare_head(pass, path, kept->size, &head);
	}
	if (!kept->timestamp)
		return;
	(void)snprintf(path, sizeof(path), "timestamps/%llu.tsr", (unsigned long long)kept->size);
	if (!known && kept->size != pass->head.size) {
		audit_find(&pass->audit, SLUSS_AUDIT_TIMESTAMP_WRONG, "%s: its checkpoint is not in the export", path);
		return;
	}
	if (audit_timestamp(&pass->audit, &pass->trust, path, &head.text_hash, &time_ms)) {
		pass->audit.report->timestamps++;
		compare_time(pass, path, time_ms);
	}
}

static void look_at_size(struct pass *pass)
{
	while (pass->next_kept < pass->kept_count && pass->kept[pass->next_kept].size == pass->tree.size)
		look_at_kept(pass, &pass->kept[pass->next_kept++]);
}

// ---- entries

static void gap(struct pass *pass, uint64_t from, uint64_t until)
{
	struct sluss_audit_report *report = pass->audit.report;
	if (report->gap_until == 0) {
		report->gap_from = from;
		report->gap_until = until;
	} else if (report->gap_until == from) {
		report->gap_until = until;
	}
}

static void note_seen(struct pass *pass, const struct sluss_record *record, const uint8_t nonce[AUDIT_SEEN_BYTES])
{
	bool message = record->type == SLUSS_REC_MESSAGE_ACCEPTED || record->type == SLUSS_REC_MESSAGE_DENIED;
	if (!audit_seen_add(pass->seen, nonce, pass->audit.index) ||
	    (message && !audit_seen_add(
			    pass->seen, record->u.message_accepted.message.b, pass->audit.index | UINT64_C(1) << 63)))
		pass->audit.no_memory = true;
}

static void take_entry(struct pass *pass, struct sluss_bytes entry)
{
	struct sluss_audit_report *report = pass->audit.report;
	struct sluss_record *record = &pass->record;
	uint8_t nonce[SLUSS_ENTRY_NONCE_BYTES];
	sluss_codec_reset(pass->codec);
	enum sluss_codec_result decoded = sluss_record_decode(pass->codec, entry, record, nonce);
	report->octets += entry.len;
	if (decoded != SLUSS_CODEC_OK) {
		pass->audit.no_memory = pass->audit.no_memory || decoded == SLUSS_CODEC_MEMORY;
		audit_find(&pass->audit,
		    decoded == SLUSS_CODEC_UNKNOWN ? SLUSS_AUDIT_RECORD_UNKNOWN : SLUSS_AUDIT_ENTRY_MALFORMED,
		    "the entry cannot be read (%s)", sluss_codec_result_name(decoded));
		gap(pass, pass->audit.index, pass->audit.index + 1);
		return;
	}
	pass->audit.at_ms = record->at_ms;
	audit_set_ids(&pass->audit, record);
	if (pass->tree.size == 0)
		report->first_ms = record->at_ms;
	report->last_ms = record->at_ms;
	pass->last_ms = record->at_ms > pass->last_ms ? record->at_ms : pass->last_ms;
	note_seen(pass, record, nonce);
	if (record->type == SLUSS_REC_SETTINGS)
		audit_settings_note(&pass->settings, &record->u.settings);
	if (!pass->replaying)
		return;
	pass->replaying = audit_replay_record(pass->replay, record);
	if (!pass->replaying)
		audit_find(&pass->audit, SLUSS_AUDIT_REPLAY_GAP, "from here on nothing was decided again");
}

// The stretch of entries has no bundle that can be read: the tree goes on from the tile, the replay goes over it.
static void skip_bundle(struct pass *pass, uint64_t number, uint16_t width, uint16_t done)
{
	uint8_t hashes[AUDIT_WIDTH * SLUSS_HASH_BYTES];
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	const struct sluss_tile_name name = {.level = 0, .index = number, .width = width};
	bool have = sluss_tile_path_format(&name, path, sizeof(path)) &&
		    pass->audit.source->read(pass->audit.source->context, path, hashes, sizeof(hashes), &len) ==
			SLUSS_AUDIT_READ_OK &&
		    len == (size_t)width * SLUSS_HASH_BYTES;
	gap(pass, pass->tree.size, pass->tree.size + width - done);
	for (uint16_t i = done; i < width; i++) {
		struct sluss_hash leaf = {{0}};
		if (have)
			memcpy(leaf.b, hashes + (size_t)i * SLUSS_HASH_BYTES, SLUSS_HASH_BYTES);
		audit_tree_push(&pass->audit, &pass->tree, &leaf);
		look_at_size(pass);
	}
}

static void progress(const struct pass *pass)
{
	const struct sluss_audit_options *options = pass->audit.options;
	if (options->on_progress != NULL)
		options->on_progress(options->context, pass->tree.size, pass->head.size);
}

static void take_bundle(struct pass *pass, uint64_t number)
{
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	uint16_t done = 0;
	uint16_t width = sluss_tile_width(SLUSS_TILE_LEVEL_ENTRIES, number, pass->head.size);
	const struct sluss_tile_name name = {.level = SLUSS_TILE_LEVEL_ENTRIES, .index = number, .width = width};
	enum sluss_audit_read result = SLUSS_AUDIT_READ_FAILED;
	if (sluss_tile_path_format(&name, path, sizeof(path)))
		result = pass->audit.source->read(pass->audit.source->context, path, pass->bundle, BUNDLE_MAX, &len);
	struct sluss_bytes rest = {pass->bundle, len}, entry;
	while (result == SLUSS_AUDIT_READ_OK && done < width && !pass->audit.no_memory &&
	       sluss_bundle_next(&rest, &entry)) {
		struct sluss_hash leaf;
		pass->audit.index = pass->tree.size;
		pass->audit.at_ms = 0;
		sluss_hash_leaf(entry.data, entry.len, &leaf);
		take_entry(pass, entry);
		outside_entries(&pass->audit);
		audit_tree_push(&pass->audit, &pass->tree, &leaf);
		done++;
		look_at_size(pass);
		if (pass->tree.size % PROGRESS_EVERY == 0)
			progress(pass);
	}
	outside_entries(&pass->audit);
	if (result == SLUSS_AUDIT_READ_ABSENT)
		audit_find(&pass->audit, SLUSS_AUDIT_FILE_MISSING, "%s is missing", path);
	else if (result != SLUSS_AUDIT_READ_OK)
		audit_find(&pass->audit, SLUSS_AUDIT_FILE_UNREADABLE, "%s cannot be read", path);
	else if (done < width || rest.len != 0)
		audit_find(&pass->audit, SLUSS_AUDIT_BUNDLE_CUT, "%s does not hold its %u entries and nothing else",
		    path, width);
	if (done < width)
		skip_bundle(pass, number, width, done);
}

// ---- the whole

static void report_twice(void *to, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t first, uint64_t again)
{
	struct pass *pass = to;
	bool message = again >> 63 != 0 && first >> 63 != 0;
	uint64_t at = first & ~(UINT64_C(1) << 63);
	pass->audit.index = again & ~(UINT64_C(1) << 63);
	if (message)
		memcpy(pass->audit.message.b, value, AUDIT_SEEN_BYTES);
	audit_find(&pass->audit, message ? SLUSS_AUDIT_MESSAGE_ID_REUSED : SLUSS_AUDIT_ENTRY_REPEATED,
	    message ? "entry %llu has the same message id" : "entry %llu has the same nonce", (unsigned long long)at);
	outside_entries(&pass->audit);
}

static void compare_manifest(struct pass *pass)
{
	uint8_t octets[4096];
	size_t len = 0;
	enum sluss_audit_read result =
	    pass->audit.source->read(pass->audit.source->context, "manifest.json", octets, sizeof(octets), &len);
	if (result == SLUSS_AUDIT_READ_FAILED)
		audit_find(&pass->audit, SLUSS_AUDIT_MANIFEST_DIFFERS, "manifest.json is longer than a manifest");
}

static void check_quorum(struct pass *pass)
{
	const struct sluss_audit_report *report = pass->audit.report;
	if (pass->trust.quorum > 0 && report->cosigned_size == 0)
		audit_find(&pass->audit, SLUSS_AUDIT_QUORUM_MISSED,
		    "no checkpoint was signed by the %zu witnesses that are needed", pass->trust.quorum);
}

static void finish(struct pass *pass)
{
	struct sluss_audit_report *report = pass->audit.report;
	struct sluss_hash root;
	audit_tree_finish(&pass->audit, &pass->tree);
	audit_tree_root(&pass->tree, &root);
	if (!sluss_hash_equal(&root, &pass->head.root))
		audit_find(&pass->audit, SLUSS_AUDIT_ROOT_DIFFERS, "the entries do not lead to the signed root");
	compare_head(pass, "checkpoint", pass->head.size, &pass->head);
	for (; pass->next_kept < pass->kept_count; pass->next_kept++)
		audit_find(&pass->audit, SLUSS_AUDIT_HISTORY_DIFFERS,
		    "there are %llu entries here, and something signed says %llu: the log went back, or this export is "
		    "older",
		    (unsigned long long)pass->head.size, (unsigned long long)pass->kept[pass->next_kept].size);
	check_quorum(pass);
	if (!audit_seen_twice(pass->seen, report_twice, pass))
		pass->audit.no_memory = true;
	if (pass->replaying)
		audit_replay_end(pass->replay);
	outside_entries(&pass->audit);
	if (pass->replay != NULL && report->replayed)
		(void)pass->audit.source->each(pass->audit.source->context, note_policy, pass);
	compare_manifest(pass);
	audit_settings_compare(&pass->audit, &pass->settings);
	report->complete = report->replayed && report->findings[SLUSS_AUDIT_STRUCTURE] == 0 &&
			   report->findings[SLUSS_AUDIT_SIGNATURE] == 0 && report->findings[SLUSS_AUDIT_HISTORY] == 0 &&
			   report->findings[SLUSS_AUDIT_UNREPLAYED] == 0 && report->gap_from == report->gap_until;
}

static enum sluss_audit_outcome run(struct pass *pass)
{
	struct sluss_audit_report *report = pass->audit.report;
	if (!audit_trust_load(&pass->audit, &pass->trust) ||
	    !audit_checkpoint(&pass->audit, &pass->trust, "checkpoint", &pass->head))
		return pass->audit.no_memory ? SLUSS_AUDIT_NO_MEMORY : SLUSS_AUDIT_NO_EXPORT;
	(void)snprintf(report->origin, sizeof(report->origin), "%s", pass->trust.log.name);
	report->size = pass->head.size;
	memcpy(report->root, pass->head.root.b, SLUSS_HASH_BYTES);
	pass->trust.settings = &pass->settings;
	list_files(pass);
	look_at_size(pass);
	for (uint64_t number = 0; number * AUDIT_WIDTH < pass->head.size && !pass->audit.no_memory; number++)
		take_bundle(pass, number);
	if (!pass->audit.no_memory)
		finish(pass);
	progress(pass);
	if (pass->audit.no_memory)
		return SLUSS_AUDIT_NO_MEMORY;
	return report->finding_count == 0 ? SLUSS_AUDIT_CLEAN : SLUSS_AUDIT_FINDINGS;
}

enum sluss_audit_outcome sluss_audit_verify(const struct sluss_audit_source *source,
    const struct sluss_audit_options *options, struct sluss_audit_report *report_out)
{
	enum sluss_audit_outcome outcome = SLUSS_AUDIT_NO_MEMORY;
	*report_out = (struct sluss_audit_report){.size = 0};
	if (sodium_init() < 0)
		return SLUSS_AUDIT_NO_MEMORY;
	struct pass *pass = calloc(1, sizeof(*pass));
	if (pass == NULL)
		return SLUSS_AUDIT_NO_MEMORY;
	pass->audit =
	    (struct audit){.source = source, .options = options, .report = report_out, .index = SLUSS_AUDIT_NO_INDEX};
	pass->last_ms = INT64_MIN;
	pass->bundle = malloc(BUNDLE_MAX); // only what is read into becomes memory
	pass->codec = sluss_codec_new();
	pass->seen = audit_seen_new(AUDIT_SEEN_HELD);
	pass->replay = options->no_replay ? NULL : audit_replay_new(&pass->audit);
	pass->replaying = pass->replay != NULL;
	if (pass->bundle != NULL && pass->codec != NULL && pass->seen != NULL &&
	    (options->no_replay || pass->replay != NULL))
		outcome = run(pass);
	audit_replay_free(&pass->replay);
	audit_seen_free(&pass->seen);
	sluss_codec_free(&pass->codec);
	audit_trust_free(&pass->trust);
	free(pass->bundle);
	free(pass->kept);
	free(pass);
	return outcome;
}
