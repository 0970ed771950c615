// SPDX-License-Identifier: EUPL-1.2
// The care of SQLite's write-ahead log, on a thread with its own connection: moving committed pages into the database
// file, so that the writer never pays for it, and emptying the log after an erasure, so that nothing of what was erased
// is left there.
//
// How it goes with the writer: moving pages (PASSIVE) needs no lock of the writer. Starting the log over (RESTART,
// TRUNCATE) does: the thread raises `wants_gate`, the writer's next begin waits until it is done, and the writer never
// waits for the long part, because a PASSIVE run went before. A checkpoint that fails (not: busy) raises `failed` for
// good: after an I/O error nobody writes on.
#include "store_sqlite.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	PASSIVE_PAGES = 1000,  // 8 MiB in the log: move pages
	RESTART_PAGES = 8000,  // 64 MiB: start it over
	SCRUB_AFTER_MS = 5000, // longest time that erased octets stay in the log
	RETRY_MS = 200,	       // when a reader was in the way
	CARE_BUSY_MS = 100,
};

struct sqlite_care {
	pthread_t thread;
	sqlite3 *db; // the thread's own
	pthread_mutex_t mutex;
	pthread_cond_t changed; // any of the fields below
	bool stop;
	bool failed;
	bool in_transaction; // the writer is between enter and leave
	bool wants_gate;     // the writer has to wait in enter
	int pages;	     // in the log after the last commit
	bool erased;	     // a commit erased something since the log was last emptied
	int64_t erased_ms;   // when the first of them was
	unsigned asked;	     // scrubs asked for, and done
	unsigned answered;
	enum sluss_store_result answer;
};

static int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// ---- the writer's side

// SQLite tells after each commit how many pages the log has.
static int committed(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_care *care = context;
	(void)db;
	(void)name;
	pthread_mutex_lock(&care->mutex);
	care->pages = pages;
	if (pages >= PASSIVE_PAGES)
		pthread_cond_broadcast(&care->changed);
	pthread_mutex_unlock(&care->mutex);
	return SQLITE_OK;
}

bool sqlite_care_enter(struct sqlite_care *care)
{
	pthread_mutex_lock(&care->mutex);
	while (care->wants_gate && !care->failed)
		pthread_cond_wait(&care->changed, &care->mutex);
	bool allowed = !care->failed;
	care->in_transaction = allowed;
	pthread_mutex_unlock(&care->mutex);
	return allowed;
}

void sqlite_care_leave(struct sqlite_care *care, bool erased)
{
	pthread_mutex_lock(&care->mutex);
	care->in_transaction = false;
	if (erased && !care->erased) {
		care->erased = true;
		care->erased_ms = now_ms();
		pthread_cond_broadcast(&care->changed);
	} else if (care->wants_gate) {
		pthread_cond_broadcast(&care->changed);
	}
	pthread_mutex_unlock(&care->mutex);
}

enum sluss_store_result sqlite_care_scrub(struct sqlite_care *care)
{
	pthread_mutex_lock(&care->mutex);
	unsigned mine = ++care->asked;
	pthread_cond_broadcast(&care->changed);
	while (care->answered != mine && !care->failed)
		pthread_cond_wait(&care->changed, &care->mutex);
	enum sluss_store_result answer = care->failed ? SLUSS_STORE_UNCERTAIN : care->answer;
	pthread_mutex_unlock(&care->mutex);
	return answer;
}

// ---- the thread's side

// One checkpoint. OK, AGAIN when somebody was in the way, UNCERTAIN.
static enum sluss_store_result checkpoint(struct sqlite_care *care, int mode, int *left_out)
{
	int pages = 0;
	int moved = 0;
	int code = sqlite3_wal_checkpoint_v2(care->db, NULL, mode, &pages, &moved);
	*left_out = pages < 0 ? 0 : pages;
	if (code == SQLITE_OK)
		return SLUSS_STORE_OK;
	return (code & 0xff) == SQLITE_BUSY ? SLUSS_STORE_AGAIN : SLUSS_STORE_UNCERTAIN;
}

// Moves pages; with `mode` also starts the log over or empties it. Called and returns with the mutex held.
static enum sluss_store_result shorten(struct sqlite_care *care, int mode)
{
	int left = 0;
	pthread_mutex_unlock(&care->mutex);
	enum sluss_store_result result = checkpoint(care, SQLITE_CHECKPOINT_PASSIVE, &left);
	pthread_mutex_lock(&care->mutex);
	if (result == SLUSS_STORE_UNCERTAIN || mode == SQLITE_CHECKPOINT_PASSIVE)
		return result;
	care->wants_gate = true;
	while (care->in_transaction && !care->stop)
		pthread_cond_wait(&care->changed, &care->mutex);
	pthread_mutex_unlock(&care->mutex);
	result = checkpoint(care, mode, &left);
	pthread_mutex_lock(&care->mutex);
	if (result == SLUSS_STORE_OK)
		care->pages = 0;
	if (result == SLUSS_STORE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE)
		care->erased = false;
	care->wants_gate = false;
	pthread_cond_broadcast(&care->changed);
	return result;
}

// Waits until something is to be done or `until_ms` has come (0: no end).
static void rest(struct sqlite_care *care, int64_t until_ms)
{
	if (until_ms == 0) {
		pthread_cond_wait(&care->changed, &care->mutex);
		return;
	}
	struct timespec t = {.tv_sec = until_ms / 1000, .tv_nsec = (until_ms % 1000) * 1000000};
	(void)pthread_cond_timedwait(&care->changed, &care->mutex, &t);
}

static void *care_thread(void *context)
{
	struct sqlite_care *care = context;
	int64_t retry_ms = 0; // not before this, except when asked
	int passive_at = PASSIVE_PAGES;
	pthread_mutex_lock(&care->mutex);
	while (!care->stop && !care->failed) {
		int64_t now = now_ms();
		bool asked = care->asked != care->answered;
		bool due = care->erased && now >= care->erased_ms + SCRUB_AFTER_MS;
		bool allowed = now >= retry_ms;
		if (care->pages < PASSIVE_PAGES) // the log was started over
			passive_at = PASSIVE_PAGES;
		enum sluss_store_result result;
		if (asked || (due && allowed)) {
			unsigned request = care->asked;
			result = shorten(care, SQLITE_CHECKPOINT_TRUNCATE);
			if (asked) {
				care->answer = result;
				care->answered = request;
				pthread_cond_broadcast(&care->changed);
			}
		} else if (care->pages >= RESTART_PAGES && allowed) {
			result = shorten(care, SQLITE_CHECKPOINT_RESTART);
		} else if (care->pages >= passive_at) {
			passive_at = care->pages + PASSIVE_PAGES;
			result = shorten(care, SQLITE_CHECKPOINT_PASSIVE);
		} else {
			int64_t wake = care->erased ? care->erased_ms + SCRUB_AFTER_MS : 0;
			if (retry_ms > now && (wake != 0 || care->pages >= RESTART_PAGES))
				wake = retry_ms > wake ? retry_ms : wake;
			rest(care, wake);
			continue;
		}
		if (result == SLUSS_STORE_AGAIN)
			retry_ms = now_ms() + RETRY_MS;
		care->failed = result == SLUSS_STORE_UNCERTAIN;
	}
	pthread_cond_broadcast(&care->changed);
	pthread_mutex_unlock(&care->mutex);
	return NULL;
}

// ---- start and stop

static void care_free(struct sqlite_care *care)
{
	(void)sqlite3_close(care->db);
	pthread_cond_destroy(&care->changed);
	pthread_mutex_destroy(&care->mutex);
	free(care);
}

static struct sqlite_care *care_new(void)
{
	struct sqlite_care *care = calloc(1, sizeof(*care));
	if (care == NULL)
		return NULL;
	pthread_condattr_t monotonic;
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&care->mutex, NULL);
	(void)pthread_cond_init(&care->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return care;
}

enum sluss_store_result sqlite_care_start(
    const char *path, sqlite3 *writer, struct sluss_store_error *error_out, struct sqlite_care **care_out)
{
	struct sqlite_care *care = care_new();
	if (care == NULL)
		return SLUSS_STORE_FULL;
	int code = sqlite_connect(path, SQLITE_OPEN_READWRITE, &care->db);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(care->db, CARE_BUSY_MS);
	if (code != SQLITE_OK || pthread_create(&care->thread, NULL, care_thread, care) != 0) {
		(void)sqlite3_snprintf(sizeof(error_out->text), error_out->text, "care of the write-ahead log: %s (%d)",
		    sqlite3_errstr(code), code);
		care_free(care);
		return SLUSS_STORE_UNCERTAIN;
	}
	(void)sqlite3_wal_hook(writer, committed, care);
	*care_out = care;
	return SLUSS_STORE_OK;
}

void sqlite_care_stop(struct sqlite_care **care_in)
{
	struct sqlite_care *care = *care_in;
	if (care == NULL)
		return;
	pthread_mutex_lock(&care->mutex);
	care->stop = true;
	pthread_cond_broadcast(&care->changed);
	pthread_mutex_unlock(&care->mutex);
	(void)pthread_join(care->thread, NULL);
	care_free(care);
	*care_in = NULL;
}
