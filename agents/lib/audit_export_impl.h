// SPDX-License-Identifier: EUPL-1.2
// Inside the export: what audit_export.c (the order of work, bundles, the folder) and audit_export_tiles.c share.
#ifndef SLUSS_AGENTS_AUDIT_EXPORT_IMPL_H
#define SLUSS_AGENTS_AUDIT_EXPORT_IMPL_H

#include "audit.h"
#include "audit_export.h"
#include "log_checkpoint.h"
#include "log_record.h"
#include "log_tile.h"

enum {
	PATH_ROOM = 4096,
	WIDTH = SLUSS_TILE_WIDTH,
	TILE_OCTETS = WIDTH * SLUSS_HASH_BYTES,
	BUNDLE_MAX = WIDTH * (2 + SLUSS_BUNDLE_ENTRY_MAX),
	LEVELS = 8,
};

struct tile {
	bool there;
	struct sluss_tile_name name;
	uint8_t hashes[TILE_OCTETS];
};

struct exporting {
	const struct sluss_fetcher *fetcher;
	const struct sluss_export_options *options;
	struct sluss_export_report *report;
	struct sluss_audit_source source; // the folder
	struct sluss_note_key key;
	struct sluss_checkpoint head;
	struct sluss_bytes note; // copied
	struct sluss_codec *codec;
	uint8_t *room; // BUNDLE_MAX
	struct tile above;
	uint64_t done, total;
};

// audit_export.c
enum sluss_export_result export_fail(struct exporting *e, enum sluss_export_result result, const char *format, ...)
    SLUSS_PRINTF(3, 4);
SLUSS_MUST_CHECK enum sluss_export_result export_put(struct exporting *e, const char *path, struct sluss_bytes octets);
SLUSS_MUST_CHECK enum sluss_export_result export_drop(struct exporting *e, const char *path);
// A file as the folder has it.
SLUSS_MUST_CHECK bool export_have(struct exporting *e, const char *path, uint8_t *out, size_t room, size_t *len_out);
// Fetches a file that has to be there.
SLUSS_MUST_CHECK enum sluss_export_result export_get(
    struct exporting *e, const char *path, struct sluss_bytes *octets_out);
void export_step(struct exporting *e);

// audit_export_tiles.c
// All hash tiles, each checked as it comes.
SLUSS_MUST_CHECK enum sluss_export_result export_tiles(struct exporting *e);
// The tile as the folder has it. False: not there, or of another width.
SLUSS_MUST_CHECK bool export_stored_tile(struct exporting *e, struct sluss_tile_name name, uint8_t hashes[TILE_OCTETS]);
// The root that the log had at a former size, from the tiles in the folder.
SLUSS_MUST_CHECK enum sluss_export_result export_former_root(
    struct exporting *e, uint64_t size, struct sluss_hash *root_out);
struct sluss_hash export_hash_at(const uint8_t *hashes, size_t place);

#endif
