// SPDX-License-Identifier: EUPL-1.2
// The names that policy files and output use for the small enums.
#include "policy/policy.h"

static const char *const agency_types[SLUSS_AGENCY_TYPES] = {
    NULL,
    "social_services",
    "police",
    "school",
    "probation",
    "employment",
    "health",
    "institution",
    "housing",
    "civil_society",
    "evaluator",
    "auditor",
};

static const char *const purposes[SLUSS_PURPOSES] = {NULL, "coordination", "assessment", "protection", "follow_up"};

static const char *const message_types[SLUSS_MESSAGE_TYPES] = {
    NULL,
    "ConcernReport",
    "Referral",
    "SuitabilityRequest",
    "SuitabilityAssessment",
    "ThreatAssessment",
    "AttendanceReport",
    "SchoolReport",
    "ProbationReport",
    "NeedsInventory",
    "ActionPlan",
    "MeetingInvitation",
    "MeetingNotes",
    "FollowUp",
    "DeviationReport",
    "CaseTransfer",
};

static const char *const phases[SLUSS_PHASES] = {
    NULL,
    "nominated",
    "inquiry",
    "enrolled",
    "paused",
    "dormant",
    "closing",
    "closed",
};

static const char *const close_reasons[SLUSS_CLOSE_REASONS] = {
    NULL,
    "goals_met",
    "own_wish",
    "crime_goes_on",
    "wrong_programme",
    "placed_or_imprisoned",
    "moved",
    "transferred",
    "safety",
    "age",
    "died",
    "other",
};

static const char *name_at(const char *const *names, unsigned count, unsigned index)
{
	return index < count ? names[index] : NULL;
}

static unsigned index_of(const char *const *names, unsigned count, const char *name)
{
	if (name == NULL)
		return 0;
	for (unsigned i = 1; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return 0;
}

const char *sluss_agency_type_name(enum sluss_agency_type type)
{
	return name_at(agency_types, SLUSS_AGENCY_TYPES, (unsigned)type);
}

enum sluss_agency_type sluss_agency_type_from_name(const char *name)
{
	return (enum sluss_agency_type)index_of(agency_types, SLUSS_AGENCY_TYPES, name);
}

const char *sluss_purpose_name(enum sluss_purpose purpose)
{
	return name_at(purposes, SLUSS_PURPOSES, (unsigned)purpose);
}

enum sluss_purpose sluss_purpose_from_name(const char *name)
{
	return (enum sluss_purpose)index_of(purposes, SLUSS_PURPOSES, name);
}

const char *sluss_message_type_name(enum sluss_message_type type)
{
	return name_at(message_types, SLUSS_MESSAGE_TYPES, (unsigned)type);
}

enum sluss_message_type sluss_message_type_from_name(const char *name)
{
	return (enum sluss_message_type)index_of(message_types, SLUSS_MESSAGE_TYPES, name);
}

const char *sluss_phase_name(enum sluss_phase phase)
{
	return name_at(phases, SLUSS_PHASES, (unsigned)phase);
}

enum sluss_phase sluss_phase_from_name(const char *name)
{
	return (enum sluss_phase)index_of(phases, SLUSS_PHASES, name);
}

const char *sluss_close_reason_name(enum sluss_close_reason reason)
{
	return name_at(close_reasons, SLUSS_CLOSE_REASONS, (unsigned)reason);
}

enum sluss_close_reason sluss_close_reason_from_name(const char *name)
{
	return (enum sluss_close_reason)index_of(close_reasons, SLUSS_CLOSE_REASONS, name);
}
