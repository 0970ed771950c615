// SPDX-License-Identifier: EUPL-1.2
// Inside of the watched folders, shared by their two files. One thread.
#ifndef SLUSS_AGENTD_FOLDERS_H
#define SLUSS_AGENTD_FOLDERS_H

#include "agent.h"
#include "describe.h"

enum {
	AGENTD_NAME_MAX = 200, // octets of a file's name
	AGENTD_FILE_MAX = 8 << 20,
	PATH_OCTETS = 2 * SLUSS_SETTING_TEXT + 320,
};

struct folders {
	struct agentd *agent;
	char base[2 * SLUSS_SETTING_TEXT];
	int outbox, taken, inbox, sent, rejected; // folders
	int notify, watch_outbox, watch_inbox;
	bool inbox_changed; // a file went
	uint64_t erased;    // of agentd.erased, how much was seen
	bool backlog;	    // no room in the queue: nothing more is taken until the next look
};

// A name in the outbox that is to be taken: ends in .json, begins with no dot, no control character, not too long.
bool agentd_folder_wants(const char *name);

bool folders_open(struct folders *f);
void folders_close(struct folders *f);
void folders_path(const struct folders *f, char path[PATH_OCTETS], const char *folder, const char *name);

// What is written beside a file: receipt and recipients, or why not. The caller frees.
char *folders_answer(const struct agentd_message *message);
// Writes the answer, then moves the file beside it: whoever sees the file finds the answer. May be done again.
bool folders_finish(struct folders *f, const char *taken, const char *name, bool sent, const char *answer);

// Writes messages that are ours into the inbox; a file that is gone is the case system's acknowledgement.
void folders_hand_out(struct folders *f);
void folders_look_inbox(struct folders *f);

#endif
