// SPDX-License-Identifier: EUPL-1.2
#include "svc_text.h"

#include <stdio.h>

#include "policy/calendar.h"
#include "svc_agency.h"
#include "svc_common.h"

struct moment {
	struct sluss_date date;
	unsigned hour, minute;
};

static struct moment moment_at(int64_t at_ms)
{
	int64_t minutes = (at_ms + sluss_local_offset_ms(at_ms)) / 60000 % (24 * 60);
	return (struct moment){sluss_date_at(at_ms), (unsigned)(minutes / 60), (unsigned)(minutes % 60)};
}

static const char *kept(struct sluss_txn *txn, const char *text)
{
	const char *copy = sluss_arena_text(txn->arena, text);
	return copy == NULL ? "" : copy;
}

const char *svc_text_time(struct sluss_txn *txn, int64_t at_ms)
{
	char text[64];
	const struct moment at = moment_at(at_ms);
	(void)snprintf(text, sizeof(text), "%04d-%02u-%02u %02u:%02u", (int)at.date.year, (unsigned)at.date.month,
	    (unsigned)at.date.day, at.hour, at.minute);
	return kept(txn, text);
}

const char *svc_text_moment(struct sluss_txn *txn, const char *file, int64_t at_ms)
{
	char text[128];
	const struct moment at = moment_at(at_ms);
	(void)snprintf(text, sizeof(text), "%u %s %d, %02u:%02u", (unsigned)at.date.day,
	    svc_text_word_of(txn, file, "month", at.date.month), (int)at.date.year, at.hour, at.minute);
	return kept(txn, text);
}

const char *svc_text_number(struct sluss_txn *txn, uint64_t number)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return kept(txn, text);
}

const char *svc_text_hash(struct sluss_txn *txn, const struct sluss_hash *hash)
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	for (size_t i = 0; i < SLUSS_HASH_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash->b[i]);
	return kept(txn, hex);
}

const char *svc_text_agency(struct sluss_txn *txn, const char *agency)
{
	const struct sluss_bytes key = {(const uint8_t *)agency, strlen(agency)};
	struct sluss_bytes name;
	if (!sluss_txn_get_side(txn, SLUSS_SIDE_AGENCY_NAME, key, &name))
		return "";
	char *text = name.len == 0 ? NULL : sluss_arena_alloc(txn->arena, name.len + 1);
	if (text == NULL)
		return kept(txn, agency);
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	return text;
}

const char *svc_text_word(struct sluss_txn *txn, const char *file, const char *group, const char *code)
{
	const char *found = sluss_receipt_word(txn->arena, file, group, code, code);
	return found == NULL ? "" : found;
}

const char *svc_text_word_of(struct sluss_txn *txn, const char *file, const char *group, unsigned code)
{
	char text[16];
	(void)snprintf(text, sizeof(text), "%u", code);
	const char *found = sluss_receipt_word(txn->arena, file, group, text, "-");
	return found == NULL ? "" : found;
}

char *svc_text_append(struct sluss_txn *txn, const char *text, const char *more)
{
	size_t len = strlen(text), more_len = strlen(more);
	char *both = sluss_arena_alloc(txn->arena, len + more_len + 1);
	if (both == NULL) {
		svc_no_memory(txn);
		return NULL;
	}
	memcpy(both, text, len);
	memcpy(both + len, more, more_len + 1);
	return both;
}

const char *svc_text_file(struct sluss_txn *txn, const char *language, const char *field)
{
	const char *file = sluss_receipt_language(language);
	if (file == NULL)
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field,
		    "The text is there in sv, en, ar and so.");
	return file;
}
