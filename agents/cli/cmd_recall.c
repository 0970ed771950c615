// SPDX-License-Identifier: EUPL-1.2
// sluss recall: what we received is asked back.
#include "cli.h"

static void print_recall(struct cli *cli, const Sluss__V1__Recall *x)
{
	if (x == NULL) {
		return;
	}
	cli_say(cli, "recall %s of case %s from %s, due %s%s: %s%s%s", x->recall_id, x->case_id, x->agency_id, cli_time_text(cli, x->due),
	    x->overdue ? " (overdue)" : "",
	    x->answer == 0 ? "not answered" : cli_enum_text(cli, &sluss__v1__recall_answer__descriptor, (int)x->answer), x->kept_on_ground[0] == '\0' ? "" : ", ",
	    x->kept_on_ground);
	for (size_t i = 0; i < x->n_categories; i++) {
		cli_say(cli, "  category %s", x->categories[i]);
	}
	for (size_t i = 0; i < x->n_message_ids; i++) {
		cli_say(cli, "  message %s", x->message_ids[i]);
	}
	if (x->register_mark) {
		cli_say(cli, "  the mark in the own register is asked for too: %s%s%s",
		    x->register_mark_answer == 0 ? "not answered" : cli_enum_text(cli, &sluss__v1__recall_answer__descriptor, (int)x->register_mark_answer),
		    x->register_mark_kept_on_ground[0] == '\0' ? "" : ", ", x->register_mark_kept_on_ground);
	}
}

// The pages of an answer, one after the other.
static enum cli_exit read_pages(struct cli *cli, struct sluss_client *client, Sluss__V1__RecallListRequest *request, Sluss__V1__RecallListResponse *all)
{
	do {
		Sluss__V1__RecallListResponse *r = NULL;
		if (sluss_client_recall_list_of(client, request, &r) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		cli_own_message(cli, r);
		Sluss__V1__Recall **recalls = cli_alloc(cli, (all->n_recalls + r->n_recalls + 1) * sizeof(Sluss__V1__Recall *));
		if (all->n_recalls > 0) {
			memcpy(recalls, all->recalls, all->n_recalls * sizeof(*recalls));
		}
		if (r->n_recalls > 0) {
			memcpy(recalls + all->n_recalls, r->recalls, r->n_recalls * sizeof(*recalls));
		}
		all->recalls = recalls;
		all->n_recalls += r->n_recalls;
		request->from_index = r->next_index;
	} while (request->from_index != 0);
	return CLI_OK;
}

static enum cli_exit list(struct cli *cli)
{
	Sluss__V1__RecallListRequest request = SLUSS__V1__RECALL_LIST_REQUEST__INIT;
	Sluss__V1__RecallListResponse all = SLUSS__V1__RECALL_LIST_RESPONSE__INIT;
	const char *id = cli_has(cli, "case") ? cli_check_id(cli, "case", cli_get(cli, "case")) : "";
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	request.case_id = cli_copy(cli, id, strlen(id));
	request.include_answered = cli_has(cli, "all");
	request.overdue = cli_has(cli, "overdue");
	enum cli_exit code = read_pages(cli, client, &request, &all);
	if (code != CLI_OK) {
		return code;
	}
	for (size_t i = 0; i < all.n_recalls; i++) {
		print_recall(cli, all.recalls[i]);
	}
	return cli_show(cli, &all.base);
}

// --deleted or --kept GROUND; false when both or neither (neither is allowed for the register mark).
static bool read_answer(struct cli *cli, const char *deleted, const char *kept, bool needed, Sluss__V1__RecallAnswer *answer, char **ground)
{
	bool both = cli_has(cli, deleted) && cli_has(cli, kept);
	if (both || (needed && !cli_has(cli, deleted) && !cli_has(cli, kept))) {
		(void)cli_fail(cli, CLI_USAGE, deleted, "either --%s, or --%s GROUND with the legal ground for keeping it", deleted, kept);
		return false;
	}
	if (cli_has(cli, deleted)) {
		*answer = SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_DELETED;
	} else if (cli_has(cli, kept)) {
		*answer = SLUSS__V1__RECALL_ANSWER__RECALL_ANSWER_KEPT;
		*ground = cli_format(cli, "%s", cli_get(cli, kept));
	}
	return true;
}

static enum cli_exit attest(struct cli *cli)
{
	Sluss__V1__AttestRecall d = SLUSS__V1__ATTEST_RECALL__INIT;
	Sluss__V1__RecallAttestResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	if (id == NULL || !read_answer(cli, "deleted", "kept", true, &d.answer, &d.kept_on_ground)
	    || !read_answer(cli, "mark-deleted", "mark-kept", false, &d.register_mark_answer, &d.register_mark_kept_on_ground)) {
		return CLI_USAGE;
	}
	d.recall_id = cli_copy(cli, id, strlen(id));
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_recall_attest(client, &d, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	print_recall(cli, r->recall);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static const struct cli_option list_options[] = {
	{"all", CLI_FLAG, NULL, "those that were answered too"},
	{"case", CLI_TEXT, "ID", "only of this case; whoever leads it sees those of every agency"},
	{"overdue", CLI_FLAG, NULL, "only those that were due and are not answered"},
	{NULL, CLI_FLAG, NULL, NULL},
};
static const struct cli_option attest_options[] = {
	{"deleted", CLI_FLAG, NULL, "it was deleted"},
	{"kept", CLI_TEXT, "GROUND", "it is kept: the legal ground"},
	{"mark-deleted", CLI_FLAG, NULL, "the mark in the own register was removed"},
	{"mark-kept", CLI_TEXT, "GROUND", "the mark is kept: the legal ground"},
	{NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_recall_verbs[] = {
	{"recall list", "", "What is asked back.", list_options, list, NULL},
	{"recall attest", "ID", "Answer, signed: deleted, or kept on a legal ground.", attest_options, attest, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
