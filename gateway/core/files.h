// SPDX-License-Identifier: EUPL-1.2
// The log as files (C2SP tlog-tiles): what HTTP GET serves and an export directory holds, by path. What is not yet
// published, that is committed and noted in the second place (head.h), is there for nobody.
//
//   checkpoint, tile/<L>/<N>[.p/<W>], keys/log.vkey, keys/witnesses, keys/quorum, keys/tsa.pem, checkpoints/,
//   checkpoints/<size>, timestamps/<size>.tsr                           for anybody
//   tile/entries/<N>[.p/<W>], policies/<sha256 hex>.json                for agencies and auditors
//
// Looks at entry bundles are logged: one LogLooked for each connection, before the first bundle leaves on it.
//
// Threads: an object of this kind is shared by the writer and the workers; every call may come from any of them. A
// store handle belongs to its caller.
#ifndef SLUSS_CORE_LOG_FILES_H
#define SLUSS_CORE_LOG_FILES_H

#include "arena.h"
#include "log_tree.h"
#include "store.h"

// Side tables of what is published beside the tree. Written by whoever makes it (witnesses, timestamps), in a
// transaction of the writer.
enum {
	SLUSS_SIDE_FILE = SLUSS_STORE_SIDE_PLAIN | 140,	      // path ("keys/witnesses") -> octets
	SLUSS_SIDE_CHECKPOINT = SLUSS_STORE_SIDE_PLAIN | 141, // u64 big-endian size -> signed note, as cosigned
	SLUSS_SIDE_TIMESTAMP = SLUSS_STORE_SIDE_PLAIN | 142,  // u64 big-endian size -> TimeStampResp (RFC 3161, DER)
};

enum sluss_file_result {
	SLUSS_FILE_OK = 0,
	SLUSS_FILE_NOT_THERE,	  // no such file, or not yet
	SLUSS_FILE_NOT_CANONICAL, // the path has a spelling that is never served (C2SP tlog-tiles has one for each)
	SLUSS_FILE_NOT_FOR_YOU,	  // it is for agencies and auditors
	SLUSS_FILE_BROKEN,	  // the store failed, or there is no memory
};

// A file, in the arena; the texts are constants.
struct sluss_file {
	struct sluss_bytes octets;
	const char *content_type;
	const char *cache_control;
};

struct sluss_files; // opaque

// `verifier_key` (the log's, signed-note form) is copied. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_files *sluss_files_new(const char *verifier_key);
void sluss_files_free(struct sluss_files **files);

// From now on the log has `size` entries for readers, and `note` is its newest checkpoint. The writer calls it after
// each commit that may be released.
void sluss_files_publish(struct sluss_files *files, uint64_t size, struct sluss_bytes note);
// From now on `checkpoint` is the newest that a quorum of witnesses has cosigned, as soon as there is one: a verifier that
// asks for a quorum would find the bare one useless, and the tiles reach beyond it anyway. `note` is the one that was
// served before the start (empty: none), so that nobody sees the log go back.
void sluss_files_want_cosigned(struct sluss_files *files, uint64_t size, struct sluss_bytes note);
// The checkpoint of this size has cosignatures now: it is served in place of the bare one, if it is still the newest or
// cosigned ones are wanted; a smaller one than what was served never is.
void sluss_files_cosigned(struct sluss_files *files, uint64_t size, struct sluss_bytes note);

// Is this path an entry bundle's (whose reading is logged)?
bool sluss_files_is_bundle(const char *path);
// May anybody have it? Else only agencies and auditors.
bool sluss_files_is_public(const char *path);

// Reads the file at `path` (no slash in front) through `store`; `inside`: the asker is an agency or an auditor.
SLUSS_MUST_CHECK enum sluss_file_result sluss_files_read(struct sluss_files *files, struct sluss_store *store,
    const char *path, bool inside, struct sluss_arena *arena, struct sluss_file *file_out);

// Has a look at bundles on this connection been logged? And: it is, durably. The generation is that of web and edge,
// which count connections anew.
bool sluss_files_looked(struct sluss_files *files, uint64_t generation, uint64_t connection);
void sluss_files_note_look(struct sluss_files *files, uint64_t generation, uint64_t connection);

#endif
