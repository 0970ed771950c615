// SPDX-License-Identifier: EUPL-1.2
// Line by line: "# title", "## Mål: ..." begins a goal, "## Skola eller sysselsättning" the part that every plan has,
// "Name: value" fills a field, "- Aktivitet: ..." is an activity with its parts joined by ';'.
#include "plan_markdown.h"

#include <stdlib.h>

#include "web/utf8.h"

enum { LINE_MAX_OCTETS = 8192 };

struct reader {
	const struct sluss_convert *to;
	size_t line;
	json_t *plan;
	json_t *part; // goal or school part under way, borrowed; NULL: the head
	bool in_school;
	bool ok;
};

static void fault(struct reader *r, const char *text)
{
	sluss_convert_problem(r->to, r->line, 0, "%s", text);
	r->ok = false;
}

// Takes blanks off both ends, in place.
static char *trim(char *text)
{
	text += strspn(text, " \t");
	size_t len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r')) {
		text[--len] = '\0';
	}
	return text;
}

// Cuts the text at the first separator; returns what stands behind it, or NULL.
static char *cut(char *text, char separator)
{
	char *at = strchr(text, separator);
	if (at == NULL) {
		return NULL;
	}
	*at = '\0';
	return trim(at + 1);
}

static void set(struct reader *r, json_t *object, const char *name, json_t *value)
{
	if (json_object_get(object, name) != NULL) {
		json_decref(value);
		fault(r, "This stands here twice.");
	} else if (json_object_set_new(object, name, value) != 0) {
		fault(r, "The text cannot be kept.");
	}
}

// "skola-7:rektor", "skola-7", "den unge", "vårdnadshavare", "annan anhörig".
static json_t *responsible(char *text)
{
	static const char *const family[] = {
	    "den unge", "vårdnadshavare|vårdnadshavaren|vårdnadshavarna", "annan anhörig|anhörig"};
	static const char *const names[] = {
	    "FAMILY_ROLE_SUBJECT", "FAMILY_ROLE_GUARDIAN", "FAMILY_ROLE_OTHER_RELATIVE"};
	int found = sluss_convert_word(text, family, 3);
	if (found >= 0) {
		return json_pack("{s:s}", "familyRole", names[found]);
	}
	const char *officer = cut(text, ':');
	return json_pack("{s:s,s:s}", "agencyId", trim(text), "officerId", officer == NULL ? "" : officer);
}

// "2012-04-16; på gruppmötet; soc-1:lots1"
static json_t *follow_up(struct reader *r, char *text)
{
	char *how = cut(text, ';');
	char *by = how == NULL ? NULL : cut(how, ';');
	if (by == NULL) {
		fault(r, "Three parts are needed: the date; how; who.");
		return json_object();
	}
	return json_pack("{s:s,s:s,s:o}", "at", trim(text), "how", trim(how), "by", responsible(by));
}

// The head of the plan.
static bool head_field(struct reader *r, const char *name, char *value)
{
	static const char *const words[] = {"beslutad", "följs upp", "version", "deltog", "egna ord"};
	switch (sluss_convert_word(name, words, 5)) {
	case 0:
		set(r, r->plan, "decidedOn", json_string(value));
		return true;
	case 1:
		set(r, r->plan, "reviewOn", json_string(value));
		return true;
	case 2:
		set(r, r->plan, "version", json_string(value));
		return true;
	case 3:
		for (char *next = value; value != NULL; value = next) {
			static const char *const who[] = {"den unge", "vårdnadshavare|vårdnadshavarna"};
			next = cut(value, ',');
			int found = sluss_convert_word(trim(value), who, 2);
			if (found < 0) {
				fault(r, "Deltog names den unge, vårdnadshavare, or both.");
				return true;
			}
			set(r, r->plan, found == 0 ? "subjectTookPart" : "guardiansTookPart", json_true());
		}
		return true;
	case 4:
		set(r, r->plan, "ownWords", json_string(value));
		return true;
	default:
		return false;
	}
}

static bool goal_field(struct reader *r, const char *name, char *value)
{
	static const char *const words[] = {"mäts genom", "nås senast", "område", "följs upp"};
	static const char *const fields[] = {"measure", "targetOn", "area"};
	int found = sluss_convert_word(name, words, 4);
	if (found >= 0) {
		set(r, r->part, found == 3 ? "followUp" : fields[found],
		    found == 3 ? follow_up(r, value) : json_string(value));
	}
	return found >= 0;
}

static bool school_field(struct reader *r, const char *name, char *value)
{
	static const char *const words[] = {"form", "plan", "ansvarig", "följs upp"};
	static const char *const forms[] = {"grundskola", "gymnasium|gymnasieskola", "annan utbildning", "arbete",
	    "praktik", "arbetsmarknadsinsats", "ingen ännu"};
	static const char *const kinds[] = {"COMPULSORY_SCHOOL", "UPPER_SECONDARY_SCHOOL", "OTHER_EDUCATION", "WORK",
	    "PRACTICE_PLACE", "LABOUR_MARKET_MEASURE", "NONE_YET"};
	switch (sluss_convert_word(name, words, 4)) {
	case 0: {
		int found = sluss_convert_word(value, forms, 7);
		if (found < 0) {
			fault(r, "Form is one of grundskola, gymnasium, annan utbildning, arbete, praktik, "
				 "arbetsmarknadsinsats, ingen ännu.");
			return true;
		}
		set(r, r->part, "kind", json_sprintf("SCHOOL_OR_OCCUPATION_KIND_%s", kinds[found]));
		return true;
	}
	case 1:
		set(r, r->part, "plan", json_string(value));
		return true;
	case 2:
		set(r, r->part, "responsible", responsible(value));
		return true;
	case 3:
		set(r, r->part, "followUp", follow_up(r, value));
		return true;
	default:
		return false;
	}
}

// "Aktivitet: möte varje måndag; ansvarig: skola-7:m.l; från: 2012-03-12; till: 2012-06-08; hur ofta: varje måndag"
static void activity(struct reader *r, char *text)
{
	static const char *const words[] = {"aktivitet", "ansvarig", "från", "till", "hur ofta"};
	static const char *const fields[] = {"activity", "responsible", "from", "until", "howOften"};
	json_t *made = json_object();
	for (char *next = text; text != NULL; text = next) {
		next = cut(text, ';');
		char *value = cut(text, ':');
		int found = value == NULL ? -1 : sluss_convert_word(trim(text), words, 5);
		if (found < 0) {
			fault(r, "The parts of an activity are Aktivitet, ansvarig, från, till, hur ofta, each with "
				 "':' and joined with ';'.");
			break;
		}
		set(r, made, fields[found], found == 1 ? responsible(value) : json_string(value));
	}
	json_t *list = json_object_get(r->part, "activities");
	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(r->part, "activities", list);
	}
	(void)json_array_append_new(list, made);
}

// "## ..."
static void heading(struct reader *r, char *text)
{
	static const char *const words[] = {"mål", "skola eller sysselsättning"};
	char *goal = cut(text, ':');
	int found = sluss_convert_word(trim(text), words, 2);
	r->in_school = found == 1;
	if (found == 0 && goal != NULL) {
		r->part = json_pack("{s:s}", "goal", goal);
		(void)json_array_append_new(json_object_get(r->plan, "goals"), r->part);
	} else if (found == 1) {
		r->part = json_object();
		set(r, r->plan, "schoolOrOccupation", r->part);
		r->part = json_object_get(r->plan, "schoolOrOccupation");
	} else {
		fault(r, "A heading is \"## Mål: ...\" or \"## Skola eller sysselsättning\".");
	}
}

static void take_line(struct reader *r, char *line)
{
	line = trim(line);
	if (line[0] == '\0') {
		return;
	}
	if (strncmp(line, "## ", 3) == 0) {
		heading(r, trim(line + 3));
		return;
	}
	if (strncmp(line, "# ", 2) == 0 && r->part == NULL) {
		return; // the title
	}
	if (line[0] == '-' || line[0] == '*') {
		if (r->part == NULL || r->in_school) {
			fault(r, "Activities stand below a goal.");
		} else {
			activity(r, trim(line + 1));
		}
		return;
	}
	char *value = cut(line, ':');
	char *name = trim(line);
	if (value == NULL || !(r->part == NULL	? head_field(r, name, value)
				 : r->in_school ? school_field(r, name, value)
						: goal_field(r, name, value))) {
		fault(r, "The form has no such line here.");
	}
}

bool sluss_social_plan(const char *octets, size_t len, const struct sluss_convert *to)
{
	struct reader r = {.to = to, .ok = true};
	if (len >= 3 && memcmp(octets, "\xef\xbb\xbf", 3) == 0) {
		octets += 3;
		len -= 3;
	}
	if (!sluss_utf8_valid((const uint8_t *)octets, len)) {
		sluss_convert_problem(to, 0, 0, "The file is not UTF-8.");
		return false;
	}
	r.plan = json_pack("{s:s,s:[]}", "@type", "sluss.v1.ActionPlan", "goals");
	for (size_t at = 0; at < len;) {
		char line[LINE_MAX_OCTETS];
		const char *end = memchr(octets + at, '\n', len - at);
		size_t octets_of_line = end == NULL ? len - at : (size_t)(end - (octets + at));
		r.line++;
		if (octets_of_line < sizeof(line)) {
			memcpy(line, octets + at, octets_of_line);
			line[octets_of_line] = '\0';
			take_line(&r, line);
		} else {
			fault(&r, "The line is longer than 8,191 octets.");
		}
		at += octets_of_line + 1;
	}
	if (!r.ok) {
		json_decref(r.plan);
		return false;
	}
	return sluss_convert_give(to, "", 0, r.plan);
}
