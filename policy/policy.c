// SPDX-License-Identifier: EUPL-1.2
// Reading a policy, and the age bands that it cuts.
#include "policy/policy_data.h"

#include "sluss/id.h"

#include <stdlib.h>

void sluss_policy_free(struct sluss_policy **policy)
{
	free(*policy);
	*policy = NULL;
}

const char *sluss_policy_name(const struct sluss_policy *policy)
{
	return policy->name;
}

const char *sluss_policy_version(const struct sluss_policy *policy)
{
	return policy->version;
}

enum sluss_leap_day sluss_policy_leap_day(const struct sluss_policy *policy)
{
	return policy->leap_day;
}

int sluss_policy_max_months(const struct sluss_policy *policy)
{
	return policy->max_months;
}

size_t sluss_policy_category_count(const struct sluss_policy *policy)
{
	return policy->category_count;
}

const char *sluss_policy_category(const struct sluss_policy *policy, size_t index)
{
	return index < policy->category_count ? policy->categories[index] : NULL;
}

int sluss_policy_category_index(const struct sluss_policy *policy, const char *name)
{
	if (name == NULL)
		return -1;
	for (size_t i = 0; i < policy->category_count; i++) {
		if (strcmp(policy->categories[i], name) == 0)
			return (int)i;
	}
	return -1;
}

size_t sluss_policy_programme_count(const struct sluss_policy *policy)
{
	return policy->programme_count;
}

const char *sluss_policy_programme(const struct sluss_policy *policy, size_t index)
{
	return index < policy->programme_count ? policy->programmes[index].name : NULL;
}

bool sluss_policy_programme_ages(
    const struct sluss_policy *policy, const char *name, uint8_t *from_out, uint8_t *until_out)
{
	for (size_t i = 0; i < policy->programme_count; i++) {
		if (strcmp(policy->programmes[i].name, name) != 0)
			continue;
		*from_out = policy->programmes[i].age_from;
		*until_out = policy->programmes[i].age_until;
		return true;
	}
	return false;
}

size_t sluss_policy_provision_count(const struct sluss_policy *policy)
{
	return policy->provision_count;
}

bool sluss_policy_provision(const struct sluss_policy *policy, size_t index, struct sluss_provision_view *view_out)
{
	*view_out = (struct sluss_provision_view){0};
	if (index >= policy->provision_count)
		return false;
	const struct sluss_provision *provision = &policy->provisions[index];
	*view_out = (struct sluss_provision_view){
	    .name = provision->name,
	    .title = provision->title,
	    .necessity = provision->necessity,
	    .second_approver = provision->second_approver,
	    .lasts_ms = provision->lasts_ms,
	};
	return true;
}

bool sluss_policy_provision_find(
    const struct sluss_policy *policy, const char *name, struct sluss_provision_view *view_out)
{
	*view_out = (struct sluss_provision_view){0};
	for (size_t i = 0; name != NULL && i < policy->provision_count; i++) {
		if (strcmp(policy->provisions[i].name, name) == 0)
			return sluss_policy_provision(policy, i, view_out);
	}
	return false;
}

bool sluss_policy_type(
    const struct sluss_policy *policy, enum sluss_message_type type, struct sluss_type_view *view_out)
{
	*view_out = (struct sluss_type_view){0};
	if ((unsigned)type >= SLUSS_MESSAGE_TYPES || !policy->types[type].known)
		return false;
	const struct sluss_type *row = &policy->types[type];
	*view_out = (struct sluss_type_view){
	    .sender_member = row->sender_member,
	    .recipient_member = row->recipient_member,
	    .opens_case = row->opens_case,
	    .about_person = row->about_person,
	};
	return true;
}

void sluss_age_band(const struct sluss_policy *policy, int age, uint8_t *from_years_out, uint8_t *until_years_out)
{
	int clamped = age < 0 ? 0 : age >= SLUSS_AGE_OPEN ? SLUSS_AGE_OPEN - 1 : age;
	uint8_t from = 0;
	uint8_t until = SLUSS_AGE_OPEN;
	for (size_t i = 0; i < policy->cut_count; i++) {
		uint8_t cut = policy->cuts[i];
		if (cut <= clamped && cut > from)
			from = cut;
		if (cut > clamped && cut < until)
			until = cut;
	}
	*from_years_out = from;
	*until_years_out = until;
}

bool sluss_age_band_at(const struct sluss_policy *policy, struct sluss_date birth, int64_t now_ms,
    uint8_t *from_years_out, uint8_t *until_years_out, int64_t *next_ms_out)
{
	*from_years_out = 0;
	*until_years_out = 0;
	*next_ms_out = INT64_MAX;
	int age = sluss_age_on(birth, sluss_date_at(now_ms), policy->leap_day);
	if (age == SLUSS_AGE_UNKNOWN)
		return false;
	sluss_age_band(policy, age, from_years_out, until_years_out);
	if (*until_years_out != SLUSS_AGE_OPEN)
		*next_ms_out = sluss_birthday_ms(birth, *until_years_out, policy->leap_day);
	return true;
}

int64_t sluss_policy_recall_due_ms(const struct sluss_policy *policy, int64_t now_ms)
{
	// From noon to noon: a night of 23 or 25 hours changes the date of neither.
	const int64_t hour_ms = 3600000;
	int64_t noon_ms = sluss_date_begin_ms(sluss_date_at(now_ms)) + 12 * hour_ms;
	return sluss_date_begin_ms(sluss_date_at(noon_ms + ((int64_t)policy->recall.answer_days + 1) * 24 * hour_ms));
}

bool sluss_policy_register_mark(const struct sluss_policy *policy, enum sluss_agency_type type)
{
	return sluss_bit32(policy->recall.register_mark, (unsigned)type);
}

const char *sluss_policy_keep_ground(const struct sluss_policy *policy, size_t index)
{
	return index < policy->recall.keep_ground_count ? policy->recall.keep_grounds[index] : NULL;
}

bool sluss_policy_may_keep(const struct sluss_policy *policy, const char *ground)
{
	if (policy->recall.keep_ground_count == 0)
		return sluss_is_name(ground, strlen(ground));
	for (size_t i = 0; i < policy->recall.keep_ground_count; i++)
		if (strcmp(policy->recall.keep_grounds[i], ground) == 0)
			return true;
	return false;
}
