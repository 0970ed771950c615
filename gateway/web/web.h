// SPDX-License-Identifier: EUPL-1.2
// The role "web": HTTP and Connect RPC on sockets that edge hands over. It parses, checks shape and limits, converts
// JSON, and asks core. It has no key, no file and no listening socket. One thread, one event loop, one libmicrohttpd
// daemon driven from it.
#ifndef SLUSS_WEB_H
#define SLUSS_WEB_H

#include "sluss/types.h"

// All times in milliseconds, all sizes in octets; 0 means the default in brackets.
struct sluss_web_limits {
	uint32_t max_connections; // handed-over connections at once [12000]
	uint32_t max_requests; // requests under way at once; more are answered resource_exhausted BUSY; one certificate
			       // gets a quarter, so does the public port [4096]
	uint32_t max_body;     // a request after decompression [1 MiB]
	uint32_t max_body_total; // bodies of all requests that are being received; one certificate gets a quarter, so
				 // does the public port [64 MiB]
	uint32_t max_frame;	 // one frame from or to core [4 MiB]
	uint32_t connection_memory; // libmicrohttpd's buffer for one connection: headers and a read window [16 KiB]
	uint32_t header_ms;	    // from the first octet until the headers are complete [10,000]
	uint32_t body_ms;	    // from complete headers until the body is complete [30,000]
	uint32_t core_ms;	    // longest wait for core; long polls get their own wait on top [30,000]
	uint32_t long_poll_ms;	    // what a long poll may wait in core beyond core_ms [60,000]
	uint32_t write_ms;	    // an answer must be taken within this, plus one second for each 16 KiB [30,000]
	uint32_t idle_ms;	    // between two requests of one connection [75,000]
	uint32_t compress_from;	    // answers of at least this size are compressed when the client takes gzip [1024]
};

struct web_pages;

struct sluss_web_config {
	const struct web_pages *pages; // of the public port (web_pages.h), the caller's; NULL: none
	int handover_fd; // SOCK_SEQPACKET from edge (ipc/handover.h); web ends when edge closes it
	int core_fd;	 // stream socket to core (ipc/frame.h); when it closes, requests are answered "unavailable"
	int stop_fd;	 // becomes readable (or closes) when web is to end in order; -1: none
	struct sluss_web_limits limits;

	// Called once when every descriptor is open and before the first foreign octet is read: the place to shut the
	// sandbox. Not 0: give up. NULL: nothing to do.
	int (*on_ready)(void *arg);
	// One event: a name and "key=value" pairs, without line feed; never payload or names. NULL: nobody listens.
	void (*log)(void *arg, const char *event);
	void *arg; // handed to both
};

// Runs the role until it is to end. Takes over and closes the descriptors. 0: ended in order; 1: could not start or go
// on. Needs SIGPIPE ignored or tolerates it (all sends use MSG_NOSIGNAL; libmicrohttpd too). May be run in a thread
// (tests do); no global state.
int sluss_web_main(const struct sluss_web_config *config);

#endif
