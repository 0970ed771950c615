// SPDX-License-Identifier: EUPL-1.2
#include "svc_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log_checkpoint.h"
#include "log_event.h"
#include "svc_common.h"
#include "sluss/v1/admin.pb-c.h"

// What the worker leaves for the writer.
struct copy {
	char path[PATH_MAX];
	char part[PATH_MAX]; // while it is made
	char checkpoint[PATH_MAX];
	uint64_t size;
	struct sluss_hash root;
};

static bool refuse(struct sluss_txn *txn, const char *why)
{
	sluss_event(SLUSS_EVENT_WARNING, "backup-failed", "why=\"%s\"", why);
	sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_UNAVAILABLE, NULL, "No backup was made: %s.", why);
	return false;
}

static bool name_it(struct copy *copy, const char *folder)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm utc;
	if (gmtime_r(&now, &utc) == NULL || strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc) == 0)
		return false;
	int a = snprintf(copy->path, sizeof(copy->path), "%s/sluss-%s.db", folder, stamp);
	int b = snprintf(copy->part, sizeof(copy->part), "%s/sluss-%s.part", folder, stamp);
	int c = snprintf(copy->checkpoint, sizeof(copy->checkpoint), "%s/sluss-%s.checkpoint", folder, stamp);
	return a > 0 && b > 0 && c > 0 && c < (int)sizeof(copy->checkpoint);
}

// What the copy itself holds: size and checkpoint are of one state.
static bool look_into(struct sluss_txn *txn, struct copy *copy, struct sluss_store_blob *note)
{
	struct sluss_store_error error;
	struct sluss_store *store = NULL;
	struct sluss_note parts;
	struct sluss_checkpoint checkpoint;
	char url[PATH_MAX + 8];
	(void)snprintf(url, sizeof(url), "sqlite:%s", copy->part);
	bool good = sluss_store_open(url, SLUSS_STORE_READER, &error, &store) == SLUSS_STORE_OK &&
		    sluss_store_size(store, &copy->size) == SLUSS_STORE_OK &&
		    sluss_store_get_checkpoint(store, note) == SLUSS_STORE_OK;
	sluss_store_close(&store);
	good = good && sluss_note_parse((struct sluss_bytes){note->data, note->len}, &parts) &&
	       sluss_checkpoint_parse(parts.text, &checkpoint) && checkpoint.size == copy->size;
	if (!good)
		return refuse(txn, "the copy cannot be read");
	copy->root = checkpoint.root;
	return true;
}

static bool write_file(const char *path, const struct sluss_store_blob *note)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	bool good = write(fd, note->data, note->len) == (ssize_t)note->len && fsync(fd) == 0;
	return close(fd) == 0 && good;
}

static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}

static bool make(struct sluss_txn *txn, struct copy *copy, struct sluss_store *reader, const char *folder)
{
	struct sluss_store_blob note = {0};
	if (!name_it(copy, folder))
		return refuse(txn, "the folder's name is too long");
	if (access(copy->path, F_OK) == 0 || access(copy->part, F_OK) == 0)
		return refuse(txn, "one was made this very second");
	if (sluss_store_copy(reader, copy->part) != SLUSS_STORE_OK) {
		(void)unlink(copy->part);
		return refuse(txn, sluss_store_error_text(reader));
	}
	bool good = look_into(txn, copy, &note);
	if (good &&
	    (!write_file(copy->checkpoint, &note) || rename(copy->part, copy->path) != 0 || !sync_folder(folder)))
		good = refuse(txn, strerror(errno));
	sluss_store_blob_free(&note);
	if (!good) {
		(void)unlink(copy->part);
		(void)unlink(copy->checkpoint);
	}
	return good;
}

void svc_backup_copy(struct sluss_request *request, struct sluss_store *reader, const char *folder)
{
	struct sluss_txn *txn = &request->txn;
	struct copy *copy = sluss_arena_alloc(txn->arena, sizeof(*copy));
	if (folder == NULL || folder[0] == '\0') {
		refuse(txn, "the setting backup_dir names no folder");
		return;
	}
	if (copy == NULL) {
		svc_no_memory(txn);
		return;
	}
	if (make(txn, copy, reader, folder))
		txn->prepared = copy;
}

// ---- the writer's part

static void execute(struct sluss_txn *txn)
{
	const struct copy *copy = txn->prepared;
	Sluss__V1__BackupResponse response = SLUSS__V1__BACKUP_RESPONSE__INIT;
	if (copy == NULL) {
		refuse(txn, "the store cannot be copied now");
		return;
	}
	struct sluss_record record = {.type = SLUSS_REC_BACKUP, .u.backup = {.size = (int64_t)copy->size}};
	memcpy(record.u.backup.root, copy->root.b, SLUSS_HASH_BYTES);
	if (!sluss_txn_append(txn, &record, &response.log_index))
		return;
	response.path = sluss_arena_text(txn->arena, copy->path);
	response.log_size = copy->size;
	response.log_root = (ProtobufCBinaryData){SLUSS_HASH_BYTES, record.u.backup.root};
	if (response.path == NULL)
		svc_no_memory(txn);
	else
		sluss_txn_respond(txn, &response.base);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_ADMIN_BACKUP, NULL, NULL, execute, NULL, SLUSS_SERVICE_FILE},
};

const struct sluss_service_list sluss_svc_backup = {rows, sizeof(rows) / sizeof(rows[0])};
