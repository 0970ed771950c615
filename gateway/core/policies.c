// SPDX-License-Identifier: EUPL-1.2
#include <stdlib.h>

#include "log_hash.h"
#include "world.h"

struct entry {
	struct entry *next;
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_policy *policy;
};

struct sluss_policies {
	struct entry *first;
};

struct sluss_policies *sluss_policies_new(void)
{
	return calloc(1, sizeof(struct sluss_policies));
}

void sluss_policies_free(struct sluss_policies **policies)
{
	if (*policies == NULL)
		return;
	for (struct entry *entry = (*policies)->first; entry != NULL;) {
		struct entry *next = entry->next;
		sluss_policy_free(&entry->policy);
		free(entry);
		entry = next;
	}
	free(*policies);
	*policies = NULL;
}

const struct sluss_policy *sluss_policies_find(
    const struct sluss_policies *policies, const uint8_t hash[SLUSS_HASH_BYTES])
{
	for (const struct entry *entry = policies->first; entry != NULL; entry = entry->next)
		if (memcmp(entry->hash, hash, SLUSS_HASH_BYTES) == 0)
			return entry->policy;
	return NULL;
}

bool sluss_policies_add(struct sluss_policies *policies, struct sluss_bytes json, uint8_t hash_out[SLUSS_HASH_BYTES],
    struct sluss_policy_error *error_out)
{
	*error_out = (struct sluss_policy_error){0};
	struct sluss_hash hash;
	sluss_hash_octets(json.data, json.len, &hash);
	memcpy(hash_out, hash.b, SLUSS_HASH_BYTES);
	if (sluss_policies_find(policies, hash_out) != NULL)
		return true;
	struct entry *entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return false;
	if (!sluss_policy_parse((const char *)json.data, json.len, &entry->policy, error_out)) {
		free(entry);
		return false;
	}
	memcpy(entry->hash, hash_out, SLUSS_HASH_BYTES);
	entry->next = policies->first;
	policies->first = entry;
	return true;
}

struct loading {
	struct sluss_policies *policies;
	bool corrupt;
};

static bool load_one(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	struct loading *loading = context;
	struct sluss_policy_error error;
	uint8_t hash[SLUSS_HASH_BYTES];
	if (!sluss_policies_add(loading->policies, value, hash, &error) || key.len != sizeof(hash) ||
	    memcmp(key.data, hash, sizeof(hash)) != 0)
		loading->corrupt = true;
	return !loading->corrupt;
}

enum sluss_store_result sluss_policies_load(struct sluss_policies *policies, struct sluss_store *store)
{
	struct loading loading = {.policies = policies};
	enum sluss_store_result result =
	    sluss_store_each_side(store, SLUSS_SIDE_POLICY, (struct sluss_bytes){0}, load_one, &loading);
	return result == SLUSS_STORE_OK && loading.corrupt ? SLUSS_STORE_CORRUPT : result;
}
