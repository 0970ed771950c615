// SPDX-License-Identifier: EUPL-1.2
// Reading a section: its label from short words, its content from text, JSON or a file.
#include "section.h"

#include <stdlib.h>

#include "sluss/v1/payload.pb-c.h"

enum { CONTENT_MAX = 1 << 20 };

// What was written, before it is put together.
struct parts {
	const char *category;
	const char *purpose;
	const char *concerns;  // joined with '+'; NULL: subject
	const char *claims;    // joined with '+'
	const char *necessity;
	const char *payload;
	const char *text;
	const char *json;
	const char *file;
	const char *media;
};

// ---- the two ways of writing

static const char **field_of(struct parts *p, const char *key)
{
	const struct {
		const char *key;
		const char **field;
	} table[] = {
		{"category", &p->category},
		{"purpose", &p->purpose},
		{"concerns", &p->concerns},
		{"claim", &p->claims},
		{"necessity", &p->necessity},
		{"payload", &p->payload},
		{"text", &p->text},
		{"json", &p->json},
		{"file", &p->file},
		{"media", &p->media},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].key, key) == 0) {
			return table[i].field;
		}
	}
	return NULL;
}

static bool set_part(struct cli *cli, struct parts *p, const char *key, const char *value)
{
	const char **field = field_of(p, key);
	if (field == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: '%s' is none of category, purpose, concerns, claim, necessity, payload, text, json, file", key);
		return false;
	}
	// "claim=a,claim=b" is the same as "claim=a+b".
	bool joins = (field == &p->claims || field == &p->concerns) && *field != NULL;
	*field = joins ? cli_format(cli, "%s+%s", *field, value) : value;
	return true;
}

static bool read_words(struct cli *cli, const char *text, struct parts *p)
{
	char *rest = cli_copy(cli, text, strlen(text));
	char *key = NULL;
	char *value = NULL;
	while (cli_spec_next(cli, "section", &rest, &key, &value)) {
		if (!set_part(cli, p, key, value)) {
			return false;
		}
	}
	return cli->error == NULL;
}

static void release_json(void *tree)
{
	json_decref(tree);
}

// A member of the object: a string, a list of strings (claim, concerns), or an object (json).
static bool set_member(struct cli *cli, struct parts *p, const char *key, json_t *value)
{
	size_t i;
	json_t *item;
	if (json_is_string(value)) {
		return set_part(cli, p, key, json_string_value(value));
	}
	if (json_is_object(value) && strcmp(key, "json") == 0) {
		char *text = json_dumps(value, JSON_COMPACT);
		bool ok = text != NULL && set_part(cli, p, key, cli_copy(cli, text, strlen(text)));
		free(text);
		return ok;
	}
	if (json_is_array(value) && (strcmp(key, "claim") == 0 || strcmp(key, "concerns") == 0)) {
		json_array_foreach(value, i, item) {
			if (!json_is_string(item) || !set_part(cli, p, key, json_string_value(item))) {
				(void)cli_fail(cli, CLI_USAGE, "section", "--section: '%s' is a list of strings", key);
				return false;
			}
		}
		return true;
	}
	(void)cli_fail(cli, CLI_USAGE, "section", "--section: the value of '%s' has the wrong type", key);
	return false;
}

static bool read_object(struct cli *cli, const char *text, struct parts *p)
{
	json_error_t error;
	const char *key;
	json_t *value;
	json_t *tree = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(tree)) {
		json_decref(tree);
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: not a JSON object: %s", error.text);
		return false;
	}
	cli_own(cli, tree, release_json);
	json_object_foreach(tree, key, value) {
		if (!set_member(cli, p, key, value)) {
			return false;
		}
	}
	return true;
}

// ---- label

static bool read_concerned(struct cli *cli, const char *word, Sluss__V1__Concerned *c)
{
	sluss__v1__concerned__init(c);
	if (strcmp(word, "subject") == 0) {
		c->who_case = SLUSS__V1__CONCERNED__WHO_SUBJECT;
		c->subject = true;
		return true;
	}
	if (strcmp(word, "other") == 0) {
		c->who_case = SLUSS__V1__CONCERNED__WHO_OTHER_PERSON;
		c->other_person = true;
		return true;
	}
	if (strncmp(word, "guardian:", 9) == 0) {
		c->who_case = SLUSS__V1__CONCERNED__WHO_GUARDIAN_PERSON_ID;
		c->guardian_person_id = cli_copy(cli, word + 9, strlen(word + 9));
		return cli_check_id(cli, "section", c->guardian_person_id) != NULL;
	}
	if (strncmp(word, "case:", 5) == 0) {
		c->who_case = SLUSS__V1__CONCERNED__WHO_OTHER_CASE_ID;
		c->other_case_id = cli_copy(cli, word + 5, strlen(word + 5));
		return cli_check_id(cli, "section", c->other_case_id) != NULL;
	}
	(void)cli_fail(cli, CLI_USAGE, "section", "--section: concerns '%s' is none of subject, guardian:ID, case:ID, other, nobody", word);
	return false;
}

static bool read_all_concerned(struct cli *cli, const char *text, struct sluss_section_draft *d)
{
	size_t count = 0;
	if (strcmp(text, "nobody") == 0) {
		return true;
	}
	char **words = cli_split(cli, text, '+', &count);
	for (size_t i = 0; i < count; i++) {
		Sluss__V1__Concerned *c = cli_alloc(cli, sizeof(*c));
		if (!read_concerned(cli, words[i], c)) {
			return false;
		}
		cli_append(cli, &d->concerned, &d->concerned_count, c);
	}
	return true;
}

static bool read_claim(struct cli *cli, const char *word, Sluss__V1__Claim *c)
{
	sluss__v1__claim__init(c);
	const char *colon = strchr(word, ':');
	char *value = colon == NULL ? NULL : cli_copy(cli, colon + 1, strlen(colon + 1));
	if (colon != NULL && strncmp(word, "consent:", 8) == 0) {
		c->ground_case = SLUSS__V1__CLAIM__GROUND_CONSENT_ID;
		c->consent_id = value;
		return cli_check_id(cli, "section", value) != NULL;
	}
	if (colon != NULL && strncmp(word, "approval:", 9) == 0) {
		c->ground_case = SLUSS__V1__CLAIM__GROUND_APPROVAL_ID;
		c->approval_id = value;
		return cli_check_id(cli, "section", value) != NULL;
	}
	if (colon != NULL && strncmp(word, "provision:", 10) == 0) {
		c->ground_case = SLUSS__V1__CLAIM__GROUND_PROVISION;
		c->provision = value;
		return true;
	}
	(void)cli_fail(cli, CLI_USAGE, "section", "--section: claim '%s' is none of consent:ID, approval:ID, provision:NAME", word);
	return false;
}

static bool read_all_claims(struct cli *cli, const char *text, struct sluss_section_draft *d)
{
	size_t count = 0;
	char **words = cli_split(cli, text, '+', &count);
	for (size_t i = 0; i < count; i++) {
		Sluss__V1__Claim *c = cli_alloc(cli, sizeof(*c));
		if (!read_claim(cli, words[i], c)) {
			return false;
		}
		cli_append(cli, &d->claims, &d->claim_count, c);
	}
	return true;
}

// ---- content

static const ProtobufCMessage *read_note(struct cli *cli, const struct parts *p, const char *text)
{
	Sluss__V1__Note *note = cli_alloc(cli, sizeof(*note));
	sluss__v1__note__init(note);
	note->category = cli_format(cli, "%s", p->category == NULL ? "" : p->category);
	note->text = cli_copy(cli, text, strlen(text));
	return &note->base;
}

static const ProtobufCMessage *read_json(
    struct cli *cli, const struct parts *p, const char *text, size_t len, const struct sluss_payload_type *type, int message_type)
{
	struct sluss_payload_problem problem;
	ProtobufCMessage *content = sluss_payload_from_json(type, text, len, &problem);
	if (content == NULL && type == NULL && strcmp(problem.field, "@type") == 0 && strstr(text, "\"@type\"") == NULL) {
		// It does not name its type: the category and the message may tell.
		type = sluss_payload_type_for(p->category, message_type);
		type = type == NULL && p->category != NULL && sluss_payload_type_for(p->category, 0) == NULL ? sluss_payload_type_find("Note") : type;
		content = type == NULL ? NULL : sluss_payload_from_json(type, text, len, &problem);
	}
	if (content == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: %s%s%s", problem.field, problem.field[0] == '\0' ? "" : ": ", problem.text);
		return NULL;
	}
	cli_own_message(cli, content);
	return content;
}

static const ProtobufCMessage *read_content(struct cli *cli, const struct parts *p, int message_type)
{
	const char *text = p->json != NULL ? p->json : p->text;
	size_t len = text == NULL ? 0 : strlen(text);
	bool is_json = p->json != NULL;
	if ((p->text != NULL) + (p->json != NULL) + (p->file != NULL) != 1) {
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: exactly one of text=, json= or file= says what it contains");
		return NULL;
	}
	if (p->file != NULL) {
		text = cli_read_file(cli, "section", p->file, CONTENT_MAX, &len);
		is_json = strlen(p->file) > 5 && strcmp(p->file + strlen(p->file) - 5, ".json") == 0;
	}
	if (text == NULL) {
		return NULL;
	}
	const struct sluss_payload_type *type = p->payload == NULL ? NULL : sluss_payload_type_find(p->payload);
	if (type == NULL && p->payload != NULL) {
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: there is no payload type '%s'; see: sluss payload types", p->payload);
		return NULL;
	}
	if (!is_json && (type == NULL || type->category == NULL)) {
		return read_note(cli, p, text);
	}
	return read_json(cli, p, text, len, type, message_type);
}

// ---- the whole

struct first_problem {
	struct sluss_payload_problem problem;
	size_t count;
};

static void take_problem(void *context, const struct sluss_payload_problem *problem)
{
	struct first_problem *first = context;
	if (first->count++ == 0) {
		first->problem = *problem;
	}
}

// Label and content agree, the message may carry the type, and the content is valid.
static bool judge(struct cli *cli, const struct sluss_section_draft *draft, int message_type)
{
	const struct sluss_payload_type *type = sluss_payload_type_find(draft->content->descriptor->name);
	const char *own = sluss_payload_category(type, draft->content);
	struct first_problem first = {.count = 0};
	if (draft->category != NULL && strcmp(draft->category, own) != 0) {
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: category %s, but a %s is %s", draft->category, type->descriptor->short_name, own);
		return false;
	}
	if (message_type != 0 && !sluss_payload_fits(type, message_type)) {
		const struct sluss_payload_type *right = sluss_payload_type_for(own, message_type);
		(void)cli_fail(cli, CLI_USAGE, "section", "--section: payload: a %s cannot stand in a message of type %s%s%s", type->descriptor->short_name,
		    cli_enum_text(cli, &sluss__v1__message_type__descriptor, message_type), right == NULL ? "; see: sluss payload types" : strchr("AEIO", right->descriptor->short_name[0]) == NULL ? "; its content is a " : "; its content is an ",
		    right == NULL ? "" : right->descriptor->short_name);
		return false;
	}
	if (sluss_payload_check(draft->content, take_problem, &first) == 0) {
		return true;
	}
	const char *more = first.count > 1 ? cli_format(cli, " (and %zu more: sluss payload check FILE)", first.count - 1) : "";
	(void)cli_fail(cli, CLI_USAGE, "section", "--section: %s: %s%s%s%s", type->descriptor->short_name, first.problem.field, first.problem.field[0] == '\0' ? "" : ": ",
	    first.problem.text, more);
	return false;
}

static bool read_label(struct cli *cli, const char *text, struct parts *parts_out, struct sluss_section_draft *draft_out)
{
	struct parts p = {.category = NULL};
	int purpose = 0;
	memset(draft_out, 0, sizeof(*draft_out));
	if (!(text[0] == '{' ? read_object(cli, text, &p) : read_words(cli, text, &p))) {
		return false;
	}
	*parts_out = p;
	if (p.purpose != NULL && !cli_read_enum(cli, "section", &sluss__v1__purpose__descriptor, p.purpose, &purpose)) {
		return false;
	}
	draft_out->category = p.category;
	draft_out->purpose = (Sluss__V1__Purpose)purpose;
	draft_out->necessity = p.necessity;
	return read_all_concerned(cli, p.concerns == NULL ? "subject" : p.concerns, draft_out) && read_all_claims(cli, p.claims == NULL ? "" : p.claims, draft_out);
}

bool cli_read_attachment(struct cli *cli, const char *text, struct sluss_attachment_draft *draft_out, const char **path_out)
{
	struct parts p;
	memset(draft_out, 0, sizeof(*draft_out));
	if (!read_label(cli, text, &p, &draft_out->section)) {
		return false;
	}
	if (p.file == NULL || p.category == NULL || p.text != NULL || p.json != NULL || p.payload != NULL) {
		(void)cli_fail(cli, CLI_USAGE, "attach", "--attach needs category= and file=, and has no text, json or payload");
		return false;
	}
	const char *slash = strrchr(p.file, '/');
	draft_out->file_name = slash == NULL ? p.file : slash + 1;
	draft_out->media_type = p.media;
	*path_out = p.file;
	return true;
}

bool cli_read_section(struct cli *cli, const char *text, int message_type, struct sluss_section_draft *draft_out)
{
	struct parts p;
	if (!read_label(cli, text, &p, draft_out)) {
		return false;
	}
	draft_out->content = read_content(cli, &p, message_type);
	return draft_out->content != NULL && judge(cli, draft_out, message_type);
}
