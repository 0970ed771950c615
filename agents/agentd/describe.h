// SPDX-License-Identifier: EUPL-1.2
// Message descriptions: the JSON object in which a case system says what is to be sent.
//
//   {"case": "UUID", "type": "AttendanceReport", "to": ["soc-1", "police-1:p1"], "officer": "k1", "partial": false,
//   "id": "UUID",
//    "sections": [{"category": ..., "purpose": ..., "concerns": ..., "claim": ..., "payload": ..., "text" | "json" |
//    "file": ...}]}
//
// A section has the keys of `sluss send --section`. "file" is the name of a file in the payload folder; its content is
// read when the description is taken, so that the description in the queue stands alone. Any thread; no state.
#ifndef SLUSS_AGENTD_DESCRIBE_H
#define SLUSS_AGENTD_DESCRIBE_H

#include "cli.h"
#include "sluss/message.h"

struct agentd_description {
	json_t *tree; // normalised: id and officer set, files read
	struct sluss_id id;
	struct sluss_id case_id;
	uint8_t digest[SLUSS_HASH_BYTES]; // SHA-256 of what was described, but for an id that was chosen here
	char *text;			  // the tree
	size_t len;
	const char *recipients[32]; // in the tree's memory, without officers
	size_t recipient_count;
	char names[32][SLUSS_AGENCY_MAX + 1];
};

struct agentd_describe_error {
	char field[96];
	char text[512]; // one English sentence
};

// Takes a description apart and checks all that can be checked without the gateway. `id`: the message's id when the
// description has none (none: a random one). `payload_folder` NULL: no files. False: *error_out.
SLUSS_MUST_CHECK bool agentd_describe(struct sluss_bytes json, const struct sluss_id *id, const char *payload_folder,
    const char *officer, struct agentd_description *out, struct agentd_describe_error *error_out);
void agentd_description_free(struct agentd_description *description);

// The draft of a description from the queue; it lives as long as the command, which the caller finishes with
// cli_finish.
SLUSS_MUST_CHECK bool agentd_draft(struct sluss_bytes json, struct cli *cli, struct sluss_message_draft *draft_out,
    char officer_out[SLUSS_OFFICER_MAX + 1]);

#endif
