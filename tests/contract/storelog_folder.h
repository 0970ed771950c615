// SPDX-License-Identifier: EUPL-1.2
// A folder of its own for a store's files, and what tests want to do with those.
#ifndef SLUSS_STORELOG_FOLDER_H
#define SLUSS_STORELOG_FOLDER_H

#include "sluss/types.h"

struct storelog_folder {
	char path[128];
	char file[160];
	char url[192]; // for sluss_store_open
};

// Makes the folder; fails the test when it cannot.
void storelog_folder_make(struct storelog_folder *folder);
void storelog_folder_remove(const struct storelog_folder *folder);

// Copies the database and its write-ahead log, as they are on disk now, into another folder.
void storelog_folder_copy(const struct storelog_folder *from, const struct storelog_folder *to);

// How often the octets stand in any file of the folder.
size_t storelog_folder_search(const struct storelog_folder *folder, const uint8_t *octets, size_t len);

// Octets of the file with this ending ("" for the database, "-wal" for its write-ahead log); 0 when there is none.
size_t storelog_folder_size(const struct storelog_folder *folder, const char *ending);

#endif
