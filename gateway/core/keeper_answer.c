// SPDX-License-Identifier: EUPL-1.2
// What a witness's answer means (C2SP tlog-witness). Nothing in it is believed but a cosignature that verifies, and two
// things that a witness says at its own risk: that it knows more of this log than the log itself, and that it knows
// another history of it.
#include "keeper_impl.h"

#include "log_event.h"
#include "log_text.h"

#include <stdio.h>

enum {
	RETURNED_MS = 100, // until a courier is there
	CONFLICTS_MAX = 3, // in one round; then it is a fault of the witness's
};

static const char *name_of(const struct sluss_keeper *k, uint32_t index)
{
	return k->config.witnesses[index].name;
}

static void stop(struct sluss_keeper *k, const char *event)
{
	if (!k->fatal)
		sluss_event(SLUSS_EVENT_ERROR, event, "why=\"%s\"", k->why);
	k->fatal = true;
}

static void stop_behind(struct sluss_keeper *k, uint32_t index, uint64_t theirs, uint64_t ours)
{
	(void)snprintf(k->why, sizeof(k->why),
	    "The witness %s has cosigned %llu entries of this log, but the database holds %llu: it is an older copy. "
	    "Put "
	    "back the newest copy of the database; what was restored must not run.",
	    name_of(k, index), (unsigned long long)theirs, (unsigned long long)ours);
	stop(k, "witness-ahead");
}

static void stop_forked(struct sluss_keeper *k, uint32_t index, uint64_t size)
{
	(void)snprintf(k->why, sizeof(k->why),
	    "The witness %s has cosigned another history of this log: its first %llu entries are not those of the "
	    "database. It is an older copy that went on, or a second gateway runs with the same key. Put back the "
	    "newest "
	    "copy of the database, and let only one gateway run.",
	    name_of(k, index), (unsigned long long)size);
	stop(k, "witness-fork");
}

static void complain_why(
    struct sluss_keeper *k, uint32_t index, int64_t now_ms, const char *what, uint32_t status, const char *why)
{
	struct sluss_keeper_witness *w = &k->witnesses[index];
	w->state = what;
	// Once for each time that it begins to fail, and then each time that it is asked after a longer pause.
	if (w->failures == 0 || w->failures % 8 == 0)
		sluss_event(SLUSS_EVENT_WARNING, "witness-failed", "witness=%s status=%u what=\"%s\" why=\"%s\"",
		    name_of(k, index), status, what, why == NULL ? "" : why);
	keeper_failed(k, w, now_ms);
}

static void complain(struct sluss_keeper *k, uint32_t index, int64_t now_ms, const char *what, uint32_t status)
{
	complain_why(k, index, now_ms, what, status, NULL);
}

// ---- 200

// Is this line the witness's cosignature over the round's checkpoint?
static bool verifies(const struct sluss_keeper *k, uint32_t index, struct sluss_bytes line, int64_t real_s)
{
	uint8_t octets[SLUSS_CHECKPOINT_OWN_MAX + SLUSS_NOTE_LINE_MAX];
	struct sluss_note note;
	uint64_t time_s = 0;
	if (line.len > SLUSS_NOTE_LINE_MAX)
		return false;
	memcpy(octets, k->note, k->note_len);
	memcpy(octets + k->note_len, line.data, line.len);
	if (!sluss_note_parse((struct sluss_bytes){octets, k->note_len + line.len}, &note) ||
	    sluss_note_verify(&note, &k->config.witnesses[index], &time_s) != SLUSS_NOTE_VALID)
		return false;
	// An old answer again does not show that the witness sees this log now.
	int64_t apart = real_s - (int64_t)time_s;
	return apart <= SLUSS_KEEPER_SKEW_S && apart >= -SLUSS_KEEPER_SKEW_S;
}

static void take_lines(struct sluss_keeper *k, const struct sluss_keeper_answer *answer, int64_t now_ms, int64_t real_s)
{
	struct sluss_keeper_witness *w = &k->witnesses[answer->index];
	struct sluss_bytes rest = answer->body;
	struct sluss_bytes line;
	w->known = w->sent_size;
	w->asked = true;
	if (w->sent_round != k->round)
		return; // it took longer than the round
	while (sluss_text_line(&rest, &line)) {
		line.len++; // with its newline
		if (!verifies(k, answer->index, line, real_s))
			continue;
		memcpy(w->line, line.data, line.len);
		w->line_len = line.len;
		w->signed_round = true;
		w->cosigned = k->size;
		w->cosigned_s = real_s;
		w->state = "cosigned";
		if (w->failures > 0)
			sluss_event(SLUSS_EVENT_NOTICE, "witness-back", "witness=%s", name_of(k, answer->index));
		w->failures = 0;
		keeper_signed(k);
		return;
	}
	complain(k, answer->index, now_ms,
	    "no cosignature that verifies by the key of the settings and is of this time: check key and clocks", 200);
}

// ---- 409

static bool read_size(const struct sluss_keeper_answer *answer, uint64_t *size_out)
{
	static const char type[] = "text/x.tlog.size";
	struct sluss_bytes rest = answer->body;
	struct sluss_bytes line;
	return strncmp(answer->content_type, type, sizeof(type) - 1) == 0 && sluss_text_line(&rest, &line) &&
	       rest.len == 0 && sluss_text_decimal(line, size_out);
}

static void take_size(
    struct sluss_keeper *k, const struct sluss_keeper_answer *answer, uint64_t log_size, int64_t now_ms)
{
	struct sluss_keeper_witness *w = &k->witnesses[answer->index];
	uint64_t size = 0;
	if (!read_size(answer, &size)) {
		complain(k, answer->index, now_ms, "a conflict without a size", 409);
		return;
	}
	if (size > log_size) {
		stop_behind(k, answer->index, size, log_size);
		return;
	}
	if (size == w->sent_old && size == w->sent_size) {
		stop_forked(k, answer->index, size);
		return;
	}
	if (++w->conflicts > CONFLICTS_MAX || size == w->sent_old) {
		complain(k, answer->index, now_ms, "it contradicts itself about the size that it cosigned", 409);
		return;
	}
	if (w->asked && size < w->known)
		sluss_event(SLUSS_EVENT_WARNING, "witness-went-back", "witness=%s from=%llu to=%llu",
		    name_of(k, answer->index), (unsigned long long)w->known, (unsigned long long)size);
	w->known = size;
	w->asked = true;
	w->not_before_ms = now_ms; // again, from its size
	k->hurry = k->hurry || size > k->size;
}

// ---- the rest

static const char *advice(uint32_t status)
{
	switch (status) {
	case 0:
		return "it cannot be reached";
	case 400:
		return "it does not understand the request";
	case 403:
		return "it knows this log by another key: give it the gateway's log.vkey";
	case 404:
		return "it does not know this log, or the URL is wrong: give it the gateway's log.vkey";
	default:
		return "it cannot answer now";
	}
}

void sluss_keeper_answer(
    struct sluss_keeper *k, const struct sluss_keeper_answer *answer, uint64_t log_size, int64_t now_ms, int64_t real_s)
{
	if (answer->index >= k->config.count || answer->number == 0 ||
	    k->witnesses[answer->index].call != answer->number)
		return; // of a call that was given up
	struct sluss_keeper_witness *w = &k->witnesses[answer->index];
	w->call = 0;
	if (answer->status == 200)
		take_lines(k, answer, now_ms, real_s);
	else if (answer->status == 409)
		take_size(k, answer, log_size, now_ms);
	else if (answer->status == 422)
		stop_forked(k, answer->index, w->sent_old);
	else
		complain_why(k, answer->index, now_ms, advice(answer->status), answer->status, answer->error);
}

void sluss_keeper_returned(struct sluss_keeper *k, uint32_t index, uint64_t number, int64_t now_ms)
{
	if (index >= k->config.count || number == 0 || k->witnesses[index].call != number)
		return;
	k->witnesses[index].call = 0;
	k->witnesses[index].not_before_ms = now_ms + RETURNED_MS;
}

void sluss_keeper_lost(struct sluss_keeper *k, int64_t now_ms)
{
	for (uint32_t i = 0; i < k->config.count; i++) {
		if (k->witnesses[i].call == 0)
			continue;
		k->witnesses[i].call = 0;
		k->witnesses[i].not_before_ms = now_ms + RETURNED_MS; // nothing of the witness's doing
	}
}
