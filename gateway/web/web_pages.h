// SPDX-License-Identifier: EUPL-1.2
// The pages of persons, coordinators and auditors (gateway/portal): a handful of files, read before the sandbox shuts
// and served from memory on the public port.
#ifndef SLUSS_WEB_PAGES_H
#define SLUSS_WEB_PAGES_H

#include "sluss/types.h"

enum {
	WEB_PAGES_MAX = 128,		// files
	WEB_PAGES_OCTETS_MAX = 8 << 20, // of all of them
};

struct web_page {
	char *path; // "/", "/assets/app-ABCDEFGH.js"
	const char *type;
	uint8_t *data, *compressed;
	size_t len, compressed_len; // 0: compressing does not pay
};

struct web_pages;

// Reads index.html and the files of assets/ in the folder. NULL: why_out (may be NULL) says what is wrong, a static
// sentence.
SLUSS_MUST_CHECK struct web_pages *web_pages_load(const char *folder, const char **why_out);
void web_pages_free(struct web_pages **pages);
// The page at a path: "/" and the paths that the pages make up themselves ("/login/return") are index.html. NULL: none.
const struct web_page *web_pages_find(const struct web_pages *pages, const char *path);

#endif
