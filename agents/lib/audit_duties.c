// SPDX-License-Identifier: EUPL-1.2
// Duties that follow from withdrawals and from statutory grounds: what was received is asked back, and answered in
// time; the person is told (DOMAIN sections 5 and 6).
#include "audit_replay.h"

static bool look_at_grant(void *context, const struct sluss_grant_view *grant)
{
	struct audit_replay *replay = context;
	if (grant->received && !grant->recalled && grant->standing == SLUSS_WITHDRAWN)
		audit_find(replay->audit, SLUSS_AUDIT_RECALL_MISSING,
		    "what %.40s received of %.40s was withdrawn, and is not asked back", grant->recipient,
		    grant->category);
	return true;
}

void audit_duties_withdrawn(struct audit_replay *replay)
{
	if (sluss_id_is_none(&replay->withdrawn))
		return;
	replay->audit->case_id = replay->withdrawn;
	sluss_case_each_grant(
	    replay->state, &replay->withdrawn, sluss_state_time_ms(replay->state), look_at_grant, replay);
	replay->withdrawn = (struct sluss_id){{0}};
}

static void recalls(struct audit_replay *replay)
{
	struct sluss_recall_view recall;
	int64_t now_ms = sluss_state_time_ms(replay->state);
	for (size_t i = 0; sluss_recall_at(replay->state, i, &recall); i++) {
		replay->audit->report->recalls++;
		if (!recall.overdue && (recall.answered || recall.due_ms >= now_ms))
			continue;
		replay->audit->case_id = recall.case_id;
		audit_find(replay->audit, recall.answered ? SLUSS_AUDIT_RECALL_LATE : SLUSS_AUDIT_RECALL_OVERDUE,
		    "%.40s %s", recall.agency,
		    recall.answered ? "answered its recall after it was due" : "has not answered its recall in time");
	}
}

// What was due before the last record, which the gateway wrote after it had looked for what is due.
static void notices(struct audit_replay *replay)
{
	struct sluss_record told = {.type = SLUSS_REC_STATUTE_NOTIFIED, .at_ms = sluss_state_time_ms(replay->state)};
	const struct sluss_rec_statute_notified *due = &told.u.statute_notified;
	while (sluss_state_notice_due(replay->state, replay->audit->report->last_ms - 1, &told.u.statute_notified)) {
		replay->audit->case_id = due->case_id;
		audit_find(replay->audit, SLUSS_AUDIT_NOTICE_MISSING,
		    "a statutory ground was used, and that the person was told is not on record");
		if (sluss_state_apply(replay->state, &told, replay->seq++) != SLUSS_APPLY_OK)
			return;
	}
}

void audit_duties_end(struct audit_replay *replay)
{
	recalls(replay);
	notices(replay);
}
