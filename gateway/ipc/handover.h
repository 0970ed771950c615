// SPDX-License-Identifier: EUPL-1.2
// How edge gives one connection to web: one datagram on a SOCK_SEQPACKET pair, with one end of a fresh stream
// socketpair (SCM_RIGHTS). What goes through that socketpair is the plain text of the client's TLS connection in both
// directions.
//
// Rules of the socketpair (edge's end and web's end):
// - web's end is made non-blocking by web. Edge makes the pair when the client's first application octets arrive.
// - web closes its end when the HTTP connection is over (also after an answer that left request octets unread: edge
// then reads the answer
//   followed by EOF or ECONNRESET, and both mean "flush to the client, then close in order").
// - edge closes its end when the client is gone; shutdown(SHUT_WR) means the same to web: a request that is under way
// is cancelled.
// - after a cut (DropTransfers) web's end is shut down in the middle of an answer. Edge learns it from core's
// DropTransfers, not from EOF.
#ifndef SLUSS_IPC_HANDOVER_H
#define SLUSS_IPC_HANDOVER_H

#include "ipc/methods.h"
#include "ipc/status.h"
#include "sluss/types.h"

// Who is at the other end, as edge's TLS said. Identity never comes from a header.
struct sluss_conn_hello {
	uint64_t connection_id;		       // unique for the life of the gateway, not 0
	uint32_t port_kind;		       // enum sluss_port: agency or public
	bool has_certificate;		       // the client proved possession of a certificate under the authority's CA
	uint8_t fingerprint[SLUSS_HASH_BYTES]; // SHA-256 of that certificate (DER); zeros without one
};

// Gives conn_fd away over the hand-over socket. The descriptor stays open here; the caller closes it after OK. AGAIN:
// the queue is full, try again when the socket is writable. CLOSED: web is gone. BROKEN.
enum sluss_ipc_status sluss_handover_send(
    int handover_fd, const struct sluss_conn_hello *hello, int conn_fd) SLUSS_MUST_CHECK;

// Takes one connection; *conn_fd_out is close-on-exec and the caller's to close. AGAIN: none waits. CLOSED: edge is
// gone. MALFORMED: not one descriptor, wrong length, unknown port, fingerprint that does not fit (nothing is left
// open). BROKEN. Never blocks.
enum sluss_ipc_status sluss_handover_recv(
    int handover_fd, struct sluss_conn_hello *hello_out, int *conn_fd_out) SLUSS_MUST_CHECK;

#endif
