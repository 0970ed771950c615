// SPDX-License-Identifier: EUPL-1.2
// What the parent opens for its roles: listening sockets, key and certificate files, the settings of a role; and the
// small files it writes for people and tests. All descriptors are close-on-exec and lie above SLUSS_FD_END. Errors are
// told in the event log.
#ifndef SLUSS_PARENT_FILES_H
#define SLUSS_PARENT_FILES_H

#include "parent.h"

// Opened once; they survive restarts of the roles, so that clients find a listening port at any time.
struct sluss_parent_sockets {
	int agency;	 // listening
	int public_port; // listening, or -1
	int admin;	 // listening
	int lock; // state_dir/lock, held by the parent and every role: one gateway for one state, also while an old
		  // one's roles still die
};

SLUSS_MUST_CHECK bool sluss_parent_open_sockets(
    const struct sluss_settings *settings, struct sluss_parent_sockets *sockets_out);
void sluss_parent_close_sockets(const struct sluss_settings *settings, struct sluss_parent_sockets *sockets);

// Opens what one role inherits besides sockets: fds_out[n] for SLUSS_FD_SETTINGS, the key files and so on; -1 for
// everything else. On false nothing is open.
SLUSS_MUST_CHECK bool sluss_parent_open_role(
    const struct sluss_settings *settings, enum sluss_role role, int fds_out[SLUSS_FD_END]);
void sluss_parent_close_role(int fds[SLUSS_FD_END]);

// Moves a descriptor above SLUSS_FD_END (so that none is in another's way when a role starts); the old one is closed.
// -1: failed.
int sluss_parent_move_up(int fd);

struct sluss_parent_pids {
	int core, web, edge, courier, idp; // 0 = not running
};

// Replaces a small file in state_dir in one step.
SLUSS_MUST_CHECK bool sluss_parent_replace_file(
    const struct sluss_settings *settings, const char *name, const char *text);

// state_dir/ports and state_dir/pids, each replaced in one step.
SLUSS_MUST_CHECK bool sluss_parent_write_ports(
    const struct sluss_settings *settings, const struct sluss_parent_sockets *sockets);
SLUSS_MUST_CHECK bool sluss_parent_write_pids(
    const struct sluss_settings *settings, const struct sluss_parent_pids *pids);

#endif
