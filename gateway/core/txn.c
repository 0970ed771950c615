// SPDX-License-Identifier: EUPL-1.2
// What services call while they are executed (service.h).
#include <stdlib.h>

#include "evidence.h"
#include "writer.h"

static bool unavailable(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	return false;
}

static bool too_large(struct sluss_txn *txn)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_TOO_LARGE, NULL,
	    "The log entry of this request would be longer than 65,535 octets.");
	return false;
}

bool sluss_txn_fits(struct sluss_txn *txn, const struct sluss_record *record)
{
	return sluss_batch_fits(sluss_writer_of(txn), record) || too_large(txn);
}

bool sluss_txn_append(struct sluss_txn *txn, const struct sluss_record *record, uint64_t *index_out)
{
	struct sluss_request *request = sluss_request_of(txn);
	struct sluss_writer *w = request->writer;
	struct sluss_record stamped = *record;
	bool stated = sluss_evidence_stamp(txn, &stamped);
	switch (sluss_batch_append(w, &stamped, index_out)) {
	case SLUSS_BATCH_OK:
		request->appended++;
		txn->policy = sluss_state_policy(w->world->state);
		if (record->type == SLUSS_REC_POLICY_SET)
			sluss_writer_ages_due(w);
		if (!stated || request->evidence_kept)
			return true;
		request->evidence_kept = true;
		return sluss_evidence_keep(txn);
	case SLUSS_BATCH_TOO_LARGE:
		if (request->appended == 0)
			return too_large(txn);
		break;
	case SLUSS_BATCH_INVALID:
	case SLUSS_BATCH_SPOILED:
		break;
	}
	// Half of a request must not stand: what this one appended before goes with the whole batch.
	if (request->appended > 0)
		sluss_batch_spoil(w, "append", "a request could not be written whole");
	return unavailable(txn);
}

bool sluss_txn_stored(struct sluss_txn *txn, enum sluss_store_result result)
{
	if (result == SLUSS_STORE_OK || result == SLUSS_STORE_NOT_FOUND)
		return true;
	sluss_batch_spoil(sluss_writer_of(txn), "store", sluss_store_result_name(result));
	return unavailable(txn);
}

struct sluss_store *sluss_txn_store(struct sluss_txn *txn)
{
	struct sluss_writer *w = sluss_writer_of(txn);
	if (sluss_batch_open(w))
		return w->store;
	unavailable(txn);
	return NULL;
}

bool sluss_txn_put_side(struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	struct sluss_store *store = sluss_txn_store(txn);
	return store != NULL && sluss_txn_stored(txn, sluss_store_put_side(store, kind, key, value));
}

bool sluss_txn_erase_side(struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key)
{
	struct sluss_store *store = sluss_txn_store(txn);
	return store != NULL && sluss_txn_stored(txn, sluss_store_erase_side(store, kind, key));
}

bool sluss_txn_get_side(struct sluss_txn *txn, uint16_t kind, struct sluss_bytes key, struct sluss_bytes *value_out)
{
	*value_out = (struct sluss_bytes){0};
	struct sluss_store_blob blob = {0};
	enum sluss_store_result result = sluss_store_get_side(sluss_writer_of(txn)->store, kind, key, &blob);
	bool ok = sluss_txn_stored(txn, result);
	if (ok && result == SLUSS_STORE_OK) {
		*value_out = (struct sluss_bytes){sluss_arena_copy(txn->arena, blob.data, blob.len), blob.len};
		ok = value_out->data != NULL || unavailable(txn);
	}
	sluss_store_blob_free(&blob);
	return ok;
}

bool sluss_txn_entry(struct sluss_txn *txn, uint64_t index, struct sluss_bytes *entry_out)
{
	return sluss_batch_entry(sluss_writer_of(txn), txn->arena, index, entry_out) || unavailable(txn);
}

void sluss_txn_barrier(struct sluss_txn *txn, const struct sluss_id *case_id)
{
	struct sluss_request *request = sluss_request_of(txn);
	static const struct sluss_id every_case;
	bool other = request->has_barrier && !sluss_id_equal(&request->barrier_case, case_id);
	request->barrier_case = other ? every_case : *case_id;
	request->has_barrier = true;
}

void sluss_txn_park(struct sluss_txn *txn, int64_t wait_ms, int64_t wake_ms)
{
	struct sluss_request *request = sluss_request_of(txn);
	if (request->parked_until_ms == 0)
		request->parked_until_ms = sluss_monotonic_ms() + wait_ms;
	request->parked = true;
	request->wake_ms = wake_ms < request->parked_until_ms ? wake_ms : request->parked_until_ms;
}

bool sluss_txn_repeated(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->repeated;
}

int64_t sluss_txn_code_ms(const struct sluss_txn *txn)
{
	return (int64_t)sluss_request_of_const(txn)->writer->config.code_days * 24 * 60 * 60 * 1000;
}

struct sluss_sessions *sluss_txn_sessions(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->sessions;
}

const struct sluss_directory *sluss_txn_directory(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->directory;
}

struct sluss_persons *sluss_txn_persons(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->persons;
}

const struct sluss_ca *sluss_txn_ca(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->ca;
}

int sluss_txn_certificate_days(const struct sluss_txn *txn)
{
	return (int)sluss_request_of_const(txn)->writer->config.client_certificate_days;
}

struct sluss_log *sluss_txn_log(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->log;
}

struct sluss_files *sluss_txn_files(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->files;
}

const struct sluss_core_counts *sluss_txn_counts(const struct sluss_txn *txn)
{
	return &sluss_request_of_const(txn)->writer->world->counts;
}

const char *sluss_txn_verifier_key(const struct sluss_txn *txn)
{
	return sluss_request_of_const(txn)->writer->verifier_key;
}
