// SPDX-License-Identifier: EUPL-1.2
// A message that was opened, as JSON: what `sluss fetch` shows and what the agent hands to a case system.
#ifndef SLUSS_CLI_MESSAGE_TREE_H
#define SLUSS_CLI_MESSAGE_TREE_H

#include <jansson.h>

#include "sluss/message.h"

// NULL: no memory, or text that is not UTF-8. The caller decrefs.
json_t *cli_message_tree(const Sluss__V1__Delivery *delivery, const struct sluss_opened_message *message);

#endif
