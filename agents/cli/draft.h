// SPDX-License-Identifier: EUPL-1.2
// The options of `sluss send` (case, type, to, section, partial, id) as the draft of a message. The agent reads its message descriptions through it too.
#ifndef SLUSS_CLI_DRAFT_H
#define SLUSS_CLI_DRAFT_H

#include "cli.h"

// False: cli->error says which option is wrong. Everything that the draft points to lives as long as the command. Recipients' keys are left empty.
SLUSS_MUST_CHECK bool cli_read_message_draft(struct cli *cli, struct sluss_message_draft *draft_out);

#endif
