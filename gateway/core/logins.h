// SPDX-License-Identifier: EUPL-1.2
// Logins with identity providers that are under way: what Begin made and only core may know (state, PKCE verifier,
// nonce, the browser's key), what Finish waits for, and the providers' keys. In memory only. Writer thread.
//
// Bounds: Begin costs a stranger nothing, so it must cost nobody else: the newest SLUSS_LOGINS_MAX are remembered, the
// oldest makes room. Refusing the new ones instead would let one burst shut everybody out for ten minutes; this way a
// flood has to go on, and be as fast as the whole table within the time that a person takes to log in. Finish holds one
// of SLUSS_LOGINS_ASKING places while the provider is asked; beyond it: BUSY.
#ifndef SLUSS_CORE_LOGINS_H
#define SLUSS_CORE_LOGINS_H

#include "issuer.h"
#include "oidc_keys.h"
#include "outside.h"
#include "session_key.h"

enum {
	SLUSS_LOGINS_MAX = 16384,
	SLUSS_LOGINS_ASKING = 48,
	SLUSS_LOGIN_MS = 600000,	   // from Begin to Finish
	SLUSS_LOGIN_WAIT_MS = 20000,	   // Finish waits for the provider this long
	SLUSS_LOGIN_CALL_MS = 8000,	   // one call to it
	SLUSS_LOGIN_TEXT = 43 + 1,	   // base64url of 32 octets, with its NUL
	SLUSS_LOGIN_KEYS_MS = 3600000,	   // keys are fetched anew after this
	SLUSS_LOGIN_KEYS_AGAIN_MS = 60000, // for an unknown kid at most so often
	SLUSS_LOGIN_KEYS_RETRY_MS = 5000,  // after a failure
};

struct sluss_login {
	struct sluss_id id;
	uint32_t issuer; // its place in the settings
	uint8_t key[SLUSS_SESSION_KEY_BYTES];
	char state[SLUSS_LOGIN_TEXT];
	char verifier[SLUSS_LOGIN_TEXT];
	char nonce[SLUSS_LOGIN_TEXT];
};

struct sluss_logins;

// The issuers and redirect_url stay the caller's and must outlive it. Letters go to `to_intake`. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_logins *sluss_logins_new(
    const struct sluss_issuer *issuers, size_t count, const char *redirect_url, struct sluss_queue *to_intake);
void sluss_logins_free(struct sluss_logins **logins);
// Only these keys count for that issuer, and idp is never asked for others. They stay the caller's and must outlive it.
void sluss_logins_pin(struct sluss_logins *logins, size_t index, const struct sluss_oidc_keys *keys);
// NULL: there are not so many.
const struct sluss_issuer *sluss_logins_issuer(const struct sluss_logins *logins, size_t index);
const char *sluss_logins_redirect(const struct sluss_logins *logins);

// Remembers a login: `login` has issuer and key, the rest is drawn. Times are monotonic milliseconds.
void sluss_logins_begin(struct sluss_logins *logins, struct sluss_login *login, int64_t now_ms);
// Takes a login out: it cannot be taken again. False: unknown, taken, or too old.
SLUSS_MUST_CHECK bool sluss_logins_take(
    struct sluss_logins *logins, const struct sluss_id *id, int64_t now_ms, struct sluss_login *login_out);

// ---- asking the provider. A place is known by a number that is never used twice.

enum sluss_login_answer {
	SLUSS_LOGIN_NONE = 0,
	SLUSS_LOGIN_WAITS,	 // for a letter
	SLUSS_LOGIN_UNAVAILABLE, // the provider cannot be asked, or does not answer
	SLUSS_LOGIN_ANSWERED,
	SLUSS_LOGIN_GONE, // no such place (any more)
};

// Sends the code to the token endpoint. 0: no place is free, or no memory.
SLUSS_MUST_CHECK uint64_t sluss_logins_ask(
    struct sluss_logins *logins, const struct sluss_login *login, const char *code, int64_t now_ms);
// What the token endpoint said: HTTP status and body, which live until the place is given back.
enum sluss_login_answer sluss_logins_answer(struct sluss_logins *logins, uint64_t place,
    const struct sluss_login **login_out, uint32_t *status_out, struct sluss_bytes *body_out);
// The issuer's keys for the login in this place: fetched first if there are none, they are old, or (`unknown`) the last
// ones did not have what the token names and may be asked for again. ANSWERED: *keys_out is set, or NULL where an
// unknown kid stays unknown.
enum sluss_login_answer sluss_logins_keys(
    struct sluss_logins *logins, uint64_t place, bool unknown, int64_t now_ms, const struct sluss_oidc_keys **keys_out);
void sluss_logins_give_back(struct sluss_logins *logins, uint64_t place);

// A letter came from idp. The place that it is for; 0: none.
uint64_t sluss_logins_hear(struct sluss_logins *logins, const struct sluss_letter *letter, int64_t now_ms);
// Idp is gone: nothing that is under way will be answered.
void sluss_logins_lost(struct sluss_logins *logins);

#endif
