// SPDX-License-Identifier: EUPL-1.2
// Message descriptions, as any program at the agency may write them; and names of files in the outbox. What was
// accepted must be readable again from the queue.
#include <stdlib.h>

#include "describe.h"
#include "folders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agentd_description d;
	struct agentd_describe_error error = {.field = ""};
	char name[AGENTD_NAME_MAX + 8] = "";
	(void)snprintf(
	    name, sizeof(name), "%.*s", (int)(size < sizeof(name) ? size : sizeof(name) - 1), (const char *)data);
	if (agentd_folder_wants(name) && (name[0] == '.' || strchr(name, '/') != NULL))
		abort();
	if (!agentd_describe((struct sluss_bytes){data, size}, NULL, NULL, "o1", NULL, &d, &error)) {
		if (error.text[0] == '\0')
			abort();
		return 0;
	}
	struct cli *cli = calloc(1, sizeof(*cli));
	struct sluss_message_draft draft;
	struct agentd_attachments attachments;
	char officer[SLUSS_OFFICER_MAX + 1];
	if (cli == NULL || d.recipient_count == 0 ||
	    !agentd_draft(
		(struct sluss_bytes){(const uint8_t *)d.text, d.len}, cli, &draft, &attachments, officer, &error) ||
	    !sluss_id_equal(&draft.id, &d.id))
		abort();
	cli_finish(cli);
	free(cli);
	agentd_description_free(&d);
	return 0;
}
