// SPDX-License-Identifier: EUPL-1.2
// What a person is asked, in words, and whether what they answered to is what was shown to them. The text is made of
// the grant alone, so that core can make it again when the answer comes; the answer's hash of it is part of what the
// session's key signed, which is kept as evidence.
#include "receipt_text.h"
#include "svc_common.h"
#include "svc_person.h"
#include "svc_text.h"

const char *svc_person_question_version(struct sluss_txn *txn, const char *file)
{
	return svc_text_word(txn, file, "version", "question");
}

char *svc_person_question(
    struct sluss_txn *txn, const char *file, const struct svc_person_case *part, const struct sluss_grant_view *grant)
{
	const char *name = part->guardian ? svc_person_name(txn, &part->view.subject) : "";
	if (name == NULL)
		return NULL;
	const struct sluss_fill fills[] = {
	    {"sender", svc_text_agency(txn, grant->sender)},
	    {"receiver", svc_text_agency(txn, grant->recipient)},
	    {"topic", svc_text_word(txn, file, "topic", grant->category)},
	    {"purpose", svc_text_word_of(txn, file, "purpose", (unsigned)grant->purpose)},
	    {"from", svc_text_moment(txn, file, grant->from_ms)},
	    {"until", svc_text_moment(txn, file, grant->until_ms)},
	    {"name", name},
	};
	char *text = sluss_receipt_fill(
	    txn->arena, file, part->guardian ? "ask_guardian" : "ask", fills, sizeof(fills) / sizeof(fills[0]));
	if (text == NULL)
		svc_no_memory(txn);
	return text;
}

static bool another_text(struct sluss_txn *txn, const char *field)
{
	sluss_txn_refuse(txn, SLUSS_CODE_FAILED_PRECONDITION, SLUSS_MALFORMED, field,
	    "This is not the text of the question as it stands now. Read the overview again, show its text, and ask "
	    "anew.");
	return false;
}

bool svc_person_shown(struct sluss_txn *txn, const Sluss__V1__PersonActRequest *request,
    const struct sluss_rec_grant_status *act, const struct svc_person_case *part)
{
	const char *file = svc_text_file(txn, request->text_language, "text_language");
	char *all = sluss_arena_text(txn->arena, "");
	struct sluss_grant_view grant;
	struct sluss_hash hash;
	if (file == NULL)
		return false;
	if (strcmp(request->text_version, svc_person_question_version(txn, file)) != 0)
		return another_text(txn, "text_version");
	for (size_t i = 0; i < act->grant_count; i++) {
		if (!sluss_grant_find(txn->state, &act->grants[i], txn->now_ms, &grant))
			return another_text(txn, "text_hash");
		const char *one = svc_person_question(txn, file, part, &grant);
		if (one == NULL || all == NULL || (all = svc_text_append(txn, all, one)) == NULL)
			return one == NULL ? false : svc_no_memory(txn);
	}
	if (all == NULL)
		return svc_no_memory(txn);
	sluss_hash_octets(all, strlen(all), &hash);
	return (request->text_hash.len == sizeof(hash.b) &&
		   memcmp(request->text_hash.data, hash.b, sizeof(hash.b)) == 0) ||
	       another_text(txn, "text_hash");
}
