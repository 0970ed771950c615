// SPDX-License-Identifier: EUPL-1.2
// Who is logged in: sessions of persons and of staff (session.proto), in memory only, so that none outlives core. A
// session is bound to the key that its browser made; a request counts only with that key's signature over a number that
// the session has not used.
//
// Times are monotonic milliseconds, handed in: a demo authority's clock may leap months, a session must not end by
// that. Threads: any (a lock inside). Answers are copies.
#ifndef SLUSS_CORE_SESSIONS_H
#define SLUSS_CORE_SESSIONS_H

#include "session_key.h"
#include "sluss/types.h"

enum {
	SLUSS_SESSION_ID_BYTES = 32,
	SLUSS_SESSION_ID_TEXT = 43 + 1, // base64url without padding, with its NUL
	SLUSS_SESSION_ISSUER_MAX = 31,
	SLUSS_SESSIONS_EACH = 8, // of one person or officer at one time; the oldest makes room
};

enum sluss_session_kind {
	SLUSS_SESSION_NONE = 0,
	SLUSS_SESSION_PERSON = 1,
	SLUSS_SESSION_STAFF = 2,
};

struct sluss_session {
	uint8_t id[SLUSS_SESSION_ID_BYTES];
	enum sluss_session_kind kind;
	uint8_t key[SLUSS_SESSION_KEY_BYTES];
	struct sluss_id person;			   // PERSON
	char agency[SLUSS_AGENCY_MAX + 1];	   // STAFF
	char officer[SLUSS_OFFICER_MAX + 1];	   // STAFF
	char issuer[SLUSS_SESSION_ISSUER_MAX + 1]; // who vouched; "" for a one-time code
	int64_t until_ms;			   // ends then
	int64_t idle_until_ms;			   // or then, unless used
};

struct sluss_sessions;

// At most `max` sessions at one time; the one that was idle longest makes room. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_sessions *sluss_sessions_new(size_t max, int64_t lifetime_ms, int64_t idle_ms);
void sluss_sessions_free(struct sluss_sessions **sessions);

// Draws an id for a session that is to be opened.
void sluss_session_draw(struct sluss_session *session);
// Opens it: id, key and owner stand in `session`; the times are filled in.
void sluss_sessions_open(struct sluss_sessions *sessions, struct sluss_session *session, int64_t now_ms);
int64_t sluss_sessions_lifetime_ms(const struct sluss_sessions *sessions);
int64_t sluss_sessions_idle_ms(const struct sluss_sessions *sessions);
// False: none by that id, or it is over.
SLUSS_MUST_CHECK bool sluss_sessions_get(
    struct sluss_sessions *sessions, struct sluss_bytes id, int64_t now_ms, struct sluss_session *session_out);
// A signed request came: uses its counter up and keeps the session from ending idle. False: over, or the counter was
// used, or is more than 63 behind the highest (the anti-replay window of RFC 4303 section 3.4.3).
SLUSS_MUST_CHECK bool sluss_sessions_use(
    struct sluss_sessions *sessions, const uint8_t id[SLUSS_SESSION_ID_BYTES], uint64_t counter, int64_t now_ms);
void sluss_sessions_end(struct sluss_sessions *sessions, const uint8_t id[SLUSS_SESSION_ID_BYTES]);
// Ends all of the same person or officer; how many.
size_t sluss_sessions_end_all(struct sluss_sessions *sessions, const struct sluss_session *like);
// Ends one of those meant by `like`, and says which: kind NONE means everybody's, STAFF without officer those of an
// agency's staff. False: there is none.
SLUSS_MUST_CHECK bool sluss_sessions_end_one(
    struct sluss_sessions *sessions, const struct sluss_session *like, struct sluss_session *ended_out);
// How many are open.
size_t sluss_sessions_count(struct sluss_sessions *sessions, int64_t now_ms);

// An id as text.
void sluss_session_id_text(const uint8_t id[SLUSS_SESSION_ID_BYTES], char text_out[SLUSS_SESSION_ID_TEXT]);
// False: not such a text.
SLUSS_MUST_CHECK bool sluss_session_id_parse(const char *text, uint8_t id_out[SLUSS_SESSION_ID_BYTES]);

#endif
