// SPDX-License-Identifier: EUPL-1.2
// sluss-agentd: the connector at an agency.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "agent.h"
#include "log_event.h"
#include "server.h"
#include "status.h"

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, THREADS_MAX = 24 };

static const char usage[] =
    "sluss-agentd [--config FILE]           the connector at an agency: a durable queue between its case system and "
    "the gateway\n"
    "sluss-agentd --check-config            say what is wrong with the settings file, if anything\n"
    "sluss-agentd --status [--json]         what waits in the running agent, and why\n"
    "sluss-agentd --print-sample-config     every setting with its meaning and default\n"
    "sluss-agentd --print-manual | --version | --help\n"
    "The settings file is /etc/sluss/agentd.conf unless --config says another.\n";

struct choice {
	const char *config;
	bool check, status, json, sample, manual, version, help;
};

static bool parse(int argc, char **argv, struct choice *c)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	    {"check-config", no_argument, NULL, 'k'}, {"status", no_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'}, {"print-sample-config", no_argument, NULL, 'p'},
	    {"print-manual", no_argument, NULL, 'm'}, {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	*c = (struct choice){.config = "/etc/sluss/agentd.conf"};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'c':
			c->config = optarg;
			break;
		case 'k':
			c->check = true;
			break;
		case 's':
			c->status = true;
			break;
		case 'j':
			c->json = true;
			break;
		case 'p':
			c->sample = true;
			break;
		case 'm':
			c->manual = true;
			break;
		case 'v':
			c->version = true;
			break;
		case 'h':
			c->help = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

// ---- running

// A file that got too large (RLIMIT_FSIZE) and a peer that is gone are answers of the call, not deaths.
static void set_signals(sigset_t *waited_out)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(waited_out);
	(void)sigaddset(waited_out, SIGTERM);
	(void)sigaddset(waited_out, SIGINT);
	(void)sigaddset(waited_out, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, waited_out, NULL);
}

// What an agent never needs again. Its keys must not end in a core file or be read by another process of the same user.
static bool close_in(const struct agentd_settings *settings)
{
	static const struct rlimit none;
	if (settings->sandbox == SLUSS_SANDBOX_OFF)
		return true;
	bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
		  setrlimit(RLIMIT_CORE, &none) == 0;
	if (!ok)
		sluss_event(SLUSS_EVENT_ERROR, "sandbox-failed", NULL);
	return ok;
}

static size_t start_threads(struct agentd *agent, pthread_t threads[THREADS_MAX])
{
	size_t count = 0;
	bool ok = true;
	for (uint32_t i = 0; ok && i < agent->settings.senders; i++)
		ok = pthread_create(&threads[count], NULL, agentd_sender, agent) == 0 && ++count > 0;
	if (ok && agent->settings.receive)
		ok = pthread_create(&threads[count], NULL, agentd_receiver, agent) == 0 && ++count > 0;
	if (ok && agent->settings.receive)
		ok = pthread_create(&threads[count], NULL, agentd_teller, agent) == 0 && ++count > 0;
	if (ok)
		ok = pthread_create(&threads[count], NULL, agentd_asker, agent) == 0 && ++count > 0;
	if (ok && agent->settings.folder[0] != '\0')
		ok = pthread_create(&threads[count], NULL, agentd_folder_keeper, agent) == 0 && ++count > 0;
	if (!ok) {
		sluss_event(SLUSS_EVENT_ERROR, "threads-failed", NULL);
		agentd_stop(agent);
	}
	return count;
}

// Until a signal comes, a thread has stopped the agent, or its keys were replaced.
static void wait_for_end(struct agentd *agent, const sigset_t *waited)
{
	while (!agentd_stopping(agent)) {
		struct timespec second = {.tv_sec = 1};
		int number = sigtimedwait(waited, NULL, &second);
		if (number == SIGTERM || number == SIGINT)
			agentd_stop(agent);
		else if (number == SIGHUP || agentd_keys_changed(agent))
			agentd_stop_to_begin_anew(agent);
	}
}

// From the reading of the profile to the end; `*anew_out`: to be done again.
static int run_once(const struct agentd_settings *settings, const sigset_t *waited, bool *anew_out)
{
	static struct agentd agent;
	pthread_t threads[THREADS_MAX];
	bool wants_witness = false;
	*anew_out = false;
	if (!agentd_open(&agent, settings))
		return EXIT_FAILED;
	struct agentd_server *server = agentd_server_start(&agent);
	struct agentd_witness *witness = server == NULL ? NULL : agentd_witness_start(&agent, &wants_witness);
	bool ok = server != NULL && (witness != NULL || !wants_witness) && close_in(settings);
	if (ok) {
		size_t count = start_threads(&agent, threads);
		sluss_event(SLUSS_EVENT_NOTICE, "agent-started", "agency=%s officer=%s gateway=%s",
		    agent.client.agency_id, agent.officer, agent.client.url);
		wait_for_end(&agent, waited);
		for (size_t i = 0; i < count; i++)
			(void)pthread_join(threads[i], NULL);
	}
	agentd_stop(&agent);
	agentd_witness_stop(&witness);
	agentd_server_stop(&server);
	bool failed = !ok || agent.failed;
	*anew_out = !failed && agent.anew;
	agentd_close(&agent);
	sluss_event(SLUSS_EVENT_NOTICE, "agent-stopped", "failed=%d anew=%d", failed, *anew_out);
	return failed ? EXIT_FAILED : EXIT_STOPPED;
}

static int run(const struct agentd_settings *settings)
{
	sigset_t waited;
	bool anew = true;
	int code = EXIT_FAILED;
	sluss_event_role("agent");
	set_signals(&waited);
	if (!sluss_client_global_init())
		return EXIT_FAILED;
	while (anew)
		code = run_once(settings, &waited, &anew);
	sluss_client_global_cleanup();
	return code;
}

static int with_settings(const struct choice *c)
{
	struct agentd_settings settings;
	struct sluss_settings_error error;
	char path[SLUSS_SETTING_TEXT * 2];
	if (agentd_settings_load(c->config, &settings, &error) != SLUSS_SETTINGS_OK) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_USAGE;
	}
	if (c->check) {
		puts("The settings are good.");
		return EXIT_STOPPED;
	}
	if (c->status)
		return agentd_path(&settings, settings.socket, path, sizeof(path)) &&
			       agentd_status_print(path, c->json, stdout, stderr)
			   ? EXIT_STOPPED
			   : EXIT_FAILED;
	return run(&settings);
}

int main(int argc, char **argv)
{
	struct choice c;
	if (!parse(argc, argv, &c)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (c.help)
		return fputs(usage, stdout) >= 0 ? EXIT_STOPPED : EXIT_FAILED;
	if (c.version)
		return puts("sluss-agentd " SLUSS_VERSION) >= 0 ? EXIT_STOPPED : EXIT_FAILED;
	if (c.sample)
		return sluss_settings_rows_print_sample(&agentd_settings_program, stdout) ? EXIT_STOPPED : EXIT_FAILED;
	if (c.manual)
		return agentd_manual_print(stdout) ? EXIT_STOPPED : EXIT_FAILED;
	return with_settings(&c);
}
