// SPDX-License-Identifier: EUPL-1.2
// Invariant: slots[0..count) are the sessions, in no order. Few enough that a look through all of them is nothing
// beside one signature check.
#include "sessions.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { WINDOW = 64 };

struct slot {
	struct sluss_session session;
	uint64_t highest; // counter
	uint64_t seen;	  // bit n: highest - n was used
};

struct sluss_sessions {
	pthread_mutex_t lock;
	int64_t lifetime_ms, idle_ms;
	size_t max, count;
	struct slot slots[];
};

struct sluss_sessions *sluss_sessions_new(size_t max, int64_t lifetime_ms, int64_t idle_ms)
{
	struct sluss_sessions *sessions = calloc(1, sizeof(*sessions) + max * sizeof(sessions->slots[0]));
	if (sessions == NULL || max == 0 || pthread_mutex_init(&sessions->lock, NULL) != 0) {
		free(sessions);
		return NULL;
	}
	sessions->max = max;
	sessions->lifetime_ms = lifetime_ms;
	sessions->idle_ms = idle_ms;
	return sessions;
}

void sluss_sessions_free(struct sluss_sessions **sessions)
{
	if (*sessions == NULL)
		return;
	pthread_mutex_destroy(&(*sessions)->lock);
	sodium_memzero((*sessions)->slots, (*sessions)->count * sizeof((*sessions)->slots[0]));
	free(*sessions);
	*sessions = NULL;
}

// ---- under the lock

static void drop(struct sluss_sessions *s, size_t at)
{
	s->slots[at] = s->slots[--s->count];
	sodium_memzero(&s->slots[s->count], sizeof(s->slots[s->count]));
}

static bool is_over(const struct slot *slot, int64_t now_ms)
{
	return slot->session.until_ms <= now_ms || slot->session.idle_until_ms <= now_ms;
}

static void sweep(struct sluss_sessions *s, int64_t now_ms)
{
	for (size_t i = s->count; i-- > 0;)
		if (is_over(&s->slots[i], now_ms))
			drop(s, i);
}

static struct slot *find(struct sluss_sessions *s, const uint8_t *id, int64_t now_ms)
{
	for (size_t i = 0; i < s->count; i++)
		if (sodium_memcmp(s->slots[i].session.id, id, SLUSS_SESSION_ID_BYTES) == 0)
			return is_over(&s->slots[i], now_ms) ? NULL : &s->slots[i];
	return NULL;
}

static bool same_owner(const struct sluss_session *a, const struct sluss_session *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == SLUSS_SESSION_PERSON
		   ? sluss_id_equal(&a->person, &b->person)
		   : strcmp(a->agency, b->agency) == 0 && strcmp(a->officer, b->officer) == 0;
}

// The one that ends idle first among those of `owner` (NULL: of everybody); SIZE_MAX when there are fewer than `most`.
static size_t crowded(const struct sluss_sessions *s, const struct sluss_session *owner, size_t most)
{
	size_t first = SIZE_MAX, count = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (owner != NULL && !same_owner(&s->slots[i].session, owner))
			continue;
		count++;
		if (first == SIZE_MAX || s->slots[i].session.idle_until_ms < s->slots[first].session.idle_until_ms)
			first = i;
	}
	return count < most ? SIZE_MAX : first;
}

// ---- public

void sluss_session_draw(struct sluss_session *session)
{
	randombytes_buf(session->id, sizeof(session->id));
}

int64_t sluss_sessions_lifetime_ms(const struct sluss_sessions *s)
{
	return s->lifetime_ms;
}

int64_t sluss_sessions_idle_ms(const struct sluss_sessions *s)
{
	return s->idle_ms;
}

void sluss_sessions_open(struct sluss_sessions *s, struct sluss_session *session, int64_t now_ms)
{
	session->until_ms = now_ms + s->lifetime_ms;
	session->idle_until_ms = now_ms + s->idle_ms;
	pthread_mutex_lock(&s->lock);
	sweep(s, now_ms);
	size_t own = crowded(s, session, SLUSS_SESSIONS_EACH);
	if (own != SIZE_MAX)
		drop(s, own);
	size_t any = crowded(s, NULL, s->max);
	if (any != SIZE_MAX)
		drop(s, any);
	s->slots[s->count++] = (struct slot){.session = *session};
	pthread_mutex_unlock(&s->lock);
}

bool sluss_sessions_get(
    struct sluss_sessions *s, struct sluss_bytes id, int64_t now_ms, struct sluss_session *session_out)
{
	if (id.len != SLUSS_SESSION_ID_BYTES)
		return false;
	pthread_mutex_lock(&s->lock);
	const struct slot *slot = find(s, id.data, now_ms);
	if (slot != NULL)
		*session_out = slot->session;
	pthread_mutex_unlock(&s->lock);
	return slot != NULL;
}

static bool take_counter(struct slot *slot, uint64_t counter)
{
	if (counter > slot->highest) {
		uint64_t ahead = counter - slot->highest;
		slot->seen = ahead < WINDOW ? slot->seen << ahead : 0;
		slot->seen |= 1;
		slot->highest = counter;
		return true;
	}
	uint64_t behind = slot->highest - counter;
	if (counter == 0 || behind >= WINDOW || (slot->seen >> behind & 1) != 0)
		return false;
	slot->seen |= UINT64_C(1) << behind;
	return true;
}

bool sluss_sessions_use(
    struct sluss_sessions *s, const uint8_t id[SLUSS_SESSION_ID_BYTES], uint64_t counter, int64_t now_ms)
{
	pthread_mutex_lock(&s->lock);
	struct slot *slot = find(s, id, now_ms);
	bool ok = slot != NULL && take_counter(slot, counter);
	if (ok)
		slot->session.idle_until_ms = now_ms + s->idle_ms;
	pthread_mutex_unlock(&s->lock);
	return ok;
}

void sluss_sessions_end(struct sluss_sessions *s, const uint8_t id[SLUSS_SESSION_ID_BYTES])
{
	pthread_mutex_lock(&s->lock);
	struct slot *slot = find(s, id, INT64_MIN);
	if (slot != NULL)
		drop(s, (size_t)(slot - s->slots));
	pthread_mutex_unlock(&s->lock);
}

size_t sluss_sessions_end_all(struct sluss_sessions *s, const struct sluss_session *like)
{
	struct sluss_session owner = *like; // it may lie in the table
	size_t ended = 0;
	pthread_mutex_lock(&s->lock);
	for (size_t i = s->count; i-- > 0;)
		if (same_owner(&s->slots[i].session, &owner)) {
			drop(s, i);
			ended++;
		}
	pthread_mutex_unlock(&s->lock);
	return ended;
}

static bool is_meant(const struct sluss_session *session, const struct sluss_session *like)
{
	if (like->kind == SLUSS_SESSION_NONE)
		return true;
	if (like->kind == SLUSS_SESSION_STAFF && like->officer[0] == '\0')
		return session->kind == SLUSS_SESSION_STAFF && strcmp(session->agency, like->agency) == 0;
	return same_owner(session, like);
}

bool sluss_sessions_end_one(struct sluss_sessions *s, const struct sluss_session *like, struct sluss_session *ended_out)
{
	size_t at = 0;
	pthread_mutex_lock(&s->lock);
	while (at < s->count && !is_meant(&s->slots[at].session, like))
		at++;
	bool found = at < s->count;
	if (found) {
		*ended_out = s->slots[at].session;
		drop(s, at);
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

size_t sluss_sessions_count(struct sluss_sessions *s, int64_t now_ms)
{
	pthread_mutex_lock(&s->lock);
	sweep(s, now_ms);
	size_t count = s->count;
	pthread_mutex_unlock(&s->lock);
	return count;
}

void sluss_session_id_text(const uint8_t id[SLUSS_SESSION_ID_BYTES], char text_out[SLUSS_SESSION_ID_TEXT])
{
	sodium_bin2base64(
	    text_out, SLUSS_SESSION_ID_TEXT, id, SLUSS_SESSION_ID_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool sluss_session_id_parse(const char *text, uint8_t id_out[SLUSS_SESSION_ID_BYTES])
{
	size_t len = 0;
	return strlen(text) == SLUSS_SESSION_ID_TEXT - 1 &&
	       sodium_base642bin(id_out, SLUSS_SESSION_ID_BYTES, text, SLUSS_SESSION_ID_TEXT - 1, NULL, &len, NULL,
		   sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       len == SLUSS_SESSION_ID_BYTES;
}
