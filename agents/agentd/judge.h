// SPDX-License-Identifier: EUPL-1.2
// What an answer to a Send means for the message. The table of what is final stands here and nowhere else. Pure.
#ifndef SLUSS_AGENTD_JUDGE_H
#define SLUSS_AGENTD_JUDGE_H

#include <jansson.h>

#include "sluss/client.h"

enum agentd_verdict {
	AGENTD_VERDICT_NONE = 0,
	AGENTD_ACCEPTED, // receipt verified
	AGENTD_REFUSED,	 // the gateway has said why, and the same message will get the same answer
	AGENTD_RESIGN,	 // never recorded, and not for what it says: too old, or signed with a key that is no more
	AGENTD_ASK,	 // the id is known with other octets: ask what became of it
	AGENTD_LATER,	 // this message has to wait; others may pass
	AGENTD_LINK,	 // nothing passes: the gateway is away, or does not know us any more
};

// `sealing`: the failure came before the message was sealed (looking up the recipients' keys).
enum agentd_verdict agentd_judge(const struct sluss_client_error *error, bool sealing);
// Should others wait a moment too?
bool agentd_is_about_gateway(const struct sluss_client_error *error);

// The error as the JSON object that the case system sees: reason, code, field, explanation, pairs. The caller decrefs.
json_t *agentd_why(const struct sluss_client_error *error);

#endif
