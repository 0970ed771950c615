// SPDX-License-Identifier: EUPL-1.2
// sluss batch: many commands over kept connections, one JSON line of answer for each.
#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "words.h"

enum { WORDS_MAX = 512 };

// "now TIME" or "now real": the time of every following statement.
static enum cli_exit set_now(struct cli *cli, int count, const char *const *words)
{
	int64_t ms = 0;
	if (count == 2 && strcmp(words[1], "real") == 0) {
		cli_session_set_now(cli->session, false, 0);
		return CLI_OK;
	}
	if (count != 2 || !cli_parse_time(words[1], &ms)) {
		return cli_fail(cli, CLI_USAGE, "now", "now TIME, or now real");
	}
	cli_session_set_now(cli->session, true, ms);
	return CLI_OK;
}

static enum cli_exit run_words(struct cli *cli, int count, const char *const *words)
{
	const char *with_profile[WORDS_MAX + 2];
	if (strcmp(words[0], "now") == 0) {
		return set_now(cli, count, words);
	}
	if (strcmp(words[0], "batch") == 0) {
		return cli_fail(cli, CLI_USAGE, "", "a batch has no batch in it");
	}
	if (words[0][0] != '@') {
		return cli_run(cli, count, words);
	}
	if (count < 2) {
		return cli_fail(cli, CLI_USAGE, "", "@PROFILE and then a command");
	}
	memcpy(with_profile, words + 1, (size_t)(count - 1) * sizeof(*words));
	with_profile[count - 1] = "--profile";
	with_profile[count] = words[0] + 1;
	return cli_run(cli, count + 1, with_profile);
}

// Runs one line; its answer as one line of JSON.
static enum cli_exit run_line(struct cli *outer, unsigned long number, char *line)
{
	char *words[WORDS_MAX];
	struct cli cli = {.session = outer->session, .json = true, .out = stderr};
	int count = cli_split_words(line, words, WORDS_MAX);
	enum cli_exit code = CLI_OK;
	if (count == 0 || (count > 0 && words[0][0] == '#')) {
		return CLI_OK;
	}
	if (count < 0) {
		code = cli_fail(&cli, CLI_USAGE, "", "an open quote, or more than %d words", WORDS_MAX);
	} else {
		code = run_words(&cli, count, (const char *const *)words);
	}
	json_t *answer = json_pack("{s:I,s:i,s:O*,s:O*}", "line", (json_int_t)number, "exit", (int)code, "result", cli.result, "error", cli.error);
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
	(void)printf("%s\n", text == NULL ? "{\"exit\":6}" : text);
	(void)fflush(stdout);
	free(text);
	json_decref(answer);
	cli_finish(&cli);
	return code;
}

static enum cli_exit batch(struct cli *cli)
{
	const char *path = cli->argument_count > 0 ? cli->arguments[0] : "-";
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (in == NULL) {
		return cli_fail(cli, CLI_USAGE, "FILE", "%s: %s", path, strerror(errno));
	}
	if (cli_has(cli, "profiles")) {
		cli_session_set_base(cli->session, cli_get(cli, "profiles"));
	}
	char *line = NULL;
	size_t room = 0;
	unsigned long number = 0;
	enum cli_exit worst = CLI_OK;
	while (getline(&line, &room, in) >= 0 && ferror(stdout) == 0) {
		enum cli_exit code = run_line(cli, ++number, line);
		worst = code > worst ? code : worst;
		if (code != CLI_OK && cli_has(cli, "stop")) {
			break;
		}
	}
	free(line);
	if (in != stdin) {
		(void)fclose(in);
	}
	cli->json = false; // the answers are out already
	return cli_has(cli, "stop") ? worst : ferror(stdout) == 0 ? CLI_OK : CLI_INTERNAL;
}

static const struct cli_option batch_options[] = {
	{"profiles", CLI_TEXT, "DIR", "folder of the profiles that @NAME means; default ~/.config/sluss"},
	{"stop", CLI_FLAG, NULL, "end at the first command that fails, with its exit code"},
	{NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_batch_verbs[] = {
	{"batch", "[FILE]", "Run one command per line, over kept connections; one JSON line each.", batch_options, batch,
	    "A line is what stands behind 'sluss' on the command line, with quotes as in a shell; '@NAME' before it chooses the profile. 'now TIME' sets\n"
	    "the time of all following statements, 'now real' the clock's own. Empty lines and lines that begin with '#' are passed over.\n"
	    "Each command answers at once with {\"line\":N,\"exit\":CODE,\"result\":{...}} or {...,\"error\":{\"code\",\"reason\",\"field\",\"explanation\",\"pairs\"}}."},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
