// SPDX-License-Identifier: EUPL-1.2
// What waits in one mailbox, counted by sender, so that no sender can take the room of all others. Senders are mailbox
// numbers. Invariant: the sum over all senders is what the mailbox holds. Threads: the owner's.
#ifndef SLUSS_CORE_SHARES_H
#define SLUSS_CORE_SHARES_H

#include "sluss/types.h"

struct sluss_share {
	uint64_t waiting; // messages
	uint64_t blocks;  // of 4,096 sealed octets
};

// Starts as {0}.
struct sluss_shares {
	struct sluss_share *of; // by sender
	size_t count;
};

// Makes room for a sender; must come before its first add. False: no memory.
SLUSS_MUST_CHECK bool sluss_shares_reserve(struct sluss_shares *shares, uint32_t sender);
void sluss_shares_add(struct sluss_shares *shares, uint32_t sender, uint32_t blocks);
void sluss_shares_remove(struct sluss_shares *shares, uint32_t sender, uint32_t blocks);
// Zeros for a sender that is not known.
struct sluss_share sluss_shares_of(const struct sluss_shares *shares, uint32_t sender);
void sluss_shares_free(struct sluss_shares *shares);

// Whether `more` fits into a queue that takes `most` in all and has `all` in it, `own` of them from the sender. One
// half of the queue is common; the other is divided evenly among `sharers`, so that what others send can never take the
// share of one who has sent little. A sender who has nothing there is let in as long as there is any room, however
// large its one message is. More than `most` is never in it.
bool sluss_shares_have_room(uint64_t all, uint64_t own, uint64_t more, uint64_t most, size_t sharers);

#endif
