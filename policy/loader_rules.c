// SPDX-License-Identifier: EUPL-1.2
// Reads the rules of a policy file: programmes with their ages, message rows, phases, provisions.
#include "policy/loader_rules.h"

#include <stdio.h>

int sluss_bit_category(const struct sluss_loader *loader, const char *name)
{
	return sluss_policy_category_index(loader->policy, name);
}

int sluss_bit_agency_type(const struct sluss_loader *loader, const char *name)
{
	unsigned type = (unsigned)sluss_agency_type_from_name(name);
	return type != 0 && sluss_bit32(loader->policy->agency_types, type) ? (int)type : -1;
}

int sluss_bit_purpose(const struct sluss_loader *loader, const char *name)
{
	unsigned purpose = (unsigned)sluss_purpose_from_name(name);
	return purpose != 0 && sluss_bit32(loader->policy->purposes, purpose) ? (int)purpose : -1;
}

int sluss_bit_message(const struct sluss_loader *loader, const char *name)
{
	(void)loader;
	enum sluss_message_type type = sluss_message_type_from_name(name);
	return type != SLUSS_MESSAGE_NONE ? (int)type : -1;
}

int sluss_bit_phase(const struct sluss_loader *loader, const char *name)
{
	(void)loader;
	enum sluss_phase phase = sluss_phase_from_name(name);
	return phase != SLUSS_PHASE_NONE ? (int)phase : -1;
}

int sluss_bit_close_reason(const struct sluss_loader *loader, const char *name)
{
	(void)loader;
	enum sluss_close_reason reason = sluss_close_reason_from_name(name);
	return reason != SLUSS_CLOSE_NONE ? (int)reason : -1;
}

static uint64_t all_categories(const struct sluss_policy *policy)
{
	return policy->category_count >= 64 ? UINT64_MAX : (UINT64_C(1) << policy->category_count) - 1;
}

static const uint64_t all_types = (UINT64_C(1) << SLUSS_MESSAGE_TYPES) - 2;

static enum sluss_who who_from_name(const char *name)
{
	if (strcmp(name, "subject") == 0)
		return SLUSS_WHO_SUBJECT;
	if (strcmp(name, "guardians") == 0)
		return SLUSS_WHO_GUARDIANS;
	return strcmp(name, "guardians_and_subject") == 0 ? SLUSS_WHO_BOTH : SLUSS_WHO_NONE;
}

static int bit_who(const struct sluss_loader *loader, const char *name)
{
	(void)loader;
	enum sluss_who who = who_from_name(name);
	return who == SLUSS_WHO_NONE ? -1 : (int)who;
}

static bool read_age_row(
    struct sluss_loader *loader, const struct sluss_place *place, struct sluss_age_row *row, uint8_t begin)
{
	static const char *const keys[] = {"!from", "!until", "!who", "!assessment", NULL};
	char who[32] = "";
	uint64_t outcomes = 0;
	struct sluss_place who_place = sluss_place_member(place, "who");
	if (!sluss_loader_keys(loader, place, keys) || !sluss_loader_ages(loader, place, &row->from, &row->until) ||
	    !sluss_loader_text(loader, place, "who", who, sizeof(who)) ||
	    !sluss_loader_set(loader, place, "assessment", bit_who, 0, &outcomes))
		return false;
	row->who = who_from_name(who);
	row->assessments = (uint8_t)outcomes;
	if (row->who == SLUSS_WHO_NONE)
		return sluss_loader_fail(
		    loader, &who_place, "must be \"subject\", \"guardians\" or \"guardians_and_subject\"");
	if (row->from > begin)
		return sluss_loader_fail(loader, place, "nobody says who agrees from %d to %d", begin, row->from);
	if (row->from < begin)
		return sluss_loader_fail(loader, place, "contradicts the row before it, which ends at %d", begin);
	return true;
}

static bool read_age_rows(
    struct sluss_loader *loader, const struct sluss_place *place, struct sluss_programme *programme)
{
	if (!sluss_loader_array(loader, place, 1, SLUSS_POLICY_AGE_ROWS_MAX))
		return false;
	uint8_t begin = 0;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		if (!read_age_row(loader, &item, &programme->rows[i], begin))
			return false;
		programme->row_count = i + 1;
		begin = programme->rows[i].until;
	}
	if (begin != SLUSS_AGE_OPEN)
		return sluss_loader_fail(
		    loader, place, "nobody says who agrees from %d; the last row ends with null", begin);
	return true;
}

static bool read_links(struct sluss_loader *loader, const struct sluss_place *place, struct sluss_programme *programme)
{
	if (!sluss_loader_array(loader, place, 0, SLUSS_POLICY_LINKS_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place pair = sluss_place_item(place, i);
		if (!sluss_loader_array(loader, &pair, 2, 2))
			return false;
		int ends[2] = {0};
		for (size_t k = 0; k < 2; k++) {
			struct sluss_place end = sluss_place_item(&pair, k);
			const char *name = sluss_loader_string(loader, &end);
			if (name == NULL)
				return false;
			ends[k] = sluss_bit_agency_type(loader, name);
			if (ends[k] < 0)
				return sluss_loader_fail(loader, &end, "unknown agency type \"%.40s\"", name);
		}
		if (ends[0] == ends[1])
			return sluss_loader_fail(loader, &pair, "a link has two different ends");
		programme->links[i] =
		    (struct sluss_link){(enum sluss_agency_type)ends[0], (enum sluss_agency_type)ends[1]};
		programme->link_count = i + 1;
	}
	return true;
}

static bool read_programme(
    struct sluss_loader *loader, const struct sluss_place *place, struct sluss_programme *programme)
{
	static const char *const keys[] = {
	    "!name", "title", "!ages", "!who_must_agree", "!links", "!before_enrolment", NULL};
	static const char *const age_keys[] = {"!from", "!until", NULL};
	struct sluss_place ages = sluss_place_member(place, "ages");
	struct sluss_place rows = sluss_place_member(place, "who_must_agree");
	struct sluss_place links = sluss_place_member(place, "links");
	char title[128] = "";
	uint64_t before = 0;
	if (!sluss_loader_keys(loader, place, keys) ||
	    !sluss_loader_name(loader, place, "name", programme->name, sizeof(programme->name)) ||
	    !sluss_loader_text(loader, place, "title", title, sizeof(title)) ||
	    !sluss_loader_keys(loader, &ages, age_keys) ||
	    !sluss_loader_ages(loader, &ages, &programme->age_from, &programme->age_until) ||
	    !read_age_rows(loader, &rows, programme) || !read_links(loader, &links, programme) ||
	    !sluss_loader_set(loader, place, "before_enrolment", sluss_bit_message, 0, &before))
		return false;
	programme->before_enrolment = (uint32_t)before;
	return true;
}

bool sluss_loader_programmes(struct sluss_loader *loader, const struct sluss_place *place)
{
	struct sluss_policy *policy = loader->policy;
	if (!sluss_loader_array(loader, place, 1, SLUSS_POLICY_PROGRAMMES_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		struct sluss_programme *programme = &policy->programmes[i];
		if (!read_programme(loader, &item, programme))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(policy->programmes[k].name, programme->name) == 0)
				return sluss_loader_fail(
				    loader, &item, "programme \"%s\" stands here twice", programme->name);
		}
		policy->programme_count = i + 1;
	}
	return true;
}

struct row_flags {
	bool sender_member, recipient_member, opens_case, about_person;
};

static bool read_row_flags(struct sluss_loader *loader, const struct sluss_place *place, struct row_flags *flags)
{
	char members[16] = "both";
	struct sluss_place at = sluss_place_member(place, "members");
	flags->about_person = true;
	if (!sluss_loader_text(loader, place, "members", members, sizeof(members)) ||
	    !sluss_loader_bool(loader, place, "opens_case", &flags->opens_case) ||
	    !sluss_loader_bool(loader, place, "about_person", &flags->about_person))
		return false;
	flags->sender_member = strcmp(members, "none") != 0;
	flags->recipient_member = strcmp(members, "both") == 0;
	if (flags->sender_member && !flags->recipient_member && strcmp(members, "sender") != 0)
		return sluss_loader_fail(loader, &at, "must be \"both\", \"sender\" or \"none\"");
	return true;
}

// Enters a row under its type. Rows of one type stand together and agree about what is true of the type.
static bool join_type(
    struct sluss_loader *loader, const struct sluss_place *place, size_t index, const struct row_flags *flags)
{
	struct sluss_policy *policy = loader->policy;
	struct sluss_type *type = &policy->types[policy->rows[index].type];
	if (!type->known) {
		*type = (struct sluss_type){
		    .known = true,
		    .about_person = flags->about_person,
		    .sender_member = flags->sender_member,
		    .recipient_member = flags->recipient_member,
		    .opens_case = flags->opens_case,
		    .first_row = (uint8_t)index,
		    .row_count = 1,
		};
		return true;
	}
	if (type->first_row + type->row_count != index)
		return sluss_loader_fail(loader, place, "the rows of one message type stand together");
	if (type->about_person != flags->about_person || type->sender_member != flags->sender_member ||
	    type->recipient_member != flags->recipient_member || type->opens_case != flags->opens_case)
		return sluss_loader_fail(loader, place,
		    "contradicts row %d of the same type about members, opens_case or about_person", type->first_row);
	type->row_count++;
	return true;
}

static bool read_row(struct sluss_loader *loader, const struct sluss_place *place, size_t index)
{
	static const char *const keys[] = {
	    "!type",
	    "!from",
	    "!to",
	    "!categories",
	    "purposes",
	    "members",
	    "opens_case",
	    "about_person",
	    NULL,
	};
	struct sluss_policy *policy = loader->policy;
	struct sluss_row *row = &policy->rows[index];
	struct sluss_place type_place = sluss_place_member(place, "type");
	char type[32] = "";
	uint64_t from = 0, to = 0, purposes = policy->purposes;
	struct row_flags flags = {0};
	if (!sluss_loader_keys(loader, place, keys) || !sluss_loader_text(loader, place, "type", type, sizeof(type)) ||
	    !sluss_loader_set(loader, place, "from", sluss_bit_agency_type, policy->agency_types, &from) ||
	    !sluss_loader_set(loader, place, "to", sluss_bit_agency_type, policy->agency_types, &to) ||
	    !sluss_loader_set(
		loader, place, "categories", sluss_bit_category, all_categories(policy), &row->categories) ||
	    !sluss_loader_set(loader, place, "purposes", sluss_bit_purpose, policy->purposes, &purposes) ||
	    !read_row_flags(loader, place, &flags))
		return false;
	row->type = sluss_message_type_from_name(type);
	row->from = (uint32_t)from;
	row->to = (uint32_t)to;
	row->purposes = (uint32_t)purposes;
	if (row->type == SLUSS_MESSAGE_NONE)
		return sluss_loader_fail(loader, &type_place, "unknown message type \"%s\"", type);
	if (from == 0 || to == 0 || purposes == 0)
		return sluss_loader_fail(
		    loader, place, "an empty list of senders, receivers or purposes lets nothing through");
	if (flags.about_person != (row->categories != 0))
		return sluss_loader_fail(loader, place,
		    flags.about_person ? "no category can ever pass"
				       : "about_person is false, so there is no category");
	return join_type(loader, place, index, &flags);
}

bool sluss_loader_messages(struct sluss_loader *loader, const struct sluss_place *place)
{
	if (!sluss_loader_array(loader, place, 1, SLUSS_POLICY_ROWS_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		if (!read_row(loader, &item, i))
			return false;
		loader->policy->row_count = i + 1;
	}
	return true;
}

bool sluss_loader_phases(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {"!name", "!messages", "!next", NULL};
	uint32_t seen = 0;
	// One entry for each phase: a state holds every one of them.
	if (!sluss_loader_array(loader, place, SLUSS_PHASES - 1, SLUSS_PHASES - 1))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		struct sluss_place next_place = sluss_place_member(&item, "next");
		char name[32] = "";
		uint64_t types = 0, next = 0;
		if (!sluss_loader_keys(loader, &item, keys) ||
		    !sluss_loader_text(loader, &item, "name", name, sizeof(name)) ||
		    !sluss_loader_set(loader, &item, "messages", sluss_bit_message, all_types, &types) ||
		    !sluss_loader_set(loader, &item, "next", sluss_bit_phase, 0, &next))
			return false;
		unsigned phase = (unsigned)sluss_phase_from_name(name);
		if (phase == 0 || sluss_bit32(seen, phase))
			return sluss_loader_fail(loader, &item,
			    phase == 0 ? "unknown phase \"%s\"" : "phase \"%s\" stands here twice", name);
		if (phase == SLUSS_PHASE_CLOSED && next != 0)
			return sluss_loader_fail(loader, &next_place, "a closed case never reopens");
		seen |= 1u << phase;
		loader->policy->phase_types[phase] = (uint32_t)types;
		loader->policy->phase_next[phase] = (uint8_t)next;
	}
	return true;
}

static bool read_provision_reach(
    struct sluss_loader *loader, const struct sluss_place *place, struct sluss_provision *provision)
{
	static const char *const age_keys[] = {"!from", "!until", NULL};
	struct sluss_policy *policy = loader->policy;
	uint64_t from = 0, to = 0, types = 0;
	if (!sluss_loader_set(loader, place, "from", sluss_bit_agency_type, policy->agency_types, &from) ||
	    !sluss_loader_set(loader, place, "to", sluss_bit_agency_type, policy->agency_types, &to) ||
	    !sluss_loader_set(
		loader, place, "categories", sluss_bit_category, all_categories(policy), &provision->categories) ||
	    !sluss_loader_set(loader, place, "messages", sluss_bit_message, all_types, &types))
		return false;
	provision->from = (uint32_t)from;
	provision->to = (uint32_t)to;
	provision->types = (uint32_t)types;
	if (from == 0 || to == 0 || types == 0 || provision->categories == 0)
		return sluss_loader_fail(
		    loader, place, "an empty list of senders, receivers, categories or messages lets nothing through");
	struct sluss_place ages = sluss_place_member(place, "ages");
	provision->has_ages = ages.value != NULL && !json_is_null(ages.value);
	return !provision->has_ages ||
	       (sluss_loader_keys(loader, &ages, age_keys) &&
		   sluss_loader_ages(loader, &ages, &provision->age_from, &provision->age_until));
}

static bool read_provision(
    struct sluss_loader *loader, const struct sluss_place *place, struct sluss_provision *provision)
{
	static const char *const keys[] = {
	    "!name",
	    "title",
	    "law",
	    "!reviewed_by",
	    "!from",
	    "!to",
	    "!categories",
	    "!messages",
	    "!ages",
	    "applies_to_unknown_age",
	    "!necessity",
	    "!second_approver",
	    "!approval_days",
	    "may_defer_notice",
	    NULL,
	};
	char law[128] = "";
	int days = 0;
	struct sluss_place reviewed = sluss_place_member(place, "reviewed_by");
	if (!sluss_loader_keys(loader, place, keys) ||
	    !sluss_loader_name(loader, place, "name", provision->name, sizeof(provision->name)) ||
	    !sluss_loader_text(loader, place, "title", provision->title, sizeof(provision->title)) ||
	    !sluss_loader_text(loader, place, "law", law, sizeof(law)) ||
	    !sluss_loader_array(loader, &reviewed, 0, 64) || !read_provision_reach(loader, place, provision) ||
	    !sluss_loader_bool(loader, place, "applies_to_unknown_age", &provision->unknown_age) ||
	    !sluss_loader_bool(loader, place, "necessity", &provision->necessity) ||
	    !sluss_loader_bool(loader, place, "second_approver", &provision->second_approver) ||
	    !sluss_loader_int(loader, place, "approval_days", 1, 3660, &days) ||
	    !sluss_loader_bool(loader, place, "may_defer_notice", &provision->may_defer))
		return false;
	provision->reviewed = json_array_size(reviewed.value) > 0;
	provision->lasts_ms = (int64_t)days * 86400000;
	return true;
}

bool sluss_loader_provisions(struct sluss_loader *loader, const struct sluss_place *place)
{
	struct sluss_policy *policy = loader->policy;
	if (!sluss_loader_array(loader, place, 0, SLUSS_POLICY_PROVISIONS_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		struct sluss_provision *provision = &policy->provisions[i];
		if (!read_provision(loader, &item, provision))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(policy->provisions[k].name, provision->name) == 0)
				return sluss_loader_fail(
				    loader, &item, "provision \"%s\" stands here twice", provision->name);
		}
		policy->provision_count = i + 1;
	}
	return true;
}
