// SPDX-License-Identifier: EUPL-1.2
// What of the settings enters the log.
#include <stdlib.h>

#include "settings_issuer.h"
#include "settings_table.h"

static bool counts(const struct sluss_setting *row)
{
	return (row->roles & SLUSS_ROLE_CORE) != 0 &&
	       (row->type == SLUSS_SETTING_NUMBER || row->type == SLUSS_SETTING_BOOL ||
		   row->type == SLUSS_SETTING_URL || row->type == SLUSS_SETTING_WITNESS);
}

static bool add(struct sluss_settings_behaviour *out, const char *key, const char *value)
{
	char *text;
	if (out->count == SLUSS_BEHAVIOUR_MAX || asprintf(&text, "%s=%s", key, value) < 0)
		return false;
	out->values[out->count++] = text;
	return true;
}

// "issuer.NAME.PART=value": as a whole it could be too long for the log.
static bool add_issuers(
    struct sluss_settings_behaviour *out, const struct sluss_settings *settings, const char *const *pins)
{
	struct sluss_issuer issuers[SLUSS_ISSUERS_MAX];
	size_t count = sluss_settings_issuers(settings, issuers);
	const char *key, *value;
	char name[SLUSS_ISSUER_NAME + 64];
	bool good = true;
	for (size_t i = 0; good && i < count; i++) {
		(void)snprintf(name, sizeof(name), "issuer.%.31s.kind", issuers[i].name);
		good = add(out, name, issuers[i].staff ? "staff" : "person");
		if (good && issuers[i].jwks_file[0] != '\0' && pins != NULL) {
			(void)snprintf(name, sizeof(name), "issuer.%.31s.jwks_sha256", issuers[i].name);
			good = add(out, name, pins[i]);
		}
		for (size_t part = 0; good && sluss_settings_issuer_part(&issuers[i], part, &key, &value); part++) {
			(void)snprintf(name, sizeof(name), "issuer.%.31s.%.20s", issuers[i].name, key);
			good = value[0] == '\0' || add(out, name, value);
		}
	}
	return good;
}

static int by_octets(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

bool sluss_settings_behaviour(const struct sluss_settings *settings, bool second_head, const char *timestamp_ca_hash,
    const char *const *pins, struct sluss_settings_behaviour *behaviour_out)
{
	size_t rows;
	const struct sluss_setting *table = sluss_settings_table(&rows);
	char value[SLUSS_SETTING_ITEM_TEXT];
	*behaviour_out = (struct sluss_settings_behaviour){0};
	bool good = add(behaviour_out, "secondary_head", second_head ? "true" : "false") &&
		    add(behaviour_out, "timestamp_ca", timestamp_ca_hash);
	for (size_t i = 0; good && i < rows; i++)
		for (size_t item = 0; good && counts(&table[i]) &&
				      sluss_settings_get_item(&table[i], settings, item, value, sizeof(value));
		     item++)
			good = add(behaviour_out, table[i].key, value);
	good = good && add_issuers(behaviour_out, settings, pins);
	qsort(behaviour_out->values, behaviour_out->count, sizeof(behaviour_out->values[0]), by_octets);
	return good;
}

void sluss_settings_behaviour_free(struct sluss_settings_behaviour *behaviour)
{
	for (size_t i = 0; i < behaviour->count; i++)
		free(behaviour->values[i]);
	*behaviour = (struct sluss_settings_behaviour){0};
}
