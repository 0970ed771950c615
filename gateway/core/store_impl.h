// SPDX-License-Identifier: EUPL-1.2
// What an implementation of store.h has to write. store_common.c checks every call (mode, transaction, sizes), keeps
// track of spoiled transactions and latched handles, and only then calls the implementation: none of that is written
// twice.
#ifndef SLUSS_STORE_IMPL_H
#define SLUSS_STORE_IMPL_H

#include "store.h"

// One function for each call of store.h, with the same arguments and results. May rely on: arguments within their caps;
// writes only between begin and commit; begin, scrub only outside; no call but rollback and close on a latched handle.
// Must set store->error on a failure other than NOT_FOUND.
struct sluss_store_ops {
	void (*close)(struct sluss_store *store); // frees everything but the handle's common part, which lies inside
	enum sluss_store_result (*begin)(struct sluss_store *store);
	enum sluss_store_result (*commit)(struct sluss_store *store); // has ended the transaction whatever it returns
	void (*rollback)(struct sluss_store *store);
	enum sluss_store_result (*size)(struct sluss_store *store, uint64_t *size_out);
	enum sluss_store_result (*append)(
	    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count);
	enum sluss_store_result (*read)(
	    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context);
	enum sluss_store_result (*put_tile)(struct sluss_store *store, const struct sluss_store_tile *tile);
	enum sluss_store_result (*get_tile)(
	    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out);
	enum sluss_store_result (*put_checkpoint)(struct sluss_store *store, struct sluss_bytes note);
	enum sluss_store_result (*get_checkpoint)(struct sluss_store *store, struct sluss_store_blob *note_out);
	enum sluss_store_result (*put_payload)(
	    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload);
	enum sluss_store_result (*get_payload)(
	    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out);
	enum sluss_store_result (*erase_payload)(struct sluss_store *store, const struct sluss_id *id, uint32_t part);
	enum sluss_store_result (*erase_payloads)(
	    struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out);
	enum sluss_store_result (*put_delivery)(struct sluss_store *store, const struct sluss_store_delivery *delivery);
	enum sluss_store_result (*delete_delivery)(struct sluss_store *store, const char *agency, uint64_t sequence);
	enum sluss_store_result (*each_delivery)(struct sluss_store *store, const char *agency, uint64_t from_sequence,
	    sluss_store_delivery_fn *each, void *context);
	enum sluss_store_result (*put_side)(
	    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value);
	enum sluss_store_result (*get_side)(
	    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out);
	enum sluss_store_result (*erase_side)(struct sluss_store *store, uint16_t kind, struct sluss_bytes key);
	enum sluss_store_result (*each_side)(struct sluss_store *store, uint16_t kind, struct sluss_bytes from,
	    sluss_store_side_fn *each, void *context);
	enum sluss_store_result (*copy)(struct sluss_store *store, const char *path); // NULL: there are no files
	enum sluss_store_result (*scrub)(struct sluss_store *store);
};

// The common part; an implementation's handle begins with it.
struct sluss_store {
	const struct sluss_store_ops *ops;
	enum sluss_store_mode mode;
	enum sluss_store_result latched; // not OK: every call returns this
	enum sluss_store_result spoiled; // first failure of the open transaction
	bool in_transaction;
	struct sluss_store_error error;
};

// Notes the reason of a failure and returns `result`.
enum sluss_store_result sluss_store_fail(
    struct sluss_store *store, enum sluss_store_result result, const char *format, ...) SLUSS_PRINTF(3, 4);

// Copies octets into a blob, growing it. FULL when there is no memory.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_blob_set(
    struct sluss_store_blob *blob, const void *data, size_t len);

// store_sqlite.c; store_open.c chooses by the url's scheme.
enum sluss_store_result sluss_store_sqlite_open(
    const char *path, enum sluss_store_mode mode, struct sluss_store_error *error_out, struct sluss_store **store_out);

#endif
