// SPDX-License-Identifier: EUPL-1.2
// Small files, read and replaced as a whole.
#ifndef SLUSS_AGENTS_FILE_H
#define SLUSS_AGENTS_FILE_H

#include "sluss/types.h"

// Reads at most max octets; the result has a NUL behind its len octets and belongs to the caller. NULL with errno (EFBIG: longer; EACCES when `secret` and others than
// the owner may read or write it).
char *sluss_file_read(const char *path, size_t max, bool secret, size_t *len_out);

// Writes a new file of mode 0600 beside it, syncs, renames it over the old one and syncs the folder. False with errno.
SLUSS_MUST_CHECK bool sluss_file_replace(const char *path, const void *data, size_t len);

#endif
