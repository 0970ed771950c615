// SPDX-License-Identifier: EUPL-1.2
// Signed notes: taking apart, verifying, signing.
#include "log_note.h"

#include "log_hash.h"
#include "log_text.h"

#include <assert.h>
#include <sodium.h>

static const char dash[] = "\xe2\x80\x94 "; // U+2014 and a space

enum {
	ID_BYTES = 4,
	TIME_BYTES = 8,
	RAW_MAX = 8192, // octets of a signature with its key id that we read; post-quantum ones have up to 5,000
};

// ---- keys

static void key_id(const struct sluss_bytes name, uint8_t type, const uint8_t *public_key, uint8_t id_out[ID_BYTES])
{
	uint8_t octets[SLUSS_NOTE_NAME_MAX + 2 + SLUSS_NOTE_PUBLIC_BYTES];
	struct sluss_hash hash;
	memcpy(octets, name.data, name.len);
	octets[name.len] = '\n';
	octets[name.len + 1] = type;
	memcpy(octets + name.len + 2, public_key, SLUSS_NOTE_PUBLIC_BYTES);
	sluss_hash_octets(octets, name.len + 2 + SLUSS_NOTE_PUBLIC_BYTES, &hash);
	memcpy(id_out, hash.b, ID_BYTES);
}

static bool key_fill(struct sluss_note_key *key, struct sluss_bytes name, uint8_t type,
    const uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES])
{
	*key = (struct sluss_note_key){0};
	if (name.len > SLUSS_NOTE_NAME_MAX || !sluss_text_is_key_name(name) ||
	    memchr(name.data, '\0', name.len) != NULL)
		return false;
	if (type != SLUSS_NOTE_ED25519 && type != SLUSS_NOTE_COSIGNATURE)
		return false;
	memcpy(key->name, name.data, name.len);
	key->type = type == SLUSS_NOTE_ED25519 ? SLUSS_NOTE_ED25519 : SLUSS_NOTE_COSIGNATURE;
	memcpy(key->public_key, public_key, SLUSS_NOTE_PUBLIC_BYTES);
	key_id(name, type, public_key, key->id);
	return true;
}

bool sluss_note_key_init(struct sluss_note_key *key, const char *name, enum sluss_note_type type,
    const uint8_t public_key[SLUSS_NOTE_PUBLIC_BYTES])
{
	struct sluss_bytes text = {(const uint8_t *)name, strnlen(name, SLUSS_NOTE_NAME_MAX + 1)};
	return key_fill(key, text, (uint8_t)type, public_key);
}

bool sluss_note_key_format(const struct sluss_note_key *key, char *text_out, size_t room)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t raw[1 + SLUSS_NOTE_PUBLIC_BYTES];
	size_t name_len = strlen(key->name);
	if (room < name_len + 2 + 2 * ID_BYTES + sluss_text_base64_len(sizeof(raw)) + 1)
		return false;
	memcpy(text_out, key->name, name_len);
	char *out = text_out + name_len;
	*out++ = '+';
	for (size_t i = 0; i < ID_BYTES; i++) {
		*out++ = hex[key->id[i] >> 4];
		*out++ = hex[key->id[i] & 0xf];
	}
	*out++ = '+';
	raw[0] = (uint8_t)key->type;
	memcpy(raw + 1, key->public_key, SLUSS_NOTE_PUBLIC_BYTES);
	out += sluss_text_put_base64(raw, sizeof(raw), out);
	*out = '\0';
	return true;
}

bool sluss_note_key_parse(struct sluss_bytes text, struct sluss_note_key *key_out)
{
	uint8_t raw[1 + SLUSS_NOTE_PUBLIC_BYTES];
	char again[SLUSS_NOTE_LINE_MAX];
	size_t raw_len = 0;
	const uint8_t *plus = text.len == 0 ? NULL : memchr(text.data, '+', text.len);
	if (plus == NULL || text.len > sizeof(again))
		return false;
	struct sluss_bytes name = {text.data, (size_t)(plus - text.data)};
	struct sluss_bytes rest = {plus + 1, text.len - name.len - 1};
	if (rest.len < 2 * ID_BYTES + 1)
		return false;
	rest.data += 2 * ID_BYTES + 1;
	rest.len -= 2 * ID_BYTES + 1;
	if (!sluss_text_base64(rest, raw, sizeof(raw), &raw_len) || raw_len != sizeof(raw) ||
	    !key_fill(key_out, name, raw[0], raw + 1))
		return false;
	// The id has to be the computed one; so the text has to be what we would write.
	return sluss_note_key_format(key_out, again, sizeof(again)) && strlen(again) == text.len &&
	       memcmp(again, text.data, text.len) == 0;
}

// ---- taking apart

static bool parse_line(struct sluss_bytes line, struct sluss_note_line *line_out)
{
	uint8_t raw[RAW_MAX];
	size_t raw_len = 0;
	if (!sluss_text_skip(&line, dash))
		return false;
	const uint8_t *space = line.len == 0 ? NULL : memchr(line.data, ' ', line.len);
	if (space == NULL)
		return false;
	line_out->name = (struct sluss_bytes){line.data, (size_t)(space - line.data)};
	struct sluss_bytes base64 = {space + 1, line.len - line_out->name.len - 1};
	if (!sluss_text_is_key_name(line_out->name) || !sluss_text_base64(base64, raw, sizeof(raw), &raw_len) ||
	    raw_len <= ID_BYTES)
		return false;
	size_t len = raw_len - ID_BYTES;
	memcpy(line_out->id, raw, ID_BYTES);
	line_out->len = len <= sizeof(line_out->signature) ? len : 0;
	memcpy(line_out->signature, raw + ID_BYTES, line_out->len);
	return true;
}

bool sluss_note_parse(struct sluss_bytes octets, struct sluss_note *note_out)
{
	note_out->count = 0;
	if (octets.len > SLUSS_NOTE_MAX || octets.len < 2 || !sluss_text_is_clean(octets, true) ||
	    octets.data[octets.len - 1] != '\n')
		return false;
	// The signatures begin after the last empty line.
	size_t end = octets.len;
	while (end >= 2 && !(octets.data[end - 1] == '\n' && octets.data[end - 2] == '\n'))
		end--;
	if (end < 2)
		return false;
	note_out->text = (struct sluss_bytes){octets.data, end - 1};
	struct sluss_bytes rest = {octets.data + end, octets.len - end};
	struct sluss_bytes line;
	while (sluss_text_line(&rest, &line)) {
		if (note_out->count == SLUSS_NOTE_SIGNATURES_MAX ||
		    !parse_line(line, &note_out->lines[note_out->count]))
			return false;
		note_out->count++;
	}
	return note_out->count > 0;
}

// ---- verifying and signing

// What a cosignature signs: two lines, then the text. Returns the octets written, 0 when there is no room.
static size_t cosigned(uint64_t time_s, struct sluss_bytes text, uint8_t *out, size_t room)
{
	static const char head[] = "cosignature/v1\ntime ";
	if (room < sizeof(head) - 1 + SLUSS_DECIMAL_MAX + 1 ||
	    text.len > room - (sizeof(head) - 1 + SLUSS_DECIMAL_MAX + 1))
		return 0;
	char digits[SLUSS_DECIMAL_MAX];
	size_t count = sluss_text_put_decimal(time_s, digits);
	memcpy(out, head, sizeof(head) - 1);
	size_t len = sizeof(head) - 1;
	memcpy(out + len, digits, count);
	len += count;
	out[len++] = '\n';
	memcpy(out + len, text.data, text.len);
	return len + text.len;
}

// Does a cosignature verify? Says when it was made.
static bool verify_cosignature(
    const struct sluss_note_line *line, struct sluss_bytes text, const struct sluss_note_key *key, uint64_t *time_out)
{
	uint8_t message[SLUSS_NOTE_MAX + 64];
	uint64_t time_s = 0;
	if (line->len != TIME_BYTES + SLUSS_NOTE_SIGNATURE_BYTES)
		return false;
	for (size_t i = 0; i < TIME_BYTES; i++)
		time_s = time_s << 8 | line->signature[i];
	size_t len = cosigned(time_s, text, message, sizeof(message));
	if (time_s > INT64_MAX || len == 0 ||
	    crypto_sign_verify_detached(line->signature + TIME_BYTES, message, len, key->public_key) != 0)
		return false;
	*time_out = time_s > *time_out ? time_s : *time_out;
	return true;
}

static bool verify_line(
    const struct sluss_note_line *line, struct sluss_bytes text, const struct sluss_note_key *key, uint64_t *time_out)
{
	if (key->type == SLUSS_NOTE_COSIGNATURE)
		return verify_cosignature(line, text, key, time_out);
	return key->type == SLUSS_NOTE_ED25519 && line->len == SLUSS_NOTE_SIGNATURE_BYTES &&
	       crypto_sign_verify_detached(line->signature, text.data, text.len, key->public_key) == 0;
}

enum sluss_note_verdict sluss_note_verify(
    const struct sluss_note *note, const struct sluss_note_key *key, uint64_t *time_out)
{
	enum sluss_note_verdict verdict = SLUSS_NOTE_ABSENT;
	size_t name_len = strlen(key->name);
	uint64_t time_s = 0;
	for (size_t i = 0; i < note->count; i++) {
		const struct sluss_note_line *line = &note->lines[i];
		if (line->name.len != name_len || memcmp(line->name.data, key->name, name_len) != 0 ||
		    memcmp(line->id, key->id, ID_BYTES) != 0)
			continue;
		if (!verify_line(line, note->text, key, &time_s))
			return SLUSS_NOTE_WRONG;
		verdict = SLUSS_NOTE_VALID;
	}
	if (time_out != NULL)
		*time_out = time_s;
	return verdict;
}

// Signs as a witness; the time goes before the signature. False: the text is too long.
static bool cosign(const uint8_t *secret, uint64_t time_s, struct sluss_bytes text, uint8_t *raw_out)
{
	uint8_t message[SLUSS_NOTE_MAX + 64];
	size_t len = cosigned(time_s, text, message, sizeof(message));
	for (size_t i = 0; i < TIME_BYTES; i++)
		raw_out[i] = (uint8_t)(time_s >> (8 * (TIME_BYTES - 1 - i)));
	return len != 0 && crypto_sign_detached(raw_out + TIME_BYTES, NULL, message, len, secret) == 0;
}

size_t sluss_note_sign(const struct sluss_note_key *key, const uint8_t secret[SLUSS_NOTE_SECRET_BYTES], uint64_t time_s,
    struct sluss_bytes text, char *line_out, size_t room)
{
	uint8_t raw[ID_BYTES + TIME_BYTES + SLUSS_NOTE_SIGNATURE_BYTES];
	size_t name_len = strlen(key->name);
	bool cosignature = key->type == SLUSS_NOTE_COSIGNATURE;
	size_t len = sizeof(raw) - (cosignature ? 0 : TIME_BYTES);
	assert(cosignature || time_s == 0);
	if (text.len > SLUSS_NOTE_MAX || room < sizeof(dash) + name_len + 1 + sluss_text_base64_len(len) + 1)
		return 0;
	memcpy(raw, key->id, ID_BYTES);
	bool done = cosignature ? cosign(secret, time_s, text, raw + ID_BYTES)
				: crypto_sign_detached(raw + ID_BYTES, NULL, text.data, text.len, secret) == 0;
	if (!done)
		return 0;
	char *out = line_out;
	memcpy(out, dash, sizeof(dash) - 1);
	out += sizeof(dash) - 1;
	memcpy(out, key->name, name_len);
	out += name_len;
	*out++ = ' ';
	out += sluss_text_put_base64(raw, len, out);
	*out++ = '\n';
	return (size_t)(out - line_out);
}
