// SPDX-License-Identifier: EUPL-1.2
// Protobuf octets: what the shape check accepts, protobuf-c must unpack, and JSON must be able to say.
#include <stdlib.h>

#include "fuzz_web.h"

#include "web/json.h"
#include "web/proto_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const ProtobufCMessageDescriptor *type = sluss_fuzz_type(data[0]);
	struct sluss_json_error error = {0};
	if (!sluss_proto_check(type, (struct sluss_bytes){data + 1, size - 1}, 1 << 20, &error)) {
		if (error.text[0] == '\0')
			abort();
		return 0;
	}
	ProtobufCMessage *m = protobuf_c_message_unpack(type, NULL, size - 1, data + 1);
	if (m == NULL)
		abort();
	char *text = sluss_json_from_message(m, 2, NULL); // NULL for times that RFC 3339 cannot say
	free(text);
	protobuf_c_message_free_unpacked(m, NULL);
	return 0;
}
