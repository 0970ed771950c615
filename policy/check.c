// SPDX-License-Identifier: EUPL-1.2
// `sluss policy check`: what is wrong or odd with a policy file that parses. Contradictions are errors; rules that can
// never apply are warnings.
#include "policy/locate.h"
#include "policy/policy_data.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct findings {
	const char *text;
	size_t len;
	const struct sluss_policy *policy;
	struct sluss_policy_remark *list;
	size_t count, room;
	size_t errors;
};

// A remark about the value at a JSON pointer; the count of errors is kept apart, so that one is not lost when memory
// runs out.
static void remark(struct findings *findings, bool error, const char *path, const char *format, ...) SLUSS_PRINTF(4, 5);

static void remark(struct findings *findings, bool error, const char *path, const char *format, ...)
{
	findings->errors += error ? 1 : 0;
	if (findings->count == findings->room) {
		size_t room = findings->room == 0 ? 32 : findings->room * 2;
		struct sluss_policy_remark *list = realloc(findings->list, room * sizeof(*list));
		if (list == NULL)
			return;
		findings->list = list;
		findings->room = room;
	}
	struct sluss_policy_remark *made = &findings->list[findings->count++];
	*made = (struct sluss_policy_remark){.error = error};
	if (snprintf(made->where.path, sizeof(made->where.path), "%s", path) < 0)
		made->where.path[0] = '\0';
	sluss_json_locate(findings->text, findings->len, path, &made->where.line, &made->where.column);
	va_list args;
	va_start(args, format);
	if (vsnprintf(made->where.message, sizeof(made->where.message), format, args) < 0)
		made->where.message[0] = '\0';
	va_end(args);
}

// "/name/3" or "/name/3/member".
static const char *at(char out[128], const char *name, size_t index, const char *member)
{
	if (snprintf(out, 128, "/%s/%zu%s%s", name, index, member[0] == '\0' ? "" : "/", member) < 0)
		out[0] = '\0';
	return out;
}

// What a consent could never say, because the form takes the word for a wildcard.
static void check_vague_words(struct findings *findings)
{
	const struct sluss_policy *policy = findings->policy;
	char path[128];
	for (size_t i = 0; i < policy->vague_count; i++) {
		if (sluss_policy_category_index(policy, policy->vague[i]) >= 0 ||
		    sluss_purpose_from_name(policy->vague[i]) != SLUSS_PURPOSE_NONE)
			remark(findings, true, at(path, "consent/vague_words", i, ""),
			    "\"%s\" is also a category or purpose: nobody could consent to it", policy->vague[i]);
	}
}

static void check_programmes(struct findings *findings)
{
	const struct sluss_policy *policy = findings->policy;
	char path[128];
	uint32_t early = policy->phase_types[SLUSS_PHASE_NOMINATED] | policy->phase_types[SLUSS_PHASE_INQUIRY];
	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct sluss_programme *programme = &policy->programmes[i];
		for (size_t k = 0; k < programme->row_count; k++) {
			char member[32];
			if (sluss_bit32(programme->rows[k].assessments, (unsigned)programme->rows[k].who) &&
			    snprintf(member, sizeof(member), "who_must_agree/%zu", k) > 0)
				remark(findings, false, at(path, "programmes", i, member),
				    "an assessment that finds the default changes nothing");
		}
		uint32_t before = programme->before_enrolment;
		for (unsigned type = 1; type < SLUSS_MESSAGE_TYPES; type++) {
			if (!sluss_bit32(before, type))
				continue;
			if (!policy->types[type].known || !sluss_bit32(early, type))
				remark(findings, true, at(path, "programmes", i, "before_enrolment"),
				    "nobody can be enrolled: %s is not allowed before",
				    sluss_message_type_name((enum sluss_message_type)type));
		}
	}
}

static bool covers(const struct sluss_row *wide, const struct sluss_row *narrow)
{
	return wide->type == narrow->type && (narrow->from & ~wide->from) == 0 && (narrow->to & ~wide->to) == 0 &&
	       (narrow->categories & ~wide->categories) == 0 && (narrow->purposes & ~wide->purposes) == 0;
}

static void check_rows(struct findings *findings)
{
	const struct sluss_policy *policy = findings->policy;
	char path[128];
	uint32_t somewhere = 0;
	for (unsigned phase = 1; phase < SLUSS_PHASES; phase++)
		somewhere |= policy->phase_types[phase];
	for (size_t i = 0; i < policy->provision_count; i++)
		somewhere |= policy->provisions[i].types;
	for (size_t i = 0; i < policy->row_count; i++) {
		const struct sluss_row *row = &policy->rows[i];
		for (size_t k = 0; k < policy->row_count; k++) {
			// Of two equal rows the later is the one too many.
			if (k != i && covers(&policy->rows[k], row) && (k < i || !covers(row, &policy->rows[k])))
				remark(findings, false, at(path, "messages", i, ""),
				    "row %zu of the same type says all of this already", k);
		}
		if (!sluss_bit32(somewhere, (unsigned)row->type))
			remark(findings, false, at(path, "messages", i, "type"),
			    "no phase and no provision ever allows %s", sluss_message_type_name(row->type));
	}
}

// Names that no row uses.
static void check_unused(struct findings *findings)
{
	const struct sluss_policy *policy = findings->policy;
	char path[128];
	uint64_t categories = 0;
	uint32_t agency_types = 0, purposes = 0;
	for (size_t i = 0; i < policy->row_count; i++) {
		categories |= policy->rows[i].categories;
		purposes |= policy->rows[i].purposes;
		agency_types |= policy->rows[i].from | policy->rows[i].to;
	}
	for (size_t i = 0; i < policy->category_count; i++) {
		if (!sluss_bit64(categories, (unsigned)i))
			remark(findings, false, at(path, "categories", i, ""), "no message carries \"%s\"",
			    policy->categories[i]);
	}
	for (unsigned i = 1; i < SLUSS_PURPOSES; i++) {
		if (sluss_bit32(policy->purposes, i) && !sluss_bit32(purposes, i))
			remark(findings, false, "/purposes", "no message serves \"%s\"",
			    sluss_purpose_name((enum sluss_purpose)i));
	}
	for (unsigned i = 1; i < SLUSS_AGENCY_TYPES; i++) {
		if (sluss_bit32(policy->agency_types, i) && !sluss_bit32(agency_types, i))
			remark(findings, false, "/agency_types", "\"%s\" neither sends nor receives",
			    sluss_agency_type_name((enum sluss_agency_type)i));
	}
}

// Phases from which `goal` can be reached, as bits.
static uint32_t phases_that_reach(const struct sluss_policy *policy, uint32_t goal)
{
	for (unsigned round = 1; round < SLUSS_PHASES; round++) {
		for (unsigned phase = 1; phase < SLUSS_PHASES; phase++) {
			if ((policy->phase_next[phase] & goal) != 0)
				goal |= 1u << phase;
		}
	}
	return goal;
}

static uint32_t phases_reached(const struct sluss_policy *policy, uint32_t from)
{
	for (unsigned round = 1; round < SLUSS_PHASES; round++) {
		for (unsigned phase = 1; phase < SLUSS_PHASES; phase++) {
			if (sluss_bit32(from, phase))
				from |= policy->phase_next[phase];
		}
	}
	return from;
}

static void check_phase(struct findings *findings, unsigned phase, uint32_t reached, uint32_t ending)
{
	const struct sluss_policy *policy = findings->policy;
	const char *name = sluss_phase_name((enum sluss_phase)phase);
	bool open = phase != SLUSS_PHASE_CLOSING && phase != SLUSS_PHASE_CLOSED;
	if (!sluss_bit32(reached, phase))
		remark(findings, false, "/phases", "no case ever comes to \"%s\"", name);
	if (!sluss_bit32(ending, phase))
		remark(findings, true, "/phases", "a case in \"%s\" can never be closed", name);
	if (open && !sluss_bit32(policy->phase_next[phase], SLUSS_PHASE_CLOSING))
		remark(findings, true, "/phases",
		    "\"%s\" does not lead to \"closing\", where a lost link takes every open case", name);
	if (phase == SLUSS_PHASE_CLOSED && policy->phase_types[phase] != 0)
		remark(findings, true, "/phases", "a closed case moves nothing on consent");
	uint32_t every = (1u << SLUSS_MESSAGE_TYPES) - 2;
	for (unsigned type = 1; type < SLUSS_MESSAGE_TYPES && policy->phase_types[phase] != every; type++) {
		if (sluss_bit32(policy->phase_types[phase], type) && !policy->types[type].known)
			remark(findings, true, "/phases", "\"%s\" allows %s, which no message row describes", name,
			    sluss_message_type_name((enum sluss_message_type)type));
	}
}

static void check_phases(struct findings *findings)
{
	uint32_t reached = phases_reached(findings->policy, 1u << SLUSS_PHASE_NOMINATED | 1u << SLUSS_PHASE_INQUIRY);
	uint32_t ending = phases_that_reach(findings->policy, 1u << SLUSS_PHASE_CLOSED);
	for (unsigned phase = 1; phase < SLUSS_PHASES; phase++)
		check_phase(findings, phase, reached, ending);
}

// Whether some message could ever be sent under a provision.
static bool can_apply(const struct sluss_policy *policy, const struct sluss_provision *provision)
{
	for (size_t i = 0; i < policy->row_count; i++) {
		const struct sluss_row *row = &policy->rows[i];
		if (sluss_bit32(provision->types, (unsigned)row->type) && (row->from & provision->from) != 0 &&
		    (row->to & provision->to) != 0 && (row->categories & provision->categories) != 0)
			return true;
	}
	return false;
}

static bool age_can_apply(const struct sluss_policy *policy, const struct sluss_provision *provision)
{
	if (!provision->has_ages || provision->unknown_age)
		return true;
	for (size_t i = 0; i < policy->programme_count; i++) {
		// Somebody who came in at the last moment grows older in the case; nobody grows younger.
		if (provision->age_until > policy->programmes[i].age_from)
			return true;
	}
	return false;
}

static void check_provisions(struct findings *findings)
{
	const struct sluss_policy *policy = findings->policy;
	char path[128];
	for (size_t i = 0; i < policy->provision_count; i++) {
		const struct sluss_provision *provision = &policy->provisions[i];
		if (!can_apply(policy, provision))
			remark(findings, false, at(path, "provisions", i, ""),
			    "%s never applies: no message row has its senders, receivers, types and categories",
			    provision->name);
		if (!age_can_apply(policy, provision))
			remark(findings, false, at(path, "provisions", i, "ages"),
			    "%s never applies: everybody in a programme is older", provision->name);
		if (!provision->reviewed)
			remark(findings, false, at(path, "provisions", i, "reviewed_by"), "%s is reviewed by nobody",
			    provision->name);
		uint32_t unknown = 0;
		for (unsigned type = 1; type < SLUSS_MESSAGE_TYPES; type++)
			unknown |= policy->types[type].known ? 0 : 1u << type;
		uint32_t every = (1u << SLUSS_MESSAGE_TYPES) - 2;
		if (provision->types != every && (provision->types & unknown) != 0)
			remark(findings, true, at(path, "provisions", i, "messages"),
			    "%s names a message that no row describes", provision->name);
	}
}

static int by_line(const void *left, const void *right)
{
	const struct sluss_policy_remark *a = left;
	const struct sluss_policy_remark *b = right;
	if (a->where.line != b->where.line)
		return a->where.line < b->where.line ? -1 : 1;
	return a->where.column - b->where.column;
}

size_t sluss_policy_check(const char *text, size_t len, sluss_policy_remark_fn *fn, void *context)
{
	struct sluss_policy *policy = NULL;
	struct sluss_policy_remark failed = {.error = true};
	if (!sluss_policy_parse(text, len, &policy, &failed.where)) {
		fn(context, &failed);
		return 1;
	}
	struct findings findings = {.text = text, .len = len, .policy = policy};
	check_vague_words(&findings);
	check_programmes(&findings);
	check_rows(&findings);
	check_unused(&findings);
	check_phases(&findings);
	check_provisions(&findings);
	if (findings.count > 0)
		qsort(findings.list, findings.count, sizeof(*findings.list), by_line);
	for (size_t i = 0; i < findings.count; i++)
		fn(context, &findings.list[i]);
	free(findings.list);
	sluss_policy_free(&policy);
	return findings.errors;
}
