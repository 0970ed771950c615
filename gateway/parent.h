// SPDX-License-Identifier: EUPL-1.2
// slussd's parent: opens sockets and key files, starts the roles by fork and exec of the same program (`slussd
// --role=NAME`), restarts what dies (parent_rules.h), and does nothing else. It never reads a foreign octet: the only
// thing it hears is core's word on the control channel.
//
// Files that it keeps in state_dir: `ports` ("agency PORT", "public PORT" lines, written once the sockets listen),
// `pids` ("parent PID", "core PID", "web PID", "edge PID" and, where there is one, "courier PID" and "idp PID" lines,
// written anew at each start of a role), `admin.sock`.
#ifndef SLUSS_PARENT_H
#define SLUSS_PARENT_H

#include "settings.h"

// Where a role finds what it inherits. One number for one thing in every role; what a role does not get is closed.
enum sluss_role_fd {
	SLUSS_FD_SETTINGS = 3,	       // memfd: the role's settings as a settings file
	SLUSS_FD_CONTROL = 4,	       // core: to the parent, IpcFrame with Control
	SLUSS_FD_CORE_WEB = 5,	       // core, web: the channel between them
	SLUSS_FD_CORE_EDGE = 6,	       // core, edge: the channel between them
	SLUSS_FD_HANDOVER = 7,	       // edge, web: SOCK_SEQPACKET
	SLUSS_FD_ADMIN_LISTEN = 8,     // core: listening Unix socket
	SLUSS_FD_AGENCY_LISTEN = 9,    // edge
	SLUSS_FD_PUBLIC_LISTEN = 10,   // edge, when there is a public port
	SLUSS_FD_TLS_CERTIFICATE = 11, // edge, PEM
	SLUSS_FD_TLS_KEY = 12,	       // edge, PEM
	SLUSS_FD_CLIENT_CA = 13,       // edge, core, PEM
	SLUSS_FD_CLIENT_CRL = 14,      // edge, PEM, when there is one
	SLUSS_FD_CLIENT_CA_KEY = 15,   // core, PEM
	SLUSS_FD_LOG_KEY = 16,	       // core: 32 octets, Ed25519 seed (RFC 8032)
	SLUSS_FD_DATA_KEY = 17,	       // core: 32 octets
	SLUSS_FD_POLICY = 18,	       // core: JSON, the policy in force at genesis
	SLUSS_FD_LOCK = 19,	       // all: state_dir/lock, held as long as one of them lives
	SLUSS_FD_CORE_COURIER = 20,    // courier, idp: the channel to core
	SLUSS_FD_COURIER_CA = 21,      // courier, idp, PEM, each its own, when there is one
	SLUSS_FD_TIMESTAMP_CA = 22,    // core, PEM, when there is one
	SLUSS_FD_HEAD = 23,	       // core, read and write, when there is a secondary_head_file
	SLUSS_FD_END = 24,
};

// Runs the gateway until SIGTERM or SIGINT (0) or until it cannot go on (1; the event log says what to do). `settings`
// must be complete. `accept_rollback`: the operator lets core go on, this once, although the database is not what was
// signed last.
int sluss_parent_main(const struct sluss_settings *settings, bool accept_rollback);

#endif
