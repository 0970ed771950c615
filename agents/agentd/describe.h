// SPDX-License-Identifier: EUPL-1.2
// Message descriptions: the JSON object in which a case system says what is to be sent.
//
//   {"case": "UUID", "type": "AttendanceReport", "to": ["soc-1", "police-1:p1"], "officer": "k1", "partial": false,
//   "id": "UUID",
//    "sections": [{"category": ..., "purpose": ..., "concerns": ..., "claim": ..., "payload": ..., "text" | "json" |
//    "file": ...}]}
//
// A section has the keys of `sluss send --section`. "file" is the name of a file in the payload folder; its content is
// read when the description is taken, so that the description in the queue stands alone. A section that is a file of up
// to 100 MiB has no content but {"attach": the name of a file in the payload folder} or {"upload": the SHA-256 of a
// file that was handed in before, "name": for people}, and perhaps "media"; it is kept in the store's spool. Any
// thread; no state.
#ifndef SLUSS_AGENTD_DESCRIBE_H
#define SLUSS_AGENTD_DESCRIBE_H

#include "cli.h"
#include "sluss/chunk.h"
#include "sluss/message.h"
#include "store_files.h"

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
	struct agentd_store *store;		    // of the files; NULL: there are none
	struct agentd_file files[AGENTD_FILES_MAX]; // not of the store yet: see agentd_queue_description
	size_t file_count;
};

struct agentd_describe_error {
	char field[96];
	char text[512]; // one English sentence
	bool no_room;	// nothing is wrong with the description: it may come again
};

// Takes a description apart and checks all that can be checked without the gateway. `id`: the message's id when the
// description has none (none: a random one). `payload_folder` NULL: no files in it. `store` NULL: no attachments.
// False: *error_out.
SLUSS_MUST_CHECK bool agentd_describe(struct sluss_bytes json, const struct sluss_id *id, const char *payload_folder,
    const char *officer, struct agentd_store *store, struct agentd_description *out,
    struct agentd_describe_error *error_out);
// Files that no message took over are discarded.
void agentd_description_free(struct agentd_description *description);
// Puts what was described into the queue, with its files. `source`: file that it came from, or NULL. Results are
// agentd_store_queue's.
SLUSS_MUST_CHECK enum agentd_result agentd_queue_description(
    struct agentd_store *store, struct agentd_description *description, const char *source, bool *known_out);

// Inside of the two files that describe. Sets the error; false.
bool agentd_wrong(struct agentd_describe_error *error, const char *field, const char *text);
bool agentd_is_plain_name(const char *name);
bool agentd_is_attachment(const json_t *section);
// Keeps the files of all sections of out->tree; each is then named by its hash.
bool agentd_keep_files(const char *payload_folder, struct agentd_description *out, struct agentd_describe_error *error);

struct agentd_attachments {
	struct sluss_attachment_draft drafts[AGENTD_FILES_MAX]; // their `octets` are not known here
	size_t count;
};

// The draft of a description from the queue; it lives as long as the command, which the caller finishes with
// cli_finish. Sections with files stand in *attachments_out, in the order of the message's files. False: *error_out; it
// was taken by an agent that knew other rules.
SLUSS_MUST_CHECK bool agentd_draft(struct sluss_bytes json, struct cli *cli, struct sluss_message_draft *draft_out,
    struct agentd_attachments *attachments_out, char officer_out[SLUSS_OFFICER_MAX + 1],
    struct agentd_describe_error *error_out);

#endif
