// SPDX-License-Identifier: EUPL-1.2
// Files that a description names as sections of their own: into the spool, piece by piece.
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "sluss/key.h"

static bool no_room(struct agentd_describe_error *error)
{
	error->no_room = true;
	return agentd_wrong(
	    error, "attach", "There is no room on the agent's disk. Nothing was taken: say it again later.");
}

// Copies what is open at `fd` into the spool, piece by piece.
static bool copy_file(struct agentd_store *store, int fd, struct agentd_file *out, struct agentd_describe_error *error)
{
	struct agentd_file_writer *writer = NULL;
	uint8_t *piece = malloc(SLUSS_CHUNK_BYTES);
	enum agentd_result result = piece == NULL ? AGENTD_FULL : agentd_store_file_begin(store, &writer);
	ssize_t got = 0;
	bool too_long = false;
	while (result == AGENTD_OK && !too_long && (got = read(fd, piece, SLUSS_CHUNK_BYTES)) > 0) {
		too_long = sluss_chunk_count(agentd_store_file_octets(writer) + (uint64_t)got) == 0;
		if (!too_long)
			result = agentd_store_file_write(writer, (struct sluss_bytes){piece, (size_t)got});
	}
	if (piece != NULL)
		sluss_wipe(piece, SLUSS_CHUNK_BYTES);
	free(piece);
	if (result == AGENTD_OK && (too_long || got < 0 || agentd_store_file_octets(writer) == 0)) {
		agentd_store_file_abort(&writer);
		return agentd_wrong(error, "attach", "The file must have 1 octet to 100 MiB, and be readable.");
	}
	if (result == AGENTD_OK)
		result = agentd_store_file_end(&writer, out);
	agentd_store_file_abort(&writer);
	return result == AGENTD_OK || no_room(error);
}

static bool keep_named(struct agentd_store *store, const char *folder, const char *name, struct agentd_file *out,
    struct agentd_describe_error *error)
{
	char path[4096];
	struct stat info;
	if (folder == NULL)
		return agentd_wrong(
		    error, "attach", "No folder for payload files is set here; hand the file in with POST /v1/files.");
	if (!agentd_is_plain_name(name))
		return agentd_wrong(
		    error, "attach", "The name of a file in the payload folder is needed, without a path.");
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
	ok = ok ? copy_file(store, fd, out, error)
		: agentd_wrong(error, "attach", "The file is not in the payload folder.");
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool keep_handed_in(const json_t *section, struct agentd_file *out, struct agentd_describe_error *error)
{
	size_t len = 0;
	const char *text = json_string_value(json_object_get(section, "upload"));
	if (text == NULL || strlen(text) != 2 * SLUSS_HASH_BYTES ||
	    sodium_hex2bin(out->sha256, sizeof(out->sha256), text, strlen(text), NULL, &len, NULL) != 0 ||
	    len != sizeof(out->sha256))
		return agentd_wrong(error, "upload",
		    "The SHA-256 that POST /v1/files has answered with is needed (64 hexadecimal digits).");
	return true;
}

// In the description a file stands by its hash, so that another file under the same name is another message.
static bool keep_file(
    json_t *section, const char *folder, struct agentd_description *out, struct agentd_describe_error *error)
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	struct agentd_file *file = &out->files[out->file_count];
	const char *name = json_string_value(json_object_get(section, "attach"));
	if (out->store == NULL)
		return agentd_wrong(error, "attach", "Files cannot be sent here.");
	*file = (struct agentd_file){.name = ""};
	if (name == NULL ? !keep_handed_in(section, file, error) : !keep_named(out->store, folder, name, file, error))
		return false;
	out->file_count++;
	if (name == NULL)
		return true;
	(void)sodium_bin2hex(hex, sizeof(hex), file->sha256, sizeof(file->sha256));
	bool ok = json_object_set(section, "name", json_object_get(section, "attach")) == 0 &&
		  json_object_set_new(section, "upload", json_string(hex)) == 0 &&
		  json_object_del(section, "attach") == 0;
	return ok || agentd_wrong(error, "attach", "No memory.");
}

bool agentd_keep_files(const char *folder, struct agentd_description *out, struct agentd_describe_error *error)
{
	size_t i;
	json_t *section;
	json_array_foreach(json_object_get(out->tree, "sections"), i, section)
	{
		if (agentd_is_attachment(section) && !keep_file(section, folder, out, error))
			return false;
	}
	return true;
}
