// SPDX-License-Identifier: EUPL-1.2
// Reading typed values out of JSON, with the path of each for error messages. Inside of the loader.
#ifndef SLUSS_POLICY_LOADER_JSON_H
#define SLUSS_POLICY_LOADER_JSON_H

#include "policy/policy_data.h"

#include <jansson.h>

struct sluss_loader {
	const char *text;
	size_t len;
	struct sluss_policy *policy;
	struct sluss_policy_error *error;
};

// A place in the document: a chain from a value up to the root, kept on the stack. `key` NULL means position `index` of
// an array.
struct sluss_place {
	const struct sluss_place *up;
	const char *key;
	size_t index;
	const json_t *value;
};

// A set of names as bits; how a name becomes a bit (-1: unknown).
typedef int sluss_bit_fn(const struct sluss_loader *loader, const char *name);

// Always false; fills the error with the place and its line.
bool sluss_loader_fail(struct sluss_loader *loader, const struct sluss_place *place, const char *format, ...)
    SLUSS_PRINTF(3, 4);

// The member or item below a place; its value is NULL when it does not exist.
struct sluss_place sluss_place_member(const struct sluss_place *place, const char *key);
struct sluss_place sluss_place_item(const struct sluss_place *place, size_t index);

// The place is an object with no other keys than these (NULL at the end); a key with '!' before it must be there.
SLUSS_MUST_CHECK bool sluss_loader_keys(
    struct sluss_loader *loader, const struct sluss_place *place, const char *const *keys);
// The place is an array of at least `min` and at most `max` items.
SLUSS_MUST_CHECK bool sluss_loader_array(
    struct sluss_loader *loader, const struct sluss_place *place, size_t min, size_t max);

// Members of an object. A missing optional one leaves *out alone.
SLUSS_MUST_CHECK bool sluss_loader_text(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, char *out, size_t out_len);
SLUSS_MUST_CHECK bool sluss_loader_name(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, char *out, size_t out_len);
SLUSS_MUST_CHECK bool sluss_loader_int(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, int min, int max, int *out);
SLUSS_MUST_CHECK bool sluss_loader_bool(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, bool *out);
// {"from": years, "until": years or null}
SLUSS_MUST_CHECK bool sluss_loader_ages(
    struct sluss_loader *loader, const struct sluss_place *place, uint8_t *from_out, uint8_t *until_out);
// An array of names without repetition; "any" stands alone and means `any`.
SLUSS_MUST_CHECK bool sluss_loader_set(struct sluss_loader *loader, const struct sluss_place *place, const char *key,
    sluss_bit_fn *bit, uint64_t any, uint64_t *out);

// A place that is a string, else fails and gives NULL.
const char *sluss_loader_string(struct sluss_loader *loader, const struct sluss_place *place);

#endif
