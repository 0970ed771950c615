// SPDX-License-Identifier: EUPL-1.2
// What a replay found, told to the gateway: a signed statement that enters the log (AuditService.ReportReplay), so that
// whoever reads the log sees when it was last decided again, by whom, and with what result.
#include <inttypes.h>

#include "cmd_audit.h"
#include "sluss/v1/audit.pb-c.h"

// The numbers of the classes are those of the contract.
_Static_assert((int)SLUSS_AUDIT_STRUCTURE == SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_STRUCTURE, "classes differ");
_Static_assert((int)SLUSS_AUDIT_GROUND == SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_GROUND, "classes differ");
_Static_assert((int)SLUSS_AUDIT_UNREPLAYED == SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_UNREPLAYED, "classes differ");
_Static_assert((int)SLUSS_AUDIT_CLASSES == SLUSS__V1__AUDIT_CLASS__AUDIT_CLASS_UNREPLAYED + 1, "classes differ");

static void add_findings(struct cli *cli, const struct sluss_audit_report *report, Sluss__V1__ReplayReport *draft)
{
	draft->findings = cli_alloc(cli, SLUSS_AUDIT_CLASSES * sizeof(*draft->findings));
	for (unsigned class = SLUSS_AUDIT_STRUCTURE; class < SLUSS_AUDIT_CLASSES; class ++) {
		uint64_t count = report->findings[class];
		if (count == 0)
			continue;
		Sluss__V1__ReplayFindings *one = cli_alloc(cli, sizeof(*one));
		sluss__v1__replay_findings__init(one);
		one->finding_class = (Sluss__V1__AuditClass) class;
		one->count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
		draft->findings[draft->n_findings++] = one;
	}
}

enum cli_exit audit_report(struct cli *cli, struct sluss_client *client, const struct sluss_audit_report *report)
{
	Sluss__V1__ReplayReport draft = SLUSS__V1__REPLAY_REPORT__INIT;
	Sluss__V1__ReportReplayResponse *r = NULL;
	uint8_t root[SLUSS_HASH_BYTES];
	memcpy(root, report->root, sizeof(root));
	draft.size = report->size;
	draft.root = (ProtobufCBinaryData){sizeof(root), root};
	draft.complete = report->complete;
	add_findings(cli, report, &draft);
	if (sluss_client_report_replay(client, &draft, &r) != SLUSS_CLIENT_OK)
		return cli_fail_client(cli, client);
	cli_own_message(cli, r);
	cli_say(cli, "Reported: %" PRIu64 " entries decided again, %" PRIu64 " findings.", report->size,
	    report->finding_count);
	cli_print_receipt(cli, r->receipt);
	return CLI_OK;
}

enum cli_exit audit_replay_and_report(struct cli *cli, struct sluss_client *client, const char *key, const char *folder)
{
	struct sluss_audit_report report;
	struct sluss_audit_options options = {.log_key = key, .quorum = -1};
	enum cli_exit code = audit_export_into(cli, client, key, folder);
	if (code != CLI_OK)
		return code;
	struct sluss_audit_source source = sluss_audit_folder(&folder);
	switch (sluss_audit_verify(&source, &options, &report)) {
	case SLUSS_AUDIT_CLEAN:
	case SLUSS_AUDIT_FINDINGS:
		break;
	case SLUSS_AUDIT_NO_EXPORT:
		return cli_fail(cli, CLI_UNVERIFIED, "replay", "%s holds no export that can be verified", folder);
	case SLUSS_AUDIT_NO_MEMORY:
	case SLUSS_AUDIT_OUTCOME_NONE:
		return cli_fail(cli, CLI_INTERNAL, "", "there is not enough memory, or no room for temporary files");
	}
	if (report.finding_count > 0)
		cli_say(cli, "%" PRIu64 " findings, the gravest: %s. See: sluss audit verify %s", report.finding_count,
		    sluss_audit_class_name(sluss_audit_gravest(&report)), folder);
	return audit_report(cli, client, &report);
}
