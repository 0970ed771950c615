// SPDX-License-Identifier: EUPL-1.2
// Uploads and opened chunks without a network: hashes, state to be saved, what a section says of its chunks.
#include "sluss/chunk.h"

#include <sodium.h>
#include <stdlib.h>

#include "chunk_internal.h"
#include "log_list.h"
#include "seal_key.h"
#include "sluss/v1/payload.pb-c.h"

// A saved upload: these octets, the key, message id, content's length, sealed, put, then hashes and the packed section.
static const char magic[16] = "sluss-upload-v1\n";

enum { SAVED_HEAD = sizeof(magic) + SLUSS_SECTION_KEY_BYTES + SLUSS_ID_BYTES + 8 + 4 + 4, NAME_MAX_OCTETS = 255 };

// ---- hashes

void sluss_chunk_hash(struct sluss_bytes octets, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	struct sluss_hash hash;
	sluss_hash_leaf(octets.data, octets.len, &hash);
	memcpy(hash_out, hash.b, sizeof(hash.b));
}

void sluss_chunked_digest(const uint8_t header_hash[SLUSS_HASH_BYTES], const uint8_t ciphertext_hash[SLUSS_HASH_BYTES],
    const uint8_t *hashes, size_t count, struct sluss_digest *digest_out)
{
	struct sluss_hash leaves[SLUSS_CHUNKS_MAX];
	struct sluss_hash root;
	size_t known = count > SLUSS_CHUNKS_MAX ? SLUSS_CHUNKS_MAX : count;
	memcpy(leaves, hashes, known * sizeof(leaves[0]));
	sluss_list_root(leaves, known, &root);
	sluss_chunked_digest_join(header_hash, ciphertext_hash, root.b, digest_out);
}

bool chunks_section_digest(const Sluss__V1__Section *section, struct sluss_digest *digest_out)
{
	struct sluss_bytes header = {section->header.data, section->header.len};
	struct sluss_bytes ciphertext = {section->ciphertext.data, section->ciphertext.len};
	uint8_t header_hash[SLUSS_HASH_BYTES];
	uint8_t ciphertext_hash[SLUSS_HASH_BYTES];
	size_t count = section->chunk_hashes.len / SLUSS_HASH_BYTES;
	if (section->chunk_hashes.len == 0) {
		sluss_section_digest(header, ciphertext, digest_out);
		return true;
	}
	if (section->chunk_hashes.len % SLUSS_HASH_BYTES != 0 || count > SLUSS_CHUNKS_MAX) {
		return false;
	}
	(void)crypto_hash_sha256(header_hash, header.data, header.len);
	(void)crypto_hash_sha256(ciphertext_hash, ciphertext.data, ciphertext.len);
	sluss_chunked_digest(header_hash, ciphertext_hash, section->chunk_hashes.data, count, digest_out);
	return true;
}

// ---- uploads

enum sluss_message_result sluss_upload_new(const struct sluss_attachment_draft *draft,
    const struct sluss_id *message_id, const struct sluss_recipient_draft *recipients, size_t recipient_count,
    struct sluss_upload **upload_out)
{
	static char any[] = "application/octet-stream";
	*upload_out = NULL;
	if (draft->section.category == NULL || draft->file_name == NULL || strlen(draft->file_name) > NAME_MAX_OCTETS ||
	    strchr(draft->file_name, '/') != NULL || sluss_chunk_count(draft->octets) == 0 ||
	    sluss_id_is_none(message_id)) {
		return SLUSS_MESSAGE_BAD_DRAFT;
	}
	struct sluss_upload *upload = calloc(1, sizeof(*upload));
	if (upload == NULL) {
		return SLUSS_MESSAGE_NO_MEMORY;
	}
	Sluss__V1__Attachment content = SLUSS__V1__ATTACHMENT__INIT;
	content.category = (char *)(uintptr_t)draft->section.category;
	content.file_name = (char *)(uintptr_t)draft->file_name;
	content.media_type = draft->media_type == NULL ? any : (char *)(uintptr_t)draft->media_type;
	content.octets = draft->octets;
	struct sluss_section_draft section = draft->section;
	section.content = &content.base;
	section.upload = NULL;
	upload->message = *message_id;
	upload->octets = draft->octets;
	upload->total = sluss_chunk_count(draft->octets);
	upload->key = sluss_section_key_new();
	enum sluss_message_result result = upload->key == NULL
					       ? SLUSS_MESSAGE_NO_MEMORY
					       : message_seal_upload(&section, recipients, recipient_count, upload);
	if (result == SLUSS_MESSAGE_OK) {
		(void)crypto_hash_sha256(
		    upload->header_hash, upload->section->header.data, upload->section->header.len);
		*upload_out = upload;
	} else {
		sluss_upload_free(&upload);
	}
	return result;
}

void sluss_upload_free(struct sluss_upload **upload)
{
	struct sluss_upload *u = upload == NULL ? NULL : *upload;
	if (u == NULL) {
		return;
	}
	sluss_section_key_free(&u->key);
	if (u->section != NULL) {
		sluss__v1__section__free_unpacked(u->section, NULL);
	}
	free(u);
	*upload = NULL;
}

static uint8_t *put_number(uint8_t *at, uint64_t value, int len)
{
	for (int i = len; i-- > 0; value >>= 8) {
		at[i] = (uint8_t)value;
	}
	return at + len;
}

static uint64_t get_number(const uint8_t *at, int len)
{
	uint64_t value = 0;
	for (int i = 0; i < len; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

uint8_t *sluss_upload_save(const struct sluss_upload *upload, size_t *len_out)
{
	size_t hashes = (size_t)upload->sealed * SLUSS_HASH_BYTES;
	size_t len = SAVED_HEAD + hashes + sluss__v1__section__get_packed_size(upload->section);
	uint8_t *octets = malloc(len);
	*len_out = 0;
	if (octets == NULL) {
		return NULL;
	}
	uint8_t *at = octets;
	memcpy(at, magic, sizeof(magic));
	at += sizeof(magic);
	memcpy(at, upload->key->b, sizeof(upload->key->b));
	at += sizeof(upload->key->b);
	memcpy(at, upload->message.b, sizeof(upload->message.b));
	at += sizeof(upload->message.b);
	at = put_number(at, upload->octets, 8);
	at = put_number(at, upload->sealed, 4);
	at = put_number(at, upload->put, 4);
	memcpy(at, upload->hashes, hashes);
	(void)sluss__v1__section__pack(upload->section, at + hashes);
	*len_out = len;
	return octets;
}

struct sluss_upload *sluss_upload_load(struct sluss_bytes octets)
{
	struct sluss_upload *upload = octets.len < SAVED_HEAD || memcmp(octets.data, magic, sizeof(magic)) != 0
					  ? NULL
					  : calloc(1, sizeof(*upload));
	if (upload == NULL) {
		return NULL;
	}
	const uint8_t *at = octets.data + sizeof(magic) + SLUSS_SECTION_KEY_BYTES;
	memcpy(upload->message.b, at, sizeof(upload->message.b));
	at += sizeof(upload->message.b);
	upload->octets = get_number(at, 8);
	upload->total = sluss_chunk_count(upload->octets);
	upload->sealed = (uint32_t)get_number(at + 8, 4);
	upload->put = (uint32_t)get_number(at + 12, 4);
	at += 16;
	size_t left = octets.len - SAVED_HEAD;
	size_t hashes = (size_t)upload->sealed * SLUSS_HASH_BYTES;
	upload->key = sluss_section_key_new();
	bool ok =
	    upload->key != NULL && upload->sealed <= upload->total && upload->put <= upload->sealed && hashes <= left;
	if (ok) {
		memcpy(upload->key->b, octets.data + sizeof(magic), sizeof(upload->key->b));
		memcpy(upload->hashes, at, hashes);
		upload->section = sluss__v1__section__unpack(NULL, left - hashes, at + hashes);
	}
	if (upload->section == NULL) {
		sluss_upload_free(&upload);
		return NULL;
	}
	(void)crypto_hash_sha256(upload->header_hash, upload->section->header.data, upload->section->header.len);
	return upload;
}

struct sluss_id sluss_upload_message(const struct sluss_upload *upload)
{
	return upload->message;
}

uint64_t sluss_upload_octets(const struct sluss_upload *upload)
{
	return upload->octets;
}

bool sluss_upload_complete(const struct sluss_upload *upload)
{
	return upload->put == upload->total;
}

// ---- opened chunks

bool chunks_fit(const Sluss__V1__Section *section, const Sluss__V1__SectionHeader *header)
{
	return section->chunk_hashes.len == (size_t)header->chunk_count * SLUSS_HASH_BYTES &&
	       (header->chunk_count == 0 ? header->chunked_octets == 0
					 : header->chunk_count == sluss_chunk_count(header->chunked_octets));
}

struct sluss_chunks *chunks_new(
    const Sluss__V1__Section *section, const Sluss__V1__SectionHeader *header, struct sluss_section_key **key)
{
	struct sluss_chunks *chunks = calloc(1, sizeof(*chunks));
	if (chunks == NULL) {
		return NULL;
	}
	chunks->octets = header->chunked_octets;
	chunks->total = header->chunk_count;
	(void)crypto_hash_sha256(chunks->header_hash, section->header.data, section->header.len);
	memcpy(chunks->hashes, section->chunk_hashes.data, section->chunk_hashes.len);
	chunks->key = *key;
	*key = NULL;
	return chunks;
}

void chunks_free(struct sluss_chunks **chunks)
{
	if (*chunks != NULL) {
		sluss_section_key_free(&(*chunks)->key);
		free(*chunks);
		*chunks = NULL;
	}
}

const uint8_t *sluss_chunks_header_hash(const struct sluss_chunks *chunks)
{
	return chunks->header_hash;
}

uint32_t sluss_chunks_count(const struct sluss_chunks *chunks)
{
	return chunks->total;
}

uint64_t sluss_chunks_octets(const struct sluss_chunks *chunks)
{
	return chunks->octets;
}
