// SPDX-License-Identifier: EUPL-1.2
// Is there room for a message in the queue of each of its recipients, and in its sender's share of it?
#include "exchange.h"
#include "writer.h"

static bool box_has_room(const struct sluss_messages *messages, const struct sluss_core_config *config, uint32_t box,
    struct sluss_share own, uint32_t blocks, size_t sharers)
{
	size_t waiting = box == SLUSS_NOWHERE ? 0 : sluss_mailbox_waiting(messages, box);
	uint64_t held = box == SLUSS_NOWHERE ? 0 : sluss_mailbox_blocks(messages, box);
	return sluss_shares_have_room(waiting, own.waiting, 1, config->queue_max_per_agency, sharers) &&
	       sluss_shares_have_room(
		   held, own.blocks, blocks, config->delivery_queue_octets_max / EXCHANGE_BLOCK, sharers);
}

bool exchange_queues_have_room(struct sluss_txn *txn, const struct exchange_message *m)
{
	struct sluss_messages *messages = exchange_messages(txn);
	const struct sluss_core_config *config = &sluss_writer_of(txn)->config;
	uint32_t sender = sluss_mailbox_find(messages, txn->caller);
	size_t sharers = sluss_mailbox_count(messages) + (sender == SLUSS_NOWHERE);
	for (size_t i = 0; i < m->recipient_count; i++) {
		const char *recipient = m->recipients[i].agency;
		uint32_t box = sluss_mailbox_find(messages, recipient);
		struct sluss_share own = sluss_mailbox_share(messages, box, sender), none = {0};
		if (box_has_room(messages, config, box, own, m->blocks, sharers))
			continue;
		if (own.waiting > 0 && box_has_room(messages, config, box, none, m->blocks, sharers))
			sluss_txn_refuse(txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, "recipients",
			    "The share of %s in the queue of %s is full: %llu of its messages wait there. Send this "
			    "one again when %s has taken some.",
			    txn->caller, recipient, (unsigned long long)own.waiting, recipient);
		else
			sluss_txn_refuse(txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, "recipients",
			    "Too many messages wait for %s. Send this one again when it has taken some.", recipient);
		return false;
	}
	return true;
}
