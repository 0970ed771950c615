// SPDX-License-Identifier: EUPL-1.2
// Reading an entry straight into the C structs, by the codec's tables: one pass that accepts the one encoding of a
// record and nothing else (Protocol Buffers, "Encoding"; proto3). An auditor reads millions of entries; unpacking,
// packing again and comparing takes four times as long. Inside the codec only.
#ifndef SLUSS_LOG_RECORD_READ_H
#define SLUSS_LOG_RECORD_READ_H

#include "log_pool.h"
#include "log_record.h"

struct record_plans; // the tables, in the order of field numbers

// NULL when memory ran out. Freed with free().
struct record_plans *record_plans_new(void);

// `record_out` is zeroed by the caller. What it points to lies in the pool; nonce_out may be NULL.
SLUSS_MUST_CHECK enum sluss_codec_result record_read(const struct record_plans *plans, struct log_pool *pool,
    struct sluss_bytes entry, struct sluss_record *record_out, uint8_t *nonce_out);

#endif
