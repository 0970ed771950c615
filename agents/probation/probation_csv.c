// SPDX-License-Identifier: EUPL-1.2
// One row, one report.
#include "probation_csv.h"

enum column { CLIENT, SANCTION, FROM, UNTIL, AS_OF, PLANNED, KEPT, BROKEN, CONDITIONS, REMARK, COLUMN_COUNT };

static const struct sluss_column columns[COLUMN_COUNT] = {
    [CLIENT] = {"klient|klientnummer|personnummer|client", true},
    [SANCTION] = {"påföljd|verkställighetsform|verkställighet|sanction", true},
    [FROM] = {"start|startdatum|från|from", true},
    [UNTIL] = {"slut|slutdatum|till|prövotidens slut|until", false},
    [AS_OF] = {"per datum|uttagsdatum|as of", true},
    [PLANNED] = {"planerade möten|bokade besök|meetings planned", false},
    [KEPT] = {"genomförda möten|genomförda besök|meetings kept", false},
    [BROKEN] = {"misskötsamhet|misskött|conditions broken", false},
    [CONDITIONS] = {"föreskrifter|villkor|conditions", false},
    [REMARK] = {"anmärkning|kommentar|remark", false},
};

static const struct {
	const char *words;
	const char *name;
} sanctions[] = {
    {"skyddstillsyn|probation", "PROBATION_KIND_PROBATION"},
    {"villkorlig frigivning|villkorligt frigiven|conditional release", "PROBATION_KIND_CONDITIONAL_RELEASE"},
    {"ungdomstjänst|samhällstjänst|community service", "PROBATION_KIND_COMMUNITY_SERVICE"},
    {"ungdomsövervakning|youth supervision", "PROBATION_KIND_YOUTH_SUPERVISION"},
    {"fängelse|prison", "PROBATION_KIND_PRISON"},
    {"intensivövervakning|fotboja|electronic monitoring", "PROBATION_KIND_ELECTRONIC_MONITORING"},
};

enum { SANCTION_COUNT = sizeof(sanctions) / sizeof(sanctions[0]) };

static bool read_yes(const struct sluss_table *t, const struct sluss_convert *to, bool *yes_out)
{
	static const char *const words[] = {"nej|n|0|no|false", "ja|j|1|x|yes|true"};
	const char *text = sluss_table_text(t, BROKEN);
	int found = text[0] == '\0' ? 0 : sluss_convert_word(text, words, 2);
	*yes_out = found == 1;
	return found >= 0 || sluss_table_fault(t, to, BROKEN, "ja or nej is needed here.");
}

// "a; b|c" in one field: conditions are separated by '|' or a line break.
static json_t *conditions(const char *text)
{
	json_t *list = json_array();
	while (*text != '\0') {
		size_t len = strcspn(text, "|\n");
		size_t skip = strspn(text, " \r");
		skip = skip < len ? skip : len;
		if (len > skip) {
			(void)json_array_append_new(list, json_stringn(text + skip, len - skip));
		}
		text += len + (text[len] == '\0' ? 0 : 1);
	}
	return list;
}

// True: handed on. False: reported.
static bool give_row(const struct sluss_table *t, const struct sluss_convert *to)
{
	const char *names[SANCTION_COUNT];
	char from[11];
	char until[11];
	char as_of[11];
	unsigned planned = 0;
	unsigned kept = 0;
	bool broken = false;
	for (size_t i = 0; i < SANCTION_COUNT; i++) {
		names[i] = sanctions[i].words;
	}
	int sanction = sluss_convert_word(sluss_table_text(t, SANCTION), names, SANCTION_COUNT);
	if (sluss_table_text(t, CLIENT)[0] == '\0') {
		return sluss_table_fault(t, to, CLIENT, "The client is missing.");
	}
	if (sanction < 0) {
		return sluss_table_fault(t, to, SANCTION,
		    "This sanction is not known: skyddstillsyn, villkorlig frigivning, ungdomstjänst, "
		    "ungdomsövervakning, fängelse or intensivövervakning is needed.");
	}
	if (!sluss_table_date(t, to, FROM, false, from) || !sluss_table_date(t, to, UNTIL, true, until) ||
	    !sluss_table_date(t, to, AS_OF, false, as_of) || !sluss_table_number(t, to, PLANNED, 1000, &planned) ||
	    !sluss_table_number(t, to, KEPT, 1000, &kept) || !read_yes(t, to, &broken)) {
		return false;
	}
	json_t *tree = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:b,s:o,s:s}", "@type", "sluss.v1.ProbationReport",
	    "kind", sanctions[sanction].name, "from", from, "until", until, "asOf", as_of, "meetingsPlanned",
	    (int)planned, "meetingsKept", (int)kept, "conditionsBroken", (int)broken, "conditions",
	    conditions(sluss_table_text(t, CONDITIONS)), "remark", sluss_table_text(t, REMARK));
	return sluss_convert_give(to, sluss_table_text(t, CLIENT), t->row.line, tree);
}

bool sluss_probation_reports(const char *octets, size_t len, const struct sluss_convert *to)
{
	struct sluss_table table;
	bool ok = sluss_table_open(&table, octets, len, columns, COLUMN_COUNT, to);
	while (ok && sluss_table_next(&table, to)) {
		if (!give_row(&table, to)) {
			to->reject(to->context, table.row.raw);
		}
	}
	sluss_table_close(&table);
	return ok;
}
