// SPDX-License-Identifier: EUPL-1.2
// The store that fails on command. Reads pass; calls that write are counted, and one of them meets the plan.
#include "store_fault.h"
#include "store_impl.h"

#include <stdlib.h>

struct fault_store {
	struct sluss_store base; // must be first
	struct sluss_store *inner;
	const struct sluss_fault_plan *plan;
	uint64_t own_calls;
	uint64_t *calls;
};

static struct fault_store *fault_of(struct sluss_store *store)
{
	return (struct fault_store *)store;
}

// What is to happen to this call that writes.
static enum sluss_fault strike(struct fault_store *f)
{
	(*f->calls)++;
	return *f->calls == f->plan->at ? f->plan->fault : SLUSS_FAULT_NONE;
}

// The answer of a call that met the plan, or of the inner store.
static enum sluss_store_result answer(struct fault_store *f, enum sluss_fault fault, enum sluss_store_result inner)
{
	switch (fault) {
	case SLUSS_FAULT_FAIL:
	case SLUSS_FAULT_TEAR:
	case SLUSS_FAULT_DONE:
		return sluss_store_fail(&f->base, f->plan->result, "fault at call %llu", (unsigned long long)*f->calls);
	case SLUSS_FAULT_LIE:
		return SLUSS_STORE_OK;
	case SLUSS_FAULT_NONE:
		break;
	}
	if (inner != SLUSS_STORE_OK && inner != SLUSS_STORE_NOT_FOUND)
		f->base.error = f->inner->error;
	return inner;
}

static bool does_it(enum sluss_fault fault)
{
	return fault == SLUSS_FAULT_NONE || fault == SLUSS_FAULT_DONE;
}

static struct sluss_bytes torn(struct sluss_bytes whole, enum sluss_fault fault)
{
	return fault == SLUSS_FAULT_TEAR ? (struct sluss_bytes){whole.data, whole.len / 2} : whole;
}

// ---- transactions

static enum sluss_store_result fault_begin(struct sluss_store *store)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	// A begin that lies still begins: the lie shows in what follows, not here.
	if (does_it(fault) || fault == SLUSS_FAULT_LIE)
		inner = sluss_store_begin(f->inner);
	enum sluss_store_result result = answer(f, fault, inner);
	if (result != SLUSS_STORE_OK)
		sluss_store_rollback(f->inner);
	return result;
}

static void fault_rollback(struct sluss_store *store)
{
	sluss_store_rollback(fault_of(store)->inner);
}

static enum sluss_store_result fault_commit(struct sluss_store *store)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	if (does_it(fault))
		inner = sluss_store_commit(f->inner);
	else
		sluss_store_rollback(f->inner);
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_copy(struct sluss_store *store, const char *path)
{
	return sluss_store_copy(fault_of(store)->inner, path);
}

static enum sluss_store_result fault_scrub(struct sluss_store *store)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	return answer(f, fault, does_it(fault) ? sluss_store_scrub(f->inner) : SLUSS_STORE_OK);
}

static void fault_close(struct sluss_store *store)
{
	sluss_store_close(&fault_of(store)->inner);
	free(store);
}

// ---- writes

static enum sluss_store_result fault_append(
    struct sluss_store *store, uint64_t first, const struct sluss_bytes *records, size_t count)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	if (does_it(fault) || fault == SLUSS_FAULT_TEAR)
		inner = sluss_store_append(f->inner, first, records, fault == SLUSS_FAULT_TEAR ? count / 2 : count);
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_put_tile(struct sluss_store *store, const struct sluss_store_tile *tile)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	struct sluss_store_tile part = *tile;
	if (fault == SLUSS_FAULT_TEAR)
		part.width = (uint16_t)(part.width / 2);
	if (does_it(fault) || (fault == SLUSS_FAULT_TEAR && part.width > 0))
		inner = sluss_store_put_tile(f->inner, &part);
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_put_checkpoint(struct sluss_store *store, struct sluss_bytes note)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	if (does_it(fault) || fault == SLUSS_FAULT_TEAR)
		inner = sluss_store_put_checkpoint(f->inner, torn(note, fault));
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	if (does_it(fault) || fault == SLUSS_FAULT_TEAR)
		inner = sluss_store_put_payload(f->inner, id, part, torn(payload, fault));
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_erase_payload(struct sluss_store *store, const struct sluss_id *id, uint32_t part)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	return answer(f, fault, does_it(fault) ? sluss_store_erase_payload(f->inner, id, part) : SLUSS_STORE_OK);
}

static enum sluss_store_result fault_erase_payloads(
    struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	return answer(f, fault, does_it(fault) ? sluss_store_erase_payloads(f->inner, id, count_out) : SLUSS_STORE_OK);
}

static enum sluss_store_result fault_put_delivery(
    struct sluss_store *store, const struct sluss_store_delivery *delivery)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	struct sluss_store_delivery part = *delivery;
	part.state = torn(delivery->state, fault);
	if (does_it(fault) || fault == SLUSS_FAULT_TEAR)
		inner = sluss_store_put_delivery(f->inner, &part);
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_delete_delivery(struct sluss_store *store, const char *agency, uint64_t sequence)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	return answer(
	    f, fault, does_it(fault) ? sluss_store_delete_delivery(f->inner, agency, sequence) : SLUSS_STORE_OK);
}

static enum sluss_store_result fault_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	enum sluss_store_result inner = SLUSS_STORE_OK;
	if (does_it(fault) || fault == SLUSS_FAULT_TEAR)
		inner = sluss_store_put_side(f->inner, kind, key, torn(value, fault));
	return answer(f, fault, inner);
}

static enum sluss_store_result fault_erase_side(struct sluss_store *store, uint16_t kind, struct sluss_bytes key)
{
	struct fault_store *f = fault_of(store);
	enum sluss_fault fault = strike(f);
	return answer(f, fault, does_it(fault) ? sluss_store_erase_side(f->inner, kind, key) : SLUSS_STORE_OK);
}

// ---- reads

static enum sluss_store_result passed(struct fault_store *f, enum sluss_store_result inner)
{
	return answer(f, SLUSS_FAULT_NONE, inner);
}

static enum sluss_store_result fault_size(struct sluss_store *store, uint64_t *size_out)
{
	return passed(fault_of(store), sluss_store_size(fault_of(store)->inner, size_out));
}

static enum sluss_store_result fault_read(
    struct sluss_store *store, uint64_t first, uint64_t count, sluss_store_record_fn *each, void *context)
{
	return passed(fault_of(store), sluss_store_read(fault_of(store)->inner, first, count, each, context));
}

static enum sluss_store_result fault_get_tile(
    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out)
{
	return passed(
	    fault_of(store), sluss_store_get_tile(fault_of(store)->inner, level, index, hashes_out, width_out));
}

static enum sluss_store_result fault_get_checkpoint(struct sluss_store *store, struct sluss_store_blob *note_out)
{
	return passed(fault_of(store), sluss_store_get_checkpoint(fault_of(store)->inner, note_out));
}

static enum sluss_store_result fault_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out)
{
	return passed(fault_of(store), sluss_store_get_payload(fault_of(store)->inner, id, part, payload_out));
}

static enum sluss_store_result fault_each_delivery(
    struct sluss_store *store, const char *agency, uint64_t from_sequence, sluss_store_delivery_fn *each, void *context)
{
	return passed(
	    fault_of(store), sluss_store_each_delivery(fault_of(store)->inner, agency, from_sequence, each, context));
}

static enum sluss_store_result fault_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	return passed(fault_of(store), sluss_store_get_side(fault_of(store)->inner, kind, key, value_out));
}

static enum sluss_store_result fault_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context)
{
	return passed(fault_of(store), sluss_store_each_side(fault_of(store)->inner, kind, from, each, context));
}

static const struct sluss_store_ops fault_ops = {
    .close = fault_close,
    .begin = fault_begin,
    .commit = fault_commit,
    .rollback = fault_rollback,
    .size = fault_size,
    .append = fault_append,
    .read = fault_read,
    .put_tile = fault_put_tile,
    .get_tile = fault_get_tile,
    .put_checkpoint = fault_put_checkpoint,
    .get_checkpoint = fault_get_checkpoint,
    .put_payload = fault_put_payload,
    .get_payload = fault_get_payload,
    .erase_payload = fault_erase_payload,
    .erase_payloads = fault_erase_payloads,
    .put_delivery = fault_put_delivery,
    .delete_delivery = fault_delete_delivery,
    .each_delivery = fault_each_delivery,
    .put_side = fault_put_side,
    .get_side = fault_get_side,
    .erase_side = fault_erase_side,
    .each_side = fault_each_side,
    .copy = fault_copy,
    .scrub = fault_scrub,
};

enum sluss_store_result sluss_store_fault_wrap(
    struct sluss_store *inner, const struct sluss_fault_plan *plan, uint64_t *calls, struct sluss_store **store_out)
{
	struct fault_store *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return SLUSS_STORE_FULL;
	f->base.ops = &fault_ops;
	f->base.mode = inner->mode;
	f->inner = inner;
	f->plan = plan;
	f->calls = calls != NULL ? calls : &f->own_calls;
	*store_out = &f->base;
	return SLUSS_STORE_OK;
}
