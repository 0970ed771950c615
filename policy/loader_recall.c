// SPDX-License-Identifier: EUPL-1.2
// Reads what the policy says of recalls.
#include "policy/loader_json.h"
#include "policy/loader_rules.h"

#include <string.h>

static bool read_keep_grounds(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {"!name", "title", NULL};
	struct sluss_recall_rules *rules = &loader->policy->recall;
	if (!sluss_loader_array(loader, place, 0, SLUSS_POLICY_KEEP_GROUNDS_MAX))
		return false;
	for (size_t i = 0; i < json_array_size(place->value); i++) {
		struct sluss_place item = sluss_place_item(place, i);
		char title[128] = "";
		if (!sluss_loader_keys(loader, &item, keys) ||
		    !sluss_loader_name(loader, &item, "name", rules->keep_grounds[i], sizeof(rules->keep_grounds[i])) ||
		    !sluss_loader_text(loader, &item, "title", title, sizeof(title)))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(rules->keep_grounds[k], rules->keep_grounds[i]) == 0)
				return sluss_loader_fail(
				    loader, &item, "ground \"%s\" stands here twice", rules->keep_grounds[i]);
		rules->keep_ground_count = i + 1;
	}
	return true;
}

bool sluss_loader_recall(struct sluss_loader *loader, const struct sluss_place *place)
{
	static const char *const keys[] = {
	    "!answer_days", "!keep_days_after_end", "!register_mark", "!keep_grounds", NULL};
	struct sluss_recall_rules *rules = &loader->policy->recall;
	uint64_t marks = 0;
	if (place->value == NULL) {
		rules->answer_days = 14;
		rules->register_mark = loader->policy->agency_types & (1u << SLUSS_AGENCY_POLICE);
		return true;
	}
	struct sluss_place grounds = sluss_place_member(place, "keep_grounds");
	if (!sluss_loader_keys(loader, place, keys) ||
	    !sluss_loader_int(loader, place, "answer_days", 1, 366, &rules->answer_days) ||
	    !sluss_loader_int(loader, place, "keep_days_after_end", 0, 3660, &rules->keep_days) ||
	    !sluss_loader_set(loader, place, "register_mark", sluss_bit_agency_type, 0, &marks) ||
	    !read_keep_grounds(loader, &grounds))
		return false;
	rules->register_mark = (uint32_t)marks;
	return true;
}
