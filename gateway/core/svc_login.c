// SPDX-License-Identifier: EUPL-1.2
// SessionService with identity providers: ListIssuers, Begin, Finish (OpenID Connect Core 1.0 section 3.1,
// authorization code with PKCE). Finish is executed several times: it is parked while idp asks the provider, so the
// writer never waits.
#include <sodium.h>

#include "log_event.h"
#include "logins.h"
#include "oidc_token.h"
#include "queue.h"
#include "sluss/id.h"
#include "svc_common.h"
#include "svc_session.h"
#include "url_form.h"
#include "writer.h"

enum {
	URL_MAX = 4096,
	CODE_MAX = 2048,
	LANGUAGE_MAX = 35, // BCP 47 section 4.4.1
	PIN = 12,
};

static struct sluss_logins *logins_of(struct sluss_txn *txn)
{
	return sluss_writer_of(txn)->logins;
}

// ---- ListIssuers

static Sluss__V1__Issuer *issuer_view(struct sluss_txn *txn, const struct sluss_issuer *issuer)
{
	Sluss__V1__Issuer *out = sluss_arena_alloc(txn->arena, sizeof(*out));
	if (out == NULL)
		return NULL;
	sluss__v1__issuer__init(out);
	out->issuer_id = sluss_arena_text(txn->arena, issuer->name);
	out->display_name = sluss_arena_text(txn->arena, issuer->display);
	out->kind =
	    issuer->staff ? SLUSS__V1__SESSION_KIND__SESSION_KIND_STAFF : SLUSS__V1__SESSION_KIND__SESSION_KIND_PERSON;
	return out->issuer_id == NULL || out->display_name == NULL ? NULL : out;
}

static void issuers_execute(struct sluss_txn *txn)
{
	Sluss__V1__ListIssuersResponse response = SLUSS__V1__LIST_ISSUERS_RESPONSE__INIT;
	Sluss__V1__Issuer *views[SLUSS_ISSUERS_MAX];
	const struct sluss_issuer *issuer;
	bool ok = true;
	for (size_t i = 0; ok && (issuer = sluss_logins_issuer(logins_of(txn), i)) != NULL; i++) {
		views[i] = issuer_view(txn, issuer);
		ok = views[i] != NULL;
		response.n_issuers = i + 1;
	}
	response.issuers = views;
	response.codes = true;
	response.authority = sluss_arena_text(txn->arena, txn->authority);
	if (!ok || response.authority == NULL)
		svc_no_memory(txn);
	else
		sluss_txn_respond(txn, &response.base);
}

// ---- Begin

static void begin_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__BeginLoginRequest *request = (const Sluss__V1__BeginLoginRequest *)txn->request;
	if (!sluss_session_key_valid((struct sluss_bytes){request->session_key.data, request->session_key.len}))
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "session_key",
		    "An uncompressed point on P-256 (65 octets) is needed here.");
}

// RFC 7636 section 4.2.
static void challenge_of(const char *verifier, char challenge_out[SLUSS_LOGIN_TEXT])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(hash, (const uint8_t *)verifier, strlen(verifier));
	sodium_bin2base64(
	    challenge_out, SLUSS_LOGIN_TEXT, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool is_language(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len <= LANGUAGE_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == len;
}

// NULL: no memory. prompt=login: who shares a device with others must not be logged in as one of them.
static char *authorization_url(
    struct sluss_txn *txn, const struct sluss_issuer *issuer, const struct sluss_login *login, const char *language)
{
	char challenge[SLUSS_LOGIN_TEXT];
	char *url = sluss_arena_alloc(txn->arena, URL_MAX);
	if (url == NULL)
		return NULL;
	size_t base = strlen(issuer->authorize);
	memcpy(url, issuer->authorize, base);
	url[base] = '?';
	struct sluss_form form = {url + base + 1, URL_MAX - base - 1, 0, false};
	challenge_of(login->verifier, challenge);
	sluss_form_add(&form, "response_type", "code");
	sluss_form_add(&form, "client_id", issuer->client_id);
	sluss_form_add(&form, "redirect_uri", sluss_logins_redirect(logins_of(txn)));
	sluss_form_add(&form, "scope", issuer->scope);
	sluss_form_add(&form, "state", login->state);
	sluss_form_add(&form, "nonce", login->nonce);
	sluss_form_add(&form, "code_challenge", challenge);
	sluss_form_add(&form, "code_challenge_method", "S256");
	sluss_form_add(&form, "prompt", "login");
	if (issuer->acr[0] != '\0')
		sluss_form_add(&form, "acr_values", issuer->acr);
	if (is_language(language))
		sluss_form_add(&form, "ui_locales", language);
	return form.full ? NULL : url;
}

static void begin_execute(struct sluss_txn *txn)
{
	const Sluss__V1__BeginLoginRequest *request = (const Sluss__V1__BeginLoginRequest *)txn->request;
	Sluss__V1__BeginLoginResponse response = SLUSS__V1__BEGIN_LOGIN_RESPONSE__INIT;
	const struct sluss_issuer *issuer;
	struct sluss_login login = {0};
	while ((issuer = sluss_logins_issuer(logins_of(txn), login.issuer)) != NULL &&
	       strcmp(issuer->name, request->issuer_id) != 0)
		login.issuer++;
	if (issuer == NULL) {
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "issuer_id", "No such place to log in.");
		return;
	}
	memcpy(login.key, request->session_key.data, sizeof(login.key));
	sluss_logins_begin(logins_of(txn), &login, sluss_monotonic_ms());
	response.login_id = svc_id_text(txn, &login.id);
	response.authorization_url = authorization_url(txn, issuer, &login, request->language);
	sodium_memzero(&login, sizeof(login));
	if (response.login_id == NULL || response.authorization_url == NULL)
		svc_no_memory(txn);
	else
		sluss_txn_respond(txn, &response.base);
}

// ---- Finish: refusals. One answer for everybody who cannot log in; the event log says more, without names.

static void refuse(struct sluss_txn *txn, const char *issuer, const char *why)
{
	sluss_event(SLUSS_EVENT_NOTICE, "login-refused", "issuer=%s why=%s", issuer, why);
	sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_LOGIN_REFUSED, NULL, NULL);
}

static void unavailable(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL,
	    "The identity provider does not answer. Try again in a while.");
}

// ---- Finish: whose login it is

// The twelve digits, with or without a hyphen before the last four.
static bool read_pin(const char *claim, char pin_out[PIN + 1])
{
	size_t len = strlen(claim);
	if (len == PIN + 1 && claim[8] == '-') {
		memcpy(pin_out, claim, 8);
		memcpy(pin_out + 8, claim + 9, 4);
	} else if (len == PIN) {
		memcpy(pin_out, claim, PIN);
	} else {
		return false;
	}
	pin_out[PIN] = '\0';
	return sluss_pin_valid(pin_out);
}

// NULL: found. Else why not; "" when the request was refused already.
static const char *find_person(struct sluss_txn *txn, const char *claim, struct sluss_session *session)
{
	char pin[PIN + 1];
	struct sluss_store *store = sluss_txn_store(txn);
	if (store == NULL)
		return "";
	bool good = read_pin(claim, pin);
	enum sluss_store_result result =
	    good ? sluss_persons_find(sluss_txn_persons(txn), store, pin, &session->person) : SLUSS_STORE_NOT_FOUND;
	sodium_memzero(pin, sizeof(pin));
	if (!sluss_txn_stored(txn, result))
		return "";
	session->kind = SLUSS_SESSION_PERSON;
	if (result != SLUSS_STORE_OK)
		return good ? "person-unknown" : "person-claim-malformed";
	return svc_login_locked(txn, &session->person) ? "locked" : NULL;
}

static bool is_among(const char *list, const char *agency)
{
	size_t len = strlen(agency);
	while (*list != '\0') {
		size_t one = strcspn(list, ",");
		if (one == len && memcmp(list, agency, len) == 0)
			return true;
		list += one + (list[one] == ',' ? 1 : 0);
	}
	return false;
}

static const char *find_officer(struct sluss_txn *txn, const struct sluss_issuer *issuer,
    const struct sluss_oidc_claims *claims, struct sluss_session *session)
{
	struct sluss_agency_view view;
	const char *officer = sluss_oidc_claim(claims, issuer->officer_claim);
	const char *agency =
	    issuer->agency[0] != '\0' ? issuer->agency : sluss_oidc_claim(claims, issuer->agency_claim);
	if (officer == NULL || !sluss_is_officer_id(officer, strlen(officer)))
		return "officer-claim";
	if (agency == NULL || !sluss_is_agency_id(agency, strlen(agency)) ||
	    (issuer->agency[0] == '\0' && !is_among(issuer->agencies, agency)))
		return "agency-claim";
	if (!sluss_directory_agency(sluss_txn_directory(txn), agency, &view) || view.left)
		return "agency-unknown";
	session->kind = SLUSS_SESSION_STAFF;
	memcpy(session->agency, agency, strlen(agency) + 1);
	memcpy(session->officer, officer, strlen(officer) + 1);
	return NULL;
}

static void open_session(struct sluss_txn *txn, const struct sluss_issuer *issuer, const struct sluss_login *login,
    const struct sluss_oidc_claims *claims, const char *token)
{
	struct sluss_session session = {0};
	const char *claim = issuer->staff ? NULL : sluss_oidc_claim(claims, issuer->person_claim);
	const char *why = issuer->staff	  ? find_officer(txn, issuer, claims, &session)
			  : claim == NULL ? "person-claim-missing"
					  : find_person(txn, claim, &session);
	if (why != NULL) {
		if (why[0] != '\0')
			refuse(txn, issuer->name, why);
		return;
	}
	memcpy(session.key, login->key, sizeof(session.key));
	memcpy(session.issuer, issuer->name, strlen(issuer->name) + 1);
	svc_session_begin(txn, &session, (struct sluss_bytes){(const uint8_t *)token, strlen(token)});
}

// ---- Finish: step by step

// "sluss-login-v1" 0x00 authority 0x00 login_id 0x00 code, by the key that began.
static bool is_signed(const struct sluss_txn *txn, const struct sluss_login *login)
{
	static const char label[] = "sluss-login-v1";
	const Sluss__V1__FinishLoginRequest *request = (const Sluss__V1__FinishLoginRequest *)txn->request;
	const struct sluss_bytes parts[] = {
	    {(const uint8_t *)label, sizeof(label)},
	    {(const uint8_t *)txn->authority, strlen(txn->authority) + 1},
	    {(const uint8_t *)request->login_id, strlen(request->login_id) + 1},
	    {(const uint8_t *)request->code, strlen(request->code)},
	};
	return sluss_session_key_verify(login->key, parts, sizeof(parts) / sizeof(parts[0]),
	    (struct sluss_bytes){request->signature.data, request->signature.len});
}

static void finish_prepare(struct sluss_txn *txn)
{
	const Sluss__V1__FinishLoginRequest *request = (const Sluss__V1__FinishLoginRequest *)txn->request;
	struct sluss_id id;
	size_t len = strlen(request->code);
	if (!svc_read_id(txn, request->login_id, "login_id", &id))
		return;
	if (len == 0 || len > CODE_MAX)
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "code",
		    "What the identity provider sent back, 1 to 2048 octets.");
}

static void park(struct sluss_txn *txn)
{
	sluss_txn_park(txn, SLUSS_LOGIN_WAIT_MS, INT64_MAX);
}

// The first time. Whatever is wrong, the login is gone: it was begun for one answer.
static void ask(struct sluss_txn *txn, uint64_t *place)
{
	const Sluss__V1__FinishLoginRequest *request = (const Sluss__V1__FinishLoginRequest *)txn->request;
	struct sluss_login login;
	struct sluss_id id;
	if (!svc_read_id(txn, request->login_id, "login_id", &id))
		return;
	if (!sluss_logins_take(logins_of(txn), &id, sluss_monotonic_ms(), &login)) {
		sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_LOGIN_EXPIRED, NULL, NULL);
		return;
	}
	const char *issuer = sluss_logins_issuer(logins_of(txn), login.issuer)->name;
	if (strlen(request->state) != sizeof(login.state) - 1 ||
	    sodium_memcmp(request->state, login.state, sizeof(login.state) - 1) != 0) {
		refuse(txn, issuer, "state");
	} else if (!is_signed(txn, &login)) {
		refuse(txn, issuer, "browser-key");
	} else {
		*place = sluss_logins_ask(logins_of(txn), &login, request->code, sluss_monotonic_ms());
		if (*place == 0)
			sluss_txn_refuse(txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, NULL, NULL);
		else
			park(txn);
	}
	sodium_memzero(&login, sizeof(login));
}

static enum sluss_oidc_result check(struct sluss_txn *txn, const struct sluss_issuer *issuer,
    const struct sluss_login *login, const char *token, const struct sluss_oidc_keys *keys,
    struct sluss_oidc_claims **claims_out)
{
	// Real time, also where a demo authority's clock stands elsewhere.
	const struct sluss_clock *clock = &sluss_writer_of(txn)->clock;
	const struct sluss_oidc_expect expect = {.issuer = issuer->url,
	    .client_id = issuer->client_id,
	    .nonce = login->nonce,
	    .acr = issuer->acr,
	    .now_s = clock->real_ms(clock->arg) / 1000};
	return sluss_oidc_verify(
	    (struct sluss_bytes){(const uint8_t *)token, strlen(token)}, keys, &expect, claims_out);
}

// The token is there; are the keys? True: the request is answered or refused, false: it waits.
static bool judge(struct sluss_txn *txn, uint64_t place, const struct sluss_login *login, const char *token)
{
	const struct sluss_issuer *issuer = sluss_logins_issuer(logins_of(txn), login->issuer);
	const struct sluss_oidc_keys *keys;
	struct sluss_oidc_claims *claims = NULL;
	enum sluss_oidc_result result = SLUSS_OIDC_KEY_UNKNOWN;
	enum sluss_login_answer got = sluss_logins_keys(logins_of(txn), place, false, sluss_monotonic_ms(), &keys);
	if (got == SLUSS_LOGIN_ANSWERED) {
		result = check(txn, issuer, login, token, keys, &claims);
		if (result == SLUSS_OIDC_KEY_UNKNOWN)
			got = sluss_logins_keys(logins_of(txn), place, true, sluss_monotonic_ms(), &keys);
	}
	if (got == SLUSS_LOGIN_WAITS)
		return false;
	if (got != SLUSS_LOGIN_ANSWERED)
		unavailable(txn);
	else if (result != SLUSS_OIDC_OK)
		refuse(txn, issuer->name, sluss_oidc_result_name(result));
	else
		open_session(txn, issuer, login, claims, token);
	sluss_oidc_claims_free(&claims);
	return true;
}

static bool go_on(struct sluss_txn *txn, uint64_t place)
{
	const struct sluss_login *login;
	struct sluss_bytes body;
	uint32_t status;
	enum sluss_login_answer got = sluss_logins_answer(logins_of(txn), place, &login, &status, &body);
	if (got == SLUSS_LOGIN_WAITS)
		return false;
	if (got != SLUSS_LOGIN_ANSWERED || status >= 500 || status == 429) {
		unavailable(txn);
		return true;
	}
	const char *issuer = sluss_logins_issuer(logins_of(txn), login->issuer)->name;
	char *token = status == 200 ? sluss_arena_alloc(txn->arena, SLUSS_OIDC_TOKEN_MAX + 1) : NULL;
	if (status != 200)
		refuse(txn, issuer, "code");
	else if (token == NULL)
		svc_no_memory(txn);
	else if (!sluss_oidc_id_token(body, token))
		refuse(txn, issuer, "no-id-token");
	else
		return judge(txn, place, login, token);
	return true;
}

static void finish_execute(struct sluss_txn *txn)
{
	if (txn->prepared == NULL) {
		uint64_t *place = sluss_arena_alloc(txn->arena, sizeof(*place));
		if (place == NULL) {
			svc_no_memory(txn);
			return;
		}
		*place = 0;
		ask(txn, place);
		txn->prepared = place;
		return;
	}
	uint64_t place = *(const uint64_t *)txn->prepared;
	bool expired = sluss_request_of(txn)->expired;
	if (!go_on(txn, place)) {
		if (!expired) {
			park(txn);
			return;
		}
		unavailable(txn);
	}
	sluss_logins_give_back(logins_of(txn), place);
}

// ---- words from idp

// Everybody who waits looks again; is somebody there for this place?
static bool wake(struct sluss_writer *writer, uint64_t place)
{
	bool found = false;
	for (struct sluss_request *request = writer->parked; request != NULL; request = request->next_in_batch) {
		if (request->asked->method != SLUSS_METHOD_SESSION_FINISH)
			continue;
		request->wake_ms = 0;
		found = found || *(const uint64_t *)request->txn.prepared == place;
	}
	return found;
}

void svc_login_hear(struct sluss_writer *writer, const struct sluss_letter *letter)
{
	uint64_t place = sluss_logins_hear(writer->logins, letter, sluss_monotonic_ms());
	if (!wake(writer, place))
		sluss_logins_give_back(writer->logins, place); // who asked has left
}

void svc_login_lost(struct sluss_writer *writer)
{
	sluss_logins_lost(writer->logins);
	(void)wake(writer, 0);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_SESSION_LIST_ISSUERS, NULL, NULL, issuers_execute, NULL, 0},
    {SLUSS_METHOD_SESSION_BEGIN, NULL, begin_prepare, begin_execute, NULL, 0},
    {SLUSS_METHOD_SESSION_FINISH, NULL, finish_prepare, finish_execute, svc_session_finish, 0},
};

const struct sluss_service_list sluss_svc_login = {rows, sizeof(rows) / sizeof(rows[0])};
