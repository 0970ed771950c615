// SPDX-License-Identifier: EUPL-1.2
// The files of the watched folders: answers beside what was sent, and what arrives.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "folders.h"
#include "log_event.h"
#include "sluss/v1/common.pb-c.h"
#include "web/json.h"

// ---- opening

void folders_path(const struct folders *f, char path[PATH_OCTETS], const char *folder, const char *name)
{
	(void)snprintf(path, PATH_OCTETS, "%s/%s/%.250s", f->base, folder, name);
}

static int open_folder(const struct folders *f, const char *name)
{
	char path[PATH_OCTETS];
	folders_path(f, path, name, "");
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool folders_open(struct folders *f)
{
	char path[PATH_OCTETS];
	bool ok = agentd_path(&f->agent->settings, f->agent->settings.folder, f->base, sizeof(f->base)) &&
		  (mkdir(f->base, 0700) == 0 || errno == EEXIST);
	f->outbox = ok ? open_folder(f, "outbox") : -1;
	f->taken = ok ? open_folder(f, "outbox/.taken") : -1;
	f->inbox = ok ? open_folder(f, "inbox") : -1;
	f->sent = ok ? open_folder(f, "sent") : -1;
	f->rejected = ok ? open_folder(f, "rejected") : -1;
	int files = ok ? open_folder(f, "outbox/files") : -1;
	f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	folders_path(f, path, "outbox", "");
	f->watch_outbox = f->notify < 0 ? -1 : inotify_add_watch(f->notify, path, IN_CLOSE_WRITE | IN_MOVED_TO);
	folders_path(f, path, "inbox", "");
	f->watch_inbox = f->notify < 0 ? -1 : inotify_add_watch(f->notify, path, IN_DELETE | IN_MOVED_FROM);
	ok = f->watch_inbox >= 0 && f->outbox >= 0 && f->taken >= 0 && f->inbox >= 0 && f->sent >= 0 &&
	     f->rejected >= 0 && files >= 0 && f->watch_outbox >= 0;
	if (files >= 0)
		(void)close(files);
	if (!ok) {
		sluss_event(SLUSS_EVENT_ERROR, "folder-unusable", "folder=%s error=\"%s\"", f->base, strerror(errno));
		folders_close(f);
	}
	return ok;
}

void folders_close(struct folders *f)
{
	const int all[] = {f->outbox, f->taken, f->inbox, f->sent, f->rejected, f->notify};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] >= 0)
			(void)close(all[i]);
	}
}

// ---- answers

static void add_stored(json_t *tree, const char *key, const char *text)
{
	json_t *value = text == NULL ? NULL : json_loads(text, 0, NULL);
	if (value != NULL)
		(void)json_object_set_new(tree, key, value);
}

char *folders_answer(const struct agentd_message *m)
{
	char id[SLUSS_ID_TEXT];
	json_t *tree =
	    json_pack("{s:s, s:s}", "messageId", sluss_id_format(&m->id, id), "state", agentd_out_name(m->state));
	json_t *why = m->why == NULL ? NULL : json_loads(m->why, 0, NULL);
	Sluss__V1__Receipt *receipt =
	    m->receipt_len == 0 ? NULL : sluss__v1__receipt__unpack(NULL, m->receipt_len, m->receipt);
	if (why != NULL)
		(void)json_object_update(tree, why); // reason, field, explanation at the top, where they are looked for
	add_stored(tree, "recipients", m->recipients);
	if (receipt != NULL) {
		(void)json_object_set_new(tree, "acceptedIndex", json_integer((json_int_t)m->accepted_index));
		(void)json_object_set_new(tree, "receipt", sluss_json_tree(&receipt->base));
		sluss__v1__receipt__free_unpacked(receipt, NULL);
	}
	char *text = json_dumps(tree, JSON_INDENT(2));
	json_decref(why);
	json_decref(tree);
	return text;
}

// A name that is free in the folder, for the file and its answer: NAME, or ID.NAME when there is one of that name.
static const char *free_name(int folder, const char *taken, const char *name)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? taken : name;
}

bool folders_finish(struct folders *f, const char *taken, const char *name, bool sent, const char *answer)
{
	char path[PATH_OCTETS + 16];
	int folder = sent ? f->sent : f->rejected;
	if (faccessat(f->taken, taken, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT; // moved before a crash; the answer was written before that
	const char *target = free_name(folder, taken, name);
	folders_path(f, path, sent ? "sent" : "rejected", target);
	size_t len = strlen(path);
	(void)snprintf(path + len, sizeof(path) - len, "%s", sent ? ".receipt" : ".reason");
	return sluss_file_replace(path, answer, strlen(answer)) && renameat(f->taken, taken, folder, target) == 0 &&
	       fsync(folder) == 0 && fsync(f->taken) == 0;
}

// ---- in

// Where a message is written: inbox/OFFICER for one that is addressed to an officer who has such a folder, else inbox.
static bool officer_folder(const struct folders *f, const char *officer, char name_out[SLUSS_OFFICER_MAX + 16])
{
	struct stat st;
	// The id comes from another agency: never a path.
	bool plain =
	    officer != NULL && officer[0] != '\0' && officer[0] != '.' && sluss_is_officer_id(officer, strlen(officer));
	(void)snprintf(name_out, SLUSS_OFFICER_MAX + 16, "inbox");
	if (!plain || fstatat(f->inbox, officer, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return false;
	(void)snprintf(name_out, SLUSS_OFFICER_MAX + 16, "inbox/%.32s", officer);
	return true;
}

static void file_path(
    const struct folders *f, const char *folder, const struct sluss_id *id, uint32_t place, char path[PATH_OCTETS])
{
	char name[SLUSS_ID_TEXT + 16];
	char text[SLUSS_ID_TEXT];
	agentd_file_name(sluss_id_format(id, text), place, name);
	folders_path(f, path, folder, name);
}

static bool write_piece(int fd, const uint8_t *octets, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t wrote = write(fd, octets + done, len - done);
		if (wrote <= 0 && !(wrote < 0 && errno == EINTR))
			return false;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	return true;
}

static bool copy_open(int from, int to)
{
	enum { PIECE = 64 << 10 };
	ssize_t got = 0;
	uint8_t *piece = malloc(PIECE);
	bool ok = piece != NULL;
	while (ok && (got = read(from, piece, PIECE)) > 0)
		ok = write_piece(to, piece, (size_t)got);
	free(piece);
	return ok && got == 0 && fsync(to) == 0;
}

// A copy, complete or not at all: what the case system does to it is not done to ours.
static bool copy_file(int from, const char *path)
{
	char beside[PATH_OCTETS + 8];
	(void)snprintf(beside, sizeof(beside), "%s.part", path);
	int to = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = to >= 0 && copy_open(from, to);
	if (to >= 0)
		(void)close(to);
	ok = ok && rename(beside, path) == 0; // the message's own file, written after it, syncs the folder
	if (!ok && to >= 0) {
		int saved = errno;
		(void)unlink(beside);
		errno = saved;
	}
	return ok;
}

// The files of a message, before the message itself.
static bool write_files(const struct folders *f, const char *folder, const struct sluss_id *id)
{
	bool ok = true;
	for (uint32_t place = 0; ok && place < AGENTD_FILES_MAX; place++) {
		char path[PATH_OCTETS];
		uint64_t octets = 0;
		int fd = agentd_store_open_received(f->agent->store, id, place, &octets);
		if (fd < 0)
			return errno == 0; // there are no more
		file_path(f, folder, id, place, path);
		ok = copy_file(fd, path);
		(void)close(fd);
	}
	return ok;
}

static bool has_files(const struct folders *f, const struct sluss_id *id)
{
	uint64_t octets = 0;
	int fd = agentd_store_open_received(f->agent->store, id, 0, &octets);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

// What the case system left of them.
static void remove_files(const struct folders *f, const char *folder, const struct sluss_id *id)
{
	for (uint32_t place = 0; place < AGENTD_FILES_MAX; place++) {
		char path[PATH_OCTETS];
		file_path(f, folder, id, place, path);
		(void)unlink(path);
	}
}

static void inbox_path(const struct folders *f, const char *folder, const struct sluss_id *id, char path[PATH_OCTETS])
{
	char name[SLUSS_ID_TEXT + 8];
	char text[SLUSS_ID_TEXT];
	(void)snprintf(name, sizeof(name), "%s.json", sluss_id_format(id, text));
	folders_path(f, path, folder, name);
}

// The file is written before the message counts as handed out: after a crash it is written again, the same.
void folders_hand_out(struct folders *f)
{
	int64_t after = 0;
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		char path[PATH_OCTETS];
		struct agentd_delivery d;
		char *document = NULL;
		size_t len = 0;
		result = agentd_store_ready(f->agent->store, after, &d, &document, &len);
		if (result != AGENTD_OK)
			break;
		after = d.seq;
		char inbox[SLUSS_OFFICER_MAX + 16];
		if (officer_folder(f, d.officer, inbox)) {
			folders_path(f, path, inbox, "");
			(void)inotify_add_watch(f->notify, path, IN_DELETE | IN_MOVED_FROM); // else the rescan sees it
		}
		inbox_path(f, inbox, &d.id, path);
		bool written =
		    document != NULL && write_files(f, inbox, &d.id) && sluss_file_replace(path, document, len);
		if (written)
			result = agentd_store_handed(f->agent->store, d.seq);
		else
			sluss_event(
			    SLUSS_EVENT_WARNING, "inbox-not-written", "path=%s error=\"%s\"", path, strerror(errno));
		free(document);
		agentd_delivery_clear(&d);
		if (!written)
			break; // in order, or not at all
	}
	(void)agentd_store_good(f->agent, "hand out to the inbox", result);
}

static bool is_gone(const struct folders *f, const char *folder, const struct sluss_id *id)
{
	char path[PATH_OCTETS];
	inbox_path(f, folder, id, path);
	return access(path, F_OK) != 0 && errno == ENOENT;
}

// An officer's folder may have been made after the message was written: both places are looked at.
static void settle_file(struct folders *f, const struct agentd_delivery *d)
{
	char path[PATH_OCTETS];
	char own[SLUSS_OFFICER_MAX + 16];
	bool has_own = officer_folder(f, d->officer, own);
	bool gone_there = !has_own || is_gone(f, own, &d->id);
	bool gone = is_gone(f, "inbox", &d->id) && gone_there;
	inbox_path(f, gone_there ? "inbox" : own, &d->id, path);
	if (d->state == AGENTD_IN_RECALLED ? !gone : gone && has_files(f, &d->id)) {
		remove_files(f, "inbox", &d->id);
		if (has_own)
			remove_files(f, own, &d->id);
	}
	if (d->state == AGENTD_IN_HANDED && gone) {
		enum agentd_result result = agentd_store_handled(
		    f->agent->store, &d->id, AGENTD_IN_DONE, NULL, f->agent->settings.acknowledge_when_handled);
		(void)agentd_store_good(f->agent, "record that a file was taken", result);
		agentd_wake(f->agent);
	} else if (d->state == AGENTD_IN_RECALLED && !gone && unlink(path) == 0) {
		char id[SLUSS_ID_TEXT];
		sluss_event(SLUSS_EVENT_NOTICE, "recall-deleted-file", "message=%s", sluss_id_format(&d->id, id));
	}
}

void folders_look_inbox(struct folders *f)
{
	int64_t after = 0;
	enum agentd_result result = AGENTD_OK;
	while (result == AGENTD_OK) {
		struct agentd_delivery d;
		result = agentd_store_in_folder(f->agent->store, after, &d);
		if (result != AGENTD_OK)
			break;
		after = d.seq;
		settle_file(f, &d);
		agentd_delivery_clear(&d);
	}
	(void)agentd_store_good(f->agent, "look through the inbox", result);
}
