// SPDX-License-Identifier: EUPL-1.2
// The role's main function: contexts, loops, threads.
#include "edge/edge.h"

#include "edge/loop.h"
#include "log_event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	EXIT_REFUSED = 2, // a restart would not help
};

static bool make_nonblocking(int fd)
{
	int flags = fd >= 0 ? fcntl(fd, F_GETFL) : 0;
	return fd < 0 || (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}

static void *run_thread(void *arg)
{
	edge_loop_run(arg);
	return NULL;
}

// Loop 0 runs here, the others in threads of their own.
static int run_loops(struct edge_shared *shared)
{
	pthread_t threads[SLUSS_EDGE_THREADS_MAX];
	uint32_t started = 1;
	while (started < shared->loops_count &&
	       pthread_create(&threads[started], NULL, run_thread, &shared->loops[started]) == 0)
		started++;
	if (started < shared->loops_count)
		edge_loop_end(&shared->loops[0], 1, "no thread");
	sluss_event(SLUSS_EVENT_NOTICE, "edge-started", "threads=%u connections-max=%u per-certificate=%u", started,
	    shared->config->connections_max, shared->config->connections_per_certificate);
	edge_loop_run(&shared->loops[0]);
	if (!shared->loops[0].stopping)
		edge_loop_tell_all(&shared->loops[0], EDGE_MAIL_ABORT);
	for (uint32_t i = 1; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	int exit_status = 0;
	for (uint32_t i = 0; i < shared->loops_count; i++)
		exit_status |= shared->loops[i].exit_status;
	return exit_status;
}

static int open_and_run(struct edge_shared *shared)
{
	uint32_t opened = 0;
	bool good = true;
	while (good && opened < shared->loops_count) {
		good = edge_loop_open(&shared->loops[opened], shared, opened);
		opened++;
	}
	int exit_status = 1;
	if (good)
		exit_status = run_loops(shared);
	else
		sluss_event(SLUSS_EVENT_ERROR, "edge-cannot-start", "error=\"%s\"", strerror(errno));
	for (uint32_t i = 0; i < opened; i++)
		edge_loop_close(&shared->loops[i]);
	return exit_status;
}

static int with_contexts(struct edge_shared *shared)
{
	const struct sluss_edge_config *config = shared->config;
	if (edge_tls_open(config, shared->registry, &shared->tls) != EDGE_TLS_OK)
		return EXIT_REFUSED;
	// Key and certificates are read: their descriptors have no further use.
	const int files[] = {
	    config->tls_certificate_fd, config->tls_key_fd, config->client_ca_fd, config->client_crl_fd};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i] >= 0)
			(void)close(files[i]);
	}
	int exit_status = open_and_run(shared);
	edge_tls_close(&shared->tls);
	return exit_status;
}

int sluss_edge_main(const struct sluss_edge_config *config)
{
	struct edge_shared shared = {.config = config};
	shared.loops_count = config->threads < 1 ? 1 : config->threads;
	if (shared.loops_count > SLUSS_EDGE_THREADS_MAX)
		shared.loops_count = SLUSS_EDGE_THREADS_MAX;
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigaction(SIGPIPE, &ignore, NULL); // OpenSSL writes with write()
	shared.registry = edge_registry_new(config->connections_per_certificate);
	shared.loops = calloc(shared.loops_count, sizeof(*shared.loops));
	int exit_status = 1;
	if (shared.registry != NULL && shared.loops != NULL && pthread_mutex_init(&shared.lock, NULL) == 0) {
		if (make_nonblocking(config->core_fd) && make_nonblocking(config->handover_fd) &&
		    make_nonblocking(config->agency_listen_fd) && make_nonblocking(config->public_listen_fd))
			exit_status = with_contexts(&shared);
		(void)pthread_mutex_destroy(&shared.lock);
	}
	edge_registry_free(&shared.registry);
	free(shared.loops);
	const int sockets[] = {
	    config->core_fd, config->handover_fd, config->agency_listen_fd, config->public_listen_fd};
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		if (sockets[i] >= 0)
			(void)close(sockets[i]);
	}
	return exit_status;
}
