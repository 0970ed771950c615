// SPDX-License-Identifier: EUPL-1.2
#include "messages.h"

#include <assert.h>
#include <stdlib.h>

#include "dues.h"
#include "idmap.h"

enum { SECTIONS_MAX = 64 }; // bits of `live`

struct mailbox {
	char agency[SLUSS_AGENCY_MAX + 1];
	uint32_t first, last;
	size_t waiting;
	uint64_t blocks;
	struct sluss_shares shares; // the same by sender
	int64_t asked_ms;
	bool news;
};

struct sluss_messages {
	struct sluss_idmap by_id; // message id -> number
	struct sluss_message *messages;
	size_t message_count, message_room;
	struct sluss_delivery *deliveries;
	size_t delivery_count, delivery_room;
	struct mailbox *mailboxes;
	size_t mailbox_count, mailbox_room;
	uint64_t waiting;
	struct sluss_dues dues; // messages that are given up some time
};

struct sluss_messages *sluss_messages_new(const uint8_t hash_key[16])
{
	struct sluss_messages *m = calloc(1, sizeof(*m));
	if (m != NULL)
		sluss_idmap_init(&m->by_id, hash_key);
	return m;
}

void sluss_messages_free(struct sluss_messages **messages)
{
	if (*messages == NULL)
		return;
	sluss_idmap_free(&(*messages)->by_id);
	free((*messages)->messages);
	free((*messages)->deliveries);
	for (size_t i = 0; i < (*messages)->mailbox_count; i++)
		sluss_shares_free(&(*messages)->mailboxes[i].shares);
	free((*messages)->mailboxes);
	sluss_dues_free(&(*messages)->dues);
	free(*messages);
	*messages = NULL;
}

// Room for `more` elements behind `count`; the array, or NULL without memory (then the old one stands).
static void *grown(void *array, size_t count, size_t more, size_t *room, size_t size)
{
	if (*room - count >= more)
		return array;
	size_t wanted = *room == 0 ? 64 : *room * 2;
	while (wanted - count < more)
		wanted *= 2;
	if (wanted >= SLUSS_NOWHERE)
		return NULL;
	void *larger = reallocarray(array, wanted, size);
	if (larger != NULL)
		*room = wanted;
	return larger;
}

// ---- mailboxes

uint32_t sluss_mailbox_find(const struct sluss_messages *m, const char *agency)
{
	for (size_t i = 0; i < m->mailbox_count; i++)
		if (strcmp(m->mailboxes[i].agency, agency) == 0)
			return (uint32_t)i;
	return SLUSS_NOWHERE;
}

static uint32_t mailbox_of(struct sluss_messages *m, const char *agency)
{
	uint32_t found = sluss_mailbox_find(m, agency);
	if (found != SLUSS_NOWHERE || strlen(agency) > SLUSS_AGENCY_MAX)
		return found;
	void *larger = grown(m->mailboxes, m->mailbox_count, 1, &m->mailbox_room, sizeof(*m->mailboxes));
	if (larger == NULL)
		return SLUSS_NOWHERE;
	m->mailboxes = larger;
	struct mailbox *box = &m->mailboxes[m->mailbox_count];
	*box = (struct mailbox){.first = SLUSS_NOWHERE, .last = SLUSS_NOWHERE};
	memcpy(box->agency, agency, strlen(agency) + 1);
	return (uint32_t)m->mailbox_count++;
}

static void enqueue(struct sluss_messages *m, uint32_t number)
{
	struct sluss_delivery *delivery = &m->deliveries[number];
	struct mailbox *box = &m->mailboxes[delivery->mailbox];
	delivery->next = SLUSS_NOWHERE;
	delivery->previous = box->last;
	if (box->last == SLUSS_NOWHERE)
		box->first = number;
	else
		m->deliveries[box->last].next = number;
	box->last = number;
	delivery->queued = true;
	box->waiting++;
	box->blocks += m->messages[delivery->message].blocks;
	sluss_shares_add(&box->shares, m->messages[delivery->message].sender, m->messages[delivery->message].blocks);
	box->news = true;
	m->waiting++;
}

static void dequeue(struct sluss_messages *m, uint32_t number)
{
	struct sluss_delivery *delivery = &m->deliveries[number];
	if (!delivery->queued)
		return;
	struct mailbox *box = &m->mailboxes[delivery->mailbox];
	if (delivery->previous == SLUSS_NOWHERE)
		box->first = delivery->next;
	else
		m->deliveries[delivery->previous].next = delivery->next;
	if (delivery->next == SLUSS_NOWHERE)
		box->last = delivery->previous;
	else
		m->deliveries[delivery->next].previous = delivery->previous;
	delivery->queued = false;
	box->waiting--;
	box->blocks -= m->messages[delivery->message].blocks;
	sluss_shares_remove(&box->shares, m->messages[delivery->message].sender, m->messages[delivery->message].blocks);
	m->waiting--;
}

// ---- expiry

static bool still_waits(const struct sluss_messages *m, uint32_t message)
{
	const struct sluss_message *found = &m->messages[message];
	for (uint32_t i = 0; i < found->delivery_count; i++)
		if (m->deliveries[found->first_delivery + i].queued)
			return true;
	return false;
}

int64_t sluss_messages_next_due_ms(struct sluss_messages *m)
{
	while (m->dues.count > 0 && !still_waits(m, m->dues.heap[0].number))
		sluss_dues_drop(&m->dues);
	return m->dues.count == 0 ? INT64_MAX : m->dues.heap[0].at_ms;
}

uint32_t sluss_messages_due(struct sluss_messages *m, int64_t now_ms)
{
	return sluss_messages_next_due_ms(m) <= now_ms ? m->dues.heap[0].number : SLUSS_NOWHERE;
}

uint32_t sluss_officer_mark(const char *officer)
{
	uint32_t mark = UINT32_C(2166136261); // FNV-1a
	if (officer == NULL || officer[0] == '\0')
		return 0;
	for (; *officer != '\0'; officer++)
		mark = (mark ^ (uint8_t)*officer) * UINT32_C(16777619);
	return mark == 0 ? 1 : mark;
}

// ---- folding

static bool concerns_others(const struct sluss_rec_message *message)
{
	for (size_t s = 0; s < message->section_count; s++)
		for (size_t c = 0; c < message->sections[s].concerned_count; c++)
			if (message->sections[s].concerned[c].kind == SLUSS_CONCERNED_OTHER_CASE)
				return true;
	return false;
}

static bool permits(enum sluss_reason reason)
{
	return reason == SLUSS_OK_CONSENT || reason == SLUSS_OK_STATUTE || reason == SLUSS_OK_TYPE;
}

// The deliveries of an accepted message, from its pairs.
static void fill(struct sluss_delivery *delivery, const struct sluss_rec_message *message, const char *recipient)
{
	for (size_t i = 0; i < message->pair_count; i++) {
		const struct sluss_pair *pair = &message->pairs[i];
		if (strcmp(pair->recipient, recipient) != 0)
			continue;
		if (permits(pair->reason))
			delivery->live |= UINT64_C(1) << pair->section;
		else if (delivery->reason == 0)
			delivery->reason = (uint8_t)pair->reason;
	}
	delivery->state = delivery->live != 0 ? SLUSS_DELIVERY_WAITING : SLUSS_DELIVERY_DENIED;
	if (delivery->live != 0)
		delivery->reason = 0;
}

static bool add_deliveries(
    struct sluss_messages *m, const struct sluss_rec_message *message, uint32_t number, uint64_t index)
{
	for (size_t i = 0; i < message->recipient_count; i++) {
		uint32_t mailbox = mailbox_of(m, message->recipients[i].agency);
		if (mailbox == SLUSS_NOWHERE ||
		    !sluss_shares_reserve(&m->mailboxes[mailbox].shares, m->messages[number].sender))
			return false;
		struct sluss_delivery *delivery = &m->deliveries[m->delivery_count];
		*delivery = (struct sluss_delivery){.index = index,
		    .message = number,
		    .mailbox = mailbox,
		    .ends_ms = INT64_MAX,
		    .next = SLUSS_NOWHERE,
		    .previous = SLUSS_NOWHERE,
		    .officer = sluss_officer_mark(message->recipients[i].officer)};
		fill(delivery, message, message->recipients[i].agency);
		m->delivery_count++;
		if (delivery->live != 0)
			enqueue(m, (uint32_t)m->delivery_count - 1);
	}
	return true;
}

static uint64_t chunked_sections(const struct sluss_rec_message *message)
{
	uint64_t bits = 0;
	for (size_t s = 0; s < message->section_count; s++)
		if (message->sections[s].chunk_count > 0)
			bits |= UINT64_C(1) << s;
	return bits;
}

static bool add_message(struct sluss_messages *m, const struct sluss_rec_message *message, bool denied, uint64_t index)
{
	size_t count = denied ? 0 : message->recipient_count;
	void *larger = grown(m->messages, m->message_count, 1, &m->message_room, sizeof(*m->messages));
	if (larger == NULL)
		return false;
	m->messages = larger;
	larger = grown(m->deliveries, m->delivery_count, count + 1, &m->delivery_room, sizeof(*m->deliveries));
	if (larger == NULL)
		return false;
	m->deliveries = larger;
	uint32_t number = (uint32_t)m->message_count;
	uint32_t sender = mailbox_of(m, message->sender);
	if (sender == SLUSS_NOWHERE || !sluss_idmap_put(&m->by_id, &message->message, number))
		return false;
	m->messages[m->message_count++] = (struct sluss_message){
	    .id = message->message,
	    .case_id = message->case_id,
	    .index = index,
	    .first_delivery = (uint32_t)m->delivery_count,
	    .sender = sender,
	    .delivery_count = (uint8_t)count,
	    .denied = denied,
	    .other_cases = concerns_others(message),
	    .chunked = chunked_sections(message),
	    .expires_ms = message->expires_ms,
	    .blocks = message->blocks,
	};
	if (denied)
		return true;
	return (message->expires_ms == 0 || sluss_dues_add(&m->dues, message->expires_ms, number)) &&
	       add_deliveries(m, message, number, index);
}

static struct sluss_delivery *delivery_of(
    struct sluss_messages *m, const struct sluss_id *message, const char *agency, uint32_t *number_out)
{
	*number_out = sluss_messages_delivery_to(m, sluss_messages_find(m, message), agency);
	return *number_out == SLUSS_NOWHERE ? NULL : &m->deliveries[*number_out];
}

static void released(struct sluss_messages *m, const struct sluss_rec_release *release, uint64_t index)
{
	uint32_t number;
	struct sluss_delivery *delivery = delivery_of(m, &release->message, release->recipient, &number);
	delivery->state = SLUSS_DELIVERY_RELEASED;
	delivery->released = true;
	delivery->index = index;
}

static void withheld(struct sluss_messages *m, const struct sluss_rec_release *release, uint64_t index)
{
	uint32_t number;
	struct sluss_delivery *delivery = delivery_of(m, &release->message, release->recipient, &number);
	for (size_t i = 0; i < release->pair_count; i++) {
		delivery->live &= ~(UINT64_C(1) << (release->pairs[i].section & (SECTIONS_MAX - 1)));
		delivery->reason = (uint8_t)release->pairs[i].reason;
	}
	delivery->index = index;
	if (delivery->live == 0) {
		delivery->state = SLUSS_DELIVERY_WITHHELD;
		dequeue(m, number);
	}
}

static void finished(
    struct sluss_messages *m, const struct sluss_rec_acknowledged *ack, enum sluss_delivery_state state, uint64_t index)
{
	uint32_t number;
	struct sluss_delivery *delivery = delivery_of(m, &ack->message, ack->agency, &number);
	delivery->state = (uint8_t)state;
	delivery->index = index;
	delivery->live = 0;
	dequeue(m, number);
}

static void expired(struct sluss_messages *m, const struct sluss_rec_expired *end, uint64_t index)
{
	uint32_t number;
	struct sluss_delivery *delivery = delivery_of(m, &end->message, end->recipient, &number);
	delivery->state = SLUSS_DELIVERY_EXPIRED;
	delivery->index = index;
	delivery->live = 0;
	dequeue(m, number);
}

static bool fits_message(const struct sluss_messages *m, const struct sluss_rec_message *message)
{
	if (sluss_messages_find(m, &message->message) != SLUSS_NOWHERE || message->recipient_count > UINT8_MAX ||
	    message->section_count > SECTIONS_MAX)
		return false;
	for (size_t i = 0; i < message->pair_count; i++)
		if (message->pairs[i].section >= message->section_count)
			return false;
	return true;
}

bool sluss_messages_accepts(const struct sluss_messages *m, const struct sluss_record *record)
{
	const struct sluss_id *message;
	const char *agency;
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED || record->type == SLUSS_REC_MESSAGE_DENIED)
		return fits_message(m, &record->u.message_accepted);
	if (record->type == SLUSS_REC_RELEASED || record->type == SLUSS_REC_WITHHELD) {
		message = &record->u.released.message;
		agency = record->u.released.recipient;
	} else if (record->type == SLUSS_REC_ACKNOWLEDGED || record->type == SLUSS_REC_MISMATCH_REPORTED) {
		message = &record->u.acknowledged.message;
		agency = record->u.acknowledged.agency;
	} else if (record->type == SLUSS_REC_EXPIRED) {
		message = &record->u.expired.message;
		agency = record->u.expired.recipient;
	} else {
		return true;
	}
	return sluss_messages_delivery_to(m, sluss_messages_find(m, message), agency) != SLUSS_NOWHERE;
}

bool sluss_messages_apply(struct sluss_messages *m, const struct sluss_record *record, uint64_t index)
{
	if (!sluss_messages_accepts(m, record))
		return false;
	if (record->type == SLUSS_REC_MESSAGE_ACCEPTED)
		return add_message(m, &record->u.message_accepted, false, index);
	if (record->type == SLUSS_REC_MESSAGE_DENIED)
		return add_message(m, &record->u.message_denied, true, index);
	if (record->type == SLUSS_REC_RELEASED)
		released(m, &record->u.released, index);
	else if (record->type == SLUSS_REC_WITHHELD)
		withheld(m, &record->u.withheld, index);
	else if (record->type == SLUSS_REC_ACKNOWLEDGED)
		finished(m, &record->u.acknowledged,
		    record->u.acknowledged.outcome == SLUSS_OUTCOME_REJECTED ? SLUSS_DELIVERY_REJECTED
									     : SLUSS_DELIVERY_ACKNOWLEDGED,
		    index);
	else if (record->type == SLUSS_REC_MISMATCH_REPORTED)
		finished(m, &record->u.mismatch_reported, SLUSS_DELIVERY_REJECTED, index);
	else if (record->type == SLUSS_REC_EXPIRED)
		expired(m, &record->u.expired, index);
	return true;
}

// ---- questions

uint32_t sluss_messages_find(const struct sluss_messages *m, const struct sluss_id *id)
{
	uint64_t number;
	return sluss_idmap_get(&m->by_id, id, &number) ? (uint32_t)number : SLUSS_NOWHERE;
}

const struct sluss_message *sluss_messages_at(const struct sluss_messages *m, uint32_t message)
{
	assert(message < m->message_count);
	return &m->messages[message];
}

struct sluss_delivery *sluss_messages_delivery(struct sluss_messages *m, uint32_t delivery)
{
	assert(delivery < m->delivery_count);
	return &m->deliveries[delivery];
}

uint32_t sluss_messages_delivery_to(const struct sluss_messages *m, uint32_t message, const char *agency)
{
	if (message >= m->message_count)
		return SLUSS_NOWHERE;
	const struct sluss_message *found = &m->messages[message];
	uint32_t mailbox = sluss_mailbox_find(m, agency);
	for (uint32_t i = 0; i < found->delivery_count; i++)
		if (m->deliveries[found->first_delivery + i].mailbox == mailbox)
			return found->first_delivery + i;
	return SLUSS_NOWHERE;
}

uint64_t sluss_messages_needed(const struct sluss_messages *m, uint32_t message)
{
	const struct sluss_message *found = sluss_messages_at(m, message);
	uint64_t needed = 0;
	for (uint32_t i = 0; i < found->delivery_count; i++)
		needed |= m->deliveries[found->first_delivery + i].live;
	return needed;
}

size_t sluss_mailbox_count(const struct sluss_messages *m)
{
	return m->mailbox_count;
}

const char *sluss_mailbox_agency(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].agency;
}

uint32_t sluss_mailbox_first(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].first;
}

size_t sluss_mailbox_waiting(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].waiting;
}

uint64_t sluss_mailbox_blocks(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].blocks;
}

struct sluss_share sluss_mailbox_share(const struct sluss_messages *m, uint32_t mailbox, uint32_t sender)
{
	return mailbox == SLUSS_NOWHERE ? (struct sluss_share){0}
					: sluss_shares_of(&m->mailboxes[mailbox].shares, sender);
}

uint64_t sluss_messages_waiting(const struct sluss_messages *m)
{
	return m->waiting;
}

int64_t sluss_mailbox_asked_ms(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].asked_ms;
}

void sluss_mailbox_set_asked(struct sluss_messages *m, uint32_t mailbox, int64_t now_ms)
{
	m->mailboxes[mailbox].asked_ms = now_ms;
}

bool sluss_mailbox_news(const struct sluss_messages *m, uint32_t mailbox)
{
	return m->mailboxes[mailbox].news;
}

void sluss_messages_clear_news(struct sluss_messages *m)
{
	for (size_t i = 0; i < m->mailbox_count; i++)
		m->mailboxes[i].news = false;
}

void sluss_messages_end_leases(struct sluss_messages *m, uint64_t connection)
{
	for (size_t i = 0; i < m->mailbox_count; i++) {
		struct mailbox *box = &m->mailboxes[i];
		for (uint32_t n = box->first; n != SLUSS_NOWHERE; n = m->deliveries[n].next) {
			struct sluss_delivery *delivery = &m->deliveries[n];
			if (delivery->lease_connection == 0 ||
			    (connection != 0 && delivery->lease_connection != connection))
				continue;
			delivery->lease_connection = 0;
			delivery->lease_until_ms = 0;
			box->news = true;
		}
	}
}
