// SPDX-License-Identifier: EUPL-1.2
// Which random values came more than once, in memory that does not grow with their number: up to a limit they are kept
// as they are, beyond it they are dealt out by their first octet to 64 unnamed temporary files, and each of these is
// looked through alone. The values are random (nonces, ids), so the files are of one size.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit_impl.h"
#include "policy/hash.h"

enum { FILES = 64, MEMORY_MAX = 1 << 16 };

struct value {
	uint8_t octets[AUDIT_SEEN_BYTES];
	uint64_t index;
};

struct audit_seen {
	struct value *values;
	size_t count, room;
	FILE *files[FILES];
	size_t in_file[FILES];
	bool dealt;
	struct sluss_hash_key key;
};

struct audit_seen *audit_seen_new(void)
{
	struct audit_seen *seen = calloc(1, sizeof(*seen));
	if (seen != NULL)
		randombytes_buf(&seen->key, sizeof(seen->key));
	return seen;
}

void audit_seen_free(struct audit_seen **seen)
{
	if (*seen == NULL)
		return;
	for (size_t i = 0; i < FILES; i++) {
		if ((*seen)->files[i] != NULL)
			(void)fclose((*seen)->files[i]);
	}
	free((*seen)->values);
	free(*seen);
	*seen = NULL;
}

static bool deal(struct audit_seen *seen)
{
	for (size_t i = 0; i < seen->count; i++) {
		size_t file = seen->values[i].octets[0] % FILES;
		if (seen->files[file] == NULL && (seen->files[file] = tmpfile()) == NULL)
			return false;
		if (fwrite_unlocked(&seen->values[i], sizeof(struct value), 1, seen->files[file]) != 1)
			return false;
		seen->in_file[file]++;
	}
	seen->dealt = seen->dealt || seen->count > 0;
	seen->count = 0;
	return true;
}

bool audit_seen_add(struct audit_seen *seen, const uint8_t value[AUDIT_SEEN_BYTES], uint64_t index)
{
	if (seen->count == MEMORY_MAX && !deal(seen))
		return false;
	if (seen->count == seen->room) {
		size_t room = seen->room == 0 ? 1024 : seen->room * 2;
		struct value *values = reallocarray(seen->values, room, sizeof(*values));
		if (values == NULL)
			return false;
		seen->values = values;
		seen->room = room;
	}
	memcpy(seen->values[seen->count].octets, value, AUDIT_SEEN_BYTES);
	seen->values[seen->count++].index = index;
	return true;
}

// Where a value stands in a table of `room` places. Keyed: a forger may choose nonces.
static size_t home(const struct audit_seen *seen, const struct value *value, size_t room)
{
	uint64_t words[2];
	memcpy(words, value->octets, sizeof(words));
	return (size_t)sluss_hash_words(&seen->key, words[0], words[1]) & (room - 1);
}

// Calls back with each value that stands among those before it. False: no memory.
static bool report(const struct audit_seen *seen, const struct value *values, size_t count, audit_seen_fn *fn, void *to)
{
	size_t room = 64;
	while (room < 2 * count)
		room *= 2;
	uint32_t *table = count > UINT32_MAX / 2 ? NULL : calloc(room, sizeof(*table)); // positions + 1
	if (table == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t at = home(seen, &values[i], room);
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

static bool report_file(struct audit_seen *seen, size_t file, audit_seen_fn *fn, void *to)
{
	size_t count = seen->in_file[file];
	if (count == 0)
		return true;
	if (count > seen->room) {
		struct value *values = reallocarray(seen->values, count, sizeof(*values));
		if (values == NULL)
			return false;
		seen->values = values;
		seen->room = count;
	}
	if (fflush(seen->files[file]) != 0 || fseek(seen->files[file], 0, SEEK_SET) != 0 ||
	    fread(seen->values, sizeof(struct value), count, seen->files[file]) != count)
		return false;
	return report(seen, seen->values, count, fn, to);
}

bool audit_seen_twice(struct audit_seen *seen, audit_seen_fn *fn, void *to)
{
	if (!seen->dealt)
		return report(seen, seen->values, seen->count, fn, to);
	bool ok = deal(seen);
	for (size_t i = 0; ok && i < FILES; i++)
		ok = report_file(seen, i, fn, to);
	return ok;
}
