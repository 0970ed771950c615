// SPDX-License-Identifier: EUPL-1.2
// A request as web would hand it in: the first octet chooses the method, the rest is its body. No signature will ever
// be good; nothing may be accepted or break.
#include <stdlib.h>

#include "request.h"
#include "sluss/key.h"

static struct sluss_directory *directory(uint8_t certificate_out[32])
{
	struct sluss_directory *d = sluss_directory_new();
	struct sluss_record record = {
	    .type = SLUSS_REC_AGENCY_ENROLLED, .u.agency_enrolled = {.agency = "sch-1", .type = SLUSS_AGENCY_SCHOOL}};
	memset(record.u.agency_enrolled.sign_key, 7, 32);
	memset(record.u.agency_enrolled.certificate, 9, 32);
	memset(certificate_out, 9, 32);
	if (d == NULL || !sluss_crypto_init() || !sluss_directory_apply(d, &record, 0))
		abort();
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sluss_directory *d;
	static uint8_t certificate[32];
	if (d == NULL)
		d = directory(certificate);
	if (len == 0)
		return 0;
	struct sluss_arena *arena = sluss_arena_new(SLUSS_REQUEST_ARENA_MAX);
	Sluss__V1__CoreRequest *asked = sluss_arena_alloc(arena, sizeof(*asked));
	sluss__v1__core_request__init(asked);
	asked->method = data[0];
	asked->port = SLUSS_PORT_AGENCY;
	asked->certificate_fingerprint = (ProtobufCBinaryData){sizeof(certificate), certificate};
	asked->body = (ProtobufCBinaryData){len - 1, (uint8_t *)(uintptr_t)data + 1};
	struct sluss_request *request = sluss_request_new(arena, asked);
	const struct sluss_verify_with with = {.directory = d, .authority = "sluss.test/core"};
	sluss_request_verify(request, &with);
	if (!request->refused && (request->service == NULL || request->service->statement != NULL))
		abort(); // a signature that nobody made
	sluss_request_free(&request);
	return 0;
}
