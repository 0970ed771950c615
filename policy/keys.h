// SPDX-License-Identifier: EUPL-1.2
// What a decision reads: the case of an id, the consent of an id, and the key of a grant (case, category, sender,
// recipient, purpose). Inside of policy/.
//
// With a million grants every step from one element to the next is a wait for memory. So there are no steps: where each
// of the three lies follows from the question alone (a hash of what it names), they are fetched at the same time, and
// each is one cache line that holds the answer itself. None is a cache: each fact stands in one place, folded with the
// records.
//
// Invariants:
// - A key has one slot; `newest` of that slot points at the newest version.
// - At an instant t from the last record on (the state's time), with t < until, `permits` is the version that stands
//   for the key and its standing is OK_CONSENT. until 0: nothing is said, look at the versions.
// - Nothing is ever deleted, so there are no tombstones; slots move when a table grows.
#ifndef SLUSS_POLICY_KEYS_H
#define SLUSS_POLICY_KEYS_H

#include "policy/table.h"

enum { AGENCIES_HERE = 15 };

// What a decision needs to know of a subject. Each of the person's cases has a copy, so that a decision does not have
// to fetch the person.
struct facts {
	uint32_t guardians;	     // bits of the registered ones
	uint8_t age_from, age_until; // until 0: not known
	bool protected_identity;
};
_Static_assert(sizeof(struct facts) == 8, "of the line of a case");

// The slot of a case, by its id: what the decision of a permitted pair reads of it stands here and nowhere else.
struct case_line {
	struct sluss_id_slot slot;
	struct facts facts; // the subject's
	uint8_t phase;
	uint8_t agency_count; // of its members, AGENCIES_HERE + 1 when they do not fit
	uint16_t agencies[AGENCIES_HERE];
};
enum { CASE_LINE_LOG2 = 6 };
_Static_assert(sizeof(struct case_line) == 1 << CASE_LINE_LOG2, "a line");

// Not 0 when one of the four 16-bit lanes is zero.
static inline uint64_t case_line_zero_lanes(uint64_t lanes)
{
	return (lanes - UINT64_C(0x0001000100010001)) & ~lanes & UINT64_C(0x8000800080008000);
}

static inline uint64_t case_line_four(const struct case_line *line, unsigned first)
{
	uint64_t lanes;
	memcpy(&lanes, &line->agencies[first], sizeof(lanes));
	return lanes;
}

// Whether an agency is among those that stand here. All places at once, the vacant ones too (they hold what no agency
// has): no loop that the processor would have to guess the end of. The last four overlap those before.
static inline bool case_line_names(const struct case_line *line, uint16_t agency)
{
	_Static_assert(AGENCIES_HERE > 12 && AGENCIES_HERE <= 16, "four times four places");
	uint64_t wanted = agency * UINT64_C(0x0001000100010001);
	return (case_line_zero_lanes(case_line_four(line, 0) ^ wanted) |
		   case_line_zero_lanes(case_line_four(line, 4) ^ wanted) |
		   case_line_zero_lanes(case_line_four(line, 8) ^ wanted) |
		   case_line_zero_lanes(case_line_four(line, AGENCIES_HERE - 4) ^ wanted)) != 0;
}

// The slot of a consent, by its id. Both never change.
struct consent_slot {
	struct sluss_id_slot slot;
	uint32_t kase; // position
	uint32_t unused;
};
enum { CONSENT_SLOT_LOG2 = 5 };
_Static_assert(sizeof(struct consent_slot) == 1 << CONSENT_SLOT_LOG2, "two slots a line");

struct key_slot {
	struct sluss_id permits;
	uint64_t key_until; // the key's 48 bits, the upper 16 bits of until
	uint32_t until;	    // the lower 32 bits
	uint32_t kase;	    // position + 1; 0: an empty slot
};
_Static_assert(sizeof(struct key_slot) == 32, "two slots a line");

struct key_line {
	_Alignas(64) struct key_slot slots[2];
};

// The keys of all cases, in parts by the hash's uppermost bits: each part grows by itself, so that nobody waits for all
// of a million keys to be laid out anew. A search begins at the line that the hash says, goes on at the other line of
// the pair (the two are fetched together), then at the next pair. `newest` is what a permitted pair does not need:
// position of the newest version of the slot with the same place.
struct key_part {
	struct key_line *lines;
	uint32_t *newest;
	uint32_t mask; // lines - 1
	uint32_t count;
};

enum { KEY_PARTS_LOG2 = 5, KEY_PARTS = 1 << KEY_PARTS_LOG2, KEY_PLACES_LOG2 = 32 - KEY_PARTS_LOG2 };

struct key_table {
	struct key_part parts[KEY_PARTS];
};

static inline uint64_t key_slot_key(const struct key_slot *slot)
{
	return slot->key_until >> 16;
}

static inline int64_t key_slot_until_ms(const struct key_slot *slot)
{
	return (int64_t)((slot->key_until & 0xffffu) << 32 | slot->until);
}

// until_ms <= 0 says nothing. An end beyond the 48 bits (the year 10889) is said to come sooner, which is no lie.
void key_slot_permit(struct key_slot *slot, const struct sluss_id *version, int64_t until_ms);

// The number of a slot is that of its part, then its place in the part.
static inline struct key_slot *key_table_slot(const struct key_table *table, uint32_t number)
{
	uint32_t place = number & ((UINT32_C(1) << KEY_PLACES_LOG2) - 1);
	return &table->parts[number >> KEY_PLACES_LOG2].lines[place / 2].slots[place % 2];
}

static inline uint32_t *key_table_newest(const struct key_table *table, uint32_t number)
{
	uint32_t place = number & ((UINT32_C(1) << KEY_PLACES_LOG2) - 1);
	return &table->parts[number >> KEY_PLACES_LOG2].newest[place];
}

static inline uint32_t key_part_slots(const struct key_part *part)
{
	return part->lines == NULL ? 0 : (part->mask + 1) * 2;
}

static inline uint32_t key_part_of(uint64_t hash)
{
	return (uint32_t)(hash >> (64 - KEY_PARTS_LOG2));
}

// The n-th line of a search.
static inline uint32_t key_part_line(const struct key_part *part, uint64_t hash, uint32_t n)
{
	return (((uint32_t)hash + (n & ~UINT32_C(1))) ^ (n & 1u)) & part->mask;
}

// The n-th line of a search, and where its newest versions stand, for fetching ahead.
static inline const void *key_table_begin(const struct key_table *table, uint64_t hash, uint32_t n)
{
	const struct key_part *part = &table->parts[key_part_of(hash)];
	return part->lines == NULL ? NULL : &part->lines[key_part_line(part, hash, n)];
}

static inline const void *key_table_begin_newest(const struct key_table *table, uint64_t hash)
{
	const struct key_part *part = &table->parts[key_part_of(hash)];
	return part->lines == NULL ? NULL : &part->newest[(size_t)key_part_line(part, hash, 0) * 2];
}

// The number of a key's slot, SLUSS_NOWHERE.
static inline uint32_t key_table_find(const struct key_table *table, uint64_t hash, uint32_t kase, uint64_t key)
{
	const struct key_part *part = &table->parts[key_part_of(hash)];
	if (part->lines == NULL)
		return SLUSS_NOWHERE;
	for (uint32_t n = 0;; n++) {
		uint32_t line = key_part_line(part, hash, n);
		const struct key_slot *slots = part->lines[line].slots;
		// Which of the two it is nobody can guess, so neither does the processor: both are looked at.
		uint32_t first = (key_slot_key(&slots[0]) == key) & (slots[0].kase == kase + 1);
		uint32_t second = (key_slot_key(&slots[1]) == key) & (slots[1].kase == kase + 1);
		if ((first | second) != 0)
			return key_part_of(hash) << KEY_PLACES_LOG2 | (line * 2 + second);
		if (slots[0].kase == 0 || slots[1].kase == 0)
			return SLUSS_NOWHERE;
	}
}

// The hash of a key that is in a table, for laying it out anew.
typedef uint64_t key_hash_fn(const void *context, uint32_t kase, uint64_t key);

void key_table_clear(struct key_table *table);
// Makes room for `more` keys, whatever their hashes; numbers of slots end there. False when memory ran out: every key
// is still found.
SLUSS_MUST_CHECK bool key_table_reserve(struct key_table *table, size_t more, key_hash_fn *hash, const void *context);
// The number of a slot for a key that is not in it yet; the caller has reserved, and says what is newest.
uint32_t key_table_add(struct key_table *table, uint64_t hash, uint32_t kase, uint64_t key);
uint32_t key_table_count(const struct key_table *table);
size_t key_table_memory(const struct key_table *table);

#endif
