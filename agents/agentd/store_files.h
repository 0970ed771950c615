// SPDX-License-Identifier: EUPL-1.2
// Files that come with messages: content of sections in chunks (sluss/chunk.h), in clear, each a file of the spool.
// They pass in pieces; no function here holds one in memory. What holds at every instant, whatever is cut off where:
//   - a file that a message in the queue names is whole and on the disk, and stays until the message's answer is final;
//   - of a file that is being fetched, as many octets are on the disk as its row says;
//   - a file that no row names is removed: at once, or at the next start.
//
// Threads as in store.h; a writer belongs to one thread.
#ifndef SLUSS_AGENTD_STORE_FILES_H
#define SLUSS_AGENTD_STORE_FILES_H

#include "store.h"

enum { AGENTD_FILES_MAX = 64, AGENTD_SPOOL_NAME = 64 };

struct agentd_file {
	char name[AGENTD_SPOOL_NAME]; // in the spool; "": it was handed in before (agentd_store_upload), found by its
				      // hash
	uint64_t octets;
	uint8_t sha256[SLUSS_HASH_BYTES];
};

// ---- a file on its way into the spool

struct agentd_file_writer;

SLUSS_MUST_CHECK enum agentd_result agentd_store_file_begin(
    struct agentd_store *store, struct agentd_file_writer **writer_out);
// FULL: no room; BROKEN: the disk fails.
SLUSS_MUST_CHECK enum agentd_result agentd_store_file_write(
    struct agentd_file_writer *writer, struct sluss_bytes octets);
uint64_t agentd_store_file_octets(const struct agentd_file_writer *writer);
// Synced. The file is now the caller's: to be given to a message, or discarded. *writer is freed whatever happens.
SLUSS_MUST_CHECK enum agentd_result agentd_store_file_end(
    struct agentd_file_writer **writer, struct agentd_file *file_out);
// Takes NULL.
void agentd_store_file_abort(struct agentd_file_writer **writer);
void agentd_store_file_discard(struct agentd_store *store, const struct agentd_file *file);

// ---- handed in for a message that is described later

// The file is taken over. Each time counts for one message; what no message took within a day is forgotten.
SLUSS_MUST_CHECK enum agentd_result agentd_store_upload(struct agentd_store *store, const struct agentd_file *file);
// Its length, by its hash. NOT_FOUND.
SLUSS_MUST_CHECK enum agentd_result agentd_store_upload_find(
    struct agentd_store *store, const uint8_t sha256[SLUSS_HASH_BYTES], uint64_t *octets_out);

// ---- with a message to be sent

struct agentd_sending {
	struct agentd_file file;
	uint8_t *state; // a saved sluss_upload (with a secret key), or NULL: not begun
	size_t state_len;
};

// File `place` of a message. NOT_FOUND: there are no more. Clear it with agentd_sending_clear.
SLUSS_MUST_CHECK enum agentd_result agentd_store_sending(
    struct agentd_store *store, int64_t seq, uint32_t place, struct agentd_sending *sending_out);
void agentd_sending_clear(struct agentd_sending *sending);
// Durable when it returns. Empty: begin anew.
SLUSS_MUST_CHECK enum agentd_result agentd_store_sending_state(
    struct agentd_store *store, int64_t seq, uint32_t place, struct sluss_bytes state);
// The gateway no longer has the chunks of a sealed message and has not accepted it: back to its description.
SLUSS_MUST_CHECK enum agentd_result agentd_store_unsealed(struct agentd_store *store, int64_t seq, int64_t due_ms);

// ---- fetched with a message that is not stored yet

// The file for the section with this label of this message, and how much of it is there; made when there is none.
SLUSS_MUST_CHECK enum agentd_result agentd_store_incoming(struct agentd_store *store, const struct sluss_id *message,
    const uint8_t header_hash[SLUSS_HASH_BYTES], char name_out[AGENTD_SPOOL_NAME], uint64_t *done_out);
// So much of it is on the disk.
SLUSS_MUST_CHECK enum agentd_result agentd_store_incoming_done(struct agentd_store *store,
    const struct sluss_id *message, const uint8_t header_hash[SLUSS_HASH_BYTES], uint64_t done);
// The message will not come any more, or without it.
SLUSS_MUST_CHECK enum agentd_result agentd_store_incoming_drop(
    struct agentd_store *store, const struct sluss_id *message);

// ---- received

// A file of a message that the case system may have, for reading; -1 when there is none (`errno` is then 0) or it
// cannot be opened. The caller closes it.
int agentd_store_open_received(
    struct agentd_store *store, const struct sluss_id *message, uint32_t place, uint64_t *octets_out);

// A path in the spool. False: too long.
bool agentd_store_spool_path(const struct agentd_store *store, const char *name, char *out, size_t room);

#endif
