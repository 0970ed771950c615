// SPDX-License-Identifier: EUPL-1.2
// JSON text to a message of each request type. What is accepted must come out as JSON that is accepted again and means
// the same octets, and must pass the shape check that proto bodies pass.
#include <stdlib.h>

#include "fuzz_web.h"

#include "ipc/methods.h"
#include "web/json.h"
#include "web/proto_check.h"

static void must(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	const ProtobufCMessageDescriptor *type = sluss_fuzz_type(data[0]);
	struct sluss_json_error error;
	ProtobufCMessage *m = sluss_json_to_message(type, (const char *)data + 1, size - 1, &error);
	if (m == NULL) {
		must(error.text[0] != '\0');
		return 0;
	}
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *packed = malloc(len + 1);
	protobuf_c_message_pack(m, packed);
	must(sluss_proto_check(type, (struct sluss_bytes){packed, len}, SIZE_MAX / 2, &error));
	size_t text_len;
	char *text = sluss_json_from_message(m, 0, &text_len);
	must(text != NULL);
	ProtobufCMessage *back = sluss_json_to_message(type, text, text_len, &error);
	must(back != NULL && protobuf_c_message_get_packed_size(back) == len);
	uint8_t *again = malloc(len + 1);
	protobuf_c_message_pack(back, again);
	must(memcmp(packed, again, len) == 0);
	protobuf_c_message_free_unpacked(back, NULL);
	protobuf_c_message_free_unpacked(m, NULL);
	free(packed);
	free(again);
	free(text);
	return 0;
}
