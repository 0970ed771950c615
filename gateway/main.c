// SPDX-License-Identifier: EUPL-1.2
// slussd: the gateway's program. Without further options it is the parent; `--role` is what the parent starts.
#include "init.h"
#include "log_event.h"
#include "manual.h"
#include "parent.h"
#include "parent_spawn.h"
#include "role.h"
#include "settings.h"

#include <getopt.h>
#include <stdlib.h>

enum {
	EXIT_USAGE = 2,
};

static const char usage[] = "slussd [--config FILE] [--accept-rollback]\n"
			    "                                     run the gateway (default /etc/sluss/slussd.conf)\n"
			    "slussd --init --help                 make a new authority\n"
			    "slussd --check-config [--config FILE]\n"
			    "slussd --print-sample-config | --print-manual | --version | --help\n";

enum command {
	COMMAND_NONE = 0,
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_SAMPLE,
	COMMAND_MANUAL,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_ROLE,
};

static const struct option options[] = {{"config", required_argument, NULL, 'c'},
    {"check-config", no_argument, NULL, 'k'}, {"print-sample-config", no_argument, NULL, 's'},
    {"print-manual", no_argument, NULL, 'm'}, {"version", no_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'},
    {"role", required_argument, NULL, 'r'}, {"parent", required_argument, NULL, 'p'},
    {"accept-rollback", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};

struct arguments {
	enum command command;
	const char *config;
	enum sluss_role role;
	int parent_pid;
	bool accept_rollback;
};

static bool take_option(struct arguments *arguments, int option, const char *value)
{
	switch (option) {
	case 'c':
		arguments->config = value;
		return true;
	case 'k':
		arguments->command = COMMAND_CHECK;
		return true;
	case 's':
		arguments->command = COMMAND_SAMPLE;
		return true;
	case 'm':
		arguments->command = COMMAND_MANUAL;
		return true;
	case 'v':
		arguments->command = COMMAND_VERSION;
		return true;
	case 'h':
		arguments->command = COMMAND_HELP;
		return true;
	case 'r':
		arguments->command = COMMAND_ROLE;
		arguments->role = sluss_role_by_name(value);
		return arguments->role != SLUSS_ROLE_NONE && arguments->role != SLUSS_ROLE_PARENT;
	case 'a':
		arguments->accept_rollback = true;
		return true;
	case 'p':
		arguments->parent_pid = (int)strtol(value, NULL, 10);
		return arguments->parent_pid > 1;
	default:
		return false;
	}
}

// Where sanitizers or coverage need files and system calls of their own, the sandbox would only kill the process.
static void fit_sandbox(struct sluss_settings *settings)
{
#ifdef SLUSS_NO_SANDBOX
	settings->sandbox = SLUSS_SANDBOX_OFF;
#else
	(void)settings;
#endif
}

static int run(const struct arguments *arguments)
{
	static struct sluss_settings settings;
	struct sluss_settings_error error = {""};
	if (sluss_settings_load(arguments->config, &settings, &error) != SLUSS_SETTINGS_OK) {
		(void)fprintf(stderr, "slussd: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (arguments->command == COMMAND_CHECK) {
		printf("%s: good\n", arguments->config);
		return 0;
	}
	fit_sandbox(&settings);
	sluss_event_role("parent");
	return sluss_parent_main(&settings, arguments->accept_rollback);
}

int main(int argc, char *argv[])
{
	if (argc > 1 && strcmp(argv[1], "--init") == 0)
		return sluss_init_main(argc - 1, argv + 1);
	struct arguments arguments = {.command = COMMAND_RUN, .config = "/etc/sluss/slussd.conf"};
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_option(&arguments, option, optarg)) {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	switch (arguments.command) {
	case COMMAND_RUN:
	case COMMAND_CHECK:
		return run(&arguments);
	case COMMAND_SAMPLE:
		return sluss_settings_print_sample(stdout) ? 0 : 1;
	case COMMAND_MANUAL:
		return sluss_manual_print(stdout) ? 0 : 1;
	case COMMAND_VERSION:
		puts("slussd " SLUSS_VERSION);
		return 0;
	case COMMAND_HELP:
		fputs(usage, stdout);
		return 0;
	case COMMAND_ROLE:
		return sluss_role_main(arguments.role, arguments.parent_pid, arguments.accept_rollback);
	case COMMAND_NONE:
		break;
	}
	return EXIT_USAGE;
}
