// SPDX-License-Identifier: EUPL-1.2
// A SendRequest whose signature is believed: envelope, digests, labels and keys in every broken form, read for Send and
// for Evaluate.
#include <stdlib.h>

#include "exchange.h"
#include "request.h"

static void read_message(const uint8_t *data, size_t len, bool sealed)
{
	struct sluss_arena *arena = sluss_arena_new(SLUSS_REQUEST_ARENA_MAX);
	Sluss__V1__CoreRequest *asked = sluss_arena_alloc(arena, sizeof(*asked));
	sluss__v1__core_request__init(asked);
	struct sluss_request *request = sluss_request_new(arena, asked);
	const Sluss__V1__SendRequest *send = sluss__v1__send_request__unpack(sluss_arena_allocator(arena), len, data);
	ProtobufCMessage *envelope = NULL;
	if (send != NULL && send->envelope != NULL) {
		struct sluss_bytes octets = {send->envelope->envelope.data, send->envelope->envelope.len};
		if (sluss_strict_unpack(&sluss__v1__envelope__descriptor, octets, sluss_arena_allocator(arena),
			&envelope, NULL) != SLUSS_STRICT_OK)
			envelope = NULL;
	}
	if (envelope != NULL) {
		const struct exchange_message *m = exchange_read(
		    &request->txn, (const Sluss__V1__Envelope *)envelope, send->n_sections, send->sections, sealed);
		if ((m == NULL) != request->refused)
			abort(); // read or refused, nothing between
		for (size_t i = 0; m != NULL && i < m->section_count; i++)
			if (m->labels[i].concerned_count > SLUSS_CONCERNED_MAX ||
			    m->labels[i].claim_count > SLUSS_CLAIMS_MAX || m->labels[i].category == NULL)
				abort();
	}
	sluss_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_message(data, len, true);
	read_message(data, len, false);
	return 0;
}
