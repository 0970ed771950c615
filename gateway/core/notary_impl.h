// SPDX-License-Identifier: EUPL-1.2
// What notary.c (rounds, storing, relaying), notary_open.c (start) and notary_stamp.c (timestamps) share.
#ifndef SLUSS_CORE_NOTARY_IMPL_H
#define SLUSS_CORE_NOTARY_IMPL_H

#include "notary.h"
#include "timestamp.h"
#include "writer.h"

struct stamping {
	struct sluss_stamper *stamper; // NULL: none configured
	uint32_t period_ms, gap_max_ms;
	uint64_t numbers; // of calls
	uint64_t call;	  // under way; 0: none
	uint64_t size;	  // of the checkpoint that is asked for
	uint8_t imprint[SLUSS_HASH_BYTES];
	uint8_t nonce[SLUSS_STAMP_NONCE];
	uint8_t note[SLUSS_KEEPER_NOTE];
	size_t note_len;
	int64_t asked_ms, next_ms;
	unsigned failures;
	// The newest that was granted.
	uint64_t stamped_size;
	int64_t stamped_s;
	int64_t stamped_ms; // monotonic; -1: none that counts
	// To be stored.
	uint8_t *reply;
	size_t reply_len;
};

struct sluss_notary {
	struct sluss_keeper keeper;
	struct stamping stamping;
	uint64_t kept_size; // the cosigned checkpoint that is stored
	bool kept_any, kept_stamped;
	bool was_open, told; // what the event log knows of relaying
	int64_t store_again_ms;
};

static inline void notary_key(uint64_t size, uint8_t key_out[8])
{
	for (int i = 0; i < 8; i++)
		key_out[i] = (uint8_t)(size >> (56 - 8 * i));
}

static inline struct sluss_bytes notary_newest(const struct sluss_writer *w)
{
	return sluss_log_checkpoint(w->log);
}

static inline int64_t notary_real_s(const struct sluss_writer *w)
{
	return w->clock.real_ms(w->clock.arg) / 1000;
}

// Posts a body by the courier. False: no memory.
SLUSS_MUST_CHECK bool notary_post(struct sluss_writer *writer, Sluss__V1__CourierCall__Kind kind, uint32_t index,
    uint64_t number, const char *type, struct sluss_bytes body);

// The SHA-256 of a checkpoint's note text. False: the note cannot be read.
SLUSS_MUST_CHECK bool notary_imprint(struct sluss_bytes note, uint8_t imprint_out[SLUSS_HASH_BYTES]);

// ---- notary_stamp.c

int64_t notary_stamp_tick(struct sluss_writer *writer, int64_t now_ms);
void notary_stamp_hear(struct sluss_writer *writer, const struct sluss_letter *letter);
bool notary_stamp_open(const struct stamping *stamping, int64_t now_ms);
// Within a batch. False: the batch is lost.
SLUSS_MUST_CHECK bool notary_stamp_store(struct sluss_writer *writer);

#endif
