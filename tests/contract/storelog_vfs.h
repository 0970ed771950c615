// SPDX-License-Identifier: EUPL-1.2
// A disk that forgets: an SQLite VFS over the real one that remembers which octets were synced, so that a test can cut
// the power at any moment and look at what a disk may then hold; and that fails the n-th write or sync.
#ifndef SLUSS_STORELOG_VFS_H
#define SLUSS_STORELOG_VFS_H

#include "storelog_folder.h"

// Makes it SQLite's default VFS; once a process.
void storelog_vfs_install(void);

// How many writes, truncations and syncs there were since the last call of plan; and which of them is to fail (0: none)
// with an I/O error. From then on `dead`: every later one fails too.
void storelog_vfs_plan(uint64_t fail_at, bool dead);
uint64_t storelog_vfs_calls(void);
uint64_t storelog_vfs_syncs(void);

// Forgets all files that it knows: call it between tests, with no store open.
void storelog_vfs_forget(void);

// Writes what the disk may hold if the power goes now into another folder: all that was synced, and of what was not a
// part chosen by `seed`, write by write, torn within a write at multiples of 512 octets. Seed 0: nothing of it; seed 1:
// all of it.
void storelog_vfs_cut_power(const struct storelog_folder *to, uint32_t seed);

#endif
