// SPDX-License-Identifier: EUPL-1.2
// Files of a message on their way from the gateway into the spool. How far each has come is durable every few chunks;
// after a cut the message comes again (it was not acknowledged), and the rest of its files is fetched.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent.h"
#include "log_event.h"
#include "sluss/chunk.h"

enum { KEEP_EVERY = 16 }; // chunks: 4 MiB

void agentd_file_name(const char *message_id, uint32_t place, char name_out[SLUSS_ID_TEXT + 16])
{
	(void)snprintf(name_out, SLUSS_ID_TEXT + 16, "%.36s.%u.bin", message_id, place);
}

struct passing {
	struct agentd *agent;
	const struct sluss_id *id;
	const uint8_t *header_hash;
	int fd;
	enum agentd_result kept;
};

static enum agentd_result keep(const struct passing *p, uint64_t done)
{
	if (fsync(p->fd) != 0)
		return errno == ENOSPC || errno == EDQUOT ? AGENTD_FULL : AGENTD_BROKEN;
	return agentd_store_incoming_done(p->agent->store, p->id, p->header_hash, done);
}

static bool before_chunk(void *context, uint32_t done, uint32_t total)
{
	struct passing *p = context;
	(void)total;
	if (done % KEEP_EVERY == 0 && done > 0)
		p->kept = keep(p, (uint64_t)done * SLUSS_CHUNK_BYTES);
	return p->kept == AGENTD_OK && !agentd_stopping(p->agent);
}

static enum agentd_downloading not_kept(struct agentd *agent, enum agentd_result result)
{
	if (agentd_store_good(agent, "keep a file that is fetched", result) && result != AGENTD_OK)
		agentd_link_down(agent, AGENTD_TALK_FETCH, "The agent's disk is full.");
	return AGENTD_DOWNLOAD_NOT_KEPT;
}

// What a transfer that ended early means.
static enum agentd_downloading judge(struct passing *p, const struct sluss_client_error *error)
{
	if (p->kept != AGENTD_OK || agentd_stopping(p->agent))
		return not_kept(p->agent, p->kept);
	switch (error->result) {
	case SLUSS_CLIENT_UNVERIFIED:
		return strcmp(error->field, "octets") == 0 ? AGENTD_DOWNLOAD_BAD : AGENTD_DOWNLOAD_LATER;
	case SLUSS_CLIENT_REFUSED:
	case SLUSS_CLIENT_DENIED:
		if (error->refusal == NULL)
			return AGENTD_DOWNLOAD_LATER; // not the gateway's word
		(void)agentd_store_good(
		    p->agent, "erase what was fetched", agentd_store_incoming_drop(p->agent->store, p->id));
		return AGENTD_DOWNLOAD_GONE;
	case SLUSS_CLIENT_INTERNAL: // the file could not be written
		return not_kept(p->agent, AGENTD_FULL);
	case SLUSS_CLIENT_OK:
	case SLUSS_CLIENT_BAD_REQUEST:
	case SLUSS_CLIENT_UNAVAILABLE:
		break;
	}
	return AGENTD_DOWNLOAD_LATER;
}

static enum agentd_downloading get_one(
    struct passing *p, struct sluss_client *client, const struct sluss_opened_message *message, size_t section)
{
	char name[AGENTD_SPOOL_NAME];
	char path[SLUSS_SETTING_TEXT * 2];
	uint64_t done = 0;
	uint64_t octets = sluss_chunks_octets(message->sections[section].chunks);
	enum agentd_result result = agentd_store_incoming(p->agent->store, p->id, p->header_hash, name, &done);
	if (result != AGENTD_OK)
		return not_kept(p->agent, result);
	p->fd = agentd_store_spool_path(p->agent->store, name, path, sizeof(path))
		    ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
		    : -1;
	// What lies behind the last octet that is known to be on the disk may be anything.
	if (p->fd < 0 || ftruncate(p->fd, (off_t)done) != 0 || lseek(p->fd, (off_t)done, SEEK_SET) < 0) {
		if (p->fd >= 0)
			(void)close(p->fd);
		return not_kept(p->agent, AGENTD_BROKEN);
	}
	enum agentd_downloading state = AGENTD_DOWNLOADED;
	if (sluss_client_download(client, message, section, p->fd, done, before_chunk, p, NULL) != SLUSS_CLIENT_OK)
		state = judge(p, sluss_client_last_error(client));
	else if ((p->kept = keep(p, octets)) != AGENTD_OK)
		state = not_kept(p->agent, p->kept);
	(void)close(p->fd);
	return state;
}

enum agentd_downloading agentd_download(struct agentd *agent, struct sluss_client *client, const struct sluss_id *id,
    const struct sluss_opened_message *message, uint8_t files_out[AGENTD_FILES_MAX][SLUSS_HASH_BYTES],
    size_t *count_out)
{
	enum agentd_downloading state = AGENTD_DOWNLOADED;
	*count_out = 0;
	for (size_t i = 0; i < message->section_count && state == AGENTD_DOWNLOADED; i++) {
		const struct sluss_chunks *chunks = message->sections[i].chunks;
		if (chunks == NULL || *count_out == AGENTD_FILES_MAX)
			continue;
		struct passing p = {agent, id, sluss_chunks_header_hash(chunks), -1, AGENTD_OK};
		state = get_one(&p, client, message, i);
		memcpy(files_out[(*count_out)++], p.header_hash, SLUSS_HASH_BYTES);
	}
	return state;
}
