// SPDX-License-Identifier: EUPL-1.2
// sluss payload: the types of content, and whether a file is valid content, without a gateway.
#include "cli.h"
#include "sluss/v1/common.pb-c.h"

enum { PAYLOAD_MAX = 1 << 20 };

// ---- types

static json_t *messages_of(struct cli *cli, const struct sluss_payload_type *type, const char **text_out)
{
	json_t *list = json_array();
	*text_out = "";
	for (unsigned i = 0; i < sluss__v1__message_type__descriptor.n_values; i++) {
		int value = sluss__v1__message_type__descriptor.values[i].value;
		if (sluss_payload_fits(type, value)) {
			const char *name = cli_enum_text(cli, &sluss__v1__message_type__descriptor, value);
			*text_out = cli_format(cli, "%s%s%s", *text_out, (*text_out)[0] == '\0' ? "" : ", ", name);
			(void)json_array_append_new(list, json_string(name));
		}
	}
	return list;
}

static enum cli_exit types(struct cli *cli)
{
	size_t count = 0;
	const struct sluss_payload_type *all = sluss_payload_types(&count);
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		const char *text = NULL;
		json_t *messages = messages_of(cli, &all[i], &text);
		const char *category = all[i].category == NULL	    ? "says it itself"
				       : all[i].category[0] == '\0' ? "about nobody"
								    : all[i].category;
		cli_say(cli, "%s: %s; in %s", all[i].descriptor->short_name, category,
		    all[i].category == NULL ? "every message" : text);
		(void)json_array_append_new(list, json_pack("{s:s,s:s?,s:o}", "type", all[i].descriptor->name,
						      "category", all[i].category, "messageTypes", messages));
	}
	return cli_show_tree(cli, json_pack("{s:o}", "types", list));
}

// ---- check

struct findings {
	struct cli *cli;
	const char *path;
	json_t *list;
};

static void take_problem(void *context, const struct sluss_payload_problem *problem)
{
	struct findings *f = context;
	cli_say(f->cli, "%s: %s%s%s", f->path, problem->field, problem->field[0] == '\0' ? "" : ": ", problem->text);
	(void)json_array_append_new(
	    f->list, json_pack("{s:s,s:s,s:s}", "file", f->path, "field", problem->field, "problem", problem->text));
}

// True: valid. `expected` is the type that --type names, or NULL.
static bool check_file(struct findings *f, const struct sluss_payload_type *expected)
{
	struct sluss_payload_problem problem;
	size_t len = 0;
	char *text = cli_read_file(f->cli, "FILE", f->path, PAYLOAD_MAX, &len);
	if (text == NULL) {
		return false;
	}
	ProtobufCMessage *content = sluss_payload_from_json(expected, text, len, &problem);
	if (content == NULL) {
		take_problem(f, &problem);
		return false;
	}
	cli_own_message(f->cli, content);
	if (sluss_payload_check(content, take_problem, f) > 0) {
		return false;
	}
	const struct sluss_payload_type *type = sluss_payload_type_find(content->descriptor->name);
	cli_say(f->cli, "%s: a valid %s, category %s", f->path, type->descriptor->short_name,
	    sluss_payload_category(type, content));
	return true;
}

static enum cli_exit check(struct cli *cli)
{
	const char *name = cli_get(cli, "type");
	const struct sluss_payload_type *expected = name == NULL ? NULL : sluss_payload_type_find(name);
	size_t wrong = 0;
	if (name != NULL && expected == NULL) {
		return cli_fail(
		    cli, CLI_USAGE, "type", "--type: there is no payload type '%s'; see: sluss payload types", name);
	}
	struct findings f = {.cli = cli, .list = json_array()};
	for (size_t i = 0; i < cli->argument_count && cli->error == NULL; i++) {
		f.path = cli->arguments[i];
		wrong += check_file(&f, expected) ? 0 : 1;
	}
	if (cli->error != NULL || wrong > 0) {
		enum cli_exit code =
		    cli_fail(cli, CLI_USAGE, "", "%zu of %zu files cannot be sent", wrong, cli->argument_count);
		(void)json_object_set_new(cli->error, "problems", f.list);
		return code;
	}
	return cli_show_tree(cli, json_pack("{s:b,s:o}", "valid", 1, "problems", f.list));
}

// ---- table

static const struct cli_option check_options[] = {
    {"type", CLI_TEXT, "TYPE", "the type that it must be; default: what \"@type\" in the file says"},
    {NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_payload_verbs[] = {
    {"payload types", "", "The types of content, the category of each, and the messages that it may stand in.", NULL,
	types, NULL},
    {"payload check", "FILE...", "Is this content (JSON) valid? Every problem with the path of its field.",
	check_options, check, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
