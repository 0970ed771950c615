// SPDX-License-Identifier: EUPL-1.2
// sluss: the command line.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "cli.h"

// "sluss help", "sluss help case open", "sluss --help", "sluss --version". True when it was one of these.
static bool answer_help(int count, const char *const *words, enum cli_exit *code_out)
{
	*code_out = CLI_OK;
	if (count == 0) {
		cli_help(stderr, NULL);
		*code_out = CLI_USAGE;
		return true;
	}
	if (strcmp(words[0], "--version") == 0) {
		(void)puts("sluss " SLUSS_VERSION);
		return true;
	}
	if (strcmp(words[0], "--help") != 0 && strcmp(words[0], "help") != 0) {
		return false;
	}
	struct cli cli = {.out = stdout};
	if (count > 1 && cli_parse(&cli, count - 1, words + 1) != CLI_OK && cli.verb == NULL) {
		cli_print_error(cli.error, stderr);
		*code_out = CLI_USAGE;
	} else {
		cli_help(stdout, cli.verb);
	}
	cli_finish(&cli);
	return true;
}

static void print_json(const char *key, json_t *tree)
{
	json_t *shown = key == NULL ? json_incref(tree) : json_pack("{s:O}", key, tree);
	if (json_dumpf(shown, stdout, JSON_INDENT(2)) == 0) {
		(void)fputc('\n', stdout);
	}
	json_decref(shown);
}

int main(int argc, char **argv)
{
	enum cli_exit code = CLI_OK;
	const char *const *words = (const char *const *)argv + 1;
	// Dates without a time are days in Sweden, wherever this runs; the rule is written out so that no time zone database is needed.
	if (setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) != 0) {
		return CLI_INTERNAL;
	}
	tzset();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	if (answer_help(argc - 1, words, &code)) {
		return (int)code;
	}
	if (!sluss_client_global_init()) {
		(void)fputs("sluss: the crypto or network library cannot be used\n", stderr);
		return CLI_INTERNAL;
	}
	struct cli cli = {.session = cli_session_new(), .out = stdout};
	if (cli.session == NULL) {
		return CLI_INTERNAL;
	}
	code = cli_run(&cli, argc - 1, words);
	if (cli.json && cli.result != NULL) {
		print_json(NULL, cli.result);
	}
	if (cli.error != NULL && cli.json) {
		print_json("error", cli.error);
	} else if (cli.error != NULL) {
		cli_print_error(cli.error, stderr);
	}
	cli_finish(&cli);
	cli_session_free(&cli.session);
	sluss_client_global_cleanup();
	if (fflush(stdout) != 0 && code == CLI_OK) {
		code = CLI_INTERNAL;
	}
	return (int)code;
}
