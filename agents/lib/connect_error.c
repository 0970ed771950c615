// SPDX-License-Identifier: EUPL-1.2
// Reading Connect errors.
#include "connect_error.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "sluss/statement.h"

static const char *const codes[] = {"canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
	"resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated"};

enum { CODE_COUNT = sizeof(codes) / sizeof(codes[0]), DETAILS_MAX = 16 };

static bool is_code(const char *text)
{
	for (size_t i = 0; i < CODE_COUNT; i++) {
		if (strcmp(codes[i], text) == 0) {
			return true;
		}
	}
	return false;
}

// Copies text and cuts it before the character that does not fit.
static void copy_cut(const char *from, char *to, size_t room)
{
	size_t len = strlen(from);
	if (len >= room) {
		len = room - 1;
		while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	memcpy(to, from, len);
	to[len] = '\0';
}

// Base64 of either alphabet, with or without padding. NULL when it is none. The caller frees.
static uint8_t *decode(const char *text, size_t *len_out)
{
	static const int variants[] = {sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_URLSAFE_NO_PADDING,
		sodium_base64_VARIANT_URLSAFE};
	size_t len = strlen(text);
	uint8_t *octets = malloc(len + 1);
	for (size_t i = 0; octets != NULL && i < sizeof(variants) / sizeof(variants[0]); i++) {
		if (sodium_base642bin(octets, len + 1, text, len, NULL, len_out, NULL, variants[i]) == 0) {
			return octets;
		}
	}
	free(octets);
	return NULL;
}

// A refusal that this version cannot read in full is left out; code and message still stand.
static Sluss__V1__Refusal *read_refusal(const char *value)
{
	size_t len = 0;
	uint8_t *octets = decode(value, &len);
	if (octets == NULL) {
		return NULL;
	}
	struct sluss_bytes body = {octets, len};
	enum sluss_strict_result strict = sluss_strict_check(&sluss__v1__refusal__descriptor, body, NULL);
	Sluss__V1__Refusal *refusal = NULL;
	if (strict == SLUSS_STRICT_OK) {
		refusal = sluss__v1__refusal__unpack(NULL, len, octets);
	}
	free(octets);
	return refusal;
}

static bool read_tree(const json_t *tree, struct sluss_connect_error *out)
{
	const char *code = json_string_value(json_object_get(tree, "code"));
	if (code == NULL || !is_code(code)) {
		return false;
	}
	copy_cut(code, out->code, sizeof(out->code));
	const char *message = json_string_value(json_object_get(tree, "message"));
	copy_cut(message == NULL ? "" : message, out->message, sizeof(out->message));
	const json_t *details = json_object_get(tree, "details");
	for (size_t i = 0; i < json_array_size(details) && i < DETAILS_MAX && out->refusal == NULL; i++) {
		const json_t *detail = json_array_get(details, i);
		const char *type = json_string_value(json_object_get(detail, "type"));
		const char *value = json_string_value(json_object_get(detail, "value"));
		if (type != NULL && value != NULL && strcmp(type, "sluss.v1.Refusal") == 0) {
			out->refusal = read_refusal(value);
		}
	}
	return true;
}

bool sluss_connect_error_parse(struct sluss_bytes body, struct sluss_connect_error *error_out)
{
	memset(error_out, 0, sizeof(*error_out));
	if (body.len == 0 || body.len > SLUSS_CONNECT_BODY_MAX) {
		return false;
	}
	// jansson bounds the depth itself (JSON_PARSER_MAX_DEPTH) and refuses text that is not UTF-8 or hides a NUL.
	json_t *tree = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = tree != NULL && read_tree(tree, error_out);
	json_decref(tree);
	return ok;
}

const char *sluss_connect_code_of_status(long http_status)
{
	switch (http_status) {
	case 400:
		return "internal";
	case 401:
		return "unauthenticated";
	case 403:
		return "permission_denied";
	case 404:
		return "unimplemented";
	case 429:
	case 502:
	case 503:
	case 504:
		return "unavailable";
	default:
		return "unknown";
	}
}

void sluss_connect_error_clear(struct sluss_connect_error *error)
{
	if (error->refusal != NULL) {
		sluss__v1__refusal__free_unpacked(error->refusal, NULL);
	}
	memset(error, 0, sizeof(*error));
}
