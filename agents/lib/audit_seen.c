// SPDX-License-Identifier: EUPL-1.2
// Which values came more than once, in memory that does not grow with their number. A keyed hash deals them out to
// parts of one size; a part's page that is full goes to an unnamed temporary file, and names the page of its part
// before it. In the end each part is looked through alone, and one with more values than are held at once in several
// rounds.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit_impl.h"
#include "policy/hash.h"

enum {
	PARTS = 128,
	PAGE_VALUES = 170, // 4 KiB
};

struct value {
	uint8_t octets[AUDIT_SEEN_BYTES];
	uint64_t index;
};

struct page {
	uint64_t before; // number of the page in the file + 1; 0: none
	uint64_t count;
	struct value values[PAGE_VALUES];
};

struct audit_seen {
	FILE *file; // of pages; NULL: none was full yet
	uint64_t pages;
	uint64_t in_part[PARTS];
	size_t held_max;
	struct value *held; // held[first] to the end, in the order in which they came
	size_t first, room;
	struct sluss_hash_key key; // a forger may choose values
	struct page parts[PARTS], read;
};

struct audit_seen *audit_seen_new(size_t held_max)
{
	struct audit_seen *seen = calloc(1, sizeof(*seen)); // only what is written becomes memory
	if (seen == NULL)
		return NULL;
	seen->held_max = held_max;
	randombytes_buf(&seen->key, sizeof(seen->key));
	return seen;
}

void audit_seen_free(struct audit_seen **seen)
{
	if (*seen == NULL)
		return;
	if ((*seen)->file != NULL)
		(void)fclose((*seen)->file);
	free((*seen)->held);
	free(*seen);
	*seen = NULL;
}

// The part is its top octet, the round the octets below, the place in a table the lowest.
static uint64_t hash_of(const struct audit_seen *seen, const uint8_t value[AUDIT_SEEN_BYTES])
{
	uint64_t words[2];
	memcpy(words, value, sizeof(words));
	return sluss_hash_words(&seen->key, words[0], words[1]);
}

// Pages go past stdio: they are larger than its buffer.
static bool put_page(struct audit_seen *seen, struct page *page)
{
	if (seen->file == NULL && (seen->file = tmpfile()) == NULL)
		return false;
	off_t at = (off_t)(seen->pages * sizeof(*page));
	if (pwrite(fileno(seen->file), page, sizeof(*page), at) != (ssize_t)sizeof(*page))
		return false;
	page->before = ++seen->pages;
	page->count = 0;
	return true;
}

bool audit_seen_add(struct audit_seen *seen, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t index)
{
	size_t part = hash_of(seen, value) >> 56 & (PARTS - 1);
	struct page *page = &seen->parts[part];
	if (page->count == PAGE_VALUES && !put_page(seen, page))
		return false;
	struct value *place = &page->values[page->count++];
	memcpy(place->octets, value, AUDIT_SEEN_BYTES);
	place->index = index;
	seen->in_part[part]++;
	return true;
}

// ---- looking through

// Calls back with each value that stands among those before it. False: no memory.
static bool report(const struct audit_seen *seen, audit_seen_fn *fn, void *to)
{
	const struct value *values = seen->held + seen->first;
	size_t count = seen->room - seen->first, room = 64;
	while (room < 2 * count)
		room *= 2;
	uint32_t *table = count > UINT32_MAX / 2 ? NULL : calloc(room, sizeof(*table)); // positions + 1
	if (table == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)hash_of(seen, values[i].octets) & (room - 1);
		for (; table[at] != 0; at = (at + 1) & (room - 1)) {
			const struct value *known = &values[table[at] - 1];
			if (memcmp(known->octets, values[i].octets, AUDIT_SEEN_BYTES) == 0) {
				fn(to, values[i].octets, known->index, values[i].index);
				break;
			}
		}
		if (table[at] == 0)
			table[at] = (uint32_t)i + 1;
	}
	free(table);
	return true;
}

static bool grow(struct audit_seen *seen)
{
	size_t room = seen->room == 0 ? PAGE_VALUES : seen->room * 2, count = seen->room - seen->first;
	struct value *held = reallocarray(NULL, room, sizeof(*held));
	if (held == NULL)
		return false;
	if (count > 0)
		memcpy(held + room - count, seen->held + seen->first, count * sizeof(*held));
	free(seen->held);
	seen->held = held;
	seen->first = room - count;
	seen->room = room;
	return true;
}

// Pages come newest first, so what is held grows from its end.
static bool hold(struct audit_seen *seen, const struct page *page, uint64_t round, uint64_t rounds)
{
	for (uint64_t i = page->count; i-- > 0;) {
		if (rounds > 1 && (hash_of(seen, page->values[i].octets) >> 32 & 0xffffff) % rounds != round)
			continue;
		if (seen->first == 0 && !grow(seen))
			return false;
		seen->held[--seen->first] = page->values[i];
	}
	return true;
}

static bool look_through(
    struct audit_seen *seen, const struct page *part, uint64_t round, uint64_t rounds, audit_seen_fn *fn, void *to)
{
	seen->first = seen->room;
	bool ok = hold(seen, part, round, rounds);
	for (uint64_t number = part->before; ok && number != 0; number = seen->read.before) {
		off_t at = (off_t)((number - 1) * sizeof(seen->read));
		ok = pread(fileno(seen->file), &seen->read, sizeof(seen->read), at) == (ssize_t)sizeof(seen->read) &&
		     hold(seen, &seen->read, round, rounds);
	}
	return ok && report(seen, fn, to);
}

bool audit_seen_twice(struct audit_seen *seen, audit_seen_fn *fn, void *to)
{
	bool ok = true;
	for (size_t part = 0; part < PARTS; part++) {
		uint64_t rounds = seen->in_part[part] / seen->held_max + 1;
		for (uint64_t round = 0; ok && round < rounds; round++)
			ok = look_through(seen, &seen->parts[part], round, rounds, fn, to);
	}
	return ok;
}
