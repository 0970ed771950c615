// SPDX-License-Identifier: EUPL-1.2
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "section.h"
#include "sluss/v1/payload.pb-c.h"

enum { STATE_MAX = 64 << 10 };

struct putting {
	struct cli *cli;
	struct sluss_upload *upload;
	const char *state; // where it is saved, or NULL
	const char *name;
};

// ---- sending

static void free_upload(void *upload)
{
	struct sluss_upload *u = upload;
	sluss_upload_free(&u);
}

// The state is on the disk before a chunk leaves: whatever happens then, we know what the gateway may have.
static bool before_chunk(void *context, uint32_t done, uint32_t total)
{
	struct putting *p = context;
	size_t len = 0;
	cli_progress(p->cli, p->name, done, total);
	if (p->state == NULL) {
		return true;
	}
	uint8_t *octets = sluss_upload_save(p->upload, &len);
	bool ok = octets != NULL && sluss_file_replace(p->state, octets, len);
	if (octets != NULL) {
		sluss_wipe(octets, len);
	}
	free(octets);
	return ok;
}

// NULL: there is no state yet, or it cannot be read (error set).
static struct sluss_upload *load_state(struct cli *cli, const char *path)
{
	size_t len = 0;
	char *octets = sluss_file_read(path, STATE_MAX, true, &len);
	struct sluss_upload *upload =
	    octets == NULL ? NULL : sluss_upload_load((struct sluss_bytes){(const uint8_t *)octets, len});
	if (upload == NULL && (octets != NULL || errno != ENOENT)) {
		(void)cli_fail(cli, CLI_USAGE, "resume", "%s: not the state of an upload, or others may read it", path);
	}
	if (octets != NULL) {
		sluss_wipe(octets, len);
	}
	free(octets);
	return upload;
}

static enum cli_exit put_file(struct cli *cli, struct sluss_client *client, struct sluss_message_draft *draft,
    const char *spec, struct sluss_section_draft *section_out)
{
	struct sluss_attachment_draft attachment;
	const char *path = NULL;
	struct stat info;
	struct putting p = {.cli = cli, .state = cli_get(cli, "resume")};
	if (!cli_read_attachment(cli, spec, &attachment, &path)) {
		return CLI_USAGE;
	}
	p.name = attachment.file_name;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return cli_fail(cli, CLI_USAGE, "attach", "%s: cannot be read, or is no file", path);
	}
	attachment.octets = (uint64_t)info.st_size;
	enum sluss_client_result result = SLUSS_CLIENT_OK;
	p.upload = p.state == NULL ? NULL : load_state(cli, p.state);
	if (p.upload == NULL && cli->error == NULL) {
		result = sluss_client_upload_new(
		    client, &attachment, &draft->id, draft->recipients, draft->recipient_count, &p.upload);
	} else if (p.upload != NULL && sluss_upload_octets(p.upload) != attachment.octets) {
		(void)cli_fail(cli, CLI_USAGE, "resume", "%s: it is the state of another file", p.state);
	}
	if (p.upload != NULL) {
		cli_own(cli, p.upload, free_upload);
	}
	if (result == SLUSS_CLIENT_OK && cli->error == NULL) {
		draft->id = sluss_upload_message(p.upload);
		result = sluss_client_upload(client, p.upload, fd, before_chunk, &p);
		cli_progress(cli, p.name, 0, 0);
	}
	(void)close(fd);
	if (cli->error != NULL) {
		return CLI_USAGE;
	}
	*section_out = (struct sluss_section_draft){.upload = p.upload};
	return result == SLUSS_CLIENT_OK ? CLI_OK : cli_fail_client(cli, client);
}

enum cli_exit cli_attach_put(struct cli *cli, struct sluss_client *client, struct sluss_message_draft *draft)
{
	size_t count = cli_count(cli, "attach");
	if (count == 0) {
		return CLI_OK;
	}
	if (draft->section_count + count > SLUSS_SECTIONS_MAX || (cli_get(cli, "resume") != NULL && count > 1)) {
		return cli_fail(cli, CLI_USAGE, "attach",
		    "at most %d sections in all, and with --resume one attachment", SLUSS_SECTIONS_MAX);
	}
	struct sluss_section_draft *sections = cli_alloc(cli, (draft->section_count + count) * sizeof(*sections));
	if (draft->section_count > 0) {
		memcpy(sections, draft->sections, draft->section_count * sizeof(*sections));
	}
	if (sluss_id_is_none(&draft->id)) {
		sluss_id_random(&draft->id);
	}
	for (size_t i = 0; i < count; i++) {
		enum cli_exit code =
		    put_file(cli, client, draft, cli_nth(cli, "attach", i), &sections[draft->section_count + i]);
		if (code != CLI_OK) {
			return code;
		}
	}
	draft->sections = sections;
	draft->section_count += count;
	return CLI_OK;
}

void cli_attach_done(struct cli *cli)
{
	const char *state = cli_get(cli, "resume");
	if (state != NULL && cli_count(cli, "attach") > 0) {
		(void)unlink(state);
	}
}

// ---- receiving

struct getting {
	struct cli *cli;
	const char *name;
};

static bool before_get(void *context, uint32_t done, uint32_t total)
{
	struct getting *g = context;
	cli_progress(g->cli, g->name, done, total);
	return true;
}

// Whole chunks that an earlier call wrote stay; what was cut in the middle of one goes.
static int open_at(const char *path, uint64_t octets, uint64_t *from_out)
{
	struct stat info;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &info) != 0) {
		return fd;
	}
	uint64_t there = (uint64_t)info.st_size > octets ? 0 : (uint64_t)info.st_size;
	*from_out = there == octets ? octets : there - there % SLUSS_CHUNK_BYTES;
	if (ftruncate(fd, (off_t)*from_out) != 0 || lseek(fd, (off_t)*from_out, SEEK_SET) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static enum cli_exit get_file(struct cli *cli, struct sluss_client *client, const struct sluss_opened_message *message,
    size_t section, const char *folder, json_t *list)
{
	const struct sluss_opened_section *s = &message->sections[section];
	const Sluss__V1__Attachment *a = (const Sluss__V1__Attachment *)s->content;
	uint64_t octets = sluss_chunks_octets(s->chunks);
	uint64_t from = 0;
	struct getting g = {cli, a->file_name};
	if (folder == NULL) {
		return cli_fail(cli, CLI_USAGE, "out",
		    "the message comes with a file (%s): --out DIR says where to write it", a->file_name);
	}
	const char *path = cli_format(cli, "%s/%s.%zu.bin", folder, message->envelope->message_id, section);
	int fd = open_at(path, octets, &from);
	if (fd < 0) {
		return cli_fail(cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
	}
	enum sluss_client_result result =
	    sluss_client_download(client, message, section, fd, from, before_get, &g, NULL);
	cli_progress(cli, g.name, 0, 0);
	bool synced = fsync(fd) == 0;
	(void)close(fd);
	if (result != SLUSS_CLIENT_OK) {
		if (result == SLUSS_CLIENT_REFUSED || result == SLUSS_CLIENT_DENIED) {
			(void)unlink(path); // withdrawn, expired: nothing of it is kept
		}
		return cli_fail_client(cli, client);
	}
	if (!synced) {
		return cli_fail(cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
	}
	cli_say(cli, "  attachment %s (%s, %llu octets) in %s", a->file_name, a->media_type, (unsigned long long)octets,
	    path);
	(void)json_array_append_new(
	    list, json_pack("{s:I,s:s,s:s,s:I,s:s}", "section", (json_int_t)section, "fileName", a->file_name,
		      "mediaType", a->media_type, "octets", (json_int_t)octets, "savedAs", path));
	return CLI_OK;
}

enum cli_exit cli_attach_get(struct cli *cli, struct sluss_client *client, const struct sluss_opened_message *message,
    const char *folder, json_t *tree)
{
	json_t *list = NULL;
	enum cli_exit code = CLI_OK;
	struct sluss_id id;
	for (size_t i = 0; code == CLI_OK && i < message->section_count; i++) {
		if (message->sections[i].chunks == NULL) {
			continue;
		}
		if (list == NULL) {
			list = json_array();
			(void)json_object_set_new(tree, "attachments", list);
		}
		// A name from outside never becomes a path unchecked.
		code = cli_read_id(cli, "messageId", message->envelope->message_id, &id)
			   ? get_file(cli, client, message, i, folder, list)
			   : CLI_USAGE;
	}
	return code;
}
