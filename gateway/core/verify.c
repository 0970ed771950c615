// SPDX-License-Identifier: EUPL-1.2
// Verify before trust: what of a request can be judged without state. Runs on the worker threads. The writer asks the
// directory again: a key may have been revoked in between.
#include "log_hash.h"
#include "request.h"

enum {
	ENVELOPE_MAX = 64 << 10, // octets (common.proto)
	STATEMENT_MAX = 256 << 10,
	AUTHORITY_SHOWN = 127,
};

// SignedStatement and SignedEnvelope have the same fields (common.proto), so protoc-c gives them the same layout.
_Static_assert(sizeof(Sluss__V1__SignedStatement) == sizeof(Sluss__V1__SignedEnvelope), "same fields, same layout");

static void malformed(struct sluss_request *request, const char *field, const char *what)
{
	sluss_txn_refuse(&request->txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field,
	    "The statement cannot be understood: %s.", what);
}

static bool check_port(struct sluss_request *request, const struct sluss_method_info *info)
{
	if (request->txn.port != SLUSS_PORT_NONE && (info->ports & SLUSS_PORT_BIT(request->txn.port)) != 0)
		return true;
	sluss_txn_refuse(
	    &request->txn, SLUSS_CODE_UNIMPLEMENTED, SLUSS_NOT_FOUND, NULL, "This method is not offered on this port.");
	return false;
}

static bool check_certificate(struct sluss_request *request, const struct sluss_directory *directory)
{
	if (request->txn.port != SLUSS_PORT_AGENCY)
		return true;
	ProtobufCBinaryData fingerprint = request->asked->certificate_fingerprint;
	if (fingerprint.len == SLUSS_HASH_BYTES && sluss_directory_certificate(directory, fingerprint.data, INT64_MIN,
						       request->caller, &request->txn.caller_type))
		return true;
	sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAUTHENTICATED, SLUSS_CERTIFICATE_UNKNOWN, NULL, NULL);
	return false;
}

static bool unpack(struct sluss_request *request, const struct sluss_method_info *info)
{
	request->txn.request = protobuf_c_message_unpack(info->request, sluss_arena_allocator(request->txn.arena),
	    request->asked->body.len, request->asked->body.data);
	if (request->txn.request != NULL)
		return true;
	sluss_txn_refuse(&request->txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, NULL, "The request is not a %s.",
	    info->request->name);
	return false;
}

// The signed part is the request's first field, a message.
static const Sluss__V1__SignedStatement *signed_part(const ProtobufCMessage *request)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(request->descriptor, 1);
	ProtobufCMessage *const *member = (const void *)((const char *)request + field->offset);
	return (const void *)*member;
}

static bool read_statement(struct sluss_request *request, const char *authority)
{
	struct sluss_txn *txn = &request->txn;
	char field[SLUSS_STRICT_FIELD_MAX];
	ProtobufCMessage *statement;
	enum sluss_strict_result strict = sluss_strict_unpack(
	    request->service->statement, txn->statement_octets, sluss_arena_allocator(txn->arena), &statement, field);
	if (strict != SLUSS_STRICT_OK) {
		malformed(request, field, sluss_strict_result_name(strict));
		return false;
	}
	const char *wrong;
	if (!sluss_statement_header_of(statement, &request->header, &wrong)) {
		malformed(request, wrong, "a field of its header has no valid form");
		return false;
	}
	if (strcmp(request->header.kind, request->service->statement->name) != 0) {
		malformed(request, "kind", "it is of another kind");
		return false;
	}
	if (strcmp(request->header.authority, authority) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "authority",
		    "The statement is meant for another gateway; this one is %.*s.", AUTHORITY_SHOWN, authority);
		return false;
	}
	txn->statement = statement;
	txn->header = &request->header;
	return true;
}

static bool check_signature(
    struct sluss_request *request, const struct sluss_directory *directory, const Sluss__V1__SignedStatement *part)
{
	struct sluss_txn *txn = &request->txn;
	if (strcmp(request->header.agency_id, request->caller) != 0) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, "agency_id",
		    "The statement is of another agency than the client certificate or session.");
		return false;
	}
	if (txn->session != NULL)
		return sluss_request_session_signed(
		    request, part->key_id, (struct sluss_bytes){part->signature.data, part->signature.len});
	if (!sluss_directory_signer(directory, part->key_id, &request->signer)) {
		sluss_txn_refuse(txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_KEY_UNKNOWN, "key_id", NULL);
		return false;
	}
	struct sluss_bytes signature = {part->signature.data, part->signature.len};
	bool own_key = strcmp(request->signer.agency, request->header.agency_id) == 0;
	if (!own_key ||
	    !sluss_statement_verify(request->signer.sign_key, part->key_id, txn->statement_octets, signature)) {
		sluss_txn_refuse(
		    txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_SIGNATURE_INVALID, own_key ? "signature" : "key_id", NULL);
		return false;
	}
	return true;
}

static bool check_statement(
    struct sluss_request *request, const struct sluss_directory *directory, const char *authority)
{
	const Sluss__V1__SignedStatement *part = signed_part(request->txn.request);
	if (part == NULL) {
		malformed(request, request->txn.request->descriptor->fields[0].name, "it is missing");
		return false;
	}
	bool envelope = part->base.descriptor == &sluss__v1__signed_envelope__descriptor;
	if (part->statement.len > (envelope ? (size_t)ENVELOPE_MAX : (size_t)STATEMENT_MAX)) {
		sluss_txn_refuse(&request->txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_TOO_LARGE,
		    envelope ? "envelope.envelope" : "statement.statement", NULL);
		return false;
	}
	request->txn.statement_octets = (struct sluss_bytes){part->statement.data, part->statement.len};
	request->txn.key_id = part->key_id;
	struct sluss_hash hash;
	sluss_hash_octets(part->statement.data, part->statement.len, &hash);
	memcpy(request->txn.statement_hash, hash.b, sizeof(hash.b));
	return read_statement(request, authority) && check_signature(request, directory, part);
}

// A person's act has no statement: its request id and the octets that the session's key signed stand in for one.
static bool read_request_id(struct sluss_request *request)
{
	struct sluss_txn *txn = &request->txn;
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(txn->request->descriptor, 1);
	const char *text = *(char *const *)(const void *)((const char *)txn->request + field->offset);
	if (!sluss_id_parse(text, strlen(text), &request->header.id) || sluss_id_is_none(&request->header.id)) {
		malformed(request, field->name, "it must be a UUID that this act has for its own");
		return false;
	}
	txn->statement_octets = (struct sluss_bytes){request->asked->body.data, request->asked->body.len};
	sluss_session_act_hash(&request->session, request->asked->method, txn->statement_octets, txn->statement_hash);
	txn->header = &request->header;
	return sluss_request_act(request);
}

void sluss_request_verify(struct sluss_request *request, const struct sluss_verify_with *with)
{
	const struct sluss_method_info *info = sluss_method_by_id(request->asked->method);
	request->service = sluss_service_of(request->asked->method);
	request->txn.authority = with->authority;
	if (info == NULL || request->service == NULL) {
		sluss_txn_refuse(&request->txn, SLUSS_CODE_UNIMPLEMENTED, SLUSS_NOT_FOUND, NULL,
		    "The gateway does not serve this method.");
		return;
	}
	if (!check_port(request, info) || !check_certificate(request, with->directory) ||
	    !sluss_request_session(request, info, with) || !unpack(request, info))
		return;
	if (request->service->statement != NULL && !check_statement(request, with->directory, with->authority))
		return;
	if ((request->service->flags & SLUSS_SERVICE_REQUEST_ID) != 0 && !read_request_id(request))
		return;
	if (request->service->prepare != NULL)
		request->service->prepare(&request->txn);
}
