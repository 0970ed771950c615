// SPDX-License-Identifier: EUPL-1.2
// Checkpoints: three lines of a signed note.
#include "log_checkpoint.h"

#include "log_text.h"

size_t sluss_checkpoint_sign(const struct sluss_note_key *key, const uint8_t secret[SLUSS_NOTE_SECRET_BYTES],
    uint64_t size, const struct sluss_hash *root, char *note_out, size_t room)
{
	size_t name_len = strlen(key->name);
	size_t len = 0;
	if (room < name_len + 1 + SLUSS_DECIMAL_MAX + 1 + sluss_text_base64_len(SLUSS_HASH_BYTES) + 2)
		return 0;
	memcpy(note_out, key->name, name_len);
	len += name_len;
	note_out[len++] = '\n';
	len += sluss_text_put_decimal(size, note_out + len);
	note_out[len++] = '\n';
	len += sluss_text_put_base64(root->b, SLUSS_HASH_BYTES, note_out + len);
	note_out[len++] = '\n';
	struct sluss_bytes text = {(const uint8_t *)note_out, len};
	note_out[len++] = '\n';
	size_t line = sluss_note_sign(key, secret, 0, text, note_out + len, room - len);
	return line == 0 ? 0 : len + line;
}

bool sluss_checkpoint_parse(struct sluss_bytes text, struct sluss_checkpoint *checkpoint_out)
{
	struct sluss_bytes size;
	struct sluss_bytes root;
	struct sluss_bytes line;
	size_t root_len = 0;
	if (!sluss_text_is_clean(text, true) || !sluss_text_line(&text, &checkpoint_out->origin) ||
	    checkpoint_out->origin.len == 0 || !sluss_text_line(&text, &size) ||
	    !sluss_text_decimal(size, &checkpoint_out->size) || !sluss_text_line(&text, &root) ||
	    !sluss_text_base64(root, checkpoint_out->root.b, SLUSS_HASH_BYTES, &root_len) ||
	    root_len != SLUSS_HASH_BYTES)
		return false;
	checkpoint_out->extensions = text;
	while (text.len > 0) {
		if (!sluss_text_line(&text, &line) || line.len == 0)
			return false;
	}
	return true;
}

bool sluss_checkpoint_open(
    struct sluss_bytes note, const struct sluss_note_key *key, struct sluss_checkpoint *checkpoint_out)
{
	struct sluss_note parts;
	size_t name_len = strlen(key->name);
	return sluss_note_parse(note, &parts) && sluss_note_verify(&parts, key, NULL) == SLUSS_NOTE_VALID &&
	       sluss_checkpoint_parse(parts.text, checkpoint_out) && checkpoint_out->origin.len == name_len &&
	       memcmp(checkpoint_out->origin.data, key->name, name_len) == 0;
}
