// SPDX-License-Identifier: EUPL-1.2
#include "parent_rules.h"

enum {
	FRONT = SLUSS_ROLE_WEB | SLUSS_ROLE_EDGE,
	OUTWARD = SLUSS_ROLE_COURIER | SLUSS_ROLE_IDP,
	EVERYBODY = SLUSS_ROLE_CORE | FRONT | OUTWARD,
	BACKOFF_FIRST_MS = 10,
};

void sluss_parent_rules_init(struct sluss_parent_rules *rules, bool courier_wanted, bool idp_wanted)
{
	*rules = (struct sluss_parent_rules){.courier = {.wanted = courier_wanted}, .idp = {.wanted = idp_wanted}};
}

static void stop_all(struct sluss_parent_rules *rules, int exit_status)
{
	rules->doomed = EVERYBODY;
	rules->stopping = true;
	rules->exit_status |= exit_status;
}

// 10, 20, 40 ... 1000 ms while starts follow each other; none after a quiet time.
static int64_t next_delay(unsigned *failures, int64_t started_ms, int64_t now_ms)
{
	if (now_ms - started_ms >= SLUSS_PARENT_QUIET_MS)
		*failures = 0;
	int64_t delay = *failures == 0 ? 0 : (int64_t)BACKOFF_FIRST_MS << (*failures < 8 ? *failures - 1 : 7);
	(*failures)++;
	return delay < SLUSS_PARENT_BACKOFF_MAX_MS ? delay : SLUSS_PARENT_BACKOFF_MAX_MS;
}

static void back_off(struct sluss_parent_rules *rules, int64_t now_ms)
{
	rules->not_before_ms = now_ms + next_delay(&rules->failures, rules->started_ms, now_ms);
}

static void note_death(struct sluss_parent_rules *rules, enum sluss_role role, int64_t now_ms)
{
	bool expected = (rules->doomed & (unsigned)role) != 0 || rules->stopping;
	rules->alive &= ~(unsigned)role;
	rules->killed &= ~(unsigned)role;
	rules->asked &= ~(unsigned)role;
	if (role == SLUSS_ROLE_CORE)
		rules->ready = false;
	if (rules->stopping)
		return;
	if (sluss_role_is_outward(role)) {
		struct sluss_parent_outward *outward = role == SLUSS_ROLE_COURIER ? &rules->courier : &rules->idp;
		if (!expected)
			outward->not_before_ms = now_ms + next_delay(&outward->failures, outward->started_ms, now_ms);
		return;
	}
	rules->doomed |= role == SLUSS_ROLE_CORE ? (unsigned)EVERYBODY : (unsigned)FRONT;
	if (!expected)
		back_off(rules, now_ms);
}

void sluss_parent_rules_note(
    struct sluss_parent_rules *rules, enum sluss_parent_event event, enum sluss_role role, int64_t now_ms)
{
	switch (event) {
	case SLUSS_PARENT_DIED:
		note_death(rules, role, now_ms);
		return;
	case SLUSS_PARENT_REFUSED:
		note_death(rules, role, now_ms);
		stop_all(rules, 1);
		return;
	case SLUSS_PARENT_READY:
		rules->ready = (rules->alive & SLUSS_ROLE_CORE) != 0;
		return;
	case SLUSS_PARENT_RESTART_FRONT:
		rules->doomed |= FRONT;
		back_off(rules, now_ms);
		return;
	case SLUSS_PARENT_FATAL:
		stop_all(rules, 1);
		return;
	case SLUSS_PARENT_TERMINATE:
		if (!rules->stopping)
			rules->stop_by_ms = now_ms + SLUSS_PARENT_STOP_MS;
		rules->stopping = true;
		rules->doomed |= OUTWARD; // they have nothing to finish
		return;
	case SLUSS_PARENT_RELOAD:
		rules->doomed |= FRONT | OUTWARD;
		return;
	case SLUSS_PARENT_NONE:
		return;
	}
}

static unsigned kill_action(unsigned roles)
{
	unsigned actions = 0;
	if ((roles & SLUSS_ROLE_CORE) != 0)
		actions |= SLUSS_DO_KILL_CORE;
	if ((roles & SLUSS_ROLE_WEB) != 0)
		actions |= SLUSS_DO_KILL_WEB;
	if ((roles & SLUSS_ROLE_EDGE) != 0)
		actions |= SLUSS_DO_KILL_EDGE;
	if ((roles & SLUSS_ROLE_COURIER) != 0)
		actions |= SLUSS_DO_KILL_COURIER;
	if ((roles & SLUSS_ROLE_IDP) != 0)
		actions |= SLUSS_DO_KILL_IDP;
	return actions;
}

// Edge first (it lets answers go out), then web, then core: each when the one before is gone.
static unsigned ask_next(struct sluss_parent_rules *rules)
{
	enum sluss_role role = (rules->alive & SLUSS_ROLE_EDGE) != 0  ? SLUSS_ROLE_EDGE
			       : (rules->alive & SLUSS_ROLE_WEB) != 0 ? SLUSS_ROLE_WEB
								      : SLUSS_ROLE_CORE;
	if ((rules->alive & (unsigned)role) == 0 || (rules->asked & (unsigned)role) != 0)
		return 0;
	rules->asked |= (unsigned)role;
	return role == SLUSS_ROLE_EDGE	? SLUSS_DO_TERM_EDGE
	       : role == SLUSS_ROLE_WEB ? SLUSS_DO_TERM_WEB
					: SLUSS_DO_STOP_CORE;
}

static unsigned decide_stop(struct sluss_parent_rules *rules, int64_t now_ms, int64_t *wake_ms_out)
{
	if (rules->alive == 0)
		return SLUSS_DO_EXIT;
	if (rules->doomed == EVERYBODY)
		return 0; // killed already, waited for
	*wake_ms_out = rules->stop_by_ms;
	if (now_ms < rules->stop_by_ms)
		return ask_next(rules);
	rules->doomed = EVERYBODY;
	unsigned victims = rules->alive & ~rules->killed;
	rules->killed |= victims;
	*wake_ms_out = -1;
	return kill_action(victims);
}

static unsigned decide_start(struct sluss_parent_rules *rules, int64_t now_ms, int64_t *wake_ms_out)
{
	bool core = (rules->alive & SLUSS_ROLE_CORE) == 0;
	bool front = !core && rules->ready && (rules->alive & FRONT) == 0;
	if (!core && !front)
		return 0;
	if (now_ms < rules->not_before_ms) {
		*wake_ms_out = rules->not_before_ms;
		return 0;
	}
	rules->started_ms = now_ms;
	rules->alive |= core ? (unsigned)SLUSS_ROLE_CORE : (unsigned)FRONT;
	return core ? SLUSS_DO_START_CORE : SLUSS_DO_START_FRONT;
}

// Whether one of those that speak outwards is to be started now.
static bool decide_outward(struct sluss_parent_rules *rules, enum sluss_role role, struct sluss_parent_outward *outward,
    int64_t now_ms, int64_t *wake_ms_out)
{
	if (!outward->wanted || (rules->alive & (unsigned)role) != 0 || (rules->alive & SLUSS_ROLE_CORE) == 0)
		return false;
	if (now_ms < outward->not_before_ms) {
		if (*wake_ms_out < 0 || outward->not_before_ms < *wake_ms_out)
			*wake_ms_out = outward->not_before_ms;
		return false;
	}
	outward->started_ms = now_ms;
	rules->alive |= (unsigned)role;
	return true;
}

unsigned sluss_parent_rules_decide(struct sluss_parent_rules *rules, int64_t now_ms, int64_t *wake_ms_out)
{
	*wake_ms_out = -1;
	unsigned victims = rules->doomed & rules->alive & ~rules->killed;
	rules->killed |= victims;
	unsigned actions = kill_action(victims);
	if (rules->stopping)
		return actions | decide_stop(rules, now_ms, wake_ms_out);
	if ((rules->doomed & rules->alive) != 0)
		return actions; // first they die
	rules->doomed = 0;
	actions |= decide_start(rules, now_ms, wake_ms_out);
	if (decide_outward(rules, SLUSS_ROLE_COURIER, &rules->courier, now_ms, wake_ms_out))
		actions |= SLUSS_DO_START_COURIER;
	if (decide_outward(rules, SLUSS_ROLE_IDP, &rules->idp, now_ms, wake_ms_out))
		actions |= SLUSS_DO_START_IDP;
	return actions;
}
