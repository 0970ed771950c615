// SPDX-License-Identifier: EUPL-1.2
// Parses a policy file into struct sluss_policy: the document, the lists of names, and the rules about a consent's
// form.
#include "policy/loader_rules.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_categories(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {"!name", "title", "protected", NULL};
	struct sluss_policy *policy = loader->policy;
	if (!sluss_loader_array(loader, place, 1, SLUSS_POLICY_CATEGORIES_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		char title[128] = "";
		bool is_protected = false;
		if (!sluss_loader_keys(loader, &item, keys) ||
		    !sluss_loader_name(loader, &item, "name", policy->categories[i], sizeof(policy->categories[i])) ||
		    !sluss_loader_text(loader, &item, "title", title, sizeof(title)) ||
		    !sluss_loader_bool(loader, &item, "protected", &is_protected))
			return false;
		if (sluss_policy_category_index(policy, policy->categories[i]) >= 0)
			return sluss_loader_fail(
			    loader, &item, "category \"%s\" stands here twice", policy->categories[i]);
		policy->category_count = i + 1;
		if (is_protected)
			policy->protected_categories |= UINT64_C(1) << i;
	}
	return true;
}

static bool read_agency_types(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {"!name", "title", "named_alone", NULL};
	struct sluss_policy *policy = loader->policy;
	if (!sluss_loader_array(loader, place, 1, SLUSS_AGENCY_TYPES - 2))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		char name[SLUSS_NAME_MAX + 1] = "";
		char title[128] = "";
		bool alone = false;
		if (!sluss_loader_keys(loader, &item, keys) ||
		    !sluss_loader_name(loader, &item, "name", name, sizeof(name)) ||
		    !sluss_loader_text(loader, &item, "title", title, sizeof(title)) ||
		    !sluss_loader_bool(loader, &item, "named_alone", &alone))
			return false;
		unsigned type = (unsigned)sluss_agency_type_from_name(name);
		// An auditor takes no part in what a policy rules.
		if (type == 0 || type == SLUSS_AGENCY_AUDITOR)
			return sluss_loader_fail(loader, &item, "unknown agency type \"%s\"", name);
		if (sluss_bit32(policy->agency_types, type))
			return sluss_loader_fail(loader, &item, "agency type \"%s\" stands here twice", name);
		policy->agency_types |= 1u << type;
		if (alone)
			policy->named_alone |= 1u << type;
	}
	return true;
}

static int bit_any_purpose(const struct sluss_loader *loader, const char *name)
{
	(void)loader;
	enum sluss_purpose purpose = sluss_purpose_from_name(name);
	return purpose == SLUSS_PURPOSE_NONE ? -1 : (int)purpose;
}

static bool read_vague_words(struct sluss_loader *loader, const struct sluss_place *place)
{
	struct sluss_policy *policy = loader->policy;
	if (!sluss_loader_array(loader, place, 1, SLUSS_POLICY_VAGUE_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		const char *word = sluss_loader_string(loader, &item);
		if (word == NULL)
			return false;
		size_t len = strlen(word);
		if (len == 0 || len > SLUSS_NAME_MAX)
			return sluss_loader_fail(loader, &item, "must have 1 to %d octets", SLUSS_NAME_MAX);
		memcpy(policy->vague[i], word, len + 1);
		policy->vague_count = i + 1;
	}
	return true;
}

static bool read_consent(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {"!max_months", "!guardians", "!vague_words", NULL};
	char guardians[16] = "";
	struct sluss_place words = sluss_place_member(place, "vague_words");
	struct sluss_place who = sluss_place_member(place, "guardians");
	if (!sluss_loader_keys(loader, place, keys) ||
	    !sluss_loader_int(loader, place, "max_months", 1, 120, &loader->policy->max_months) ||
	    !sluss_loader_text(loader, place, "guardians", guardians, sizeof(guardians)) ||
	    !read_vague_words(loader, &words))
		return false;
	loader->policy->one_guardian_enough = strcmp(guardians, "one") == 0;
	if (!loader->policy->one_guardian_enough && strcmp(guardians, "every") != 0)
		return sluss_loader_fail(loader, &who, "must be \"every\" or \"one\"");
	return true;
}

static bool read_leap_day(struct sluss_loader *loader, const struct sluss_place *root)
{
	char text[16] = "";
	if (!sluss_loader_text(loader, root, "leap_day", text, sizeof(text)))
		return false;
	if (strcmp(text, "feb_28") == 0)
		loader->policy->leap_day = SLUSS_LEAP_DAY_FEB_28;
	else if (strcmp(text, "mar_1") == 0)
		loader->policy->leap_day = SLUSS_LEAP_DAY_MAR_1;
	if (loader->policy->leap_day != SLUSS_LEAP_DAY_NONE)
		return true;
	struct sluss_place at = sluss_place_member(root, "leap_day");
	return sluss_loader_fail(loader, &at, "must be \"feb_28\" or \"mar_1\"");
}

// Collects every age that the policy names, in order: where a person's age band has to be cut.
static void find_cuts(struct sluss_policy *policy)
{
	bool named[SLUSS_POLICY_CUTS_MAX] = {false};
	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct sluss_programme *programme = &policy->programmes[i];
		named[programme->age_from] = true;
		named[programme->age_until] = true;
		for (size_t k = 0; k < programme->row_count; k++)
			named[programme->rows[k].from] = true;
	}
	for (size_t i = 0; i < policy->provision_count; i++) {
		if (!policy->provisions[i].has_ages)
			continue;
		named[policy->provisions[i].age_from] = true;
		named[policy->provisions[i].age_until] = true;
	}
	for (unsigned age = 1; age < SLUSS_AGE_OPEN; age++) {
		if (named[age])
			policy->cuts[policy->cut_count++] = (uint8_t)age;
	}
}

static bool read_document(struct sluss_loader *loader, const struct sluss_place *root)
{
	static const char *const keys[] = {
	    "$schema",
	    "!format",
	    "!policy",
	    "!version",
	    "description",
	    "reviewed_by",
	    "!categories",
	    "!purposes",
	    "!agency_types",
	    "!consent",
	    "!leap_day",
	    "!programmes",
	    "!messages",
	    "!phases",
	    "!close_reasons",
	    "!provisions",
	    "recall",
	    NULL,
	};
	struct sluss_policy *policy = loader->policy;
	int format = 0;
	uint64_t purposes = 0;
	uint64_t close_reasons = 0;
	char description[512] = "";
	struct sluss_place categories = sluss_place_member(root, "categories");
	struct sluss_place agency_types = sluss_place_member(root, "agency_types");
	struct sluss_place consent = sluss_place_member(root, "consent");
	struct sluss_place programmes = sluss_place_member(root, "programmes");
	struct sluss_place messages = sluss_place_member(root, "messages");
	struct sluss_place phases = sluss_place_member(root, "phases");
	struct sluss_place provisions = sluss_place_member(root, "provisions");
	struct sluss_place recall = sluss_place_member(root, "recall");
	if (!sluss_loader_keys(loader, root, keys) || !sluss_loader_int(loader, root, "format", 1, 1, &format) ||
	    !sluss_loader_name(loader, root, "policy", policy->name, sizeof(policy->name)) ||
	    !sluss_loader_name(loader, root, "version", policy->version, sizeof(policy->version)) ||
	    !sluss_loader_text(loader, root, "description", description, sizeof(description)) ||
	    !read_categories(loader, &categories) ||
	    !sluss_loader_set(loader, root, "purposes", bit_any_purpose, 0, &purposes))
		return false;
	policy->purposes = (uint32_t)purposes;
	if (!read_agency_types(loader, &agency_types) || !read_consent(loader, &consent) ||
	    !read_leap_day(loader, root) || !sluss_loader_programmes(loader, &programmes) ||
	    !sluss_loader_messages(loader, &messages) || !sluss_loader_phases(loader, &phases) ||
	    !sluss_loader_set(loader, root, "close_reasons", sluss_bit_close_reason, 0, &close_reasons) ||
	    !sluss_loader_provisions(loader, &provisions) || !sluss_loader_recall(loader, &recall))
		return false;
	policy->close_reasons = (uint32_t)close_reasons;
	find_cuts(policy);
	return true;
}

static void parse_failed(const json_error_t *why, struct sluss_policy_error *error)
{
	error->line = why->line > 0 ? why->line : 1;
	error->column = why->column > 0 ? why->column : 1;
	if (snprintf(error->message, sizeof(error->message), "no JSON: %s", why->text) < 0)
		error->message[0] = '\0';
}

bool sluss_policy_parse(
    const char *text, size_t len, struct sluss_policy **policy_out, struct sluss_policy_error *error_out)
{
	*policy_out = NULL;
	*error_out = (struct sluss_policy_error){0};
	struct sluss_loader loader = {.text = text, .len = len, .error = error_out};
	if (len > SLUSS_POLICY_TEXT_MAX)
		return sluss_loader_fail(&loader, NULL, "longer than %d octets", SLUSS_POLICY_TEXT_MAX);
	json_error_t why;
	json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (document == NULL) {
		parse_failed(&why, error_out);
		return false;
	}
	loader.policy = calloc(1, sizeof(*loader.policy));
	bool ok = loader.policy != NULL;
	if (!ok) {
		(void)sluss_loader_fail(&loader, NULL, "no memory");
	} else {
		struct sluss_place root = {NULL, NULL, 0, document};
		ok = read_document(&loader, &root);
	}
	json_decref(document);
	if (!ok)
		sluss_policy_free(&loader.policy);
	*policy_out = loader.policy;
	return ok;
}
