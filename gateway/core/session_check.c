// SPDX-License-Identifier: EUPL-1.2
// A request in a session (session.proto): whose it is, and that the browser's own key signed it.
#include <sodium.h>

#include "request.h"
#include "sluss/v1/session.pb-c.h"

#define PREFIX "session:"

static bool unknown(struct sluss_request *request)
{
	sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAUTHENTICATED, SLUSS_SESSION_UNKNOWN, NULL, NULL);
	return false;
}

static void put_u64(uint8_t octets[8], uint64_t value)
{
	for (int i = 8; i-- > 0; value >>= 8)
		octets[i] = (uint8_t)value;
}

// "sluss-session-v1" 0x00 authority 0x00 path 0x00 u64be(counter) SHA-256(body)
static bool header_is_signed(
    const struct sluss_request *request, const struct sluss_method_info *info, const char *authority)
{
	static const char label[] = "sluss-session-v1";
	const Sluss__V1__CoreRequest *asked = request->asked;
	uint8_t counter[8], hash[crypto_hash_sha256_BYTES];
	put_u64(counter, asked->session_counter);
	crypto_hash_sha256(hash, asked->body.data, asked->body.len);
	const struct sluss_bytes parts[] = {
	    {(const uint8_t *)label, sizeof(label)}, // with its NUL, like the next two
	    {(const uint8_t *)authority, strlen(authority) + 1},
	    {(const uint8_t *)info->path, strlen(info->path) + 1},
	    {counter, sizeof(counter)},
	    {hash, sizeof(hash)},
	};
	return sluss_session_key_verify(request->session.key, parts, sizeof(parts) / sizeof(parts[0]),
	    (struct sluss_bytes){asked->session_signature.data, asked->session_signature.len});
}

static bool fits(const struct sluss_session *session, enum sluss_method_session wanted)
{
	switch (wanted) {
	case SLUSS_FOR_ANYBODY:
	case SLUSS_FOR_SESSIONS:
		return true;
	case SLUSS_FOR_PERSONS:
		return session->kind == SLUSS_SESSION_PERSON;
	case SLUSS_FOR_STAFF:
		return session->kind == SLUSS_SESSION_STAFF;
	}
	return false;
}

static bool staff_agency(struct sluss_request *request, const struct sluss_directory *directory)
{
	struct sluss_agency_view view;
	if (request->session.kind != SLUSS_SESSION_STAFF)
		return true;
	if (!sluss_directory_agency(directory, request->session.agency, &view) || view.left)
		return unknown(request);
	memcpy(request->caller, request->session.agency, sizeof(request->caller));
	request->txn.caller_type = view.type;
	return true;
}

bool sluss_request_session(
    struct sluss_request *request, const struct sluss_method_info *info, const struct sluss_verify_with *with)
{
	const Sluss__V1__CoreRequest *asked = request->asked;
	if (request->txn.port != SLUSS_PORT_PUBLIC || info->session == SLUSS_FOR_ANYBODY)
		return true;
	if (with->sessions == NULL ||
	    !sluss_sessions_get(with->sessions, (struct sluss_bytes){asked->session_id.data, asked->session_id.len},
		sluss_monotonic_ms(), &request->session) ||
	    !header_is_signed(request, info, with->authority) ||
	    !sluss_sessions_use(with->sessions, request->session.id, asked->session_counter, sluss_monotonic_ms()))
		return unknown(request);
	if (!fits(&request->session, info->session)) {
		sluss_txn_refuse(&request->txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL,
		    "This session may not call this method.");
		return false;
	}
	request->txn.session = &request->session;
	return staff_agency(request, with->directory);
}

bool sluss_request_session_signed(struct sluss_request *request, const char *key_id, struct sluss_bytes signature)
{
	static const char label[] = "sluss-statement-v1";
	struct sluss_txn *txn = &request->txn;
	char expected[sizeof(PREFIX) - 1 + SLUSS_SESSION_ID_TEXT] = PREFIX;
	sluss_session_id_text(request->session.id, expected + sizeof(PREFIX) - 1);
	if (strcmp(key_id, expected) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_KEY_UNKNOWN, "key_id",
		    "A statement that comes in a session must be signed by the session's own key.");
		return false;
	}
	if (strcmp(request->header.officer_id, request->session.officer) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, "officer_id",
		    "The statement is of another officer than the session.");
		return false;
	}
	const struct sluss_bytes parts[] = {{(const uint8_t *)label, sizeof(label)}, txn->statement_octets};
	if (!sluss_session_key_verify(request->session.key, parts, sizeof(parts) / sizeof(parts[0]), signature)) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, "signature", NULL);
		return false;
	}
	return true;
}

void sluss_session_act_hash(
    const struct sluss_session *session, uint32_t method, struct sluss_bytes body, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	static const char label[] = "sluss-act-v1";
	const uint8_t number[] = {
	    (uint8_t)(method >> 24), (uint8_t)(method >> 16), (uint8_t)(method >> 8), (uint8_t)method};
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	crypto_hash_sha256(hash, body.data, body.len);
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)label, sizeof(label) - 1);
	crypto_hash_sha256_update(&state, number, sizeof(number));
	crypto_hash_sha256_update(&state, session->person.b, sizeof(session->person.b));
	crypto_hash_sha256_update(&state, hash, sizeof(hash));
	crypto_hash_sha256_final(&state, hash_out);
}

bool sluss_request_session_stands(
    struct sluss_request *request, struct sluss_sessions *sessions, const struct sluss_directory *directory)
{
	struct sluss_session now;
	if (request->txn.session == NULL)
		return true;
	if (sessions == NULL ||
	    !sluss_sessions_get(sessions, (struct sluss_bytes){request->session.id, sizeof(request->session.id)},
		sluss_monotonic_ms(), &now))
		return unknown(request);
	return staff_agency(request, directory);
}

static ProtobufCBinaryData borrow(const uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){len, (uint8_t *)(uintptr_t)data}; // packing does not write
}

bool sluss_request_act(struct sluss_request *request)
{
	struct sluss_txn *txn = &request->txn;
	const Sluss__V1__CoreRequest *asked = request->asked;
	Sluss__V1__SessionAct act = SLUSS__V1__SESSION_ACT__INIT;
	act.authority = (char *)(uintptr_t)txn->authority;
	act.path = (char *)(uintptr_t)sluss_method_by_id(asked->method)->path;
	act.counter = asked->session_counter;
	act.body = asked->body;
	act.session_key = borrow(request->session.key, sizeof(request->session.key));
	size_t len = sluss__v1__session_act__get_packed_size(&act);
	uint8_t *octets = sluss_arena_alloc(txn->arena, len);
	Sluss__V1__SignedStatement *made = sluss_arena_alloc(txn->arena, sizeof(*made));
	if (octets == NULL || made == NULL) {
		sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		return false;
	}
	sluss__v1__session_act__pack(&act, octets);
	sluss__v1__signed_statement__init(made);
	made->statement = borrow(octets, len);
	made->signature = asked->session_signature;
	crypto_hash_sha256(txn->act_hash, octets, len);
	txn->act = made;
	return true;
}
