// SPDX-License-Identifier: EUPL-1.2
// Strict reading of statements and labels. The first octet chooses the type. What is accepted must unpack, and its canonical form must be accepted too and read
// the same; what is refused must name a result.
#include <stdlib.h>

#include "sluss/statement.h"
#include "sluss/v1/case.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/directory.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "sluss/v1/payload.pb-c.h"
#include "sluss/v1/statutory.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {&sluss__v1__envelope__descriptor, &sluss__v1__section_header__descriptor, &sluss__v1__record_consent__descriptor,
	&sluss__v1__withdraw_consent__descriptor, &sluss__v1__act_on_grants__descriptor, &sluss__v1__open_case__descriptor, &sluss__v1__rotate_keys__descriptor,
	&sluss__v1__request_statutory__descriptor, &sluss__v1__acknowledge_delivery__descriptor, &sluss__v1__attendance_report__descriptor, &sluss__v1__refusal__descriptor};

static void must(bool good)
{
	if (!good) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	const ProtobufCMessageDescriptor *type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	struct sluss_bytes octets = {data + 1, size - 1};
	struct sluss_statement_header header;
	char field[SLUSS_STRICT_FIELD_MAX];
	const char *wrong = NULL;
	ProtobufCMessage *message = NULL;
	must(sluss_statement_header_read(octets, &header, &wrong) || wrong != NULL);
	enum sluss_strict_result result = sluss_strict_unpack(type, octets, NULL, &message, field);
	must((result == SLUSS_STRICT_OK) == (message != NULL) && memchr(field, 0, sizeof(field)) != NULL);
	if (message == NULL) {
		return 0;
	}
	must(message->n_unknown_fields == 0);
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = malloc(len + 1);
	must(packed != NULL);
	must(protobuf_c_message_pack(message, packed) == len);
	must(sluss_strict_check(type, (struct sluss_bytes){packed, len}, field) == SLUSS_STRICT_OK);
	free(packed);
	protobuf_c_message_free_unpacked(message, NULL);
	return 0;
}
