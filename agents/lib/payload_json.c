// SPDX-License-Identifier: EUPL-1.2
// Payloads as JSON: the contract's codec, with "@type" and without room for fields that nobody knows.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "sluss/payload.h"
#include "web/json.h"

static ProtobufCMessage *refuse(
    struct sluss_payload_problem *problem, const char *field, const char *text, const char *detail)
{
	(void)snprintf(problem->field, sizeof(problem->field), "%s", field);
	(void)snprintf(problem->text, sizeof(problem->text), "%s%s", text, detail);
	return NULL;
}

// What "@type" says, without a host in front ("type.googleapis.com/sluss.v1.ActionPlan"); empty: it is not there.
// False: *problem says why.
static bool named_type(const char *text, size_t len, char name_out[128], struct sluss_payload_problem *problem)
{
	json_error_t error;
	json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(tree)) {
		const char *near = strstr(error.text, " near "); // what follows quotes the content
		(void)snprintf(problem->text, sizeof(problem->text),
		    tree == NULL ? "The text is not JSON (line %d, column %d): %.*s." : "A JSON object is needed.",
		    error.line, error.column, near == NULL ? (int)strlen(error.text) : (int)(near - error.text),
		    error.text);
		json_decref(tree);
		return false;
	}
	const json_t *member = json_object_get(tree, "@type");
	const char *name = json_string_value(member);
	bool ok = member == NULL || (name != NULL && strlen(name) < 128);
	name_out[0] = '\0';
	if (ok && name != NULL) {
		const char *slash = strrchr(name, '/');
		(void)snprintf(name_out, 128, "%s", slash == NULL ? name : slash + 1);
	}
	if (!ok) {
		(void)refuse(problem, "@type", "The name of a payload type is needed.", "");
	}
	json_decref(tree);
	return ok;
}

ProtobufCMessage *sluss_payload_from_json(
    const struct sluss_payload_type *type, const char *text, size_t len, struct sluss_payload_problem *problem)
{
	char name[128];
	struct sluss_json_error error;
	memset(problem, 0, sizeof(*problem));
	if (!named_type(text, len, name, problem)) {
		return NULL;
	}
	const struct sluss_payload_type *named = name[0] == '\0' ? type : sluss_payload_type_find(name);
	if (named == NULL && name[0] != '\0') {
		return refuse(problem, "@type", "There is no payload type ", name);
	}
	if (named != NULL && type != NULL && named != type) {
		return refuse(problem, "@type", "Another type is needed: ", type->descriptor->name);
	}
	if (named == NULL) {
		return refuse(problem, "@type",
		    "The type must be named: \"@type\": \"sluss.v1.ActionPlan\", or another of those that `sluss "
		    "payload types` lists.",
		    "");
	}
	ProtobufCMessage *content = sluss_json_to_message_strict(named->descriptor, text, len, &error);
	if (content == NULL) {
		return refuse(problem, error.field, error.text, "");
	}
	return content;
}

char *sluss_payload_to_json(const ProtobufCMessage *content)
{
	json_t *fields = sluss_json_tree(content);
	json_t *tree = fields == NULL ? NULL : json_pack("{s:s}", "@type", content->descriptor->name);
	char *text = tree != NULL && json_object_update(tree, fields) == 0 ? json_dumps(tree, JSON_INDENT(2)) : NULL;
	json_decref(fields);
	json_decref(tree);
	return text;
}
