// SPDX-License-Identifier: EUPL-1.2
// From JSON to the options of `sluss send`, so that both take the same words and give the same sentences.
#include "describe.h"

#include <sodium.h>
#include <stdlib.h>

#include "draft.h"
#include "file.h"
#include "section.h"

enum { CONTENT_MAX = 1 << 20, DEPTH_OCTETS = 8 << 20 };

static const struct cli_option options[] = {
    {"case", CLI_TEXT, "ID", "the case"},
    {"type", CLI_TEXT, "TYPE", "the message's type"},
    {"id", CLI_TEXT, "ID", "the message's id"},
    {"to", CLI_MANY, "AGENCY", "recipients"},
    {"section", CLI_MANY, "SPEC", "sections"},
    {"partial", CLI_FLAG, NULL, "deliver what is permitted"},
    {"attach", CLI_MANY, "SPEC", "sections that are files"},
    {NULL, CLI_FLAG, NULL, NULL},
};

static const struct cli_verb verb = {.words = "", .options = options};

enum { CASE, TYPE, ID, TO, SECTION, PARTIAL, ATTACH };

bool agentd_wrong(struct agentd_describe_error *error, const char *field, const char *text)
{
	(void)snprintf(error->field, sizeof(error->field), "%s", field);
	(void)snprintf(error->text, sizeof(error->text), "%s", text);
	return false;
}

static bool give(struct cli *cli, size_t option, const char *text)
{
	if (cli->value_count == CLI_VALUES_MAX)
		return false;
	cli->values[cli->value_count++] = (struct cli_value){&options[option], text};
	return true;
}

static bool give_string(struct cli *cli, size_t option, const json_t *value)
{
	return json_is_string(value) && give(cli, option, json_string_value(value));
}

bool agentd_is_attachment(const json_t *section)
{
	return json_object_get(section, "attach") != NULL || json_object_get(section, "upload") != NULL;
}

// A section that is a file, in the words of `sluss send --attach`.
static bool give_attachment(struct cli *cli, const json_t *section)
{
	json_t *spec = json_copy((json_t *)(uintptr_t)section);
	const json_t *handed_in = json_object_get(spec, "upload");
	json_t *name = json_object_get(spec, handed_in == NULL ? "attach" : "name");
	// The last three keys are the agent's own words.
	bool ok = json_is_string(name) && json_object_set(spec, "file", name) == 0;
	(void)json_object_del(spec, "attach");
	(void)json_object_del(spec, "upload");
	(void)json_object_del(spec, "name");
	char *text = ok ? json_dumps(spec, JSON_COMPACT) : NULL;
	json_decref(spec);
	if (text != NULL)
		cli_own(cli, text, free);
	return text != NULL && give(cli, ATTACH, text);
}

// Each item of a list (or one alone); objects become their text.
static bool give_list(struct cli *cli, size_t option, const json_t *list)
{
	size_t i;
	json_t *item;
	if (json_is_string(list))
		return give_string(cli, option, list);
	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, item)
	{
		if (option == SECTION && agentd_is_attachment(item)) {
			if (!give_attachment(cli, item))
				return false;
			continue;
		}
		char *text = json_is_object(item) ? json_dumps(item, JSON_COMPACT) : NULL;
		if (text != NULL)
			cli_own(cli, text, free);
		if (!(option == SECTION ? text != NULL && give(cli, option, text) : give_string(cli, option, item)))
			return false;
	}
	return true;
}

static bool give_all(struct cli *cli, const json_t *tree, struct agentd_describe_error *error)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)tree, key, value)
	{
		bool ok = true;
		if (strcmp(key, "case") == 0)
			ok = give_string(cli, CASE, value);
		else if (strcmp(key, "type") == 0)
			ok = give_string(cli, TYPE, value);
		else if (strcmp(key, "id") == 0)
			ok = give_string(cli, ID, value);
		else if (strcmp(key, "to") == 0)
			ok = give_list(cli, TO, value);
		else if (strcmp(key, "sections") == 0)
			ok = json_is_array(value) && give_list(cli, SECTION, value);
		else if (strcmp(key, "partial") == 0)
			ok = json_is_boolean(value) && (json_is_false(value) || give(cli, PARTIAL, NULL));
		else if (strcmp(key, "officer") == 0)
			ok = json_is_string(value) &&
			     sluss_is_officer_id(json_string_value(value), json_string_length(value));
		else
			return agentd_wrong(
			    error, key, "This key is none of case, type, id, to, officer, partial, sections.");
		if (!ok)
			return agentd_wrong(error, key, "The value has the wrong type or form, or there are too many.");
	}
	return true;
}

static bool read_attachments(struct cli *cli, struct agentd_attachments *out)
{
	const char *path = NULL;
	out->count = cli_count(cli, "attach");
	for (size_t i = 0; i < out->count; i++) {
		if (!cli_read_attachment(cli, cli_nth(cli, "attach", i), &out->drafts[i], &path))
			return false;
	}
	return true;
}

static bool read_draft(struct cli *cli, const json_t *tree, struct sluss_message_draft *draft,
    struct agentd_attachments *attachments, struct agentd_describe_error *error)
{
	cli->verb = &verb;
	if (!give_all(cli, tree, error))
		return false;
	if (cli_count(cli, "attach") + cli_count(cli, "section") > SLUSS_SECTIONS_MAX)
		return agentd_wrong(error, "sections", "There are too many sections.");
	if (cli_read_message_draft(cli, draft) && read_attachments(cli, attachments))
		return true;
	const char *field = json_string_value(json_object_get(cli->error, "field"));
	const char *text = json_string_value(json_object_get(cli->error, "explanation"));
	return agentd_wrong(error, field == NULL ? "" : field, text == NULL ? "The description cannot be read." : text);
}

// ---- files

bool agentd_is_plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < 256;
}

static bool is_json_name(const char *name)
{
	size_t len = strlen(name);
	return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

// Puts the content of "file" in its place: "json" for a .json file, else "text".
static bool read_file(json_t *section, const char *folder, struct agentd_describe_error *error)
{
	char path[4096];
	const char *name = json_string_value(json_object_get(section, "file"));
	if (json_object_get(section, "file") == NULL)
		return true;
	if (folder == NULL)
		return agentd_wrong(
		    error, "file", "No folder for payload files is set here; give the content as text or json.");
	if (name == NULL || !agentd_is_plain_name(name))
		return agentd_wrong(
		    error, "file", "The name of a file in the payload folder is needed, without a path.");
	size_t len = 0;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	char *text = sluss_file_read(path, CONTENT_MAX, false, &len);
	json_t *value = text == NULL ? NULL : json_stringn(text, len);
	bool ok = value != NULL && strlen(text) == len &&
		  json_object_set_new(section, is_json_name(name) ? "json" : "text", value) == 0 &&
		  json_object_del(section, "file") == 0;
	free(text);
	return ok || agentd_wrong(error, "file", "The payload file is not there, too long, or not UTF-8 text.");
}

static bool read_files(json_t *tree, const char *folder, struct agentd_describe_error *error)
{
	size_t i;
	json_t *section;
	json_array_foreach(json_object_get(tree, "sections"), i, section)
	{
		if (!read_file(section, folder, error))
			return false;
	}
	return true;
}

// ---- in and out

static json_t *parse(struct sluss_bytes json, struct agentd_describe_error *error)
{
	json_error_t problem;
	json_t *tree = json.len > DEPTH_OCTETS
			   ? NULL
			   : json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &problem);
	if (!json_is_object(tree)) {
		json_decref(tree);
		(void)agentd_wrong(error, "", "A JSON object is needed.");
		return NULL;
	}
	return tree;
}

static void take_recipients(const struct sluss_message_draft *draft, struct agentd_description *out)
{
	out->recipient_count = draft->recipient_count;
	for (size_t i = 0; i < draft->recipient_count; i++) {
		(void)snprintf(out->names[i], sizeof(out->names[i]), "%s", draft->recipients[i].agency_id);
		out->recipients[i] = out->names[i];
	}
}

// Fixes what the description left open, and the text that goes into the queue.
static bool settle(struct agentd_description *out, const struct sluss_id *id, const char *officer)
{
	char text[SLUSS_ID_TEXT];
	char *described = json_dumps(out->tree, JSON_COMPACT | JSON_SORT_KEYS);
	if (described == NULL)
		return false;
	(void)crypto_hash_sha256(out->digest, (const uint8_t *)described, strlen(described));
	free(described);
	if (sluss_id_is_none(&out->id)) {
		if (id == NULL || sluss_id_is_none(id))
			sluss_id_random(&out->id);
		else
			out->id = *id;
		if (json_object_set_new(out->tree, "id", json_string(sluss_id_format(&out->id, text))) != 0)
			return false;
	}
	if (json_object_get(out->tree, "officer") == NULL &&
	    json_object_set_new(out->tree, "officer", json_string(officer)) != 0)
		return false;
	out->text = json_dumps(out->tree, JSON_COMPACT);
	out->len = out->text == NULL ? 0 : strlen(out->text);
	return out->text != NULL;
}

bool agentd_describe(struct sluss_bytes json, const struct sluss_id *id, const char *payload_folder,
    const char *officer, struct agentd_store *store, struct agentd_description *out,
    struct agentd_describe_error *error_out)
{
	struct sluss_message_draft draft;
	struct agentd_attachments attachments;
	struct cli *cli = calloc(1, sizeof(*cli));
	*error_out = (struct agentd_describe_error){.field = ""};
	*out = (struct agentd_description){.tree = cli == NULL ? NULL : parse(json, error_out), .store = store};
	// Files are kept last: what else is wrong is said before 100 MiB are copied.
	bool ok = out->tree != NULL && read_files(out->tree, payload_folder, error_out) &&
		  read_draft(cli, out->tree, &draft, &attachments, error_out) &&
		  agentd_keep_files(payload_folder, out, error_out);
	if (ok) {
		out->id = draft.id;
		out->case_id = draft.case_id;
		take_recipients(&draft, out);
		ok = settle(out, id, officer) || agentd_wrong(error_out, "", "No memory.");
	}
	if (cli != NULL)
		cli_finish(cli);
	free(cli);
	if (!ok)
		agentd_description_free(out);
	return ok;
}

void agentd_description_free(struct agentd_description *description)
{
	json_decref(description->tree);
	free(description->text);
	for (size_t i = 0; i < description->file_count; i++)
		agentd_store_file_discard(description->store, &description->files[i]);
	*description = (struct agentd_description){.tree = NULL};
}

static void release_tree(void *tree)
{
	json_decref(tree);
}

enum agentd_result agentd_queue_description(
    struct agentd_store *store, struct agentd_description *d, const char *source, bool *known_out)
{
	struct agentd_new message = {.id = d->id,
	    .case_id = d->case_id,
	    .recipients = d->recipients,
	    .recipient_count = d->recipient_count,
	    .source = source,
	    .description = {(const uint8_t *)d->text, d->len},
	    .files = d->files,
	    .file_count = d->file_count};
	memcpy(message.digest, d->digest, sizeof(message.digest));
	enum agentd_result result = agentd_store_queue(store, &message, known_out);
	if (result == AGENTD_OK && !*known_out)
		d->file_count = 0;
	return result;
}

bool agentd_draft(struct sluss_bytes json, struct cli *cli, struct sluss_message_draft *draft_out,
    struct agentd_attachments *attachments_out, char officer_out[SLUSS_OFFICER_MAX + 1],
    struct agentd_describe_error *error_out)
{
	*error_out = (struct agentd_describe_error){.field = ""};
	json_t *tree = parse(json, error_out);
	if (tree == NULL)
		return false;
	cli_own(cli, tree, release_tree);
	const char *officer = json_string_value(json_object_get(tree, "officer"));
	(void)snprintf(officer_out, SLUSS_OFFICER_MAX + 1, "%.32s", officer == NULL ? "" : officer);
	return read_draft(cli, tree, draft_out, attachments_out, error_out);
}
