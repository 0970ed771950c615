// SPDX-License-Identifier: EUPL-1.2
// The codes of CoreResponse.code: those of gRPC, with Connect's names and HTTP statuses
// (https://connectrpc.com/docs/protocol#error-codes).
#ifndef SLUSS_IPC_CODE_H
#define SLUSS_IPC_CODE_H

#include <stdint.h>

enum sluss_code {
	SLUSS_CODE_OK = 0,
	SLUSS_CODE_CANCELED = 1,
	SLUSS_CODE_UNKNOWN = 2,
	SLUSS_CODE_INVALID_ARGUMENT = 3,
	SLUSS_CODE_DEADLINE_EXCEEDED = 4,
	SLUSS_CODE_NOT_FOUND = 5,
	SLUSS_CODE_ALREADY_EXISTS = 6,
	SLUSS_CODE_PERMISSION_DENIED = 7,
	SLUSS_CODE_RESOURCE_EXHAUSTED = 8,
	SLUSS_CODE_FAILED_PRECONDITION = 9,
	SLUSS_CODE_ABORTED = 10,
	SLUSS_CODE_OUT_OF_RANGE = 11,
	SLUSS_CODE_UNIMPLEMENTED = 12,
	SLUSS_CODE_INTERNAL = 13,
	SLUSS_CODE_UNAVAILABLE = 14,
	SLUSS_CODE_DATA_LOSS = 15,
	SLUSS_CODE_UNAUTHENTICATED = 16,
};

// "invalid_argument"; "unknown" for a number that is no code. Never NULL.
const char *sluss_code_name(uint32_t code);

// 400 for invalid_argument; 200 for OK; 500 for a number that is no code.
unsigned sluss_code_http_status(uint32_t code);

#endif
