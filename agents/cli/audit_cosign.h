// SPDX-License-Identifier: EUPL-1.2
// A witness at hand: `sluss audit watch --cosign DIR` demands proof for each new checkpoint, remembers it in the
// folder, and only then cosigns it (C2SP tlog-witness, tlog-cosignature). The folder gets `key` (the seed, made at the
// first use), `witness.vkey`, and `checkpoint`: the newest one with this witness's line.
#ifndef SLUSS_CLI_AUDIT_COSIGN_H
#define SLUSS_CLI_AUDIT_COSIGN_H

#include "cli.h"

struct audit_cosigner;

// Takes the folder (which must exist). `log_key` is the log's verifier key. NULL: an error was set.
struct audit_cosigner *audit_cosigner_open(struct cli *cli, const char *folder, const char *log_key);
void audit_cosigner_close(struct audit_cosigner **cosigner);

enum audit_cosigned {
	AUDIT_COSIGNED = 0,
	AUDIT_COSIGN_UNREACHABLE, // the gateway did not answer; nothing was said about the log
	AUDIT_COSIGN_ALARM,	  // the log signed what cannot continue what this witness cosigned; *why_out says what
	AUDIT_COSIGN_FAILED,	  // an error was set
};
// Cosigns what the log shows now.
enum audit_cosigned audit_cosign(struct audit_cosigner *cosigner, struct sluss_client *client, const char **why_out);

#endif
