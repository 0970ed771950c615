// SPDX-License-Identifier: EUPL-1.2
// Invariant: ids[i] and logins[i] belong together; a slot whose until_ms is 0 is empty. The ring's next slot is the
// oldest, because all live equally long.
#include "logins.h"

#include <sodium.h>
#include <stdlib.h>

#include "log_event.h"
#include "url_form.h"

enum { FORM_MAX = 8192 };

struct asking {
	uint64_t place; // 0: free
	struct sluss_login login;
	int64_t until_ms; // nobody waits any more
	bool answered, asked_keys;
	uint32_t status;
	uint8_t *body;
	size_t len;
};

struct issuer_keys {
	struct sluss_oidc_keys *keys;
	const struct sluss_oidc_keys *pinned; // the settings' own, not ours to free: then none is ever fetched
	int64_t fetched_ms, tried_ms;	      // monotonic
	bool fetching;
};

struct sluss_logins {
	const struct sluss_issuer *issuers;
	size_t issuer_count;
	const char *redirect_url;
	struct sluss_queue *to_intake;
	uint64_t last_number;
	size_t next;
	struct issuer_keys keys[SLUSS_ISSUERS_MAX];
	struct asking asking[SLUSS_LOGINS_ASKING];
	struct sluss_id ids[SLUSS_LOGINS_MAX];
	int64_t until_ms[SLUSS_LOGINS_MAX];
	struct sluss_login logins[SLUSS_LOGINS_MAX];
};

struct sluss_logins *sluss_logins_new(
    const struct sluss_issuer *issuers, size_t count, const char *redirect_url, struct sluss_queue *to_intake)
{
	struct sluss_logins *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return NULL;
	l->issuers = issuers;
	l->issuer_count = count < SLUSS_ISSUERS_MAX ? count : SLUSS_ISSUERS_MAX;
	l->redirect_url = redirect_url == NULL ? "" : redirect_url;
	l->to_intake = to_intake;
	for (size_t i = 0; i < SLUSS_ISSUERS_MAX; i++)
		l->keys[i].fetched_ms = l->keys[i].tried_ms = INT64_MIN / 2;
	return l;
}

static void free_asking(struct asking *asking)
{
	if (asking->body != NULL)
		sodium_memzero(asking->body, asking->len);
	free(asking->body);
	sodium_memzero(asking, sizeof(*asking));
}

void sluss_logins_free(struct sluss_logins **logins)
{
	struct sluss_logins *l = *logins;
	if (l == NULL)
		return;
	for (size_t i = 0; i < SLUSS_ISSUERS_MAX; i++)
		sluss_oidc_keys_free(&l->keys[i].keys);
	for (size_t i = 0; i < SLUSS_LOGINS_ASKING; i++)
		free_asking(&l->asking[i]);
	sodium_memzero(l->logins, sizeof(l->logins));
	free(l);
	*logins = NULL;
}

const struct sluss_issuer *sluss_logins_issuer(const struct sluss_logins *l, size_t index)
{
	return index < l->issuer_count ? &l->issuers[index] : NULL;
}

void sluss_logins_pin(struct sluss_logins *l, size_t index, const struct sluss_oidc_keys *keys)
{
	if (index < l->issuer_count)
		l->keys[index].pinned = keys;
}

const char *sluss_logins_redirect(const struct sluss_logins *l)
{
	return l->redirect_url;
}

// ---- begun

static void draw_text(char text_out[SLUSS_LOGIN_TEXT])
{
	uint8_t octets[32];
	randombytes_buf(octets, sizeof(octets));
	sodium_bin2base64(text_out, SLUSS_LOGIN_TEXT, octets, sizeof(octets), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(octets, sizeof(octets));
}

// base64url(SHA-256("sluss-nonce-v1" 0x00 login_id 0x00 session_key 0x00 random))
static void make_nonce(struct sluss_login *login)
{
	static const uint8_t label[] = "sluss-nonce-v1", zero[1] = {0};
	uint8_t random[32], hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	randombytes_buf(random, sizeof(random));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, label, sizeof(label));
	crypto_hash_sha256_update(&state, login->id.b, sizeof(login->id.b));
	crypto_hash_sha256_update(&state, zero, 1);
	crypto_hash_sha256_update(&state, login->key, sizeof(login->key));
	crypto_hash_sha256_update(&state, zero, 1);
	crypto_hash_sha256_update(&state, random, sizeof(random));
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2base64(login->nonce, SLUSS_LOGIN_TEXT, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void sluss_logins_begin(struct sluss_logins *l, struct sluss_login *login, int64_t now_ms)
{
	randombytes_buf(login->id.b, sizeof(login->id.b));
	draw_text(login->state);
	draw_text(login->verifier);
	make_nonce(login);
	l->ids[l->next] = login->id;
	l->logins[l->next] = *login;
	l->until_ms[l->next] = now_ms + SLUSS_LOGIN_MS;
	l->next = (l->next + 1) % SLUSS_LOGINS_MAX;
}

bool sluss_logins_take(struct sluss_logins *l, const struct sluss_id *id, int64_t now_ms, struct sluss_login *login_out)
{
	for (size_t i = 0; i < SLUSS_LOGINS_MAX; i++) {
		if (l->until_ms[i] == 0 || !sluss_id_equal(&l->ids[i], id))
			continue;
		bool good = l->until_ms[i] > now_ms;
		*login_out = l->logins[i];
		l->until_ms[i] = 0;
		sodium_memzero(&l->logins[i], sizeof(l->logins[i]));
		return good;
	}
	return false;
}

// ---- letters

// False: no memory.
static bool send(
    struct sluss_logins *l, uint32_t index, uint64_t number, const char *content_type, struct sluss_bytes body)
{
	uint64_t call_id = sluss_outside_call_id(SLUSS__V1__COURIER_CALL__KIND__KIND_IDP, index, number);
	struct sluss_letter *letter = sluss_letter_new(SLUSS_ITEM_OUTSIDE_CALL, call_id, content_type, body);
	if (letter == NULL)
		return false;
	letter->timeout_ms = SLUSS_LOGIN_CALL_MS;
	sluss_queue_push(l->to_intake, &letter->item);
	return true;
}

static struct asking *find(struct sluss_logins *l, uint64_t place)
{
	for (size_t i = 0; i < SLUSS_LOGINS_ASKING; i++)
		if (place != 0 && l->asking[i].place == place)
			return &l->asking[i];
	return NULL;
}

static struct asking *free_place(struct sluss_logins *l, int64_t now_ms)
{
	for (size_t i = 0; i < SLUSS_LOGINS_ASKING; i++) {
		if (l->asking[i].place != 0 && l->asking[i].until_ms <= now_ms)
			free_asking(&l->asking[i]); // its asker has left
		if (l->asking[i].place == 0)
			return &l->asking[i];
	}
	return NULL;
}

// RFC 6749 section 4.1.3 with RFC 7636 section 4.5. A client with a secret is named by idp's header.
static bool ask_token(struct sluss_logins *l, const struct asking *asking, const char *code)
{
	const struct sluss_issuer *issuer = &l->issuers[asking->login.issuer];
	char text[FORM_MAX];
	struct sluss_form form = {text, sizeof(text), 0, false};
	sluss_form_add(&form, "grant_type", "authorization_code");
	sluss_form_add(&form, "code", code);
	sluss_form_add(&form, "redirect_uri", l->redirect_url);
	sluss_form_add(&form, "code_verifier", asking->login.verifier);
	if (issuer->secret_file[0] == '\0')
		sluss_form_add(&form, "client_id", issuer->client_id);
	bool sent = !form.full &&
		    send(l, sluss_issuer_token_index(asking->login.issuer), asking->place,
			"application/x-www-form-urlencoded", (struct sluss_bytes){(const uint8_t *)text, form.len});
	sodium_memzero(text, sizeof(text));
	return sent;
}

uint64_t sluss_logins_ask(struct sluss_logins *l, const struct sluss_login *login, const char *code, int64_t now_ms)
{
	struct asking *asking = free_place(l, now_ms);
	if (asking == NULL)
		return 0;
	asking->place = ++l->last_number;
	asking->login = *login;
	asking->until_ms = now_ms + SLUSS_LOGIN_WAIT_MS + SLUSS_LOGIN_CALL_MS;
	if (ask_token(l, asking, code))
		return asking->place;
	free_asking(asking);
	return 0;
}

enum sluss_login_answer sluss_logins_answer(struct sluss_logins *l, uint64_t place,
    const struct sluss_login **login_out, uint32_t *status_out, struct sluss_bytes *body_out)
{
	const struct asking *asking = find(l, place);
	if (asking == NULL)
		return SLUSS_LOGIN_GONE;
	*login_out = &asking->login;
	*status_out = asking->status;
	*body_out = (struct sluss_bytes){asking->body, asking->len};
	if (!asking->answered)
		return SLUSS_LOGIN_WAITS;
	return asking->status == 0 ? SLUSS_LOGIN_UNAVAILABLE : SLUSS_LOGIN_ANSWERED;
}

void sluss_logins_give_back(struct sluss_logins *l, uint64_t place)
{
	struct asking *asking = find(l, place);
	if (asking != NULL)
		free_asking(asking);
}

// ---- keys

static enum sluss_login_answer fetch(struct sluss_logins *l, struct asking *asking, int64_t now_ms)
{
	struct issuer_keys *keys = &l->keys[asking->login.issuer];
	asking->asked_keys = true;
	keys->tried_ms = now_ms;
	keys->fetching =
	    send(l, sluss_issuer_keys_index(asking->login.issuer), ++l->last_number, "", (struct sluss_bytes){NULL, 0});
	return keys->fetching ? SLUSS_LOGIN_WAITS : SLUSS_LOGIN_UNAVAILABLE;
}

enum sluss_login_answer sluss_logins_keys(
    struct sluss_logins *l, uint64_t place, bool unknown, int64_t now_ms, const struct sluss_oidc_keys **keys_out)
{
	struct asking *asking = find(l, place);
	*keys_out = NULL;
	if (asking == NULL)
		return SLUSS_LOGIN_GONE;
	struct issuer_keys *keys = &l->keys[asking->login.issuer];
	if (keys->pinned != NULL) {
		*keys_out = unknown ? NULL : keys->pinned;
		return SLUSS_LOGIN_ANSWERED;
	}
	if (keys->fetching)
		return SLUSS_LOGIN_WAITS;
	bool fresh = keys->keys != NULL && now_ms - keys->fetched_ms < SLUSS_LOGIN_KEYS_MS;
	if (fresh && !unknown) {
		*keys_out = keys->keys;
		return SLUSS_LOGIN_ANSWERED;
	}
	if (fresh)
		return asking->asked_keys || now_ms - keys->tried_ms < SLUSS_LOGIN_KEYS_AGAIN_MS
			   ? SLUSS_LOGIN_ANSWERED
			   : fetch(l, asking, now_ms);
	return asking->asked_keys || now_ms - keys->tried_ms < SLUSS_LOGIN_KEYS_RETRY_MS ? SLUSS_LOGIN_UNAVAILABLE
											 : fetch(l, asking, now_ms);
}

static void take_keys(struct sluss_logins *l, size_t issuer, const struct sluss_letter *letter, int64_t now_ms)
{
	struct issuer_keys *keys = &l->keys[issuer];
	struct sluss_oidc_keys *fresh =
	    letter->status == 200 ? sluss_oidc_keys_read((struct sluss_bytes){letter->octets, letter->len}) : NULL;
	keys->fetching = false;
	if (fresh == NULL) {
		sluss_event(SLUSS_EVENT_WARNING, "issuer-keys", "issuer=%s status=%u why=\"%s\"",
		    l->issuers[issuer].name, letter->status,
		    letter->status == 0 ? letter->error : "no JWK Set with keys that can be used");
		return;
	}
	sluss_oidc_keys_free(&keys->keys);
	keys->keys = fresh;
	keys->fetched_ms = now_ms;
	sluss_event(SLUSS_EVENT_INFO, "issuer-keys", "issuer=%s keys=%zu", l->issuers[issuer].name,
	    sluss_oidc_keys_count(fresh));
}

static uint64_t take_answer(struct sluss_logins *l, const struct sluss_letter *letter)
{
	struct asking *asking = find(l, letter->call_id & 0xffffffffffff);
	if (asking == NULL || asking->answered || letter->index != sluss_issuer_token_index(asking->login.issuer))
		return 0;
	asking->answered = true;
	asking->body = letter->len == 0 ? NULL : malloc(letter->len);
	if (asking->body != NULL)
		memcpy(asking->body, letter->octets, letter->len);
	asking->len = asking->body == NULL ? 0 : letter->len;
	asking->status = asking->body == NULL && letter->len > 0 ? 0 : letter->status;
	if (letter->status != 200)
		sluss_event(SLUSS_EVENT_WARNING, "issuer-answer", "issuer=%s status=%u why=\"%s\"",
		    l->issuers[asking->login.issuer].name, letter->status, letter->error);
	return asking->place;
}

uint64_t sluss_logins_hear(struct sluss_logins *l, const struct sluss_letter *letter, int64_t now_ms)
{
	size_t issuer = letter->index / 2;
	if (issuer >= l->issuer_count)
		return 0;
	if (letter->index != sluss_issuer_keys_index(issuer))
		return take_answer(l, letter);
	if (l->keys[issuer].fetching)
		take_keys(l, issuer, letter, now_ms);
	return 0;
}

void sluss_logins_lost(struct sluss_logins *l)
{
	for (size_t i = 0; i < SLUSS_ISSUERS_MAX; i++)
		l->keys[i].fetching = false;
	for (size_t i = 0; i < SLUSS_LOGINS_ASKING; i++)
		l->asking[i].answered = l->asking[i].answered || l->asking[i].place != 0;
}
