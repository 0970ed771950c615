// SPDX-License-Identifier: EUPL-1.2
#include "svc_log_file.h"

#include "svc_common.h"
#include "writer.h"

enum {
	PIECE = 1 << 20, // octets of a file in one answer; a bundle of 256 long entries has 16 MiB
};

static void refuse(struct sluss_txn *txn, enum sluss_file_result result)
{
	switch (result) {
	case SLUSS_FILE_NOT_THERE:
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, NULL, "The log has no such file (yet).");
		return;
	case SLUSS_FILE_NOT_CANONICAL:
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, NULL,
		    "This is not how the path of a file of the log is written (C2SP tlog-tiles).");
		return;
	case SLUSS_FILE_NOT_FOR_YOU:
		sluss_txn_refuse(txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, NULL,
		    "Entries and policies are served on the agencies' port, to agencies and auditors.");
		return;
	case SLUSS_FILE_OK:
	case SLUSS_FILE_BROKEN:
		break;
	}
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
}

static const Sluss__V1__LogFileRequest *asked(const struct sluss_txn *txn)
{
	return (const Sluss__V1__LogFileRequest *)txn->request;
}

// True: answered, also with a refusal that stands. False: the store failed.
static bool answer(struct sluss_txn *txn, struct sluss_files *files, struct sluss_store *store)
{
	struct sluss_file file;
	enum sluss_file_result result =
	    sluss_files_read(files, store, asked(txn)->path, txn->port == SLUSS_PORT_AGENCY, txn->arena, &file);
	if (result != SLUSS_FILE_OK) {
		refuse(txn, result);
		return result != SLUSS_FILE_BROKEN;
	}
	uint64_t offset = asked(txn)->offset;
	if (offset > file.octets.len) {
		refuse(txn, SLUSS_FILE_NOT_THERE);
		return true;
	}
	size_t len = file.octets.len - (size_t)offset;
	Sluss__V1__LogFileResponse response = SLUSS__V1__LOG_FILE_RESPONSE__INIT;
	response.total = file.octets.len;
	// protobuf-c has no const octets; nothing writes to them.
	response.octets =
	    (ProtobufCBinaryData){len < PIECE ? len : (size_t)PIECE, (uint8_t *)(uintptr_t)file.octets.data + offset};
	response.content_type = (char *)(uintptr_t)file.content_type;
	response.cache_control = (char *)(uintptr_t)file.cache_control;
	sluss_txn_respond(txn, &response.base);
	return true;
}

bool svc_log_file_serve(struct sluss_request *request, struct sluss_files *files, struct sluss_store *reader)
{
	struct sluss_txn *txn = &request->txn;
	bool look = txn->port == SLUSS_PORT_AGENCY && sluss_files_is_bundle(asked(txn)->path);
	if (look && !sluss_files_looked(files, request->generation, txn->connection_id))
		return false;
	return answer(txn, files, reader);
}

// ---- what comes to the writer

bool svc_look_at_entries(struct sluss_txn *txn)
{
	const struct sluss_request *request = sluss_request_of_const(txn);
	struct sluss_record looked = {.type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "entries"}};
	return sluss_files_looked(sluss_txn_files(txn), request->generation, txn->connection_id) ||
	       sluss_txn_append(txn, &looked, NULL);
}

void svc_looked_at_entries(struct sluss_txn *txn)
{
	sluss_files_note_look(sluss_txn_files(txn), sluss_request_of_const(txn)->generation, txn->connection_id);
}

static bool is_look(const struct sluss_txn *txn)
{
	return txn->port == SLUSS_PORT_AGENCY && sluss_files_is_bundle(asked(txn)->path);
}

static void execute(struct sluss_txn *txn)
{
	bool answered = answer(txn, sluss_txn_files(txn), sluss_request_of(txn)->writer->store);
	if (answered && !sluss_txn_refused(txn) && is_look(txn) && !svc_look_at_entries(txn))
		return; // refused: a look that cannot be logged shows nothing
}

static void finish(struct sluss_txn *txn)
{
	if (is_look(txn))
		svc_looked_at_entries(txn);
}

static const struct sluss_service rows[] = {
    {SLUSS_METHOD_LOG_FILE, NULL, NULL, execute, finish, SLUSS_SERVICE_FILE},
};

const struct sluss_service_list sluss_svc_log_file = {rows, sizeof(rows) / sizeof(rows[0])};
