// SPDX-License-Identifier: EUPL-1.2
// The role edge: TLS 1.3 for agencies (client certificate required) and for the public (none), own private key, no
// files. Parses TLS and nothing above it.
//
// A connection's plain side is one end of a socketpair that web gets (gateway/ipc/handover.h) when the first
// application octets have come; before, an idle connection costs edge a descriptor and a little memory, and web
// nothing.
//
// Promises to core (channel of IpcFrame):
// - DropTransfers is answered at once with TransfersDropped. After the answer nothing leaves on these connections any
//   more: each was reset, its buffers (edge's, the socketpair's, the kernel's) purged, also one that had nothing in
//   them: a web that lies may write later what it said that it dropped. Only keep_connection_id, which the answer to
//   the withdrawal goes to, lives on if there is no octet of it anywhere.
// - ConnectionsClosed follows for every connection that was handed to web and is gone for good (nothing of it in the
// kernel either).
// - RevokeCertificates takes effect before any later frame is handled; the set is kept until edge ends. After a restart
// core sends the whole set again.
// - A killed edge leaves nothing behind: sockets linger for zero seconds until everything they were given has been
// acknowledged by the peer's kernel.
#ifndef SLUSS_EDGE_H
#define SLUSS_EDGE_H

#include "sluss/types.h"

enum {
	SLUSS_EDGE_THREADS_MAX = 16,
};

// Descriptors are taken over (closed at the end); -1 where something is not used.
struct sluss_edge_config {
	int core_fd;	 // stream socket to core: IpcFrame
	int handover_fd; // SOCK_SEQPACKET to web
	int agency_listen_fd;
	int public_listen_fd;	// or -1
	int tls_certificate_fd; // PEM, own certificate first, then the chain
	int tls_key_fd;		// PEM
	int client_ca_fd;	// PEM, one or more
	int client_crl_fd;	// PEM, or -1: no list (revocations come from core all the same)
	uint32_t threads;
	uint32_t connections_max; // all together; a quarter of it for the public port
	uint32_t connections_per_certificate;
	uint32_t handshake_timeout_ms; // accept to the end of the handshake
	uint32_t idle_timeout_ms;      // no octet in either direction
	uint32_t write_timeout_ms;     // the client takes nothing of what waits for it
};

// Runs until the channel to core or web closes, or SIGTERM. Returns the process's exit status: 0 after SIGTERM; 2 when
// key or certificates are of no use; else 1 (the event log says why).
int sluss_edge_main(const struct sluss_edge_config *config);

#endif
