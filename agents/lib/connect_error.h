// SPDX-License-Identifier: EUPL-1.2
// The error body of the Connect protocol (https://connectrpc.com/docs/protocol#error-end-stream), as a gateway or anything in front of it sends it. Foreign octets:
// parsed with limits, believed in nothing. No state, any thread.
#ifndef SLUSS_CONNECT_ERROR_H
#define SLUSS_CONNECT_ERROR_H

#include "sluss/types.h"
#include "sluss/v1/common.pb-c.h"

enum {
	SLUSS_CONNECT_CODE_MAX = 31,
	SLUSS_CONNECT_MESSAGE_MAX = 1023,
	SLUSS_CONNECT_BODY_MAX = 1 << 20,
};

struct sluss_connect_error {
	char code[SLUSS_CONNECT_CODE_MAX + 1];       // one of the protocol's sixteen
	char message[SLUSS_CONNECT_MESSAGE_MAX + 1]; // cut at a character's border; may be empty
	Sluss__V1__Refusal *refusal;                 // owned; NULL when no detail of that type came
};

// False: the octets are no Connect error; *error_out is then empty. Free with sluss_connect_error_clear in any case.
SLUSS_MUST_CHECK bool sluss_connect_error_parse(struct sluss_bytes body, struct sluss_connect_error *error_out);

// The code that the protocol gives to an HTTP status without a Connect body.
const char *sluss_connect_code_of_status(long http_status);

void sluss_connect_error_clear(struct sluss_connect_error *error);

#endif
