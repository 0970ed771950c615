// SPDX-License-Identifier: EUPL-1.2
// A withdrawal, whoever brought it: an officer for a person, or the person in a session. Writer thread.
#ifndef SLUSS_CORE_SVC_WITHDRAW_H
#define SLUSS_CORE_SVC_WITHDRAW_H

#include "service.h"

// What it did. Everything lies in the arena.
struct svc_withdrawn {
	char **grant_ids; // that it closed
	size_t grant_count;
	char **recalled,
	    **recalls; // agencies that received covered information, and the recalls that they were sent for it
	size_t recalled_count;
	uint32_t messages_withheld; // pairs of message and recipient that waited
	uint64_t index;		    // of its record
	enum sluss_phase phase;	    // of the case afterwards
};

// Asks whether it may be, writes it with all its consequences, and has the answer wait until no covered octet can leave
// any more. False: refused.
SLUSS_MUST_CHECK bool svc_withdraw(
    struct sluss_txn *txn, const struct sluss_rec_withdrawal *withdrawal, struct svc_withdrawn *withdrawn_out);

#endif
