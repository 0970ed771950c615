// SPDX-License-Identifier: EUPL-1.2
// What core relies on when somebody withdraws: the keys that sluss_withdrawal_matches() names are exactly those that
// carry nothing any more.
#include "world.h"

enum { VERSIONS_MAX = 4096 };

struct before {
	const struct world *world;
	const struct sluss_rec_withdrawal *withdrawal;
	struct {
		struct sluss_id grant;
		enum sluss_reason standing;
		bool matches;
	} versions[VERSIONS_MAX];
	size_t count;
};

static struct before before;

static bool note(void *context, const struct sluss_grant_view *view)
{
	struct before *noted = context;
	if (noted->count == VERSIONS_MAX)
		world_die("withdraw", "too many versions");
	noted->versions[noted->count].grant = view->grant;
	noted->versions[noted->count].standing = view->standing;
	noted->versions[noted->count].matches = sluss_withdrawal_matches(noted->world->state, noted->withdrawal,
	    &view->case_id, view->category, view->sender, view->recipient, view->purpose);
	noted->count++;
	return true;
}

void world_note_grants(const struct world *world, const struct sluss_rec_withdrawal *withdrawal, int64_t now_ms)
{
	before.world = world;
	before.withdrawal = withdrawal;
	before.count = 0;
	sluss_case_each_grant(world->state, &withdrawal->case_id, now_ms, note, &before);
}

bool world_withdrawal_holds(const struct world *world, int64_t now_ms)
{
	for (size_t i = 0; i < before.count; i++) {
		struct sluss_grant_view view;
		if (!sluss_grant_find(world->state, &before.versions[i].grant, now_ms, &view))
			return false;
		bool closed = view.standing == SLUSS_WITHDRAWN || view.invalidated;
		if (before.versions[i].matches ? !closed : view.standing != before.versions[i].standing)
			return false;
	}
	return true;
}
