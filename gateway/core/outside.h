// SPDX-License-Identifier: EUPL-1.2
// What core has the courier carry outwards, and what comes back: letters between the writer and the intake, which turns
// them into frames. A letter's answer may come late, never (the courier died: see OUTSIDE_LOST), or from a courier that
// somebody took over: whoever asked verifies it.
#ifndef SLUSS_CORE_OUTSIDE_H
#define SLUSS_CORE_OUTSIDE_H

#include "ipc/frame.h"
#include "queue.h"

enum {
	SLUSS_LETTER_TYPE_MAX = 64,
	SLUSS_LETTER_MAX = 256 * 1024, // octets of a body, either way
};

struct sluss_letter {
	struct sluss_item item; // must be first; SLUSS_ITEM_OUTSIDE_CALL or _ANSWER
	uint64_t call_id;	// see sluss_outside_call_id
	Sluss__V1__CourierCall__Kind kind;
	uint32_t index;
	uint32_t timeout_ms; // call
	bool returned;	     // answer: it never left, there is no courier (yet)
	uint32_t status;     // answer: HTTP status, 0: none came
	char content_type[SLUSS_LETTER_TYPE_MAX];
	char error[SLUSS_LETTER_TYPE_MAX]; // answer without status: one phrase
	size_t len;
	uint8_t octets[];
};

// A call's id holds whom it is for, so that its answer finds the asker: kind, index, and a number that rises.
static inline uint64_t sluss_outside_call_id(Sluss__V1__CourierCall__Kind kind, uint32_t index, uint64_t number)
{
	return (uint64_t)kind << 56 | (uint64_t)(index & 0xff) << 48 | (number & 0xffffffffffff);
}

// A letter with a copy of the body. Free with free(). NULL: no memory, or the body or type is too long.
SLUSS_MUST_CHECK struct sluss_letter *sluss_letter_new(
    enum sluss_item_kind item, uint64_t call_id, const char *content_type, struct sluss_bytes body);

// Puts a call on the wire. False: it could not be.
struct sluss_wire;
SLUSS_MUST_CHECK bool sluss_letter_send(struct sluss_letter *letter, struct sluss_wire *wire);

// The answer in a frame of the courier. NULL: it is none.
SLUSS_MUST_CHECK struct sluss_letter *sluss_letter_read(struct sluss_bytes frame);

// Turns a call that could not be carried into its own answer without status.
void sluss_letter_return(struct sluss_letter *letter, const char *why);

#endif
