// SPDX-License-Identifier: EUPL-1.2
#include "dues.h"

#include <assert.h>
#include <stdlib.h>

static void swap(struct sluss_due *a, struct sluss_due *b)
{
	struct sluss_due kept = *a;
	*a = *b;
	*b = kept;
}

bool sluss_dues_add(struct sluss_dues *dues, int64_t at_ms, uint32_t number)
{
	if (dues->count == dues->room) {
		size_t room = dues->room == 0 ? 64 : dues->room * 2;
		struct sluss_due *heap = reallocarray(dues->heap, room, sizeof(*heap));
		if (heap == NULL)
			return false;
		dues->heap = heap;
		dues->room = room;
	}
	size_t at = dues->count++;
	dues->heap[at] = (struct sluss_due){at_ms, number};
	for (; at > 0 && dues->heap[at].at_ms < dues->heap[(at - 1) / 2].at_ms; at = (at - 1) / 2)
		swap(&dues->heap[at], &dues->heap[(at - 1) / 2]);
	return true;
}

void sluss_dues_drop(struct sluss_dues *dues)
{
	assert(dues->count > 0);
	dues->heap[0] = dues->heap[--dues->count];
	for (size_t at = 0, child; (child = 2 * at + 1) < dues->count; at = child) {
		if (child + 1 < dues->count && dues->heap[child + 1].at_ms < dues->heap[child].at_ms)
			child++;
		if (dues->heap[at].at_ms <= dues->heap[child].at_ms)
			return;
		swap(&dues->heap[at], &dues->heap[child]);
	}
}

void sluss_dues_free(struct sluss_dues *dues)
{
	free(dues->heap);
	*dues = (struct sluss_dues){0};
}
