// SPDX-License-Identifier: EUPL-1.2
// A log under verification: entries come in order, heads that were promised before are compared as the entries pass them.
#ifndef SLUSS_CLI_AUDIT_H
#define SLUSS_CLI_AUDIT_H

#include "cli.h"

enum { AUDIT_EXPECTED_MAX = 300 };

// Something said before: at this size the root was that.
struct audit_expected {
	const char *what;
	struct sluss_log_head head;
};

struct audit {
	struct sluss_log_sum sum;    // of the entries so far
	struct sluss_log_head head;  // what the checkpoint says
	const char *checkpoint;      // the signed note; NULL until known
	struct audit_expected expected[AUDIT_EXPECTED_MAX];
	size_t expected_count;
};

// `what` must live as long as the command.
void audit_expect(struct cli *cli, struct audit *audit, const char *what, const struct sluss_log_head *head);

// Downloads everything up to the first answer's checkpoint, verifying; with a folder also writes it there (entries, checkpoint).
enum cli_exit audit_download(struct cli *cli, struct audit *audit, struct sluss_client *client, const char *key, const char *folder);

// The same from a folder that an export wrote.
enum cli_exit audit_read_export(struct cli *cli, struct audit *audit, const char *key, const char *folder);

#endif
