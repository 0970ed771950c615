// SPDX-License-Identifier: EUPL-1.2
// sluss policy: looking at a policy file before it is put in force, where no gateway is asked; and what the policy in force says of one message.
#include "cli.h"
#include "policy/policy.h"

enum { POLICY_MAX = 512 * 1024 };

struct remarks {
	struct cli *cli;
	json_t *list;
};

static void take_remark(void *context, const struct sluss_policy_remark *remark)
{
	struct remarks *r = context;
	const struct sluss_policy_error *w = &remark->where;
	const char *kind = remark->error ? "error" : "warning";
	cli_say(r->cli, "%d:%d: %s: %s%s%s%s", w->line, w->column, kind, w->message, w->path[0] == '\0' ? "" : " (", w->path, w->path[0] == '\0' ? "" : ")");
	(void)json_array_append_new(
	    r->list, json_pack("{s:s,s:i,s:i,s:s,s:s}", "kind", kind, "line", w->line, "column", w->column, "path", w->path, "message", w->message));
}

static enum cli_exit check(struct cli *cli)
{
	size_t len = 0;
	char *text = cli_read_file(cli, "FILE", cli->arguments[0], POLICY_MAX, &len);
	if (text == NULL) {
		return CLI_USAGE;
	}
	struct remarks r = {cli, json_array()};
	size_t errors = sluss_policy_check(text, len, take_remark, &r);
	if (errors == 0) {
		cli_say(cli, "%s may be put in force.", cli->arguments[0]);
		return cli_show_tree(cli, json_pack("{s:b,s:o}", "valid", 1, "remarks", r.list));
	}
	enum cli_exit code = cli_fail(cli, CLI_REFUSED, "", "%s has %zu error%s and cannot be put in force", cli->arguments[0], errors, errors == 1 ? "" : "s");
	(void)json_object_set_new(cli->error, "remarks", r.list);
	return code;
}

static json_t *categories(struct cli *cli, const struct sluss_policy *policy)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sluss_policy_category_count(policy); i++) {
		cli_say(cli, "  category %s", sluss_policy_category(policy, i));
		(void)json_array_append_new(list, json_string(sluss_policy_category(policy, i)));
	}
	return list;
}

static json_t *programmes(struct cli *cli, const struct sluss_policy *policy)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sluss_policy_programme_count(policy); i++) {
		cli_say(cli, "  programme %s", sluss_policy_programme(policy, i));
		(void)json_array_append_new(list, json_string(sluss_policy_programme(policy, i)));
	}
	return list;
}

static json_t *provisions(struct cli *cli, const struct sluss_policy *policy)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sluss_policy_provision_count(policy); i++) {
		struct sluss_provision_view v;
		if (!sluss_policy_provision(policy, i, &v)) {
			continue;
		}
		int64_t days = v.lasts_ms / 86400000;
		cli_say(cli, "  provision %s: %s; necessity %s, second officer %s, lasts %lld days", v.name, v.title, v.necessity ? "must be argued" : "is given",
		    v.second_approver ? "must approve" : "is not needed", (long long)days);
		(void)json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:b,s:I}", "name", v.name, "title", v.title, "necessity", (int)v.necessity, "secondApprover",
		                                      (int)v.second_approver, "lastsDays", (json_int_t)days));
	}
	return list;
}

static enum cli_exit explain(struct cli *cli)
{
	if (cli->argument_count == 0) {
		return cli_evaluate(cli);
	}
	size_t len = 0;
	struct sluss_policy *policy = NULL;
	struct sluss_policy_error error;
	char *text = cli_read_file(cli, "FILE", cli->arguments[0], POLICY_MAX, &len);
	if (text == NULL) {
		return CLI_USAGE;
	}
	if (!sluss_policy_parse(text, len, &policy, &error)) {
		return cli_fail(cli, CLI_REFUSED, error.path, "%s:%d:%d: %s", cli->arguments[0], error.line, error.column, error.message);
	}
	cli_say(cli, "Policy %s, version %s: a grant lasts at most %d months.", sluss_policy_name(policy), sluss_policy_version(policy), sluss_policy_max_months(policy));
	json_t *category_list = categories(cli, policy);
	json_t *programme_list = programmes(cli, policy);
	json_t *provision_list = provisions(cli, policy);
	json_t *tree = json_pack("{s:s,s:s,s:i,s:o,s:o,s:o}", "policy", sluss_policy_name(policy), "version", sluss_policy_version(policy), "maxMonths",
	    sluss_policy_max_months(policy), "categories", category_list, "programmes", programme_list, "provisions", provision_list);
	sluss_policy_free(&policy);
	return cli_show_tree(cli, tree);
}

const struct cli_verb cli_policy_verbs[] = {
	{"policy check", "FILE", "Is this policy file right? Errors and warnings with lines.", NULL, check, NULL},
	{"policy explain", "[FILE]", "What a policy file says, in words; without FILE: why a message would be permitted or denied, as evaluate.", cli_evaluate_options, explain,
	    NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
