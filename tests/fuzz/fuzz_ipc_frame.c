// SPDX-License-Identifier: EUPL-1.2
// The channel's reader, fed in pieces whose lengths the input chooses: the frames must be those that come out when it
// is fed at once.
#include <stdlib.h>

#include "fuzz_web.h"

#include "ipc/frame.h"

enum { MAX_FRAME = 4096 };

// Frames out of what is complete; a sum over them, so that two readings can be compared.
static uint64_t drain(struct sluss_frame_reader *r, uint64_t sum, bool *stopped)
{
	struct sluss_bytes octets;
	enum sluss_ipc_status status;
	while ((status = sluss_frame_reader_next(r, &octets)) == SLUSS_IPC_OK) {
		if (octets.len > MAX_FRAME)
			abort();
		for (size_t i = 0; i < octets.len; i++)
			sum = sum * 31 + octets.data[i];
		sum = sum * 31 + octets.len;
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		sluss_ipc_frame_free(&frame);
	}
	*stopped = status == SLUSS_IPC_TOO_LARGE;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool stopped = false, stopped_whole = false;
	struct sluss_frame_reader *pieces = sluss_frame_reader_new(MAX_FRAME),
				  *whole = sluss_frame_reader_new(MAX_FRAME);
	uint64_t sum = 0;
	for (size_t i = 0; i < size && !stopped;) {
		size_t n = 1 + data[i] % 97;
		if (n > size - i)
			n = size - i;
		if (sluss_frame_reader_feed(pieces, data + i, n) != SLUSS_IPC_OK)
			abort();
		sum = drain(pieces, sum, &stopped);
		i += n;
	}
	if (sluss_frame_reader_feed(whole, data, size) != SLUSS_IPC_OK)
		abort();
	if (drain(whole, 0, &stopped_whole) != sum || stopped != stopped_whole)
		abort();
	sluss_frame_reader_free(&pieces);
	sluss_frame_reader_free(&whole);
	return 0;
}
