// SPDX-License-Identifier: EUPL-1.2
// Files of a message on their way to the gateway, a chunk in memory at a time. The state of each (its key, and the hash
// of every chunk that may have left) is durable before the chunk leaves; so that after any cut the rest goes on where
// the gateway says that it has come.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"
#include "describe.h"
#include "sluss/key.h"

struct passing {
	struct agentd *agent;
	struct sluss_upload *upload;
	int64_t seq;
	uint32_t place;
	enum agentd_result kept;
};

static void free_upload(void *upload)
{
	struct sluss_upload *u = upload;
	sluss_upload_free(&u);
}

static bool before_chunk(void *context, uint32_t done, uint32_t total)
{
	struct passing *p = context;
	size_t len = 0;
	(void)done;
	(void)total;
	uint8_t *octets = sluss_upload_save(p->upload, &len);
	p->kept = octets == NULL ? AGENTD_FULL
				 : agentd_store_sending_state(
				       p->agent->store, p->seq, p->place, (struct sluss_bytes){octets, len});
	if (octets != NULL)
		sluss_wipe(octets, len);
	free(octets);
	return p->kept == AGENTD_OK && !agentd_stopping(p->agent);
}

// The one that was begun, or a new one. NULL: the client's last error says why.
static struct sluss_upload *begin(struct sluss_client *client, const struct agentd_sending *sending,
    const struct sluss_attachment_draft *attachment, const struct sluss_message_draft *draft)
{
	struct sluss_upload *upload = NULL;
	if (sending->state != NULL)
		upload = sluss_upload_load((struct sluss_bytes){sending->state, sending->state_len});
	if (upload != NULL)
		return upload;
	return sluss_client_upload_new(client, attachment, &draft->id, draft->recipients, draft->recipient_count,
		   &upload) == SLUSS_CLIENT_OK
		   ? upload
		   : NULL;
}

// What the gateway has is not what was put: it must be begun anew, under a new label.
static bool is_other(const struct sluss_client_error *error)
{
	return error->result == SLUSS_CLIENT_REFUSED &&
	       (error->http_status == 0 || (error->reason == SLUSS_ID_REUSED && strcmp(error->field, "index") == 0));
}

static enum agentd_uploading put(struct passing *p, struct sluss_client *client, const struct agentd_sending *sending)
{
	char path[SLUSS_SETTING_TEXT * 2];
	int fd = agentd_store_spool_path(p->agent->store, sending->file.name, path, sizeof(path))
		     ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
		     : -1;
	if (fd < 0) {
		(void)agentd_store_good(p->agent, "read a file of a message", AGENTD_BROKEN);
		return AGENTD_UPLOAD_NOT_KEPT;
	}
	enum sluss_client_result result = sluss_client_upload(client, p->upload, fd, before_chunk, p);
	(void)close(fd);
	if (result == SLUSS_CLIENT_OK)
		return AGENTD_UPLOADED;
	if (p->kept != AGENTD_OK) {
		if (agentd_store_good(p->agent, "keep how far a file has come", p->kept))
			agentd_link_down(p->agent, AGENTD_TALK_SEND, "The agent's disk is full.");
		return AGENTD_UPLOAD_NOT_KEPT;
	}
	if (agentd_stopping(p->agent))
		return AGENTD_UPLOAD_NOT_KEPT;
	if (is_other(sluss_client_last_error(client)))
		(void)agentd_store_good(p->agent, "begin a file anew",
		    agentd_store_sending_state(p->agent->store, p->seq, p->place, (struct sluss_bytes){NULL, 0}));
	return AGENTD_UPLOAD_FAILED;
}

static enum agentd_uploading put_one(struct agentd *agent, struct sluss_client *client, struct cli *cli, int64_t seq,
    uint32_t place, const struct sluss_attachment_draft *attachment, struct sluss_message_draft *draft,
    struct sluss_section_draft *section)
{
	struct agentd_sending sending;
	struct sluss_attachment_draft whole = *attachment;
	struct passing p = {.agent = agent, .seq = seq, .place = place, .kept = AGENTD_OK};
	enum agentd_result result = agentd_store_sending(agent->store, seq, place, &sending);
	if (result == AGENTD_NOT_FOUND)
		result = AGENTD_BROKEN; // a description has as many as there are
	if (result != AGENTD_OK) {
		(void)agentd_store_good(agent, "look for a file of a message", result);
		return AGENTD_UPLOAD_NOT_KEPT;
	}
	whole.octets = sending.file.octets;
	p.upload = begin(client, &sending, &whole, draft);
	enum agentd_uploading done = AGENTD_UPLOAD_FAILED;
	if (p.upload != NULL) {
		cli_own(cli, p.upload, free_upload);
		done = put(&p, client, &sending);
	}
	agentd_sending_clear(&sending);
	*section = (struct sluss_section_draft){.upload = p.upload};
	return done;
}

enum agentd_uploading agentd_upload(struct agentd *agent, struct sluss_client *client, struct cli *cli, int64_t seq,
    const struct agentd_attachments *attachments, struct sluss_message_draft *draft)
{
	size_t before = draft->section_count;
	struct sluss_section_draft *sections = cli_alloc(cli, (before + attachments->count) * sizeof(*sections));
	enum agentd_uploading done = AGENTD_UPLOADED;
	if (before > 0)
		memcpy(sections, draft->sections, before * sizeof(*sections));
	for (size_t i = 0; i < attachments->count && done == AGENTD_UPLOADED; i++)
		done = put_one(
		    agent, client, cli, seq, (uint32_t)i, &attachments->drafts[i], draft, &sections[before + i]);
	draft->sections = sections;
	draft->section_count = before + attachments->count;
	return done;
}
