// SPDX-License-Identifier: EUPL-1.2
// The parent's loop: signals, core's word on the control channel, time; asks parent_rules.c what to do and does it.
#include "parent.h"

#include "ipc/frame.h"
#include "log_event.h"
#include "parent_files.h"
#include "parent_rules.h"
#include "parent_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef SLUSS_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

enum {
	ROLES = 5,
	PROVEN_MS = 2000,
	EXIT_REFUSED = 2, // a role's exit status: a restart would not help
};

static const enum sluss_role role_order[ROLES] = {
    SLUSS_ROLE_CORE, SLUSS_ROLE_WEB, SLUSS_ROLE_EDGE, SLUSS_ROLE_COURIER, SLUSS_ROLE_IDP};

struct parent {
	const struct sluss_settings *settings;
	struct sluss_parent_rules rules;
	struct sluss_parent_sockets sockets;
	pid_t pids[ROLES]; // 0 = not running
	int signals;
	int control; // to core, or -1
	struct sluss_frame_reader *reader;
	struct sluss_frame_writer *writer;
	int web_channel; // the ends that web and edge will get, made when core started; -1 = used up
	int edge_channel;
	bool announced;
	bool accept_rollback; // until core has started
	bool core_was_ready;  // this incarnation of core
	bool front_proven;    // a web and an edge have lived for a while: the settings were good once
};

static int64_t now_ms(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t index_of(enum sluss_role role)
{
	size_t index = 0;
	while (index < ROLES - 1 && role_order[index] != role)
		index++;
	return index;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void note(struct parent *parent, enum sluss_parent_event event, enum sluss_role role)
{
	sluss_parent_rules_note(&parent->rules, event, role, now_ms());
}

// ---- starting roles

static bool make_pair(int type, int *one_out, int *other_out)
{
	int pair[2];
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return false;
	*one_out = sluss_parent_move_up(pair[0]);
	*other_out = sluss_parent_move_up(pair[1]);
	return *one_out >= 0 && *other_out >= 0;
}

static bool spawn(struct parent *parent, enum sluss_role role, int fds[SLUSS_FD_END])
{
	fds[SLUSS_FD_LOCK] = parent->sockets.lock;
	bool accept = role == SLUSS_ROLE_CORE && parent->accept_rollback;
	pid_t pid = sluss_parent_spawn(role, fds, accept ? "--accept-rollback" : NULL);
	fds[SLUSS_FD_LOCK] = -1; // it stays ours
	parent->pids[index_of(role)] = pid > 0 ? pid : 0;
	if (pid <= 0)
		note(parent, SLUSS_PARENT_DIED, role);
	return pid > 0;
}

// The control channel starts anew with each core: what an old one had still to say counts no more.
static bool renew_control(struct parent *parent, int *core_end_out)
{
	close_fd(&parent->control);
	sluss_frame_reader_free(&parent->reader);
	sluss_frame_writer_free(&parent->writer);
	parent->reader = sluss_frame_reader_new(65536);
	parent->writer = sluss_frame_writer_new(65536, 65536);
	return parent->reader != NULL && parent->writer != NULL &&
	       make_pair(SOCK_STREAM, &parent->control, core_end_out);
}

static void start_core(struct parent *parent)
{
	int fds[SLUSS_FD_END];
	parent->core_was_ready = false;
	close_fd(&parent->web_channel);
	close_fd(&parent->edge_channel);
	if (!sluss_parent_open_role(parent->settings, SLUSS_ROLE_CORE, fds)) {
		note(parent, SLUSS_PARENT_REFUSED, SLUSS_ROLE_CORE);
		return;
	}
	fds[SLUSS_FD_ADMIN_LISTEN] = parent->sockets.admin;
	if (renew_control(parent, &fds[SLUSS_FD_CONTROL]) &&
	    make_pair(SOCK_STREAM, &fds[SLUSS_FD_CORE_WEB], &parent->web_channel) &&
	    make_pair(SOCK_STREAM, &fds[SLUSS_FD_CORE_EDGE], &parent->edge_channel))
		(void)spawn(parent, SLUSS_ROLE_CORE, fds);
	else
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_CORE);
	fds[SLUSS_FD_ADMIN_LISTEN] = -1; // it stays ours
	sluss_parent_close_role(fds);
}

static bool send_control(struct parent *parent, Sluss__V1__Control__Action action, const int *fds, size_t count)
{
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	control.action = action;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	if (parent->control < 0)
		return false;
	enum sluss_ipc_status status = SLUSS_IPC_OK;
	if (count > 0)
		status = sluss_frame_writer_send_fds(parent->writer, parent->control, &frame, fds, count);
	else
		status = sluss_frame_writer_push(parent->writer, &frame);
	return status == SLUSS_IPC_OK && sluss_frame_writer_flush(parent->writer, parent->control) == SLUSS_IPC_OK;
}

// The first front after a start of core has its channels already; a later one gets fresh ones, and core their other
// ends.
static bool renew_channels(struct parent *parent)
{
	if (parent->web_channel >= 0 && parent->edge_channel >= 0)
		return true;
	close_fd(&parent->web_channel);
	close_fd(&parent->edge_channel);
	int core_ends[2] = {-1, -1};
	bool good = make_pair(SOCK_STREAM, &core_ends[0], &parent->web_channel) &&
		    make_pair(SOCK_STREAM, &core_ends[1], &parent->edge_channel) &&
		    send_control(parent, SLUSS__V1__CONTROL__ACTION__ACTION_NEW_CHANNELS, core_ends, 2);
	close_fd(&core_ends[0]);
	close_fd(&core_ends[1]);
	return good;
}

// Both, or a death is noted for what did not start: the rules kill the other.
static void start_front(struct parent *parent)
{
	int web[SLUSS_FD_END];
	int edge[SLUSS_FD_END];
	if (!renew_channels(parent)) {
		// Core did not take them: it has died or hangs. Its death is on its way, or this brings it about.
		if (parent->pids[0] > 0)
			(void)kill(parent->pids[0], SIGKILL);
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_WEB);
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_EDGE);
		return;
	}
	if (!sluss_parent_open_role(parent->settings, SLUSS_ROLE_WEB, web)) {
		note(parent, SLUSS_PARENT_REFUSED, SLUSS_ROLE_WEB);
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_EDGE);
		return;
	}
	if (!sluss_parent_open_role(parent->settings, SLUSS_ROLE_EDGE, edge)) {
		sluss_parent_close_role(web);
		note(parent, SLUSS_PARENT_REFUSED, SLUSS_ROLE_EDGE);
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_WEB);
		return;
	}
	web[SLUSS_FD_CORE_WEB] = parent->web_channel;
	edge[SLUSS_FD_CORE_EDGE] = parent->edge_channel;
	parent->web_channel = parent->edge_channel = -1;
	edge[SLUSS_FD_AGENCY_LISTEN] = parent->sockets.agency;
	edge[SLUSS_FD_PUBLIC_LISTEN] = parent->sockets.public_port;
	if (!make_pair(SOCK_SEQPACKET, &edge[SLUSS_FD_HANDOVER], &web[SLUSS_FD_HANDOVER])) {
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_WEB);
		note(parent, SLUSS_PARENT_DIED, SLUSS_ROLE_EDGE);
	} else {
		(void)spawn(parent, SLUSS_ROLE_WEB, web);
		(void)spawn(parent, SLUSS_ROLE_EDGE, edge);
	}
	edge[SLUSS_FD_AGENCY_LISTEN] = edge[SLUSS_FD_PUBLIC_LISTEN] = -1;
	sluss_parent_close_role(web);
	sluss_parent_close_role(edge);
}

// Core gets one end of a fresh channel with a word on the control channel: it may be reading the log still.
static void start_outward(struct parent *parent, enum sluss_role role)
{
	int fds[SLUSS_FD_END];
	int core_end = -1;
	if (!sluss_parent_open_role(parent->settings, role, fds)) {
		note(parent, parent->announced ? SLUSS_PARENT_DIED : SLUSS_PARENT_REFUSED, role);
		return;
	}
	Sluss__V1__Control__Action word = role == SLUSS_ROLE_COURIER ? SLUSS__V1__CONTROL__ACTION__ACTION_NEW_COURIER
								     : SLUSS__V1__CONTROL__ACTION__ACTION_NEW_IDP;
	if (make_pair(SOCK_STREAM, &core_end, &fds[SLUSS_FD_CORE_COURIER]) && send_control(parent, word, &core_end, 1))
		(void)spawn(parent, role, fds);
	else
		note(parent, SLUSS_PARENT_DIED, role);
	close_fd(&core_end);
	sluss_parent_close_role(fds);
}

// ---- what the rules decide

static void send_signal(const struct parent *parent, enum sluss_role role, int signal)
{
	pid_t pid = parent->pids[index_of(role)];
	if (pid > 0)
		(void)kill(pid, signal);
}

static void write_pids(const struct parent *parent)
{
	struct sluss_parent_pids pids = {
	    parent->pids[0], parent->pids[1], parent->pids[2], parent->pids[3], parent->pids[4]};
	if (!sluss_parent_write_pids(parent->settings, &pids))
		sluss_event(SLUSS_EVENT_WARNING, "pids-not-written", NULL);
}

static void announce(struct parent *parent)
{
	if (parent->announced || parent->pids[1] == 0 || parent->pids[2] == 0)
		return;
	parent->announced = true;
	sluss_event(SLUSS_EVENT_NOTICE, "gateway-ready", "authority=%s state_dir=%s", parent->settings->authority,
	    parent->settings->state_dir);
#ifdef SLUSS_HAVE_SYSTEMD
	(void)sd_notify(0, "READY=1");
#endif
}

// False: exit.
static bool perform(struct parent *parent, unsigned actions)
{
	if ((actions & SLUSS_DO_KILL_CORE) != 0)
		send_signal(parent, SLUSS_ROLE_CORE, SIGKILL);
	if ((actions & SLUSS_DO_KILL_WEB) != 0)
		send_signal(parent, SLUSS_ROLE_WEB, SIGKILL);
	if ((actions & SLUSS_DO_KILL_EDGE) != 0)
		send_signal(parent, SLUSS_ROLE_EDGE, SIGKILL);
	if ((actions & SLUSS_DO_KILL_COURIER) != 0)
		send_signal(parent, SLUSS_ROLE_COURIER, SIGKILL);
	if ((actions & SLUSS_DO_KILL_IDP) != 0)
		send_signal(parent, SLUSS_ROLE_IDP, SIGKILL);
	if ((actions & SLUSS_DO_TERM_EDGE) != 0)
		send_signal(parent, SLUSS_ROLE_EDGE, SIGTERM);
	if ((actions & SLUSS_DO_TERM_WEB) != 0)
		send_signal(parent, SLUSS_ROLE_WEB, SIGTERM);
	if ((actions & SLUSS_DO_STOP_CORE) != 0 &&
	    !send_control(parent, SLUSS__V1__CONTROL__ACTION__ACTION_STOP, NULL, 0))
		send_signal(parent, SLUSS_ROLE_CORE, SIGKILL);
	if ((actions & SLUSS_DO_START_CORE) != 0)
		start_core(parent);
	if ((actions & SLUSS_DO_START_FRONT) != 0)
		start_front(parent);
	if ((actions & SLUSS_DO_START_COURIER) != 0)
		start_outward(parent, SLUSS_ROLE_COURIER);
	if ((actions & SLUSS_DO_START_IDP) != 0)
		start_outward(parent, SLUSS_ROLE_IDP);
	if ((actions & (SLUSS_DO_START_CORE | SLUSS_DO_START_FRONT | SLUSS_DO_START_COURIER | SLUSS_DO_START_IDP)) != 0)
		write_pids(parent);
	announce(parent);
	return (actions & SLUSS_DO_EXIT) == 0;
}

// ---- what happens

static void handle_control(struct parent *parent, const Sluss__V1__IpcFrame *frame)
{
	if (frame == NULL || frame->body_case != SLUSS__V1__IPC_FRAME__BODY_CONTROL)
		return;
	Sluss__V1__Control__Action action = frame->control->action;
	if (action == SLUSS__V1__CONTROL__ACTION__ACTION_READY) {
		sluss_event(SLUSS_EVENT_NOTICE, "core-ready", NULL);
		parent->core_was_ready = true;
		parent->accept_rollback = false;
		note(parent, SLUSS_PARENT_READY, SLUSS_ROLE_CORE);
	} else if (action == SLUSS__V1__CONTROL__ACTION__ACTION_RESTART_FRONT) {
		sluss_event(SLUSS_EVENT_WARNING, "front-restart", "asked-by=core");
		note(parent, SLUSS_PARENT_RESTART_FRONT, SLUSS_ROLE_CORE);
	} else if (action == SLUSS__V1__CONTROL__ACTION__ACTION_FATAL) {
		sluss_event(SLUSS_EVENT_ERROR, "fatal", "asked-by=core state_dir=%s advice=\"%s\"",
		    parent->settings->state_dir,
		    "the log cannot be written or trusted: check the disk and core's events above, then start again");
		note(parent, SLUSS_PARENT_FATAL, SLUSS_ROLE_CORE);
	}
	// Others only the parent sends, or a later version.
}

static void read_control(struct parent *parent)
{
	enum sluss_ipc_status status = sluss_frame_reader_fill(parent->reader, parent->control);
	if (status == SLUSS_IPC_AGAIN)
		return;
	struct sluss_bytes octets;
	while (status == SLUSS_IPC_OK && (status = sluss_frame_reader_next(parent->reader, &octets)) == SLUSS_IPC_OK) {
		Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
		handle_control(parent, frame);
		sluss_ipc_frame_free(&frame);
	}
	if (status != SLUSS_IPC_AGAIN)
		close_fd(&parent->control); // core has ended: SIGCHLD says how
}

static enum sluss_parent_event judge_exit(const struct parent *parent, enum sluss_role role, int status)
{
	if (!WIFEXITED(status))
		return SLUSS_PARENT_DIED;
	int code = WEXITSTATUS(status);
	// After a SIGHUP edge may find a certificate that is no good: then it is tried again until somebody mends it;
	// core keeps running.
	if (code == EXIT_REFUSED && role == SLUSS_ROLE_EDGE && parent->front_proven)
		return SLUSS_PARENT_DIED;
	if (code == EXIT_REFUSED && sluss_role_is_outward(role) && parent->announced)
		return SLUSS_PARENT_DIED;
	// Core that gives up before it ever served says in the event log what is wrong with its store, keys or policy.
	if (code == EXIT_REFUSED || code == 127 || (code != 0 && role == SLUSS_ROLE_CORE && !parent->core_was_ready))
		return SLUSS_PARENT_REFUSED;
	return SLUSS_PARENT_DIED;
}

static void reap(struct parent *parent)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < ROLES; i++) {
			if (parent->pids[i] != pid)
				continue;
			parent->pids[i] = 0;
			if (role_order[i] == SLUSS_ROLE_CORE && parent->control >= 0)
				read_control(parent); // its last word counts
			bool front = role_order[i] == SLUSS_ROLE_WEB || role_order[i] == SLUSS_ROLE_EDGE;
			if (front && now_ms() - parent->rules.started_ms > PROVEN_MS)
				parent->front_proven = true;
			bool by_signal = WIFSIGNALED(status);
			sluss_event(parent->rules.stopping ? SLUSS_EVENT_NOTICE : SLUSS_EVENT_WARNING, "role-ended",
			    "role=%s pid=%d %s=%d", sluss_role_name(role_order[i]), (int)pid,
			    by_signal ? "signal" : "status", by_signal ? WTERMSIG(status) : WEXITSTATUS(status));
			note(parent, judge_exit(parent, role_order[i], status), role_order[i]);
		}
	}
}

// The old front keeps serving when the new one could not even open its files.
static void reload(struct parent *parent)
{
	int fds[SLUSS_FD_END];
	bool good = sluss_parent_open_role(parent->settings, SLUSS_ROLE_EDGE, fds);
	sluss_event(SLUSS_EVENT_NOTICE, good ? "reload" : "reload-refused", NULL);
	if (!good)
		return;
	sluss_parent_close_role(fds);
	note(parent, SLUSS_PARENT_RELOAD, SLUSS_ROLE_PARENT);
}

static void read_signals(struct parent *parent)
{
	struct signalfd_siginfo info;
	while (read(parent->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(parent);
		} else if (info.ssi_signo == SIGHUP) {
			reload(parent);
		} else {
			sluss_event(SLUSS_EVENT_NOTICE, "stopping", NULL);
#ifdef SLUSS_HAVE_SYSTEMD
			(void)sd_notify(0, "STOPPING=1");
#endif
			note(parent, SLUSS_PARENT_TERMINATE, SLUSS_ROLE_PARENT);
		}
	}
}

static void wait_for_something(struct parent *parent, int64_t wake_ms)
{
	struct pollfd fds[2] = {{.fd = parent->signals, .events = POLLIN}, {.fd = parent->control, .events = POLLIN}};
	int64_t left = wake_ms < 0 ? -1 : wake_ms - now_ms();
	int timeout = wake_ms < 0 ? -1 : left < 0 ? 0 : (int)(left < 60000 ? left : 60000);
	if (poll(fds, 2, timeout) < 0 && errno != EINTR)
		sluss_event(SLUSS_EVENT_WARNING, "poll-failed", "error=\"%s\"", strerror(errno));
	if (parent->control >= 0 && fds[1].revents != 0)
		read_control(parent);
	read_signals(parent);
}

static void run(struct parent *parent)
{
	for (;;) {
		int64_t wake_ms = -1;
		unsigned actions = sluss_parent_rules_decide(&parent->rules, now_ms(), &wake_ms);
		if (!perform(parent, actions))
			return;
		if (actions == SLUSS_DO_NOTHING)
			wait_for_something(parent, wake_ms);
	}
}

// ---- set-up

static bool open_signals(int *fd_out)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	const int wanted[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)sigaddset(&signals, wanted[i]);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return false;
	*fd_out = sluss_parent_move_up(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
	return *fd_out >= 0;
}

// Edge needs two descriptors for a connection in use, one for an idle one.
static void raise_limits(const struct sluss_settings *settings)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)settings->connections_max * 2 + 1024;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max};
	if (limit.rlim_cur < wanted && setrlimit(RLIMIT_NOFILE, &raised) != 0) {
		// Not allowed to go beyond the hard limit: at least up to it. Edge pauses when descriptors run out.
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
			sluss_event(SLUSS_EVENT_WARNING, "few-descriptors", "wanted=%llu has=%llu",
			    (unsigned long long)wanted, (unsigned long long)limit.rlim_cur);
	}
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none); // a core file would hold keys
}

int sluss_parent_main(const struct sluss_settings *settings, bool accept_rollback)
{
	struct parent parent = {.settings = settings,
	    .signals = -1,
	    .control = -1,
	    .web_channel = -1,
	    .edge_channel = -1,
	    .accept_rollback = accept_rollback};
	sluss_parent_rules_init(&parent.rules, sluss_settings_need_courier(settings), settings->issuer.count > 0);
	raise_limits(settings);
	if (!open_signals(&parent.signals) || !sluss_parent_open_sockets(settings, &parent.sockets))
		return 1;
	int exit_status = 1;
	if (sluss_parent_write_ports(settings, &parent.sockets)) {
		run(&parent);
		exit_status = parent.rules.exit_status;
		write_pids(&parent);
	}
	sluss_frame_reader_free(&parent.reader);
	sluss_frame_writer_free(&parent.writer);
	close_fd(&parent.control);
	close_fd(&parent.web_channel);
	close_fd(&parent.edge_channel);
	close_fd(&parent.signals);
	sluss_parent_close_sockets(settings, &parent.sockets);
	sluss_event(exit_status == 0 ? SLUSS_EVENT_NOTICE : SLUSS_EVENT_ERROR, "stopped", "status=%d", exit_status);
	return exit_status;
}
