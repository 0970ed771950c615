// SPDX-License-Identifier: EUPL-1.2
// A store that fails on command, for tests: it passes every call on to another store, except the n-th one that writes.
// The tests walk n from 1 until a run goes through without the fault: whatever call fails, what is found after
// reopening must be the state before or the state after.
#ifndef SLUSS_STORE_FAULT_H
#define SLUSS_STORE_FAULT_H

#include "store.h"

enum sluss_fault {
	SLUSS_FAULT_NONE = 0,
	SLUSS_FAULT_FAIL, // does nothing and returns `result`
	SLUSS_FAULT_TEAR, // does the first half (of the records, of the octets) and returns `result`; a commit: does
			  // not happen, as half a commit must not
	SLUSS_FAULT_LIE,  // does nothing and returns OK, as a disk that lost its cache
	SLUSS_FAULT_DONE, // does it and returns `result` all the same: a commit whose answer was lost
};

struct sluss_fault_plan {
	enum sluss_fault fault;
	uint64_t at; // which call that writes (begin, appends, puts, erases, commit, scrub), from 1; 0 never
	enum sluss_store_result result;
};

// Wraps `inner` (a writer), which it then owns: closing the wrapper closes it. The plan is read at each call; the test
// owns it, may change it, and finds in `calls` (may be NULL) how many calls that write there were. FULL: no memory;
// then the caller still owns `inner`.
SLUSS_MUST_CHECK enum sluss_store_result sluss_store_fault_wrap(
    struct sluss_store *inner, const struct sluss_fault_plan *plan, uint64_t *calls, struct sluss_store **store_out);

#endif
