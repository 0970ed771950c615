// SPDX-License-Identifier: EUPL-1.2
// Files that go with a message in chunks: --attach of send, and what fetch writes beside a message.
#ifndef SLUSS_CLI_ATTACH_H
#define SLUSS_CLI_ATTACH_H

#include "cli.h"

// Puts the files that --attach names and adds a section for each to the draft, which gets an id when it has none. With
// --resume FILE the state of the (only) upload is kept there and gone on with. The uploads live as long as the command.
// Not OK: error set.
SLUSS_MUST_CHECK enum cli_exit cli_attach_put(
    struct cli *cli, struct sluss_client *client, struct sluss_message_draft *draft);
// The message was sent: the state is not needed any more.
void cli_attach_done(struct cli *cli);

// Writes the content of every section with chunks to FOLDER/MESSAGE.SECTION.bin; goes on where an earlier call was cut.
// `tree` gets a list "attachments". NULL as folder is an error when there is something to write.
SLUSS_MUST_CHECK enum cli_exit cli_attach_get(struct cli *cli, struct sluss_client *client,
    const struct sluss_opened_message *message, const char *folder, json_t *tree);

#endif
