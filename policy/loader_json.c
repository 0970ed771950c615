// SPDX-License-Identifier: EUPL-1.2
// Typed access to the JSON of a policy file: every refusal names its place and line.
#include "policy/loader_json.h"

#include "policy/locate.h"
#include "sluss/id.h"

#include <stdarg.h>
#include <stdio.h>

static void place_path(const struct sluss_place *place, char *out, size_t out_len)
{
	const struct sluss_place *chain[16];
	size_t depth = 0;
	for (; place != NULL && place->up != NULL && depth < 16; place = place->up)
		chain[depth++] = place;
	size_t used = 0;
	out[0] = '\0';
	while (depth > 0 && used < out_len) {
		const struct sluss_place *part = chain[--depth];
		int n = part->key != NULL ? snprintf(out + used, out_len - used, "/%s", part->key)
					  : snprintf(out + used, out_len - used, "/%zu", part->index);
		if (n < 0)
			return;
		used += (size_t)n;
	}
}

bool sluss_loader_fail(struct sluss_loader *loader, const struct sluss_place *place, const char *format, ...)
{
	struct sluss_policy_error *error = loader->error;
	place_path(place, error->path, sizeof(error->path));
	sluss_json_locate(loader->text, loader->len, error->path, &error->line, &error->column);
	va_list args;
	va_start(args, format);
	if (vsnprintf(error->message, sizeof(error->message), format, args) < 0)
		error->message[0] = '\0';
	va_end(args);
	return false;
}

struct sluss_place sluss_place_member(const struct sluss_place *place, const char *key)
{
	return (struct sluss_place){place, key, 0, json_object_get(place->value, key)};
}

struct sluss_place sluss_place_item(const struct sluss_place *place, size_t index)
{
	return (struct sluss_place){place, NULL, index, json_array_get(place->value, index)};
}

bool sluss_loader_keys(struct sluss_loader *loader, const struct sluss_place *place, const char *const *keys)
{
	if (!json_is_object(place->value))
		return sluss_loader_fail(loader, place, "must be an object");
	size_t known = 0;
	for (size_t i = 0; keys[i] != NULL; i++) {
		bool needed = keys[i][0] == '!';
		const char *key = keys[i] + (needed ? 1 : 0);
		if (json_object_get(place->value, key) != NULL)
			known++;
		else if (needed)
			return sluss_loader_fail(loader, place, "\"%s\" is missing", key);
	}
	if (known == json_object_size(place->value))
		return true;
	// jansson iterates over a non-const object only; nothing is changed.
	void *iter = json_object_iter((json_t *)(uintptr_t)place->value);
	for (; iter != NULL; iter = json_object_iter_next((json_t *)(uintptr_t)place->value, iter)) {
		const char *key = json_object_iter_key(iter);
		bool found = false;
		for (size_t i = 0; keys[i] != NULL && !found; i++)
			found = strcmp(keys[i] + (keys[i][0] == '!' ? 1 : 0), key) == 0;
		if (!found) {
			struct sluss_place odd = sluss_place_member(place, key);
			return sluss_loader_fail(loader, &odd, "no such key here");
		}
	}
	return true;
}

bool sluss_loader_array(struct sluss_loader *loader, const struct sluss_place *place, size_t min, size_t max)
{
	if (!json_is_array(place->value))
		return sluss_loader_fail(loader, place, "must be an array");
	size_t size = json_array_size(place->value);
	if (size < min || size > max)
		return sluss_loader_fail(loader, place, "must have %zu to %zu items, has %zu", min, max, size);
	return true;
}

const char *sluss_loader_string(struct sluss_loader *loader, const struct sluss_place *place)
{
	const char *text = json_string_value(place->value);
	if (text == NULL)
		(void)sluss_loader_fail(loader, place, "must be a string");
	return text;
}

bool sluss_loader_text(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, char *out, size_t out_len)
{
	struct sluss_place at = sluss_place_member(place, key);
	if (at.value == NULL)
		return true;
	const char *text = sluss_loader_string(loader, &at);
	if (text == NULL)
		return false;
	size_t len = strlen(text);
	if (len == 0 || len >= out_len)
		return sluss_loader_fail(loader, &at, "must have 1 to %zu octets", out_len - 1);
	memcpy(out, text, len + 1);
	return true;
}

bool sluss_loader_name(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, char *out, size_t out_len)
{
	struct sluss_place at = sluss_place_member(place, key);
	if (at.value == NULL)
		return true;
	if (!sluss_loader_text(loader, place, key, out, out_len))
		return false;
	if (!sluss_is_name(out, strlen(out)))
		return sluss_loader_fail(
		    loader, &at, "is no name: letters, digits, '_', '-' and '.', at most %d", SLUSS_NAME_MAX);
	return true;
}

bool sluss_loader_int(
    struct sluss_loader *loader, const struct sluss_place *place, const char *key, int min, int max, int *out)
{
	struct sluss_place at = sluss_place_member(place, key);
	if (at.value == NULL)
		return true;
	json_int_t value = json_integer_value(at.value);
	if (!json_is_integer(at.value) || value < min || value > max)
		return sluss_loader_fail(loader, &at, "must be a whole number from %d to %d", min, max);
	*out = (int)value;
	return true;
}

bool sluss_loader_bool(struct sluss_loader *loader, const struct sluss_place *place, const char *key, bool *out)
{
	struct sluss_place at = sluss_place_member(place, key);
	if (at.value == NULL)
		return true;
	if (!json_is_boolean(at.value))
		return sluss_loader_fail(loader, &at, "must be true or false");
	*out = json_is_true(at.value);
	return true;
}

bool sluss_loader_ages(
    struct sluss_loader *loader, const struct sluss_place *place, uint8_t *from_out, uint8_t *until_out)
{
	int from = 0;
	int until = SLUSS_AGE_OPEN;
	struct sluss_place end = sluss_place_member(place, "until");
	if (!sluss_loader_int(loader, place, "from", 0, SLUSS_AGE_OPEN - 1, &from))
		return false;
	if (end.value != NULL && !json_is_null(end.value) &&
	    !sluss_loader_int(loader, place, "until", 1, SLUSS_AGE_OPEN - 1, &until))
		return false;
	if (until <= from)
		return sluss_loader_fail(loader, &end, "must be more than \"from\" (%d): nobody has such an age", from);
	*from_out = (uint8_t)from;
	*until_out = (uint8_t)until;
	return true;
}

bool sluss_loader_set(struct sluss_loader *loader, const struct sluss_place *place, const char *key, sluss_bit_fn *bit,
    uint64_t any, uint64_t *out)
{
	struct sluss_place at = sluss_place_member(place, key);
	if (at.value == NULL)
		return true;
	if (!sluss_loader_array(loader, &at, 0, 64))
		return false;
	uint64_t set = 0;
	size_t size = json_array_size(at.value);
	for (size_t i = 0; i < size; i++) {
		struct sluss_place item = sluss_place_item(&at, i);
		const char *name = sluss_loader_string(loader, &item);
		if (name == NULL)
			return false;
		if (any != 0 && strcmp(name, "any") == 0) {
			if (size != 1)
				return sluss_loader_fail(loader, &item, "\"any\" stands alone");
			*out = any;
			return true;
		}
		int position = bit(loader, name);
		if (position < 0)
			return sluss_loader_fail(loader, &item, "unknown name \"%.40s\"", name);
		if (sluss_bit64(set, (unsigned)position))
			return sluss_loader_fail(loader, &item, "\"%.40s\" stands here twice", name);
		set |= UINT64_C(1) << position;
	}
	*out = set;
	return true;
}
