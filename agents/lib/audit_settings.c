// SPDX-License-Identifier: EUPL-1.2
// The settings that the log says the gateway runs with, against keys/ of the export: whoever hands the export on could
// leave a witness out there, need fewer of them, or put in another time-stamping authority. The newest LogSettings is
// under the signed root; keys/ is not.
#include <sodium.h>
#include <stdlib.h>

#include "audit_impl.h"
#include "log_text.h"

static bool value_of(const char *text, const char *key, struct sluss_bytes *value_out)
{
	*value_out = (struct sluss_bytes){(const uint8_t *)text, strlen(text)};
	return sluss_text_skip(value_out, key);
}

// Witnesses are remembered also when they are none any more: older checkpoints have their cosignatures.
static void add_witness(struct audit_settings *settings, struct sluss_bytes value)
{
	struct sluss_note_key key;
	const uint8_t *space = value.len == 0 ? NULL : memchr(value.data, ' ', value.len);
	if (space == NULL || settings->witness_count == SLUSS_AUDIT_WITNESSES_MAX ||
	    !sluss_note_key_parse((struct sluss_bytes){value.data, (size_t)(space - value.data)}, &key))
		return;
	settings->witnesses[settings->witness_count++] = key;
	for (size_t i = 0; i < settings->ever_count; i++)
		if (memcmp(settings->ever[i].public_key, key.public_key, sizeof(key.public_key)) == 0)
			return;
	if (settings->ever_count < SLUSS_AUDIT_WITNESSES_MAX)
		settings->ever[settings->ever_count++] = key;
}

void audit_settings_note(struct audit_settings *settings, const struct sluss_rec_settings *record)
{
	settings->any = true;
	settings->witness_count = 0;
	settings->quorum = 0;
	settings->knows_tsa = false;
	settings->tsa[0] = '\0';
	for (size_t i = 0; i < record->value_count; i++) {
		struct sluss_bytes value;
		if (value_of(record->values[i], "witness=", &value))
			add_witness(settings, value);
		else if (value_of(record->values[i], "witness_quorum=", &value))
			(void)!sluss_text_decimal(value, &settings->quorum);
		else if (value_of(record->values[i], "timestamp_ca=", &value) && value.len < sizeof(settings->tsa)) {
			memcpy(settings->tsa, value.data, value.len);
			settings->tsa[value.len] = '\0';
			settings->knows_tsa = true;
		}
	}
}

#define LATELY "(if the settings were changed a moment before the export: make it anew)"

static bool has_key(const struct sluss_note_key *keys, size_t count, const struct sluss_note_key *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, key->name) == 0 &&
		    memcmp(keys[i].public_key, key->public_key, sizeof(key->public_key)) == 0)
			return true;
	return false;
}

static void compare_witnesses(
    struct audit *audit, const struct audit_settings *settings, const struct audit_trust *stored)
{
	for (size_t i = 0; i < settings->witness_count; i++)
		if (!has_key(stored->witnesses, stored->witness_count, &settings->witnesses[i]))
			audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS,
			    "keys/witnesses leaves out %.80s, which the log's newest settings name " LATELY,
			    settings->witnesses[i].name);
	for (size_t i = 0; i < stored->witness_count; i++)
		if (!has_key(settings->witnesses, settings->witness_count, &stored->witnesses[i]))
			audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS,
			    "keys/witnesses has %.80s, which the log's newest settings do not name " LATELY,
			    stored->witnesses[i].name);
	if (settings->quorum != stored->quorum)
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS,
		    "keys/quorum says %zu witnesses, and the log's newest settings %llu " LATELY, stored->quorum,
		    (unsigned long long)settings->quorum);
}

static void compare_tsa(struct audit *audit, const struct audit_settings *settings)
{
	char own[2 * SLUSS_HASH_BYTES + 1] = "";
	struct sluss_hash hash;
	size_t len = 0;
	uint8_t *octets = malloc(AUDIT_TSA_MAX);
	if (octets == NULL) {
		audit->no_memory = true;
		return;
	}
	if (audit->source->read(audit->source->context, "keys/tsa.pem", octets, AUDIT_TSA_MAX, &len) ==
	    SLUSS_AUDIT_READ_OK) {
		sluss_hash_octets(octets, len, &hash);
		(void)sodium_bin2hex(own, sizeof(own), hash.b, sizeof(hash.b));
	}
	free(octets);
	if (settings->knows_tsa && strcmp(own, settings->tsa) != 0)
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS,
		    "keys/tsa.pem has not the certificates of the log's newest settings " LATELY);
}

void audit_settings_compare(struct audit *audit, const struct audit_settings *settings)
{
	if (!settings->any)
		return; // a log whose gateway wrote none has nothing to compare with
	struct audit_trust *stored = calloc(1, sizeof(*stored));
	if (stored == NULL) {
		audit->no_memory = true;
		return;
	}
	// What cannot be read was found when whom to believe was settled.
	if (audit_stored_witnesses(audit, stored))
		compare_witnesses(audit, settings, stored);
	free(stored);
	compare_tsa(audit, settings);
}
