// SPDX-License-Identifier: EUPL-1.2
// What the parent does when: pure rules without a system call, so that a table of cases can test them.
//
// Invariants:
// - web and edge live and die together: they share sockets, and one without the other would keep transfers that nobody
// accounts for.
// - They run only while core runs and has said that it is ready; when core dies they die, because what it had released
// must not outlive its memory of it.
// - The courier and idp, each where it is wanted, live with core: they die with it, and one starts anew alone when it
// died itself; nobody else is touched by that.
// - A role is started anew only after all that had to die with it is dead (waited for), so that core may take new
// channels as proof of that.
#ifndef SLUSS_PARENT_RULES_H
#define SLUSS_PARENT_RULES_H

#include "settings.h"

enum sluss_parent_event {
	SLUSS_PARENT_NONE = 0,
	SLUSS_PARENT_DIED,    // a role has ended and was waited for
	SLUSS_PARENT_REFUSED, // a role has ended and says that a restart would not help (its settings, keys or sandbox)
	SLUSS_PARENT_READY,   // core: recovered and serving
	SLUSS_PARENT_RESTART_FRONT, // core: web or edge did not answer
	SLUSS_PARENT_FATAL,	    // core: the log cannot be trusted or written
	SLUSS_PARENT_TERMINATE,	    // SIGTERM
	SLUSS_PARENT_RELOAD,	    // SIGHUP: read certificates anew
};

// Bits, performed in this order.
enum sluss_parent_action {
	SLUSS_DO_NOTHING = 0,
	SLUSS_DO_KILL_CORE = 1 << 0,
	SLUSS_DO_KILL_WEB = 1 << 1,
	SLUSS_DO_KILL_EDGE = 1 << 2,
	SLUSS_DO_TERM_EDGE = 1 << 3, // ask it to end in order
	SLUSS_DO_TERM_WEB = 1 << 4,
	SLUSS_DO_STOP_CORE = 1 << 5,
	SLUSS_DO_START_CORE = 1 << 6,
	SLUSS_DO_START_FRONT = 1 << 7, // web and edge, with fresh channels to core
	SLUSS_DO_EXIT = 1 << 8,	       // everything is dead: exit_status
	SLUSS_DO_KILL_COURIER = 1 << 9,
	SLUSS_DO_START_COURIER = 1 << 10, // with a fresh channel to core
	SLUSS_DO_KILL_IDP = 1 << 11,
	SLUSS_DO_START_IDP = 1 << 12, // likewise
};

enum {
	SLUSS_PARENT_BACKOFF_MAX_MS = 1000,
	SLUSS_PARENT_QUIET_MS = 10000, // who ran so long has recovered: the next restart is at once
	SLUSS_PARENT_STOP_MS = 8000,   // an orderly stop takes at most this long
};

// One of the roles that speak outwards, courier or idp.
struct sluss_parent_outward {
	bool wanted;
	unsigned failures;
	int64_t started_ms;
	int64_t not_before_ms;
};

struct sluss_parent_rules {
	// Who is alive, and who was already sent what.
	unsigned alive;	 // bits of enum sluss_role
	unsigned killed; // SIGKILL is on its way
	unsigned asked;	 // was asked to end in order
	// What has to happen.
	unsigned doomed; // must be dead before anything starts again
	bool ready;	 // core's word
	bool stopping;
	int64_t stop_by_ms;
	int exit_status;
	// Restarts in short order wait longer and longer.
	unsigned failures;
	int64_t started_ms;
	int64_t not_before_ms;
	struct sluss_parent_outward courier, idp;
};

void sluss_parent_rules_init(struct sluss_parent_rules *rules, bool courier_wanted, bool idp_wanted);

// Takes note of what happened. `role` counts for DIED and REFUSED.
void sluss_parent_rules_note(
    struct sluss_parent_rules *rules, enum sluss_parent_event event, enum sluss_role role, int64_t now_ms);

// What to do now, as bits of enum sluss_parent_action; each is given once. *wake_ms_out is when to ask again without an
// event, or -1. A start that fails is noted as DIED.
SLUSS_MUST_CHECK unsigned sluss_parent_rules_decide(
    struct sluss_parent_rules *rules, int64_t now_ms, int64_t *wake_ms_out);

#endif
