// SPDX-License-Identifier: EUPL-1.2
#include "ipc/code.h"

static const struct {
	const char *name;
	unsigned status;
} codes[] = {
    [SLUSS_CODE_OK] = {"ok", 200},
    [SLUSS_CODE_CANCELED] = {"canceled", 499},
    [SLUSS_CODE_UNKNOWN] = {"unknown", 500},
    [SLUSS_CODE_INVALID_ARGUMENT] = {"invalid_argument", 400},
    [SLUSS_CODE_DEADLINE_EXCEEDED] = {"deadline_exceeded", 504},
    [SLUSS_CODE_NOT_FOUND] = {"not_found", 404},
    [SLUSS_CODE_ALREADY_EXISTS] = {"already_exists", 409},
    [SLUSS_CODE_PERMISSION_DENIED] = {"permission_denied", 403},
    [SLUSS_CODE_RESOURCE_EXHAUSTED] = {"resource_exhausted", 429},
    [SLUSS_CODE_FAILED_PRECONDITION] = {"failed_precondition", 400},
    [SLUSS_CODE_ABORTED] = {"aborted", 409},
    [SLUSS_CODE_OUT_OF_RANGE] = {"out_of_range", 400},
    [SLUSS_CODE_UNIMPLEMENTED] = {"unimplemented", 501},
    [SLUSS_CODE_INTERNAL] = {"internal", 500},
    [SLUSS_CODE_UNAVAILABLE] = {"unavailable", 503},
    [SLUSS_CODE_DATA_LOSS] = {"data_loss", 500},
    [SLUSS_CODE_UNAUTHENTICATED] = {"unauthenticated", 401},
};

enum { CODE_COUNT = sizeof(codes) / sizeof(codes[0]) };

const char *sluss_code_name(uint32_t code)
{
	return code < CODE_COUNT ? codes[code].name : "unknown";
}

unsigned sluss_code_http_status(uint32_t code)
{
	return code < CODE_COUNT ? codes[code].status : 500;
}
