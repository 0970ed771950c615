// SPDX-License-Identifier: EUPL-1.2
// sluss statute: disclosure that the law permits or demands without consent.
#include "cli.h"

static void print_approval(struct cli *cli, const Sluss__V1__StatutoryApproval *a)
{
	if (a == NULL) {
		return;
	}
	cli_say(cli, "request %s of case %s: %s, %s, asked by %s, %s%s", a->approval_id, a->case_id, a->provision,
	    cli_enum_text(cli, &sluss__v1__message_type__descriptor, (int)a->message_type), a->requested_by_officer_id,
	    a->approved_by_officer_id[0] == '\0' ? "not answered by a second officer" : a->approved ? "approved by " : "refused by ", a->approved_by_officer_id);
	cli_say(cli, "  valid until %s, the person is told %s", cli_time_text(cli, a->valid_until), cli_time_text(cli, a->notice_at));
}

// `answer` is where the call puts it: arguments are evaluated in no order, so the pointer itself may not be read among them.
static enum cli_exit changed(struct cli *cli, struct sluss_client *client, enum sluss_client_result result, Sluss__V1__StatutoryChangeResponse **answer)
{
	if (result != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	Sluss__V1__StatutoryChangeResponse *r = *answer;
	cli_own_message(cli, r);
	print_approval(cli, r->approval);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static void copy_all(struct cli *cli, const char *option, char ***list, size_t *count)
{
	for (size_t i = 0; i < cli_count(cli, option); i++) {
		const char *value = cli_nth(cli, option, i);
		cli_append(cli, list, count, cli_copy(cli, value, strlen(value)));
	}
}

static char *copy_or_empty(struct cli *cli, const char *option)
{
	return cli_format(cli, "%s", cli_get(cli, option) == NULL ? "" : cli_get(cli, option));
}

static enum cli_exit request(struct cli *cli)
{
	Sluss__V1__RequestStatutory d = SLUSS__V1__REQUEST_STATUTORY__INIT;
	Sluss__V1__StatutoryChangeResponse *r = NULL;
	int type = 0;
	const char *case_id = cli_check_id(cli, "case", cli_need(cli, "case"));
	const char *type_text = case_id == NULL || cli_need(cli, "provision") == NULL ? NULL : cli_need(cli, "type");
	if (type_text == NULL || !cli_read_enum(cli, "type", &sluss__v1__message_type__descriptor, type_text, &type) || cli_need(cli, "category") == NULL
	    || cli_need(cli, "to") == NULL) {
		return CLI_USAGE;
	}
	d.case_id = cli_copy(cli, case_id, strlen(case_id));
	d.provision = copy_or_empty(cli, "provision");
	d.message_type = (Sluss__V1__MessageType)type;
	d.approval_id = copy_or_empty(cli, "id");
	if (d.approval_id[0] == '\0') {
		struct sluss_id fresh;
		sluss_id_random(&fresh);
		d.approval_id = cli_alloc(cli, SLUSS_ID_TEXT);
		sluss_id_format(&fresh, d.approval_id);
	}
	copy_all(cli, "category", &d.categories, &d.n_categories);
	copy_all(cli, "to", &d.receiver_agency_ids, &d.n_receiver_agency_ids);
	d.necessity = copy_or_empty(cli, "necessity");
	d.deferral_reasons = copy_or_empty(cli, "defer-reasons");
	if (cli_has(cli, "defer-until")) {
		d.defer_notice = true;
		d.notice_at = cli_read_time(cli, "defer-until", cli_get(cli, "defer-until"));
	}
	struct sluss_client *client = cli->error != NULL || cli_check_id(cli, "id", d.approval_id) == NULL ? NULL : cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_statute_request(client, &d, &r), &r);
}

static enum cli_exit approve(struct cli *cli)
{
	Sluss__V1__ApproveStatutory d = SLUSS__V1__APPROVE_STATUTORY__INIT;
	Sluss__V1__StatutoryChangeResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	d.approval_id = cli_copy(cli, id, strlen(id));
	d.approved = !cli_has(cli, "refuse");
	return changed(cli, client, sluss_client_statute_approve(client, &d, &r), &r);
}

static enum cli_exit list(struct cli *cli)
{
	Sluss__V1__StatutoryListResponse *r = NULL;
	const char *id = cli_check_id(cli, "case", cli_need(cli, "case"));
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_statute_list(client, id, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	for (size_t i = 0; i < r->n_approvals; i++) {
		print_approval(cli, r->approvals[i]);
	}
	return cli_show(cli, &r->base);
}

static const struct cli_option request_options[] = {
	{"case", CLI_TEXT, "ID", "the case"},
	{"provision", CLI_TEXT, "NAME", "the provision, as the policy names it: OSL-10-18a ..."},
	{"type", CLI_TEXT, "TYPE", "type of the message it is for"},
	{"category", CLI_MANY, "NAME", "category that is to be disclosed"},
	{"to", CLI_MANY, "AGENCY", "who is to receive it"},
	{"necessity", CLI_TEXT, "TEXT", "why it is necessary; kept apart from the log"},
	{"defer-until", CLI_TEXT, "TIME", "tell the person only then; needs --defer-reasons"},
	{"defer-reasons", CLI_TEXT, "TEXT", "why the person is told later"},
	{"id", CLI_TEXT, "ID", "the request's id (UUID); default: a new one"},
	{NULL, CLI_FLAG, NULL, NULL},
};
static const struct cli_option approve_options[] = {{"refuse", CLI_FLAG, NULL, "refuse instead"}, {NULL, CLI_FLAG, NULL, NULL}};
static const struct cli_option list_options[] = {{"case", CLI_TEXT, "ID", "the case"}, {NULL, CLI_FLAG, NULL, NULL}};

const struct cli_verb cli_statute_verbs[] = {
	{"statute request", "", "Ask to rely on a provision of the law.", request_options, request, NULL},
	{"statute approve", "ID", "Approve (as another officer, with --officer) what was asked.", approve_options, approve, NULL},
	{"statute list", "", "Our own requests in a case.", list_options, list, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
