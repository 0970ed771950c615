// SPDX-License-Identifier: EUPL-1.2
// The lines of a world about consents, persons' acts and statutory requests.
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

enum { GRANTS_MAX = 64, RECEIVERS_MAX = 32 };

static const char *applied(struct world *world, struct sluss_record *record, int64_t now_ms)
{
	enum sluss_apply result = world_apply(world, record, now_ms);
	if (result == SLUSS_APPLY_OK)
		return NULL;
	snprintf(world->answer, sizeof(world->answer), "APPLY_%d", (int)result);
	return world->answer;
}

struct consent *world_consent(struct world *world, const char *token)
{
	int number = world_number(token);
	return number < WORLD_CONSENTS && world->consents[number].case_number > 0 ? &world->consents[number] : NULL;
}

static const char *dash_empty(const char *token)
{
	return strcmp(token, "-") == 0 ? "" : token;
}

// What the line of a consent says, grant by grant.
struct form {
	struct sluss_grant_draft drafts[GRANTS_MAX];
	const char *receivers[GRANTS_MAX][RECEIVERS_MAX];
	struct sluss_grant grants[GRANTS_MAX * RECEIVERS_MAX];
	size_t draft_count, grant_count;
};

static void form_read(struct form *form, char **word, size_t count, int consent)
{
	size_t at = 3;
	form->draft_count = (size_t)world_number(word[2]);
	form->grant_count = 0;
	for (size_t i = 0; i < form->draft_count; i++) {
		if (i == GRANTS_MAX || at + 7 > count || at + 7 + (size_t)world_number(word[at + 6]) > count)
			world_die("consent", "too few words or too many grants");
		struct sluss_grant_draft *draft = &form->drafts[i];
		*draft =
		    (struct sluss_grant_draft){.category = dash_empty(word[at]), .sender = dash_empty(word[at + 1])};
		draft->purpose = sluss_purpose_from_name(word[at + 2]);
		draft->has_from = strcmp(word[at + 3], "-") != 0;
		draft->has_until = strcmp(word[at + 4], "-") != 0;
		draft->from_ms = draft->has_from ? strtoll(word[at + 3], NULL, 10) : 0;
		draft->until_ms = draft->has_until ? strtoll(word[at + 4], NULL, 10) : 0;
		draft->explicit_mark = strcmp(word[at + 5], "1") == 0;
		draft->recipient_count = (size_t)world_number(word[at + 6]);
		draft->recipients = form->receivers[i];
		if (draft->recipient_count > RECEIVERS_MAX)
			world_die("consent", "too many receivers");
		at += 7;
		for (size_t j = 0; j < draft->recipient_count; j++, at++) {
			form->receivers[i][j] = dash_empty(word[at]);
			form->grants[form->grant_count] =
			    (struct sluss_grant){.grant = world_id('v', consent, (int)form->grant_count),
				.category = draft->category,
				.sender = draft->sender,
				.recipient = form->receivers[i][j],
				.purpose = draft->purpose,
				.from_ms = draft->from_ms,
				.until_ms = draft->until_ms,
				.explicit_mark = draft->explicit_mark};
			form->grant_count++;
		}
	}
}

const char *world_consent_form(struct world *world, char **word, size_t count, int64_t now_ms)
{
	static struct form form;
	int number = world_number(word[0]);
	if (world_case(world, word[1]) == NULL)
		return "SKIPPED";
	if (number >= WORLD_CONSENTS)
		world_die("consents", "too many");
	form_read(&form, word, count, number);
	struct sluss_record record = {.type = SLUSS_REC_CONSENT_RECORDED};
	struct sluss_rec_consent_recorded *recorded = &record.u.consent_recorded;
	recorded->consent = world_id('c', number, 0);
	recorded->case_id = world_id('k', world_number(word[1]), 0);
	struct sluss_refusal refusal;
	enum sluss_reason reason =
	    sluss_check_consent(world->state, &recorded->case_id, form.drafts, form.draft_count, now_ms, &refusal);
	if (reason != SLUSS_REASON_NONE)
		return sluss_reason_name(reason);
	recorded->grants = form.grants;
	recorded->grant_count = form.grant_count;
	recorded->text_version = "2026-1";
	recorded->language = "sv";
	recorded->channel = SLUSS_CHANNEL_PAPER;
	recorded->obtained_ms = now_ms;
	recorded->agency = "1";
	recorded->officer = "coordinator";
	const char *answer = applied(world, &record, now_ms);
	if (answer == NULL)
		world->consents[number] =
		    (struct consent){.case_number = world_number(word[1]), .versions = form.grant_count};
	return answer;
}

// CONSENT VERSION as grant ids; false when one is not there.
static bool versions_read(struct world *world, char **word, struct sluss_id *grants, size_t *count_out, int *case_out)
{
	const struct consent *consent = world_consent(world, word[0]);
	if (consent == NULL)
		return false;
	int number = world_number(word[0]);
	*case_out = consent->case_number;
	*count_out = 0;
	if (strcmp(word[1], "*") == 0) {
		for (size_t i = 0; i < consent->versions; i++)
			grants[(*count_out)++] = world_id('v', number, (int)i);
		return true;
	}
	int version = world_number(word[1]);
	grants[(*count_out)++] = world_id('v', number, version);
	return (size_t)version < consent->versions;
}

static const char *act(struct world *world, char **word, enum sluss_act what, int64_t now_ms)
{
	struct sluss_id grants[WORLD_VERSIONS], fresh[WORLD_VERSIONS];
	size_t count;
	int case_number;
	if (!versions_read(world, word, grants, &count, &case_number))
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_GRANT_STATUS};
	struct sluss_rec_grant_status *status = &record.u.grant_status;
	status->case_id = world_id('k', case_number, 0);
	status->act = what;
	if (what != SLUSS_ACT_INVALIDATE)
		status->person = world_id('p', world_number(word[2]), 0);
	status->consent = world_id('c', world_number(word[0]), 0);
	status->grants = grants;
	status->grant_count = count;
	if (what == SLUSS_ACT_NARROW) {
		status->from_ms = strcmp(word[3], "-") == 0 ? 0 : strtoll(word[3], NULL, 10);
		status->until_ms = strcmp(word[4], "-") == 0 ? 0 : strtoll(word[4], NULL, 10);
	}
	const struct sluss_act_request request = {.case_id = status->case_id,
	    .person = status->person,
	    .act = what,
	    .grants = grants,
	    .grant_count = count,
	    .from_ms = status->from_ms,
	    .until_ms = status->until_ms};
	struct sluss_refusal refusal;
	enum sluss_reason reason = sluss_check_act(world->state, &request, now_ms, &refusal);
	if (reason != SLUSS_REASON_NONE)
		return sluss_reason_name(reason);
	struct consent *consent = world_consent(world, word[0]);
	if (what == SLUSS_ACT_RESUME) {
		if (consent->versions + count > WORLD_VERSIONS)
			world_die("versions", "too many");
		for (size_t i = 0; i < count; i++)
			fresh[i] = world_id('v', world_number(word[0]), (int)(consent->versions + i));
		status->new_grants = fresh;
	}
	status->channel = SLUSS_CHANNEL_ORAL;
	status->agency = "1";
	status->officer = "coordinator";
	const char *answer = applied(world, &record, now_ms);
	if (answer == NULL && what == SLUSS_ACT_RESUME)
		consent->versions += count;
	return answer;
}

const char *world_give(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_GIVE, now_ms);
}

const char *world_refuse(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_REFUSE, now_ms);
}

const char *world_pause(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_PAUSE, now_ms);
}

const char *world_resume(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_RESUME, now_ms);
}

const char *world_narrow(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_NARROW, now_ms);
}

const char *world_invalidate(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return act(world, word, SLUSS_ACT_INVALIDATE, now_ms);
}

const char *world_withdraw(struct world *world, char **word, size_t count, int64_t now_ms)
{
	if (world_case(world, word[0]) == NULL)
		return "SKIPPED";
	struct sluss_record record = {.type = SLUSS_REC_WITHDRAWAL};
	struct sluss_rec_withdrawal *withdrawal = &record.u.withdrawal;
	withdrawal->withdrawal = world_id('w', (int)world->seq, 0);
	withdrawal->case_id = world_id('k', world_number(word[0]), 0);
	withdrawal->person = world_id('p', world_number(word[1]), 0);
	withdrawal->category = withdrawal->scope_agency = "";
	const char *kind = word[2];
	if (strcmp(kind, "grant") == 0 && count == 5) {
		struct sluss_id grants[WORLD_VERSIONS];
		size_t found;
		int case_number;
		if (!versions_read(world, word + 3, grants, &found, &case_number))
			return "SKIPPED";
		if (found != 1)
			world_die("withdraw grant", "one version");
		withdrawal->scope = SLUSS_SCOPE_GRANT;
		withdrawal->grant = grants[0];
	} else if (strcmp(kind, "consent") == 0 && count == 4) {
		if (world_consent(world, word[3]) == NULL)
			return "SKIPPED";
		withdrawal->scope = SLUSS_SCOPE_CONSENT;
		withdrawal->consent = world_id('c', world_number(word[3]), 0);
	} else if (strcmp(kind, "category") == 0 && count == 4) {
		withdrawal->scope = SLUSS_SCOPE_CATEGORY;
		withdrawal->category = word[3];
	} else if (strcmp(kind, "agency") == 0 && count == 4) {
		withdrawal->scope = SLUSS_SCOPE_AGENCY;
		withdrawal->scope_agency = word[3];
	} else if (strcmp(kind, "all") == 0 && count == 3) {
		withdrawal->scope = SLUSS_SCOPE_ALL;
	} else {
		world_die("withdraw", kind);
	}
	struct sluss_refusal refusal;
	enum sluss_reason reason = sluss_check_withdrawal(world->state, withdrawal, &refusal);
	if (reason != SLUSS_REASON_NONE)
		return sluss_reason_name(reason);
	withdrawal->channel = SLUSS_CHANNEL_ORAL;
	withdrawal->agency = "1";
	withdrawal->officer = "coordinator";
	world_note_grants(world, withdrawal, now_ms);
	const char *answer = applied(world, &record, now_ms);
	return answer == NULL && !world_withdrawal_holds(world, now_ms) ? "WITHDRAWAL_COVERS_ANOTHER_SET" : answer;
}

const char *world_request(struct world *world, char **word, size_t count, int64_t now_ms)
{
	int number = world_number(word[0]);
	if (world_case(world, word[1]) == NULL)
		return "SKIPPED";
	if (number >= WORLD_APPROVALS)
		world_die("approvals", "too many");
	struct sluss_record record = {.type = SLUSS_REC_STATUTE_REQUESTED};
	struct sluss_rec_statute_requested *request = &record.u.statute_requested;
	request->request = world_id('a', number, 0);
	request->case_id = world_id('k', world_number(word[1]), 0);
	request->provision = word[2];
	request->agency = word[3];
	request->officer = word[4];
	request->message_type = sluss_message_type_from_name(word[5]);
	request->necessity = strcmp(word[6], "1") == 0;
	request->deferred = strcmp(word[7], "now") != 0;
	request->notify_ms = request->deferred ? now_ms + INT64_C(30) * 86400000 : 0;
	request->recipient_count = (size_t)world_number(word[8]);
	if (9 + request->recipient_count >= count)
		world_die("request", "too few words");
	request->recipients = (const char *const *)(word + 9);
	request->category_count = (size_t)world_number(word[9 + request->recipient_count]);
	request->categories = (const char *const *)(word + 10 + request->recipient_count);
	if (10 + request->recipient_count + request->category_count != count)
		world_die("request", "wrong number of words");
	struct sluss_refusal refusal;
	enum sluss_reason reason =
	    sluss_check_statute_request(world->state, request, strcmp(word[7], "later") == 0, now_ms, &refusal);
	if (reason != SLUSS_REASON_NONE)
		return sluss_reason_name(reason);
	const char *answer = applied(world, &record, now_ms);
	if (answer == NULL)
		world->approvals[number] = world_number(word[1]);
	return answer;
}

static const char *request_answer(struct world *world, char **word, enum sluss_record_type type, int64_t now_ms)
{
	int number = world_number(word[0]);
	if (number >= WORLD_APPROVALS || world->approvals[number] == 0)
		return "SKIPPED";
	struct sluss_record record = {.type = type};
	struct sluss_rec_statute_answered *answered =
	    type == SLUSS_REC_STATUTE_APPROVED ? &record.u.statute_approved : &record.u.statute_refused;
	answered->request = world_id('a', number, 0);
	answered->agency = word[1];
	answered->officer = word[2];
	struct sluss_refusal refusal;
	enum sluss_reason reason = sluss_check_statute_answer(world->state, answered, now_ms, &refusal);
	return reason == SLUSS_REASON_NONE ? applied(world, &record, now_ms) : sluss_reason_name(reason);
}

const char *world_approve(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return request_answer(world, word, SLUSS_REC_STATUTE_APPROVED, now_ms);
}

const char *world_disapprove(struct world *world, char **word, size_t count, int64_t now_ms)
{
	(void)count;
	return request_answer(world, word, SLUSS_REC_STATUTE_REFUSED, now_ms);
}
