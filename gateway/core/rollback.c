// SPDX-License-Identifier: EUPL-1.2
#include "rollback.h"

#include <stdio.h>

#include "log_event.h"
#include "writer.h"

static const char second_place[] = "secondary_head_file";

bool sluss_rollback_open(struct sluss_writer *w, struct sluss_store_error *error_out)
{
	struct sluss_store_error why = {{0}};
	if (w->config.head_fd <= 0)
		return true;
	w->head = sluss_head_open(w->config.head_fd, &w->log_key, &why);
	if (w->head == NULL)
		snprintf(
		    error_out->text, sizeof(error_out->text), "secondary_head_file cannot be used: %.200s.", why.text);
	return w->head != NULL;
}

static enum sluss_store_result accept(struct sluss_writer *w, const char *who, const struct sluss_restored *found)
{
	if (!w->restored.pending || found->signed_size > w->restored.signed_size)
		w->restored = *found;
	w->restored.pending = true;
	w->restored.forked = w->restored.forked || found->forked;
	sluss_event(SLUSS_EVENT_WARNING, "rollback-accepted", "by=\"%s\" signed=%llu entries=%llu forked=%d", who,
	    (unsigned long long)found->signed_size, (unsigned long long)found->size, found->forked);
	return SLUSS_STORE_OK;
}

enum sluss_store_result sluss_rollback_claim(struct sluss_writer *w, const char *who, uint64_t size,
    const struct sluss_hash *root, struct sluss_store_error *error_out)
{
	uint64_t has = sluss_log_size(w->log);
	enum sluss_head_claim claim = sluss_head_judge(w->log, size, root);
	if (claim == SLUSS_HEAD_CLAIM_HOLDS)
		return SLUSS_STORE_OK;
	struct sluss_restored found = {
	    .signed_size = size, .size = has, .signed_root = *root, .forked = claim == SLUSS_HEAD_CLAIM_FORKED};
	if (w->config.accept_rollback && claim != SLUSS_HEAD_CLAIM_BROKEN)
		return accept(w, who, &found);
	sluss_head_explain(claim, who, size, has, error_out);
	return SLUSS_STORE_CORRUPT;
}

// There is no signed head in the second place. At the first start with one that is as it should be.
static enum sluss_store_result check_absent(
    struct sluss_writer *w, enum sluss_head_state state, struct sluss_store_error *error_out)
{
	struct sluss_restored found = {.size = sluss_log_size(w->log)};
	bool used = w->world->settings != NULL && strstr(w->world->settings, "secondary_head=true") != NULL;
	if (state == SLUSS_HEAD_NONE && !used)
		return SLUSS_STORE_OK;
	if (w->config.accept_rollback)
		return accept(w, second_place, &found);
	snprintf(error_out->text, sizeof(error_out->text),
	    "secondary_head_file %s, so that nobody can say whether the database is the newest. Put the file back. If "
	    "it is lost, make sure that the database is the newest one (the witnesses and the agencies' receipts "
	    "know), "
	    "then start once with `slussd --accept-rollback`.",
	    state == SLUSS_HEAD_NONE ? "is empty, though this log was kept in one before"
				     : "holds no head that this log signed");
	return SLUSS_STORE_CORRUPT;
}

enum sluss_store_result sluss_rollback_check(struct sluss_writer *w, struct sluss_store_error *error_out)
{
	uint64_t size = 0;
	struct sluss_hash root;
	enum sluss_store_result result = SLUSS_STORE_OK;
	if (w->head == NULL || w->restored.pending)
		return SLUSS_STORE_OK;
	enum sluss_head_state state = sluss_head_newest(w->head, &size, &root);
	if (state == SLUSS_HEAD_GOOD)
		result = sluss_rollback_claim(w, second_place, size, &root, error_out);
	else
		result = check_absent(w, state, error_out);
	// A commit that nobody has heard of may be ahead of the second place.
	if (result == SLUSS_STORE_OK && !w->restored.pending && sluss_log_size(w->log) > 0 && !sluss_rollback_note(w)) {
		snprintf(error_out->text, sizeof(error_out->text),
		    "secondary_head_file cannot be written. Mend its disk and start again.");
		result = SLUSS_STORE_AGAIN;
	}
	return result;
}

bool sluss_rollback_record(struct sluss_writer *w)
{
	if (!w->restored.pending)
		return true;
	struct sluss_record record = {.type = SLUSS_REC_RESTORED,
	    .u.restored = {.signed_size = (int64_t)w->restored.signed_size,
		.size = (int64_t)w->restored.size,
		.forked = w->restored.forked}};
	memcpy(record.u.restored.signed_root, w->restored.signed_root.b, SLUSS_HASH_BYTES);
	return sluss_batch_append(w, &record, NULL) == SLUSS_BATCH_OK;
}

bool sluss_rollback_note(struct sluss_writer *w)
{
	struct sluss_bytes note = sluss_log_checkpoint(w->log);
	bool replace = w->restored.pending;
	if (w->head != NULL && !(replace ? sluss_head_replace(w->head, note) : sluss_head_write(w->head, note)))
		return false;
	w->restored.pending = false;
	return true;
}
