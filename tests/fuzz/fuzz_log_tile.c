// SPDX-License-Identifier: EUPL-1.2
// Tile paths and entry bundles from anybody: never a crash; a path that parses has one spelling; a bundle gives back
// the octets it was made of.
#include "log_tile.h"

#include <stdlib.h>

static void check_bundle(struct sluss_bytes bundle)
{
	struct sluss_bytes rest = bundle;
	struct sluss_bytes entry;
	size_t used = 0;
	while (sluss_bundle_next(&rest, &entry)) {
		uint8_t *again = malloc(entry.len + 2);
		if (again == NULL || sluss_bundle_put(entry, again, entry.len + 2) != entry.len + 2 ||
		    memcmp(again, bundle.data + used, entry.len + 2) != 0)
			abort();
		free(again);
		used += entry.len + 2;
	}
	if (used + rest.len != bundle.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sluss_bytes octets = {data, len};
	struct sluss_tile_name name;
	char path[SLUSS_TILE_PATH_MAX];
	if (sluss_tile_path_parse(octets, &name)) {
		if (!sluss_tile_path_format(&name, path, sizeof(path)) || strlen(path) != len ||
		    memcmp(path, data, len) != 0)
			abort();
		(void)sluss_tile_width(name.level, name.index, name.index * 3 + name.width);
	}
	check_bundle(octets);
	return 0;
}
