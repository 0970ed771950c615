// SPDX-License-Identifier: EUPL-1.2
// A message as options describe it, ready to be sealed.
#include "draft.h"

#include "section.h"

enum { RECIPIENTS_MAX = 32 };

// "agency", "agency:officer", joined with '+', and --to again.
static bool read_recipients(struct cli *cli, struct sluss_recipient_draft *list, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < cli_count(cli, "to"); i++) {
		size_t parts = 0;
		char **words = cli_split(cli, cli_nth(cli, "to", i), '+', &parts);
		for (size_t k = 0; k < parts; k++) {
			char *colon = strchr(words[k], ':');
			if (*count == RECIPIENTS_MAX) {
				(void)cli_fail(cli, CLI_USAGE, "to", "--to: more than %d recipients", RECIPIENTS_MAX);
				return false;
			}
			if (colon != NULL) {
				*colon = '\0';
			}
			if (!sluss_is_agency_id(words[k], strlen(words[k]))) {
				(void)cli_fail(cli, CLI_USAGE, "to", "--to: '%s' is not an agency id", words[k]);
				return false;
			}
			list[(*count)++] = (struct sluss_recipient_draft){.agency_id = words[k], .officer_id = colon == NULL ? NULL : colon + 1};
		}
	}
	return *count > 0 || cli_need(cli, "to") != NULL;
}

static bool read_sections(struct cli *cli, int message_type, struct sluss_section_draft *list, size_t *count)
{
	*count = cli_count(cli, "section");
	if (*count == 0 && cli_count(cli, "attach") > 0) {
		return true; // a message of files only
	}
	if (*count == 0) {
		return cli_need(cli, "section") != NULL;
	}
	if (*count > SLUSS_SECTIONS_MAX) {
		(void)cli_fail(cli, CLI_USAGE, "section", "more than %d sections", SLUSS_SECTIONS_MAX);
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		if (!cli_read_section(cli, cli_nth(cli, "section", i), message_type, &list[i])) {
			return false;
		}
	}
	return true;
}

bool cli_read_message_draft(struct cli *cli, struct sluss_message_draft *draft_out)
{
	struct sluss_recipient_draft *recipients = cli_alloc(cli, RECIPIENTS_MAX * sizeof(*recipients));
	struct sluss_section_draft *sections = cli_alloc(cli, SLUSS_SECTIONS_MAX * sizeof(*sections));
	int type = 0;
	*draft_out = (struct sluss_message_draft){.recipients = recipients, .sections = sections, .partial_delivery = cli_has(cli, "partial")};
	const char *type_text = cli_need(cli, "type");
	const char *case_id = type_text == NULL ? NULL : cli_need(cli, "case");
	const char *id = cli_get(cli, "id");
	if (case_id == NULL || !cli_read_enum(cli, "type", &sluss__v1__message_type__descriptor, type_text, &type)
	    || !cli_read_id(cli, "case", case_id, &draft_out->case_id) || (id != NULL && !cli_read_id(cli, "id", id, &draft_out->id))
	    || !read_recipients(cli, recipients, &draft_out->recipient_count) || !read_sections(cli, type, sections, &draft_out->section_count)) {
		return false;
	}
	draft_out->type = (Sluss__V1__MessageType)type;
	return true;
}
