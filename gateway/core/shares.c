// SPDX-License-Identifier: EUPL-1.2
#include "shares.h"

#include <assert.h>
#include <stdlib.h>

bool sluss_shares_reserve(struct sluss_shares *shares, uint32_t sender)
{
	if (sender < shares->count)
		return true;
	size_t count = (size_t)sender + 8;
	struct sluss_share *larger = reallocarray(shares->of, count, sizeof(*larger));
	if (larger == NULL)
		return false;
	memset(larger + shares->count, 0, (count - shares->count) * sizeof(*larger));
	shares->of = larger;
	shares->count = count;
	return true;
}

void sluss_shares_add(struct sluss_shares *shares, uint32_t sender, uint32_t blocks)
{
	assert(sender < shares->count);
	shares->of[sender].waiting++;
	shares->of[sender].blocks += blocks;
}

void sluss_shares_remove(struct sluss_shares *shares, uint32_t sender, uint32_t blocks)
{
	assert(sender < shares->count && shares->of[sender].waiting > 0 && shares->of[sender].blocks >= blocks);
	shares->of[sender].waiting--;
	shares->of[sender].blocks -= blocks;
}

struct sluss_share sluss_shares_of(const struct sluss_shares *shares, uint32_t sender)
{
	return sender < shares->count ? shares->of[sender] : (struct sluss_share){0};
}

void sluss_shares_free(struct sluss_shares *shares)
{
	free(shares->of);
	*shares = (struct sluss_shares){0};
}

bool sluss_shares_have_room(uint64_t all, uint64_t own, uint64_t more, uint64_t most, size_t sharers)
{
	if (all + more > most)
		return false;
	return own == 0 || all + more <= most / 2 || own + more <= most / 2 / (sharers == 0 ? 1 : sharers);
}
