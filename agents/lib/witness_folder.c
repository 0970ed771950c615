// SPDX-License-Identifier: EUPL-1.2
// A witness that remembers in a folder: for each log one file, which is the last checkpoint that it cosigned, as the
// log signed it. The file is replaced in one step and synced with its folder before the reply. Reading it back demands
// the log's signature again.
#include "sluss/witness.h"

#include "log_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
	FILE_NAME = 2 * SLUSS_HASH_BYTES + 16,
};

struct sluss_witness {
	int folder; // descriptor of the folder
	int lock;
	pthread_mutex_t mutex;
	struct sluss_witness_keys keys; // points into what follows
	char *name;
	char *logs[SLUSS_WITNESS_LOGS_MAX];
	uint8_t seed[SLUSS_HASH_BYTES];
};

// The file of a log: an origin may have any character, its hash has not.
static void file_name(const char *origin, const char *suffix, char out[FILE_NAME])
{
	struct sluss_hash hash;
	char hex[2 * SLUSS_HASH_BYTES + 1];
	sluss_hash_octets(origin, strlen(origin), &hash);
	(void)snprintf(out, FILE_NAME, "%s%s", sodium_bin2hex(hex, sizeof(hex), hash.b, sizeof(hash.b)), suffix);
}

// ---- reading

static ssize_t read_whole(int fd, uint8_t *data, size_t room)
{
	size_t len = 0;
	while (len < room) {
		ssize_t got = read(fd, data + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			return (ssize_t)len;
		len += (size_t)got;
	}
	return -1; // longer than any note
}

static bool open_note(
    const struct sluss_witness *w, const char *origin, struct sluss_bytes note, struct sluss_witness_state *state_out)
{
	for (size_t i = 0; i < w->keys.log_count; i++) {
		struct sluss_note_key key;
		struct sluss_checkpoint checkpoint;
		struct sluss_bytes text = {(const uint8_t *)w->logs[i], strlen(w->logs[i])};
		if (!sluss_note_key_parse(text, &key) || strcmp(key.name, origin) != 0 ||
		    !sluss_checkpoint_open(note, &key, &checkpoint))
			continue;
		state_out->size = checkpoint.size;
		memcpy(state_out->root, checkpoint.root.b, sizeof(state_out->root));
		return true;
	}
	return false;
}

static bool load(void *arg, const char *origin, struct sluss_witness_state *state_out)
{
	const struct sluss_witness *w = arg;
	char name[FILE_NAME];
	memset(state_out, 0, sizeof(*state_out));
	file_name(origin, "", name);
	int fd = openat(w->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT; // nothing cosigned yet
	uint8_t *data = malloc(SLUSS_NOTE_MAX + 1);
	ssize_t len = data == NULL ? -1 : read_whole(fd, data, SLUSS_NOTE_MAX + 1);
	bool good =
	    close(fd) == 0 && len > 0 && open_note(w, origin, (struct sluss_bytes){data, (size_t)len}, state_out);
	free(data);
	return good;
}

// ---- remembering

static bool write_whole(int fd, struct sluss_bytes octets)
{
	while (octets.len > 0) {
		ssize_t done = write(fd, octets.data, octets.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		octets.data += done;
		octets.len -= (size_t)done;
	}
	return true;
}

static bool store(void *arg, const char *origin, const struct sluss_witness_state *state, struct sluss_bytes note)
{
	const struct sluss_witness *w = arg;
	char name[FILE_NAME];
	char fresh[FILE_NAME];
	(void)state; // the note says it all
	file_name(origin, "", name);
	file_name(origin, ".new", fresh);
	int fd = openat(w->folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	bool good = write_whole(fd, note) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	return good && renameat(w->folder, fresh, w->folder, name) == 0 && fsync(w->folder) == 0;
}

// ---- open and close

static bool copy_keys(struct sluss_witness *w, const struct sluss_witness_keys *keys, char why_out[256])
{
	char text[400];
	if (!sluss_witness_verifier_key(keys->name, keys->seed, text, sizeof(text))) {
		(void)snprintf(why_out, 256,
		    "the witness's name must not be empty, longer than 127 octets, or have a space or a plus");
		return false;
	}
	if (keys->log_count == 0 || keys->log_count > SLUSS_WITNESS_LOGS_MAX) {
		(void)snprintf(why_out, 256, "a witness needs the verifier key of at least one log and at most %d",
		    SLUSS_WITNESS_LOGS_MAX);
		return false;
	}
	memcpy(w->seed, keys->seed, sizeof(w->seed));
	w->name = strdup(keys->name);
	for (size_t i = 0; i < keys->log_count; i++) {
		struct sluss_note_key key;
		struct sluss_bytes log = {(const uint8_t *)keys->logs[i], strlen(keys->logs[i])};
		if (!sluss_note_key_parse(log, &key) || key.type != SLUSS_NOTE_ED25519) {
			(void)snprintf(
			    why_out, 256, "key %zu is not the verifier key of a log (name+hash+base64)", i + 1);
			return false;
		}
		w->logs[i] = strdup(keys->logs[i]);
		if (w->logs[i] == NULL)
			return false;
	}
	w->keys = (struct sluss_witness_keys){w->name, w->seed, (const char *const *)w->logs, keys->log_count};
	return w->name != NULL;
}

static bool take_folder(struct sluss_witness *w, const char *folder, char why_out[256])
{
	w->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->lock = w->folder < 0 ? -1 : openat(w->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock < 0) {
		(void)snprintf(why_out, 256, "%.150s: %s", folder, strerror(errno));
		return false;
	}
	if (flock(w->lock, LOCK_EX | LOCK_NB) != 0) {
		(void)snprintf(why_out, 256, "%.150s: another witness uses this folder; stop it first", folder);
		return false;
	}
	return true;
}

struct sluss_witness *sluss_witness_open(const char *folder, const struct sluss_witness_keys *keys, char why_out[256])
{
	(void)snprintf(why_out, 256, "not enough memory");
	struct sluss_witness *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->folder = w->lock = -1;
	if (pthread_mutex_init(&w->mutex, NULL) != 0) {
		free(w);
		return NULL;
	}
	if (!copy_keys(w, keys, why_out) || !take_folder(w, folder, why_out))
		sluss_witness_close(&w);
	return w;
}

void sluss_witness_close(struct sluss_witness **witness)
{
	struct sluss_witness *w = *witness;
	if (w == NULL)
		return;
	if (w->lock >= 0)
		(void)close(w->lock);
	if (w->folder >= 0)
		(void)close(w->folder);
	(void)pthread_mutex_destroy(&w->mutex);
	sodium_memzero(w->seed, sizeof(w->seed));
	for (size_t i = 0; i < SLUSS_WITNESS_LOGS_MAX; i++)
		free(w->logs[i]);
	free(w->name);
	free(w);
	*witness = NULL;
}

// ---- requests

void sluss_witness_add_checkpoint(
    struct sluss_witness *witness, struct sluss_bytes body, uint64_t time_s, struct sluss_witness_reply *reply_out)
{
	(void)pthread_mutex_lock(&witness->mutex);
	if (time_s == 0) {
		time_t now = time(NULL);
		time_s = now > 0 ? (uint64_t)now : 0;
	}
	sluss_witness_judge(&witness->keys, body, time_s, load, store, witness, reply_out);
	(void)pthread_mutex_unlock(&witness->mutex);
}

bool sluss_witness_known(struct sluss_witness *witness, const char *origin, struct sluss_witness_state *state_out)
{
	bool known = false;
	(void)pthread_mutex_lock(&witness->mutex);
	for (size_t i = 0; i < witness->keys.log_count && !known; i++) {
		struct sluss_note_key key;
		struct sluss_bytes text = {(const uint8_t *)witness->logs[i], strlen(witness->logs[i])};
		known = sluss_note_key_parse(text, &key) && strcmp(key.name, origin) == 0;
	}
	bool good = known && load(witness, origin, state_out);
	(void)pthread_mutex_unlock(&witness->mutex);
	return good;
}
