// SPDX-License-Identifier: EUPL-1.2
// A message that was opened, as JSON.
#include "message_tree.h"

#include <sodium.h>

#include "web/json.h"

static json_t *section_tree(const struct sluss_opened_section *s)
{
	json_t *tree = json_pack("{s:s}", "state", sluss_section_state_name(s->state));
	if (s->header != NULL) {
		json_t *label = sluss_json_tree(&s->header->base);
		static const char *const shown[] = {"category", "purpose", "concerned", "claims", "payloadType", "necessity"};
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
			json_t *value = json_object_get(label, shown[i]);
			if (value != NULL) {
				(void)json_object_set(tree, shown[i], value);
			}
		}
		json_decref(label);
	}
	if (s->content != NULL) {
		(void)json_object_set_new(tree, "content", sluss_json_tree(s->content));
	}
	return tree;
}

json_t *cli_message_tree(const Sluss__V1__Delivery *d, const struct sluss_opened_message *m)
{
	char hash[2 * SLUSS_HASH_BYTES + 1];
	json_t *envelope = sluss_json_tree(&m->envelope->base);
	json_t *sections = json_array();
	for (size_t i = 0; i < m->section_count; i++) {
		(void)json_array_append_new(sections, section_tree(&m->sections[i]));
	}
	(void)sodium_bin2hex(hash, sizeof(hash), m->envelope_hash, sizeof(m->envelope_hash));
	json_t *tree = json_pack("{s:s,s:s,s:s,s:O*,s:O*,s:s,s:I,s:s,s:b,s:o}", "messageId", d->message_id, "agencyId", m->from.agency_id, "officerId", m->from.officer_id, "at",
	    json_object_get(envelope, "at"), "messageType", json_object_get(envelope, "messageType"), "caseId", m->envelope->case_id, "releaseIndex",
	    (json_int_t)d->release_index, "envelopeHash", hash, "usable", (int)m->usable, "sections", sections);
	json_decref(envelope);
	return tree;
}
