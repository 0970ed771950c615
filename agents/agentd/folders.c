// SPDX-License-Identifier: EUPL-1.2
// Watched folders, for systems that can only write files.
//
//   outbox/NAME.json -> outbox/.taken/ID.NAME.json -> sent/NAME.json + NAME.json.receipt, or rejected/NAME.json +
//   NAME.json.reason inbox/ID.json
//
// Each arrow is one rename. A file under .taken is in the queue or will be, under the id in its name; so that a crash
// at any point neither loses a message nor takes it twice, and of two agents on one folder one gets it.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "file.h"
#include "folders.h"
#include "log_event.h"

enum { EVENTS_OCTETS = 16384 };

// ---- which files

bool agentd_folder_wants(const char *name)
{
	size_t len = strlen(name);
	if (len < 6 || len > AGENTD_NAME_MAX || name[0] == '.' || strcmp(name + len - 5, ".json") != 0)
		return false;
	for (const char *c = name; *c != '\0'; c++) {
		// Names travel into events, results and other folders: nothing that is a control, a path or half a
		// character.
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/' || *c == '\\')
			return false;
	}
	return true;
}

// Nobody has it open for writing: the kernel gives a read lease only then. Where it gives none (another's file, a
// network folder) the time of the last change must do.
static bool is_quiet(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
		return true;
	}
	return errno != EAGAIN;
}

static bool is_complete(const struct folders *f, const char *name, bool noticed)
{
	struct stat st;
	struct timespec now;
	int fd = openat(f->outbox, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_quiet(fd);
	if (fd >= 0)
		(void)close(fd);
	if (!ok || noticed)
		return ok;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int64_t age_ms =
	    ((int64_t)now.tv_sec - st.st_mtim.tv_sec) * 1000 + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	// A time of change in the future says nothing about how long ago it was.
	return age_ms < 0 || age_ms >= f->agent->settings.settle_ms;
}

// ---- out

// "ID.NAME.json" -> its parts.
static bool split_taken(const char *taken, struct sluss_id *id_out, const char **name_out)
{
	char id[SLUSS_ID_TEXT];
	if (strlen(taken) < SLUSS_ID_TEXT || taken[SLUSS_ID_TEXT - 1] != '.')
		return false;
	memcpy(id, taken, SLUSS_ID_TEXT - 1);
	id[SLUSS_ID_TEXT - 1] = '\0';
	*name_out = taken + SLUSS_ID_TEXT;
	return sluss_id_from_text(id, id_out) && agentd_folder_wants(*name_out);
}

static bool reject_file(
    struct folders *f, const char *taken, const char *name, const char *code, const char *field, const char *text)
{
	json_t *tree = json_pack("{s:s, s:s, s:s}", "reason", code, "field", field, "explanation", text);
	char *reason = json_dumps(tree, JSON_INDENT(2));
	json_decref(tree);
	bool ok = reason != NULL && folders_finish(f, taken, name, false, reason);
	sluss_event(SLUSS_EVENT_WARNING, "file-rejected", "name=\"%s\" field=%s", name, field);
	free(reason);
	return ok;
}

// Puts a taken file into the queue. False: no room now, it stays and comes again.
static bool queue_file(struct folders *f, const char *taken, const struct sluss_id *id, const char *name)
{
	char path[PATH_OCTETS];
	char files[PATH_OCTETS];
	struct agentd_description d;
	struct agentd_describe_error error = {.field = ""};
	size_t len = 0;
	bool known = false;
	folders_path(f, path, "outbox/.taken", taken);
	folders_path(f, files, "outbox", "files");
	char *text = sluss_file_read(path, AGENTD_FILE_MAX, false, &len);
	if (text == NULL)
		return errno == EFBIG ? reject_file(f, taken, name, "TOO_LARGE", "", "A description has at most 8 MiB.")
				      : errno == ENOENT;
	bool described = agentd_describe((struct sluss_bytes){(const uint8_t *)text, len}, id, files, f->agent->officer,
	    f->agent->store, &d, &error);
	free(text);
	if (!described && error.no_room)
		return agentd_store_good(f->agent, "keep a file", AGENTD_FULL) && false;
	if (!described)
		return reject_file(f, taken, name, "MALFORMED", error.field, error.text);
	enum agentd_result result = agentd_queue_description(f->agent->store, &d, taken, &known);
	bool good = agentd_store_good(f->agent, "take a file", result);
	if (result == AGENTD_OK && known)
		result =
		    agentd_store_again(f->agent->store, &d.id, taken); // its answer is written beside this file too
	agentd_description_free(&d);
	if (result == AGENTD_NOT_FOUND)
		return reject_file(f, taken, name, "MALFORMED", "upload", "The file was not handed in before.");
	if (result == AGENTD_CONFLICT)
		return reject_file(f, taken, name, "ID_REUSED", "id", "Another message has this id.");
	if (result == AGENTD_OK)
		agentd_wake(f->agent);
	return good && result == AGENTD_OK;
}

// Moves a file out of everybody's sight, under the id that its message will have, and queues it.
static void take_file(struct folders *f, const char *name)
{
	char text[SLUSS_ID_TEXT];
	char taken[AGENTD_NAME_MAX + SLUSS_ID_TEXT + 1];
	struct sluss_id id;
	sluss_id_random(&id);
	(void)snprintf(taken, sizeof(taken), "%s.%s", sluss_id_format(&id, text), name);
	if (renameat(f->outbox, name, f->taken, taken) != 0 || fsync(f->taken) != 0)
		return; // another agent was first, or it comes again
	f->backlog = !queue_file(f, taken, &id, name) || f->backlog;
}

static void scan_outbox(struct folders *f)
{
	DIR *folder = fdopendir(openat(f->outbox, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	for (const struct dirent *entry; folder != NULL && !f->backlog && (entry = readdir(folder)) != NULL;) {
		if (agentd_folder_wants(entry->d_name) && is_complete(f, entry->d_name, false))
			take_file(f, entry->d_name);
	}
	if (folder != NULL)
		(void)closedir(folder);
}

// What was taken and may not be in the queue: after a crash, or when there was no room.
static void scan_taken(struct folders *f)
{
	DIR *folder = fdopendir(openat(f->taken, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	f->backlog = false;
	for (const struct dirent *entry; folder != NULL && !f->backlog && (entry = readdir(folder)) != NULL;) {
		struct sluss_id id;
		const char *name = NULL;
		if (split_taken(entry->d_name, &id, &name) && !agentd_store_has_source(f->agent->store, entry->d_name))
			f->backlog = !queue_file(f, entry->d_name, &id, name);
	}
	if (folder != NULL)
		(void)closedir(folder);
}

// Writes answers beside the files that have one now.
static void report(struct folders *f)
{
	for (;;) {
		struct agentd_message m;
		struct sluss_id id;
		const char *name = NULL;
		enum agentd_result result = agentd_store_unreported(f->agent->store, &m);
		if (result != AGENTD_OK) {
			(void)agentd_store_good(f->agent, "look for answers", result);
			return;
		}
		bool known = m.source != NULL && split_taken(m.source, &id, &name);
		char *text = folders_answer(&m);
		bool ok =
		    text != NULL && (!known || folders_finish(f, m.source, name, m.state != AGENTD_OUT_REFUSED, text));
		free(text);
		ok = ok && agentd_store_reported(f->agent->store, m.seq) == AGENTD_OK;
		agentd_message_clear(&m);
		if (!ok)
			return; // tried again at the next look
	}
}

// ---- the thread

// Files that were closed after writing or renamed into place.
static void take_noticed(struct folders *f)
{
	_Alignas(struct inotify_event) char octets[EVENTS_OCTETS];
	for (ssize_t len; (len = read(f->notify, octets, sizeof(octets))) > 0;) {
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)(octets + at);
			at += (ssize_t)(sizeof(*event) + event->len);
			// Temporary files become messages by a rename of our own: that is no change.
			bool went = event->wd != f->watch_outbox && event->len > 0 && agentd_folder_wants(event->name);
			f->inbox_changed = f->inbox_changed || went || (event->mask & IN_Q_OVERFLOW) != 0;
			if (event->wd == f->watch_outbox && event->len > 0 && !f->backlog &&
			    agentd_folder_wants(event->name) && is_complete(f, event->name, true))
				take_file(f, event->name);
		}
	}
}

void *agentd_folder_keeper(void *arg)
{
	enum { LOOK_MS = 100 }; // notices of the kernel are read this often
	struct agentd *agent = arg;
	struct folders f = {.agent = agent};
	int64_t rescan_ms = 0;
	uint64_t seen = 0;
	if (!folders_open(&f)) {
		agentd_stop(agent);
		return NULL;
	}
	while (!agentd_stopping(agent)) {
		uint64_t generation = agentd_generation(agent);
		if (agentd_boot_ms() >= rescan_ms) {
			rescan_ms = agentd_boot_ms() + agent->settings.rescan_ms;
			scan_taken(&f);
			scan_outbox(&f);
			f.inbox_changed = true;
			seen = generation - 1;
		}
		take_noticed(&f);
		if (generation != seen) {
			seen = generation;
			report(&f);
			folders_hand_out(&f);
		}
		uint64_t erased = atomic_load(&agent->erased);
		if (f.inbox_changed || erased != f.erased) {
			f.inbox_changed = false;
			f.erased = erased;
			folders_look_inbox(&f);
		}
		agentd_wait(agent, generation, agentd_boot_ms() + LOOK_MS);
	}
	folders_close(&f);
	return NULL;
}
