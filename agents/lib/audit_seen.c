// SPDX-License-Identifier: EUPL-1.2
// Which random values came more than once, in memory that does not grow with their number: up to a limit they are kept
// as they are, beyond it they are dealt out by their first octet to 64 unnamed temporary files, and each of these is
// sorted alone. The values are random (nonces, ids), so the files are of one size.
#include <stdio.h>
#include <stdlib.h>

#include "audit_impl.h"

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
};

struct audit_seen *audit_seen_new(void)
{
	return calloc(1, sizeof(struct audit_seen));
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

// Any order will do that brings equal values together, and their places in order.
static int compare(const void *left, const void *right)
{
	const struct value *a = left, *b = right;
	uint64_t first, second;
	memcpy(&first, a->octets, sizeof(first));
	memcpy(&second, b->octets, sizeof(second));
	if (first != second)
		return first < second ? -1 : 1;
	int order = memcmp(a->octets, b->octets, AUDIT_SEEN_BYTES);
	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void report(struct value *values, size_t count, audit_seen_fn *fn, void *to)
{
	qsort(values, count, sizeof(*values), compare);
	for (size_t i = 1; i < count; i++) {
		if (memcmp(values[i - 1].octets, values[i].octets, AUDIT_SEEN_BYTES) == 0)
			fn(to, values[i].octets, values[i - 1].index, values[i].index);
	}
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
	report(seen->values, count, fn, to);
	return true;
}

bool audit_seen_twice(struct audit_seen *seen, audit_seen_fn *fn, void *to)
{
	if (!seen->dealt) {
		report(seen->values, seen->count, fn, to);
		return true;
	}
	bool ok = deal(seen);
	for (size_t i = 0; ok && i < FILES; i++)
		ok = report_file(seen, i, fn, to);
	return ok;
}
