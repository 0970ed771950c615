// SPDX-License-Identifier: EUPL-1.2
// --section: one section of a message as people or programs write it.
#ifndef SLUSS_CLI_SECTION_H
#define SLUSS_CLI_SECTION_H

#include "cli.h"

// Reads "key=value,..." or, when it begins with '{', a JSON object with the same keys, for a message of this type (sluss.v1.MessageType; 0: any). Content is checked by the
// rules of its type. False: error set. Everything lives as long as the command.
SLUSS_MUST_CHECK bool cli_read_section(struct cli *cli, const char *text, int message_type, struct sluss_section_draft *draft_out);

// The same words for --attach: label, file and perhaps media, in place of content. `octets` is left 0.
SLUSS_MUST_CHECK bool cli_read_attachment(struct cli *cli, const char *text, struct sluss_attachment_draft *draft_out, const char **path_out);

#endif
