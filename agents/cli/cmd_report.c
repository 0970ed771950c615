// SPDX-License-Identifier: EUPL-1.2
// sluss report: counts of closed groups, for evaluators and auditors.
#include "cli.h"

static void print_table(struct cli *cli, const Sluss__V1__ReportTable *table)
{
	if (!table->published) {
		cli_say(cli, "%s: not published, a count would be under five", table->name);
		return;
	}
	cli_say(cli, "%s:", table->name);
	for (size_t i = 0; i < table->n_cells; i++) {
		cli_say(cli, "  %s %u", table->cells[i]->name, table->cells[i]->count);
	}
}

static enum cli_exit report(struct cli *cli)
{
	Sluss__V1__GetReportRequest request = SLUSS__V1__GET_REPORT_REQUEST__INIT;
	uint64_t year = 0;
	if (!cli_read_number(cli, "YEAR", cli->arguments[1], 9999, &year)) {
		return CLI_USAGE;
	}
	request.programme = cli_copy(cli, cli->arguments[0], strlen(cli->arguments[0]));
	request.year = (uint32_t)year;
	struct sluss_client *client = cli_client(cli);
	ProtobufCMessage *response = NULL;
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_call(client, "/sluss.v1.AuditService/GetReport", &request.base,
		&sluss__v1__get_report_response__descriptor, 0, &response) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, response);
	const Sluss__V1__GetReportResponse *r = (const Sluss__V1__GetReportResponse *)response;
	if (!r->published) {
		cli_say(
		    cli, "%s %u: fewer than five groups were closed; no figures are published.", r->programme, r->year);
		return cli_show(cli, response);
	}
	cli_say(cli, "%s %u: %u groups were closed", r->programme, r->year, r->groups);
	for (size_t i = 0; i < r->n_tables; i++) {
		print_table(cli, r->tables[i]);
	}
	return cli_show(cli, response);
}

const struct cli_verb cli_report_verbs[] = {
    {"report", "PROGRAMME YEAR", "Counts of the groups that were closed in a year that is over; no count under five.",
	NULL, report,
	"For evaluators and auditors. A table is shown on the finest grouping on which every count is at least five, "
	"or not at all."},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
