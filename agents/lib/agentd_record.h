// SPDX-License-Identifier: EUPL-1.2
// What a log entry says about a message that this agency sent or received: for a program that has to know, after an
// answer was lost, what became of what it asked. The entry's receipt must have been checked. No state, any thread.
#ifndef SLUSS_AGENTD_RECORD_H
#define SLUSS_AGENTD_RECORD_H

#include "sluss/types.h"

// SHA-256 of the envelope with which this message was accepted. False: the entry is not its acceptance.
SLUSS_MUST_CHECK bool sluss_record_accepted_hash(
    struct sluss_bytes entry, const struct sluss_id *message, uint8_t hash_out[SLUSS_HASH_BYTES]);

// Which officer ended the delivery of this message. False: the entry is no acknowledgement or rejection of it.
SLUSS_MUST_CHECK bool sluss_record_acknowledged_by(
    struct sluss_bytes entry, const struct sluss_id *message, char officer_out[SLUSS_OFFICER_MAX + 1]);

#endif
