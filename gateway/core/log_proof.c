// SPDX-License-Identifier: EUPL-1.2
// tlog-proof texts.
#include "log_proof.h"

#include "log_text.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";
static const char index_word[] = "index ";

enum {
	HASH_LINE = 45, // base64 of 32 octets and a newline
};

size_t sluss_proof_room(size_t count, size_t checkpoint_len)
{
	return sizeof(first_line) + sizeof(index_word) + SLUSS_DECIMAL_MAX + count * HASH_LINE + checkpoint_len;
}

size_t sluss_proof_format(uint64_t index, const struct sluss_hash *hashes, size_t count, struct sluss_bytes checkpoint,
    char *text_out, size_t room)
{
	if (count > SLUSS_PROOF_HASHES_MAX || checkpoint.len > room || room < sluss_proof_room(count, checkpoint.len))
		return 0;
	char *out = text_out;
	memcpy(out, first_line, sizeof(first_line) - 1);
	out += sizeof(first_line) - 1;
	memcpy(out, index_word, sizeof(index_word) - 1);
	out += sizeof(index_word) - 1;
	out += sluss_text_put_decimal(index, out);
	*out++ = '\n';
	for (size_t i = 0; i < count; i++) {
		out += sluss_text_put_base64(hashes[i].b, SLUSS_HASH_BYTES, out);
		*out++ = '\n';
	}
	*out++ = '\n';
	memcpy(out, checkpoint.data, checkpoint.len);
	return (size_t)(out - text_out) + checkpoint.len;
}

bool sluss_proof_parse(struct sluss_bytes text, struct sluss_proof *proof_out)
{
	struct sluss_bytes line;
	size_t len = 0;
	proof_out->count = 0;
	proof_out->has_extra = false;
	proof_out->extra_len = 0;
	if (text.len > SLUSS_PROOF_TEXT_MAX || !sluss_text_skip(&text, first_line) || !sluss_text_line(&text, &line))
		return false;
	if (sluss_text_skip(&line, "extra ")) {
		proof_out->has_extra = true;
		if (!sluss_text_base64(line, proof_out->extra, sizeof(proof_out->extra), &proof_out->extra_len) ||
		    !sluss_text_line(&text, &line))
			return false;
	}
	if (!sluss_text_skip(&line, index_word) || !sluss_text_decimal(line, &proof_out->index))
		return false;
	while (sluss_text_line(&text, &line)) {
		if (line.len == 0) {
			proof_out->checkpoint = text;
			return text.len > 0;
		}
		if (proof_out->count == SLUSS_PROOF_HASHES_MAX ||
		    !sluss_text_base64(line, proof_out->hashes[proof_out->count].b, SLUSS_HASH_BYTES, &len) ||
		    len != SLUSS_HASH_BYTES)
			return false;
		proof_out->count++;
	}
	return false;
}
