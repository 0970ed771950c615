// SPDX-License-Identifier: EUPL-1.2
// A log under verification: entries come in order, heads that were promised before are compared as the entries pass
// them.
#ifndef SLUSS_CLI_CMD_AUDIT_H
#define SLUSS_CLI_CMD_AUDIT_H

#include "audit.h"
#include "cli.h"

enum { AUDIT_EXPECTED_MAX = 300 };

// Something said before: at this size the root was that.
struct audit_expected {
	const char *what;
	struct sluss_log_head head;
};

struct audit {
	struct sluss_log_sum sum;   // of the entries so far
	struct sluss_log_head head; // what the checkpoint says
	const char *checkpoint;	    // the signed note; NULL until known
	struct audit_expected expected[AUDIT_EXPECTED_MAX];
	size_t expected_count;
};

// `what` must live as long as the command.
void audit_expect(struct cli *cli, struct audit *audit, const char *what, const struct sluss_log_head *head);

// Downloads everything up to the first answer's checkpoint, verifying.
enum cli_exit audit_download(struct cli *cli, struct audit *audit, struct sluss_client *client, const char *key);

// The receipt in a file: itself, or the "receipt" member of an answer that was kept. NULL: an error was set.
const Sluss__V1__Receipt *audit_read_receipt(struct cli *cli, const char *path);
// The pinned key of the log: --key, or the profile's. NULL: an error was set.
const char *audit_log_key(struct cli *cli);

// cmd_audit_folder.c: exports.
enum cli_exit audit_verify_folder(struct cli *cli);
enum cli_exit audit_export_folder(struct cli *cli);
extern const struct cli_option audit_export_options[];
// Downloads the log's files into a folder, verified on the way. `key` is the log's.
enum cli_exit audit_export_into(struct cli *cli, struct sluss_client *client, const char *key, const char *folder);
// cmd_audit_report.c: what a replay found, sent to the gateway as a signed statement.
enum cli_exit audit_report(struct cli *cli, struct sluss_client *client, const struct sluss_audit_report *report);
// Export into the folder, replay, report. Findings are no failure; they are reported.
enum cli_exit audit_replay_and_report(
    struct cli *cli, struct sluss_client *client, const char *key, const char *folder);
// cmd_audit_fhir.c: disclosures as FHIR AuditEvents.
enum cli_exit audit_fhir(struct cli *cli);
extern const struct cli_option audit_fhir_options[];
// cmd_audit_watch.c
enum cli_exit audit_watch(struct cli *cli);
extern const struct cli_option audit_watch_options[];
// cmd_audit_prove.c
enum cli_exit audit_prove(struct cli *cli);
enum cli_exit audit_check(struct cli *cli);
extern const struct cli_option audit_prove_options[], audit_check_options[];

#endif
