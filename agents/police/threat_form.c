// SPDX-License-Identifier: EUPL-1.2
// The form's fields by name; one that is not known is refused, so that nothing that somebody filled in is lost.
#include "threat_form.h"

static const struct {
	const char *words;
	const char *name;
} levels[] = {
    {"ingen|inget hot", "THREAT_LEVEL_NONE"},
    {"låg", "THREAT_LEVEL_LOW"},
    {"förhöjd", "THREAT_LEVEL_ELEVATED"},
    {"hög", "THREAT_LEVEL_HIGH"},
    {"akut", "THREAT_LEVEL_ACUTE"},
};

enum { LEVEL_COUNT = sizeof(levels) / sizeof(levels[0]) };

// Field of the form, field of the payload.
static const char *const texts[][2] = {
    {"upprättad", "assessedOn"},
    {"giltig_till", "validUntil"},
    {"grund", "grounds"},
    {"bedömning", "grounds"},
};
static const char *const measure_texts[][2] = {
    {"åtgärd", "measure"},
    {"ansvarig", "responsibleAgencyId"},
    {"från", "from"},
    {"till", "until"},
};

static bool fault(const struct sluss_convert *to, const char *field, const char *text)
{
	sluss_convert_problem(to, 0, 0, "%s: %s", field, text);
	return false;
}

// Copies a text field by the table. *known_out: its name is in the table.
static bool copy_text(json_t *out, const char *key, const json_t *value, const char *const table[][2], size_t count,
    bool *known_out, const struct sluss_convert *to)
{
	*known_out = false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(key, table[i][0]) != 0) {
			continue;
		}
		*known_out = true;
		if (!json_is_string(value)) {
			return fault(to, key, "A text is needed.");
		}
		if (json_object_get(out, table[i][1]) != NULL) {
			return fault(to, key, "This is filled in twice, under two names.");
		}
		return json_object_set_new(out, table[i][1], json_string(json_string_value(value))) == 0;
	}
	return true;
}

static bool copy_measure(json_t *list, json_t *form, const struct sluss_convert *to)
{
	const char *key;
	json_t *value;
	bool ok = true;
	bool known;
	json_t *measure = json_object();
	if (!json_is_object(form)) {
		json_decref(measure);
		return fault(to, "åtgärder", "A list of measures, each with åtgärd and ansvarig, is needed.");
	}
	json_object_foreach(form, key, value)
	{
		ok = copy_text(measure, key, value, measure_texts, sizeof(measure_texts) / sizeof(measure_texts[0]),
			 &known, to) &&
		     ok;
		if (!known) {
			ok = fault(to, key, "The form has no such field in åtgärder.");
		}
	}
	return json_array_append_new(list, measure) == 0 && ok;
}

static bool copy_level(json_t *out, const json_t *value, const struct sluss_convert *to)
{
	const char *words[LEVEL_COUNT];
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		words[i] = levels[i].words;
	}
	int found = json_is_string(value) ? sluss_convert_word(json_string_value(value), words, LEVEL_COUNT) : -1;
	if (found < 0) {
		return fault(to, "nivå", "ingen, låg, förhöjd, hög or akut is needed.");
	}
	return json_object_set_new(out, "level", json_string(levels[found].name)) == 0;
}

static bool copy_field(json_t *out, const char *key, json_t *value, const struct sluss_convert *to)
{
	bool known;
	bool ok = copy_text(out, key, value, texts, sizeof(texts) / sizeof(texts[0]), &known, to);
	if (known || strcmp(key, "formulär") == 0) {
		return ok;
	}
	if (strcmp(key, "nivå") == 0) {
		return copy_level(out, value, to);
	}
	if (strcmp(key, "åtgärder") == 0 && json_is_array(value)) {
		json_t *list = json_array();
		for (size_t i = 0; i < json_array_size(value); i++) {
			ok = copy_measure(list, json_array_get(value, i), to) && ok;
		}
		return json_object_set_new(out, "protectiveMeasures", list) == 0 && ok;
	}
	if (strcmp(key, "farliga_platser") == 0 && json_is_array(value)) {
		return json_object_set(out, "unsafePlaces", value) == 0;
	}
	if (strcmp(key, "den_unge_informerad") == 0 && json_is_boolean(value)) {
		return json_object_set(out, "subjectInformed", value) == 0;
	}
	return fault(to, key, "The form has no such field, or its value is of another kind.");
}

bool sluss_police_threat(const char *octets, size_t len, const struct sluss_convert *to)
{
	json_error_t error;
	const char *key;
	json_t *value;
	json_t *form = json_loadb(octets, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(form)) {
		sluss_convert_problem(
		    to, form == NULL && error.line > 0 ? (size_t)error.line : 1, 0, "This is no form in JSON.");
		json_decref(form);
		return false;
	}
	bool ok = json_is_string(json_object_get(form, "formulär")) &&
		  strcmp(json_string_value(json_object_get(form, "formulär")), "hotbildsbedömning") == 0;
	ok = ok || fault(to, "formulär", "hotbildsbedömning is needed: this is another form.");
	json_t *out = json_pack("{s:s}", "@type", "sluss.v1.ThreatAssessment");
	json_object_foreach(form, key, value)
	{
		ok = copy_field(out, key, value, to) && ok;
	}
	json_decref(form);
	if (!ok) {
		json_decref(out);
		return false;
	}
	return sluss_convert_give(to, "", 0, out);
}
