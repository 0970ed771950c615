// SPDX-License-Identifier: EUPL-1.2
// AuditService.GetReport: counts of closed groups for the evaluator and for auditors (report.h says how nobody is
// singled out). Every look is a record.
#include "svc_report.h"

#include "policy/calendar.h"
#include "sluss/v1/audit.pb-c.h"
#include "svc_common.h"
#include "world.h"
#include "writer.h"

static bool may_ask(struct sluss_txn *txn)
{
	if (txn->caller_type == SLUSS_AGENCY_EVALUATOR || txn->caller_type == SLUSS_AGENCY_AUDITOR)
		return true;
	sluss_txn_refuse(
	    txn, SLUSS_CODE_PERMISSION_DENIED, SLUSS_NOT_ENTITLED, NULL, "reports are for evaluators and auditors");
	return false;
}

// A year that is over: what is reported about it never changes.
static bool read_request(
    struct sluss_txn *txn, const Sluss__V1__GetReportRequest *request, uint8_t *from, uint8_t *until)
{
	if (!sluss_policy_programme_ages(txn->policy, request->programme, from, until)) {
		sluss_txn_refuse(
		    txn, SLUSS_CODE_NOT_FOUND, SLUSS_NOT_FOUND, "programme", "the policy has no such programme");
		return false;
	}
	if (request->year < 1970 || (int32_t)request->year >= sluss_date_at(txn->now_ms).year) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "year",
		    "a calendar year that is over is needed");
		return false;
	}
	return true;
}

static bool write_table(struct sluss_txn *txn, const struct sluss_report_table *from, Sluss__V1__ReportTable **out)
{
	Sluss__V1__ReportTable *table = sluss_arena_alloc(txn->arena, sizeof(*table));
	if (table == NULL)
		return svc_no_memory(txn);
	sluss__v1__report_table__init(table);
	table->name = sluss_arena_text(txn->arena, from->name);
	table->published = from->published;
	table->cells = sluss_arena_array(txn->arena, from->cell_count, sizeof(*table->cells));
	if (table->name == NULL || table->cells == NULL)
		return svc_no_memory(txn);
	for (; table->n_cells < from->cell_count; table->n_cells++) {
		Sluss__V1__ReportCell *cell = sluss_arena_alloc(txn->arena, sizeof(*cell));
		if (cell == NULL)
			return svc_no_memory(txn);
		sluss__v1__report_cell__init(cell);
		cell->name = sluss_arena_text(txn->arena, from->cells[table->n_cells].name);
		cell->count = from->cells[table->n_cells].count;
		if (cell->name == NULL)
			return svc_no_memory(txn);
		table->cells[table->n_cells] = cell;
	}
	*out = table;
	return true;
}

static bool make_report(struct sluss_txn *txn, const Sluss__V1__GetReportRequest *request, uint8_t from, uint8_t until,
    struct sluss_report *out)
{
	const struct sluss_report_facts *facts = sluss_writer_of(txn)->world->report_facts;
	size_t count = sluss_report_facts_select(facts, request->programme, (int)request->year, NULL, 0);
	struct sluss_report_case *cases = sluss_arena_array(txn->arena, count, sizeof(*cases));
	if (cases == NULL)
		return svc_no_memory(txn);
	count = sluss_report_facts_select(facts, request->programme, (int)request->year, cases, count);
	sluss_report_make(cases, count, from, until, out);
	return true;
}

void svc_get_report(struct sluss_txn *txn)
{
	const Sluss__V1__GetReportRequest *request = (const Sluss__V1__GetReportRequest *)txn->request;
	Sluss__V1__GetReportResponse response = SLUSS__V1__GET_REPORT_RESPONSE__INIT;
	Sluss__V1__ReportTable *tables[SLUSS_REPORT_TABLES];
	struct sluss_report report;
	uint8_t from = 0, until = 0;
	if (!may_ask(txn) || !read_request(txn, request, &from, &until) ||
	    !make_report(txn, request, from, until, &report))
		return;
	for (size_t i = 0; i < SLUSS_REPORT_TABLES; i++)
		if (!write_table(txn, &report.tables[i], &tables[i]))
			return;
	struct sluss_record looked = {.type = SLUSS_REC_LOOKED, .u.looked = {.who = txn->caller, .what = "report"}};
	if (!sluss_txn_append(txn, &looked, NULL))
		return;
	response.programme = request->programme;
	response.year = request->year;
	response.method = SLUSS_REPORT_METHOD;
	response.published = report.published;
	response.groups = report.total;
	response.tables = tables;
	response.n_tables = SLUSS_REPORT_TABLES;
	sluss_txn_respond(txn, &response.base);
}
