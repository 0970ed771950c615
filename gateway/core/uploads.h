// SPDX-License-Identifier: EUPL-1.2
// Sections in chunks that were put and not sent yet: who began each, how far it came, the hashes of its chunks. The
// rows lie in a plain side table, written in the transaction of their chunks; the chunks themselves are payload, under
// an id that follows from agency and label.
//
// Invariant: outside a batch, table and rows agree, and a row says exactly which chunks are in the store. When a
// message takes an upload over, the row goes and the chunks belong to the message; when nobody does within a time, both
// are destroyed. Threads: the writer's.
#ifndef SLUSS_CORE_UPLOADS_H
#define SLUSS_CORE_UPLOADS_H

#include "policy/decide.h"
#include "sluss/chunk.h"
#include "sluss/types.h"
#include "store.h"

enum { SLUSS_SIDE_UPLOAD = SLUSS_STORE_SIDE_PLAIN | 161 };

// What the label says the section rests on, as far as a withdrawal may take it away.
struct sluss_upload_label {
	char category[SLUSS_NAME_MAX + 1]; // "": not known
	bool other_ground;		   // an approval or a provision is claimed too
	uint8_t consent_count;
	struct sluss_id consents[SLUSS_CLAIMS_MAX];
};

struct sluss_upload_state {
	uint8_t header_hash[SLUSS_HASH_BYTES]; // of the SectionHeader
	char agency[SLUSS_AGENCY_MAX + 1];
	int64_t begun_ms;
	uint64_t content; // octets of the whole, as the label says
	uint32_t total;	  // chunks
	uint32_t count;	  // there are 0 to count - 1
	uint64_t octets;  // sealed, there
	struct sluss_upload_label label;
	uint8_t hashes[SLUSS_CHUNKS_MAX][SLUSS_HASH_BYTES]; // RFC 6962 leaves of these
};

struct sluss_uploads;

SLUSS_MUST_CHECK struct sluss_uploads *sluss_uploads_new(void);
void sluss_uploads_free(struct sluss_uploads **uploads);
// Reads the side table anew. CORRUPT: a row that cannot be; FULL: no memory.
SLUSS_MUST_CHECK enum sluss_store_result sluss_uploads_load(struct sluss_uploads *uploads, struct sluss_store *store);

// NULL: none. Valid until the next call that changes the table.
const struct sluss_upload_state *sluss_uploads_find(
    const struct sluss_uploads *uploads, const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES]);
// How many an agency has, and how many octets in them.
size_t sluss_uploads_of(const struct sluss_uploads *uploads, const char *agency, uint64_t *octets_out);
// The one at a position, in no order; NULL past the end.
const struct sluss_upload_state *sluss_uploads_at(const struct sluss_uploads *uploads, size_t position);
// The one that was begun first; NULL: none.
const struct sluss_upload_state *sluss_uploads_oldest(const struct sluss_uploads *uploads);

// Stores the next chunk and its row; begins the upload when `state->count` is 0. `state` is the caller's copy, brought
// up to date. The transaction is open. INVALID: it is not the next one. FULL: no memory or no room.
SLUSS_MUST_CHECK enum sluss_store_result sluss_uploads_add(struct sluss_uploads *uploads, struct sluss_store *store,
    struct sluss_upload_state *state, struct sluss_bytes chunk);
// Forgets the row; the chunks stay. OK also when there was none.
SLUSS_MUST_CHECK enum sluss_store_result sluss_uploads_forget(struct sluss_uploads *uploads, struct sluss_store *store,
    const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES]);

// Payload id of the chunks; part i is chunk i.
struct sluss_id sluss_chunks_id(const char *agency, const uint8_t header_hash[SLUSS_HASH_BYTES]);

#endif
