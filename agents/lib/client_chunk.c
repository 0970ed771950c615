// SPDX-License-Identifier: EUPL-1.2
// Content in chunks over the wire, one chunk in memory at a time.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "chunk_internal.h"
#include "client_internal.h"

// One chunk's content and its sealed octets.
struct buffers {
	uint8_t *content;
	uint8_t *sealed;
};

static bool buffers_new(struct buffers *b)
{
	b->content = malloc(SLUSS_CHUNK_BYTES);
	b->sealed = malloc(SLUSS_CHUNK_SEALED_MAX);
	return b->content != NULL && b->sealed != NULL;
}

static void buffers_free(struct buffers *b)
{
	if (b->content != NULL) {
		sluss_wipe(b->content, SLUSS_CHUNK_BYTES);
	}
	free(b->content);
	free(b->sealed);
}

// ---- sending

static bool read_chunk(int fd, uint64_t from, uint8_t *content, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = pread(fd, content + done, len - done, (off_t)(from + done));
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return false;
		}
		done += (size_t)got;
	}
	return true;
}

// How far the gateway has come; the hashes of what it has must be ours.
static enum sluss_client_result ask_how_far(struct sluss_client *c, struct sluss_upload *upload)
{
	Sluss__V1__GetUploadRequest request = SLUSS__V1__GET_UPLOAD_REQUEST__INIT;
	Sluss__V1__GetUploadResponse *response = NULL;
	request.header_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, upload->header_hash};
	enum sluss_client_result result = sluss_client_call(c, "/sluss.v1.ExchangeService/GetUpload", &request.base,
	    &sluss__v1__get_upload_response__descriptor, 0, (ProtobufCMessage **)&response);
	if (result == SLUSS_CLIENT_REFUSED && strcmp(c->error.code, "not_found") == 0) {
		upload->put = 0; // never begun, or destroyed since
		upload->sealed = 0;
		return SLUSS_CLIENT_OK;
	}
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	size_t len = (size_t)response->chunks * SLUSS_HASH_BYTES;
	bool ours = response->chunks <= upload->sealed && response->chunk_hashes.len == len &&
		    (len == 0 || memcmp(response->chunk_hashes.data, upload->hashes, len) == 0);
	upload->put = upload->sealed = ours ? response->chunks : 0;
	sluss__v1__get_upload_response__free_unpacked(response, NULL);
	return ours ? SLUSS_CLIENT_OK
		    : client_fail(c, SLUSS_CLIENT_REFUSED,
			  "The gateway has other chunks of this section than we put; begin anew with another message "
			  "id.");
}

static enum sluss_client_result put_chunk(
    struct sluss_client *c, struct sluss_upload *upload, uint32_t index, struct sluss_bytes octets)
{
	Sluss__V1__PutChunkRequest request = SLUSS__V1__PUT_CHUNK_REQUEST__INIT;
	Sluss__V1__PutChunkResponse *response = NULL;
	request.header = upload->section->header;
	request.index = index;
	request.octets = (ProtobufCBinaryData){octets.len, (uint8_t *)(uintptr_t)octets.data};
	enum sluss_client_result result = sluss_client_call(c, "/sluss.v1.ExchangeService/PutChunk", &request.base,
	    &sluss__v1__put_chunk_response__descriptor, 0, (ProtobufCMessage **)&response);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	bool there = response->chunks > index;
	sluss__v1__put_chunk_response__free_unpacked(response, NULL);
	if (!there) {
		return client_fail(
		    c, SLUSS_CLIENT_INTERNAL, "The gateway does not have chunk %u, though it said so.", index);
	}
	upload->put = index + 1;
	return SLUSS_CLIENT_OK;
}

enum sluss_client_result sluss_client_upload(
    struct sluss_client *c, struct sluss_upload *upload, int fd, sluss_progress_fn *progress, void *context)
{
	struct buffers b = {0};
	enum sluss_client_result result =
	    buffers_new(&b) ? ask_how_far(c, upload) : client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.");
	for (uint32_t i = upload->put; result == SLUSS_CLIENT_OK && i < upload->total; i++) {
		size_t len = sluss_chunk_len(upload->octets, i);
		size_t sealed_len = 0;
		if (!read_chunk(fd, (uint64_t)i * SLUSS_CHUNK_BYTES, b.content, len)) {
			result = client_fail(
			    c, SLUSS_CLIENT_BAD_REQUEST, "The file is shorter than was said, or cannot be read.");
			break;
		}
		if (sluss_chunk_seal(upload->key, upload->header_hash, i, i + 1 == upload->total,
			(struct sluss_bytes){b.content, len}, b.sealed, SLUSS_CHUNK_SEALED_MAX,
			&sealed_len) != SLUSS_SEAL_OK) {
			result = client_fail(c, SLUSS_CLIENT_INTERNAL, "A chunk cannot be sealed.");
			break;
		}
		// Its hash is kept before it leaves: when the answer is lost we know what the gateway may have.
		sluss_chunk_hash((struct sluss_bytes){b.sealed, sealed_len}, upload->hashes[i]);
		upload->sealed = i + 1;
		if (progress != NULL && !progress(context, i, upload->total)) {
			result = client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Stopped.");
			break;
		}
		result = put_chunk(c, upload, i, (struct sluss_bytes){b.sealed, sealed_len});
	}
	buffers_free(&b);
	return result;
}

// ---- receiving

static bool write_all(int fd, const uint8_t *octets, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t wrote = write(fd, octets + done, len - done);
		if (wrote < 0 && errno == EINTR) {
			continue;
		}
		if (wrote <= 0) {
			return false;
		}
		done += (size_t)wrote;
	}
	return true;
}

// One chunk, checked and opened into `content`.
static enum sluss_client_result get_chunk(struct sluss_client *c, const char *message_id,
    const struct sluss_chunks *chunks, uint32_t index, uint8_t *content, size_t *len_out)
{
	Sluss__V1__GetChunkRequest request = SLUSS__V1__GET_CHUNK_REQUEST__INIT;
	Sluss__V1__GetChunkResponse *response = NULL;
	uint8_t hash[SLUSS_HASH_BYTES];
	request.message_id = (char *)(uintptr_t)message_id;
	request.header_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, (uint8_t *)(uintptr_t)chunks->header_hash};
	request.index = index;
	enum sluss_client_result result = sluss_client_call(c, "/sluss.v1.ExchangeService/GetChunk", &request.base,
	    &sluss__v1__get_chunk_response__descriptor, 0, (ProtobufCMessage **)&response);
	if (result != SLUSS_CLIENT_OK) {
		return result;
	}
	struct sluss_bytes octets = {response->octets.data, response->octets.len};
	sluss_chunk_hash(octets, hash);
	if (memcmp(hash, chunks->hashes[index], sizeof(hash)) != 0) {
		result = client_fail(c, SLUSS_CLIENT_UNVERIFIED, "Chunk %u is not the one that was signed.", index);
	} else if (sluss_chunk_open(chunks->key, chunks->header_hash, index, index + 1 == chunks->total, octets,
		       content, SLUSS_CHUNK_BYTES, len_out) != SLUSS_SEAL_OK ||
		   *len_out != sluss_chunk_len(chunks->octets, index)) {
		result = client_fail(
		    c, SLUSS_CLIENT_UNVERIFIED, "Chunk %u does not open, though it is the one that was signed.", index);
		c->error.field = "octets"; // the sender's doing, not the gateway's
	}
	sluss__v1__get_chunk_response__free_unpacked(response, NULL);
	return result;
}

enum sluss_client_result sluss_client_download(struct sluss_client *c, const struct sluss_opened_message *message,
    size_t section, int fd, uint64_t from, sluss_progress_fn *progress, void *context, uint64_t *done_out)
{
	const struct sluss_chunks *chunks = section < message->section_count ? message->sections[section].chunks : NULL;
	uint64_t done = from;
	enum sluss_client_result result = SLUSS_CLIENT_OK;
	if (done_out != NULL) {
		*done_out = done;
	}
	if (chunks == NULL || (from % SLUSS_CHUNK_BYTES != 0 && from != chunks->octets) || from > chunks->octets) {
		return client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "The section has no chunks, or none begins there.");
	}
	uint8_t *content = malloc(SLUSS_CHUNK_BYTES);
	if (content == NULL) {
		return client_fail(c, SLUSS_CLIENT_INTERNAL, "No memory.");
	}
	while (result == SLUSS_CLIENT_OK && done < chunks->octets) {
		uint32_t index = (uint32_t)(done / SLUSS_CHUNK_BYTES);
		size_t len = 0;
		if (progress != NULL && !progress(context, index, chunks->total)) {
			result = client_fail(c, SLUSS_CLIENT_BAD_REQUEST, "Stopped.");
			break;
		}
		result = get_chunk(c, message->envelope->message_id, chunks, index, content, &len);
		if (result == SLUSS_CLIENT_OK && !write_all(fd, content, len)) {
			result = client_fail(c, SLUSS_CLIENT_INTERNAL, "The content cannot be written.");
		}
		if (result == SLUSS_CLIENT_OK) {
			done += len;
		}
	}
	sluss_wipe(content, SLUSS_CHUNK_BYTES);
	free(content);
	if (done_out != NULL) {
		*done_out = done;
	}
	return result;
}
