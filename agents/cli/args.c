// SPDX-License-Identifier: EUPL-1.2
// The table of verbs against the words of a command, and the help made of the same table.
#include "cli.h"

const struct cli_option cli_common_options[] = {
	{"profile", CLI_TEXT, "NAME|DIR", "whose command it is: a folder (with a '/'), or a name below ~/.config/sluss; default $SLUSS_PROFILE, then \"default\""},
	{"officer", CLI_TEXT, "ID", "who acts; default: officer_id of the profile"},
	{"now", CLI_TEXT, "TIME", "the time stated in what is signed (RFC 3339): for a demo authority whose clock was stepped"},
	{"timeout", CLI_TEXT, "SECONDS", "longest wait for one answer; default 30"},
	{"retry", CLI_TEXT, "SECONDS", "how long to try again when the gateway cannot be reached; default 10"},
	{"json", CLI_FLAG, NULL, "the result as JSON (ProtoJSON of the answer) on standard output"},
	{"help", CLI_FLAG, NULL, "this help"},
	{NULL, CLI_FLAG, NULL, NULL},
};

static const struct cli_verb *const tables[] = {cli_agency_verbs, cli_case_verbs, cli_consent_verbs, cli_exchange_verbs, cli_fetch_verbs, cli_statute_verbs,
	cli_recall_verbs, cli_audit_verbs, cli_policy_verbs, cli_admin_verbs, cli_batch_verbs, cli_payload_verbs, cli_convert_verbs, cli_report_verbs};

const struct cli_verb *cli_find_verb(size_t index)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct cli_verb *v = tables[t]; v->words != NULL; v++) {
			if (index-- == 0) {
				return v;
			}
		}
	}
	return NULL;
}

// ---- taking words apart

// How many of the given words are this verb's name; 0: not this verb.
static int matches(const struct cli_verb *verb, int count, const char *const *words)
{
	const char *at = verb->words;
	int n = 0;
	while (*at != '\0') {
		size_t len = strcspn(at, " ");
		if (n == count || strlen(words[n]) != len || strncmp(words[n], at, len) != 0) {
			return 0;
		}
		n++;
		at += len;
		at += strspn(at, " ");
	}
	return n;
}

static const struct cli_option *find_in(const struct cli_option *list, const char *name, size_t len)
{
	for (; list != NULL && list->name != NULL; list++) {
		if (strlen(list->name) == len && strncmp(list->name, name, len) == 0) {
			return list;
		}
	}
	return NULL;
}

// Takes "--name", "--name VALUE" or "--name=VALUE"; returns how many words it used, 0 with an error.
static int take_option(struct cli *cli, int left, const char *const *words)
{
	const char *name = words[0] + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct cli_option *option = find_in(cli->verb->options, name, len);
	if (option == NULL) {
		option = find_in(cli_common_options, name, len);
	}
	if (option == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "", "'%s' has no option --%.*s; see: sluss %s --help", cli->verb->words, (int)len, name, cli->verb->words);
		return 0;
	}
	int used = 1;
	if (option->kind == CLI_FLAG && value != NULL) {
		(void)cli_fail(cli, CLI_USAGE, option->name, "--%s takes no value", option->name);
		return 0;
	}
	if (option->kind != CLI_FLAG && value == NULL) {
		if (left < 2) {
			(void)cli_fail(cli, CLI_USAGE, option->name, "--%s needs a value: %s", option->name, option->argument);
			return 0;
		}
		value = words[1];
		used = 2;
	}
	if (option->kind != CLI_MANY && cli_has(cli, option->name)) {
		(void)cli_fail(cli, CLI_USAGE, option->name, "--%s is given twice", option->name);
		return 0;
	}
	if (cli->value_count == CLI_VALUES_MAX) {
		(void)cli_fail(cli, CLI_USAGE, option->name, "more than %d options", CLI_VALUES_MAX);
		return 0;
	}
	cli->values[cli->value_count++] = (struct cli_value){option, value};
	return used;
}

// Does the number of arguments fit "ID PHASE", "[ID]", "FILE..."?
static bool arguments_fit(const struct cli_verb *verb, size_t count)
{
	size_t least = 0;
	size_t most = 0;
	for (const char *at = verb->arguments; *at != '\0';) {
		size_t len = strcspn(at, " ");
		least += *at == '[' ? 0 : 1;
		most = len > 3 && strncmp(at + len - 3, "...", 3) == 0 ? CLI_ARGUMENTS_MAX : most == CLI_ARGUMENTS_MAX ? most : most + 1;
		if (len > 4 && at[len - 1] == ']' && strncmp(at + len - 4, "...", 3) == 0) {
			most = CLI_ARGUMENTS_MAX;
		}
		at += len;
		at += strspn(at, " ");
	}
	return count >= least && count <= most;
}

// No verb fits: says which ones begin with the same word.
static enum cli_exit unknown_verb(struct cli *cli, int count, const char *const *words)
{
	char known[512] = "";
	size_t len = 0;
	const struct cli_verb *v;
	for (size_t i = 0; (v = cli_find_verb(i)) != NULL; i++) {
		size_t first = strcspn(v->words, " ");
		if (count > 0 && strlen(words[0]) == first && strncmp(v->words, words[0], first) == 0) {
			int n = snprintf(known + len, sizeof(known) - len, "%s%s", len > 0 ? ", " : "", v->words);
			len = n < 0 || (size_t)n >= sizeof(known) - len ? sizeof(known) - 1 : len + (size_t)n;
		}
	}
	if (known[0] != '\0') {
		return cli_fail(cli, CLI_USAGE, "", "there is no command '%s%s%s'; there is: %s", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "", known);
	}
	return cli_fail(cli, CLI_USAGE, "", "there is no command '%s'; see: sluss help", count > 0 ? words[0] : "");
}

enum cli_exit cli_parse(struct cli *cli, int count, const char *const *words)
{
	const struct cli_verb *v;
	int used = 0;
	for (size_t i = 0; (v = cli_find_verb(i)) != NULL; i++) {
		int n = matches(v, count, words);
		if (n > used) {
			cli->verb = v;
			used = n;
		}
	}
	if (used == 0) {
		return unknown_verb(cli, count, words);
	}
	bool only_arguments = false;
	for (int i = used; i < count;) {
		if (!only_arguments && strcmp(words[i], "--") == 0) {
			only_arguments = true;
			i++;
		} else if (!only_arguments && strncmp(words[i], "--", 2) == 0) {
			int n = take_option(cli, count - i, words + i);
			if (n == 0) {
				return CLI_USAGE;
			}
			i += n;
		} else if (!only_arguments && words[i][0] == '-' && words[i][1] != '\0') {
			return cli_fail(cli, CLI_USAGE, "", "options have two dashes: '%s'", words[i]);
		} else if (cli->argument_count == CLI_ARGUMENTS_MAX) {
			return cli_fail(cli, CLI_USAGE, "", "more than %d arguments", CLI_ARGUMENTS_MAX);
		} else {
			cli->arguments[cli->argument_count++] = words[i++];
		}
	}
	cli->json = cli->json || cli_has(cli, "json");
	if (!cli_has(cli, "help") && !arguments_fit(cli->verb, cli->argument_count)) {
		return cli_fail(cli, CLI_USAGE, "", "usage: sluss %s %s [options]; see: sluss %s --help", cli->verb->words, cli->verb->arguments, cli->verb->words);
	}
	return CLI_OK;
}

// ---- values

const char *cli_nth(const struct cli *cli, const char *option, size_t n)
{
	for (size_t i = 0; i < cli->value_count; i++) {
		if (strcmp(cli->values[i].option->name, option) == 0 && n-- == 0) {
			return cli->values[i].text;
		}
	}
	return NULL;
}

size_t cli_count(const struct cli *cli, const char *option)
{
	size_t count = 0;
	for (size_t i = 0; i < cli->value_count; i++) {
		count += strcmp(cli->values[i].option->name, option) == 0 ? 1 : 0;
	}
	return count;
}

const char *cli_get(const struct cli *cli, const char *option)
{
	return cli_nth(cli, option, 0);
}

bool cli_has(const struct cli *cli, const char *option)
{
	return cli_count(cli, option) > 0;
}

const char *cli_need(struct cli *cli, const char *option)
{
	const char *value = cli_get(cli, option);
	if (value == NULL || value[0] == '\0') {
		const struct cli_option *o = find_in(cli->verb->options, option, strlen(option));
		(void)cli_fail(cli, CLI_USAGE, option, "--%s %s is needed: %s", option, o == NULL ? "VALUE" : o->argument, o == NULL ? "" : o->help);
		return NULL;
	}
	return value;
}

// ---- help

enum { COLUMN = 30 }; // where the explanations begin

static void print_options(FILE *out, const struct cli_option *list)
{
	for (; list != NULL && list->name != NULL; list++) {
		int len = fprintf(out, "  --%s%s%s", list->name, list->kind == CLI_FLAG ? "" : " ", list->kind == CLI_FLAG ? "" : list->argument);
		if (len > COLUMN) {
			(void)fputc('\n', out);
			len = 0;
		}
		(void)fprintf(out, "%*s %s%s\n", COLUMN - len, "", list->help, list->kind == CLI_MANY ? " (may be given again)" : "");
	}
}

void cli_help(FILE *out, const struct cli_verb *verb)
{
	if (verb != NULL) {
		(void)fprintf(out, "usage: sluss %s%s%s [options]\n\n%s\n", verb->words, verb->arguments[0] == '\0' ? "" : " ", verb->arguments, verb->summary);
		if (verb->details != NULL) {
			(void)fprintf(out, "\n%s\n", verb->details);
		}
		(void)fputs("\nOptions:\n", out);
		print_options(out, verb->options);
		(void)fputs("\nFor every command:\n", out);
		print_options(out, cli_common_options);
		return;
	}
	(void)fputs("usage: sluss COMMAND [arguments] [options]\n\nShares information between agencies, each piece only as the person has agreed.\n\nCommands:\n", out);
	const struct cli_verb *v;
	for (size_t i = 0; (v = cli_find_verb(i)) != NULL; i++) {
		char left[64];
		(void)snprintf(left, sizeof(left), "%s %s", v->words, v->arguments);
		(void)fprintf(out, "  %-28s %s\n", left, v->summary);
	}
	(void)fputs("\nFor every command:\n", out);
	print_options(out, cli_common_options);
	(void)fputs("\nHelp for one: sluss COMMAND --help. All of it: man sluss.\n"
	            "Exit codes: 0 done, 1 usage, 2 denied, 3 refused, 4 not available, 5 verification failed, 6 internal.\n",
	    out);
}
