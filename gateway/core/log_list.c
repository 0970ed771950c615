// SPDX-License-Identifier: EUPL-1.2
#include "log_list.h"

#include <assert.h>

// The largest power of two below `count`, which is at least 2.
static size_t split_of(size_t count)
{
	size_t split = 1;
	while (split < count - split)
		split *= 2;
	return split;
}

void sluss_list_root(const struct sluss_hash *leaves, size_t count, struct sluss_hash *root_out)
{
	if (count == 0) {
		sluss_hash_empty(root_out);
		return;
	}
	if (count == 1) {
		*root_out = leaves[0];
		return;
	}
	struct sluss_hash left, right;
	size_t split = split_of(count);
	sluss_list_root(leaves, split, &left);
	sluss_list_root(leaves + split, count - split, &right);
	sluss_hash_node(&left, &right, root_out);
}

size_t sluss_list_path(
    const struct sluss_hash *leaves, size_t count, size_t index, struct sluss_hash path_out[SLUSS_LIST_PATH_MAX])
{
	assert(index < count && (count - 1) >> (SLUSS_LIST_PATH_MAX - 1) == 0);
	size_t found = 0;
	// From the root down, then turned round: a path begins at the leaf's sibling.
	while (count > 1) {
		size_t split = split_of(count);
		if (index < split) {
			sluss_list_root(leaves + split, count - split, &path_out[found++]);
			count = split;
		} else {
			sluss_list_root(leaves, split, &path_out[found++]);
			leaves += split;
			index -= split;
			count -= split;
		}
	}
	for (size_t i = 0; i < found / 2; i++) {
		struct sluss_hash kept = path_out[i];
		path_out[i] = path_out[found - 1 - i];
		path_out[found - 1 - i] = kept;
	}
	return found;
}
