// SPDX-License-Identifier: EUPL-1.2
// Framed messages between the gateway's processes: u32 big-endian length, then that many octets (one
// sluss.v1.IpcFrame), over a stream socket (every call is non-blocking, whatever the descriptor says). Reader and
// writer are plain buffers: they own no descriptor, use no thread and no clock. Neither may be used by two threads at
// the same time.
#ifndef SLUSS_IPC_FRAME_H
#define SLUSS_IPC_FRAME_H

#include "ipc/status.h"
#include "sluss/types.h"
#include "sluss/v1/ipc.pb-c.h"

enum {
	SLUSS_FRAME_PREFIX = 4,		   // octets of the length
	SLUSS_FRAME_DEFAULT_MAX = 4 << 20, // longest frame without its prefix, unless the caller says otherwise
	SLUSS_FRAME_MAX_FDS = 8,	   // descriptors that may wait in a reader
};

// ---- reading ----

struct sluss_frame_reader;

// A reader for frames of at most max_frame octets (0: SLUSS_FRAME_DEFAULT_MAX). The buffer starts at 64 KiB, grows only
// to the length that a frame has announced, and shrinks again. NULL when memory is out. The caller frees it.
struct sluss_frame_reader *sluss_frame_reader_new(size_t max_frame);
void sluss_frame_reader_free(struct sluss_frame_reader **reader);

// From now on descriptors that come along are kept (at most SLUSS_FRAME_MAX_FDS waiting). Without this call the kernel
// closes them.
void sluss_frame_reader_accept_fds(struct sluss_frame_reader *reader);

// One receive from fd. OK: something came, ask sluss_frame_reader_next until it says AGAIN, then fill again if the
// socket may have more (sluss_frame_reader_was_full). AGAIN, CLOSED, MALFORMED (too many descriptors), NO_MEMORY,
// BROKEN. Invalidates frames that sluss_frame_reader_next gave before.
enum sluss_ipc_status sluss_frame_reader_fill(struct sluss_frame_reader *reader, int fd) SLUSS_MUST_CHECK;

// The last fill took as much as there was room for: more may wait in the socket.
bool sluss_frame_reader_was_full(const struct sluss_frame_reader *reader);

// Like fill, from memory (tests, fuzzing, replies that were read by other means).
enum sluss_ipc_status sluss_frame_reader_feed(
    struct sluss_frame_reader *reader, const void *data, size_t len) SLUSS_MUST_CHECK;

// The next complete frame, without prefix; it lies in the reader's buffer and is valid until the next fill, feed or
// free. AGAIN: none complete. TOO_LARGE: the peer announced more than the limit (and will again: close the channel).
enum sluss_ipc_status sluss_frame_reader_next(
    struct sluss_frame_reader *reader, struct sluss_bytes *frame_out) SLUSS_MUST_CHECK;

// Takes up to cap descriptors that came so far, in order; the caller owns (and closes) them. They came no later than
// the frame that was sent with them: take them when that frame is handled. Returns how many.
size_t sluss_frame_reader_take_fds(struct sluss_frame_reader *reader, int *fds_out, size_t cap);

// ---- writing ----

struct sluss_frame_writer;

// A writer whose frames have at most max_frame octets and that holds at most max_queued octets (0: the defaults, 4 MiB
// and 64 MiB). NULL when memory is out.
struct sluss_frame_writer *sluss_frame_writer_new(size_t max_frame, size_t max_queued);
void sluss_frame_writer_free(struct sluss_frame_writer **writer);

// Packs the frame behind what already waits (no copy but the packing). Nothing is sent yet. OK, TOO_LARGE, NO_MEMORY.
enum sluss_ipc_status sluss_frame_writer_push(
    struct sluss_frame_writer *writer, const Sluss__V1__IpcFrame *frame) SLUSS_MUST_CHECK;

// Sends as much as the socket takes, all waiting frames in one call. OK: nothing waits any more. AGAIN: ask for
// EPOLLOUT and call again. CLOSED: the peer is gone. BROKEN.
enum sluss_ipc_status sluss_frame_writer_flush(struct sluss_frame_writer *writer, int fd) SLUSS_MUST_CHECK;

// Octets that wait to be sent.
size_t sluss_frame_writer_waiting(const struct sluss_frame_writer *writer);

// Sends one frame at once with count (1..SLUSS_FRAME_MAX_FDS) descriptors; the descriptors stay the caller's (close
// them after OK). Only when nothing waits (else AGAIN, nothing was sent: flush first). After OK a rest of the frame may
// still wait: flush as usual.
enum sluss_ipc_status sluss_frame_writer_send_fds(struct sluss_frame_writer *writer, int fd,
    const Sluss__V1__IpcFrame *frame, const int *fds, size_t count) SLUSS_MUST_CHECK;

// ---- the octets of a frame ----

// Decodes a frame. NULL when the octets are no IpcFrame or its body is not set. Free with sluss_ipc_frame_free.
Sluss__V1__IpcFrame *sluss_ipc_frame_unpack(struct sluss_bytes octets);
void sluss_ipc_frame_free(Sluss__V1__IpcFrame **frame);

#endif
