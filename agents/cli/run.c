// SPDX-License-Identifier: EUPL-1.2
// One command: parse, help or run.
#include "cli.h"

enum cli_exit cli_run(struct cli *cli, int count, const char *const *words)
{
	enum cli_exit code = cli_parse(cli, count, words);
	if (code != CLI_OK) {
		return code;
	}
	if (cli_has(cli, "help")) {
		cli_help(cli->out, cli->verb);
		return CLI_OK;
	}
	return cli->verb->run(cli);
}
