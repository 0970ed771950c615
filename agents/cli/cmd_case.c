// SPDX-License-Identifier: EUPL-1.2
// sluss case: opening, showing, changing.
#include "cli.h"

// ---- reading what a case is made of

// "name=..,pnr=..,birth=..,language=..,id=.." as a Person; a person without id gets a new one.
static Sluss__V1__Person *read_person(struct cli *cli, const char *option, const char *text)
{
	Sluss__V1__Person *p = cli_alloc(cli, sizeof(*p));
	char *rest = cli_copy(cli, text, strlen(text));
	char *key = NULL;
	char *value = NULL;
	sluss__v1__person__init(p);
	while (cli_spec_next(cli, option, &rest, &key, &value)) {
		if (strcmp(key, "name") == 0) {
			p->name = value;
		} else if (strcmp(key, "pnr") == 0) {
			p->personal_identity_number = value;
		} else if (strcmp(key, "birth") == 0) {
			p->birth_date = value;
		} else if (strcmp(key, "language") == 0) {
			p->language = value;
		} else if (strcmp(key, "id") == 0) {
			p->person_id = value;
		} else {
			(void)cli_fail(cli, CLI_USAGE, option, "--%s: '%s' is none of name, pnr, birth, language, id", option, key);
		}
	}
	if (p->person_id[0] == '\0') {
		struct sluss_id id;
		sluss_id_random(&id);
		p->person_id = cli_alloc(cli, SLUSS_ID_TEXT);
		sluss_id_format(&id, p->person_id);
	} else if (cli->error == NULL) {
		(void)cli_check_id(cli, option, p->person_id);
	}
	return cli->error == NULL ? p : NULL;
}

// "agency=officer+officer".
static Sluss__V1__Member *read_member(struct cli *cli, const char *text)
{
	const char *equals = strchr(text, '=');
	Sluss__V1__Member *m = cli_alloc(cli, sizeof(*m));
	sluss__v1__member__init(m);
	if (equals != NULL) {
		m->agency_id = cli_copy(cli, text, (size_t)(equals - text));
		m->contact_officer_ids = cli_split(cli, equals + 1, '+', &m->n_contact_officer_ids);
	}
	if (equals == NULL || m->n_contact_officer_ids == 0 || !sluss_is_agency_id(m->agency_id, strlen(m->agency_id))) {
		(void)cli_fail(cli, CLI_USAGE, "member", "--member: '%s' is not agency=officer or agency=officer+officer", text);
		return NULL;
	}
	return m;
}

static bool read_members(struct cli *cli, Sluss__V1__Member ***list, size_t *count)
{
	for (size_t i = 0; i < cli_count(cli, "member"); i++) {
		Sluss__V1__Member *m = read_member(cli, cli_nth(cli, "member", i));
		if (m == NULL) {
			return false;
		}
		cli_append(cli, list, count, m);
	}
	return true;
}

static bool read_guardians(struct cli *cli, Sluss__V1__Person ***list, size_t *count)
{
	for (size_t i = 0; i < cli_count(cli, "guardian"); i++) {
		Sluss__V1__Person *p = read_person(cli, "guardian", cli_nth(cli, "guardian", i));
		if (p == NULL) {
			return false;
		}
		cli_append(cli, list, count, p);
	}
	return true;
}

static void add_coordinators(struct cli *cli, char ***list, size_t *count)
{
	for (size_t i = 0; i < cli_count(cli, "coordinator"); i++) {
		const char *officer = cli_nth(cli, "coordinator", i);
		cli_append(cli, list, count, cli_copy(cli, officer, strlen(officer)));
	}
}

// ---- showing

static void print_case(struct cli *cli, const Sluss__V1__Case *c)
{
	if (c == NULL) {
		return;
	}
	cli_say(cli, "case %s: %s, %s%s", c->case_id, c->programme, cli_enum_text(cli, &sluss__v1__phase__descriptor, (int)c->phase),
	    c->protected_identity ? ", protected identity" : "");
	cli_say(cli, "  subject %s", c->subject_person_id);
	for (size_t i = 0; i < c->n_guardian_person_ids; i++) {
		cli_say(cli, "  guardian %s", c->guardian_person_ids[i]);
	}
	for (size_t i = 0; i < c->n_required_person_ids; i++) {
		cli_say(cli, "  must agree today: %s", c->required_person_ids[i]);
	}
	for (size_t i = 0; i < c->n_members; i++) {
		for (size_t k = 0; k < c->members[i]->n_contact_officer_ids; k++) {
			cli_say(cli, "  member %s, contact %s", c->members[i]->agency_id, c->members[i]->contact_officer_ids[k]);
		}
	}
}

// `answer` is where the call puts it: arguments are evaluated in no order, so the pointer itself may not be read among them.
static enum cli_exit changed(struct cli *cli, struct sluss_client *client, enum sluss_client_result result, Sluss__V1__CaseChangeResponse **answer)
{
	if (result != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	Sluss__V1__CaseChangeResponse *r = *answer;
	cli_own_message(cli, r);
	print_case(cli, r->case_);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

// ---- verbs

static bool fill_open(struct cli *cli, Sluss__V1__OpenCase *d)
{
	const char *id = cli_get(cli, "id");
	if (id != NULL) {
		d->case_id = cli_copy(cli, id, strlen(id));
	}
	if (d->case_id[0] == '\0') {
		struct sluss_id fresh;
		sluss_id_random(&fresh);
		d->case_id = cli_alloc(cli, SLUSS_ID_TEXT);
		sluss_id_format(&fresh, d->case_id);
	}
	if (cli_has(cli, "programme")) {
		d->programme = cli_copy(cli, cli_get(cli, "programme"), strlen(cli_get(cli, "programme")));
	}
	if (cli_has(cli, "subject")) {
		d->subject = read_person(cli, "subject", cli_get(cli, "subject"));
	}
	add_coordinators(cli, &d->coordinator_officer_ids, &d->n_coordinator_officer_ids);
	d->protected_identity = d->protected_identity || cli_has(cli, "protected");
	return cli->error == NULL && cli_check_id(cli, "id", d->case_id) != NULL && read_guardians(cli, &d->guardians, &d->n_guardians)
	    && read_members(cli, &d->members, &d->n_members);
}

static enum cli_exit open_case(struct cli *cli)
{
	Sluss__V1__OpenCase *d = cli_draft(cli, &sluss__v1__open_case__descriptor);
	Sluss__V1__CaseOpenResponse *r = NULL;
	if (d == NULL || !fill_open(cli, d)) {
		return CLI_USAGE;
	}
	if (d->subject == NULL || d->programme[0] == '\0' || d->n_members == 0 || d->n_coordinator_officer_ids == 0) {
		return cli_fail(cli, CLI_USAGE, "", "a case needs --programme, --subject, at least one --member and one --coordinator (or --file)");
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_case_open(client, d, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	print_case(cli, r->case_);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static enum cli_exit show(struct cli *cli)
{
	Sluss__V1__CaseGetResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_case_get(client, id, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	print_case(cli, r->case_);
	return cli_show(cli, &r->base);
}

// All pages as one answer.
static enum cli_exit list_pages(struct cli *cli, struct sluss_client *client, Sluss__V1__Phase phase)
{
	Sluss__V1__CaseListResponse all = SLUSS__V1__CASE_LIST_RESPONSE__INIT;
	const char *token = "";
	do {
		Sluss__V1__CaseListResponse *page = NULL;
		if (sluss_client_case_list(client, phase, 1000, token, &page) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		cli_own_message(cli, page);
		for (size_t i = 0; i < page->n_cases; i++) {
			const Sluss__V1__Case *c = page->cases[i];
			cli_say(cli, "%s  %s  %s", c->case_id, c->programme, cli_enum_text(cli, &sluss__v1__phase__descriptor, (int)c->phase));
			cli_append(cli, &all.cases, &all.n_cases, page->cases[i]);
		}
		token = page->next_page_token;
	} while (token[0] != '\0');
	return cli_show(cli, &all.base);
}

static enum cli_exit list(struct cli *cli)
{
	int phase = 0;
	if (cli_has(cli, "phase") && !cli_read_enum(cli, "phase", &sluss__v1__phase__descriptor, cli_get(cli, "phase"), &phase)) {
		return CLI_USAGE;
	}
	struct sluss_client *client = cli_client(cli);
	return client == NULL ? CLI_USAGE : list_pages(cli, client, (Sluss__V1__Phase)phase);
}

static char *case_argument(struct cli *cli)
{
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	return id == NULL ? NULL : cli_copy(cli, id, strlen(id));
}

static enum cli_exit members(struct cli *cli)
{
	Sluss__V1__SetMembers d = SLUSS__V1__SET_MEMBERS__INIT;
	Sluss__V1__CaseChangeResponse *r = NULL;
	d.case_id = case_argument(cli);
	if (d.case_id == NULL || cli_need(cli, "member") == NULL || cli_need(cli, "coordinator") == NULL || !read_members(cli, &d.members, &d.n_members)) {
		return CLI_USAGE;
	}
	add_coordinators(cli, &d.coordinator_officer_ids, &d.n_coordinator_officer_ids);
	struct sluss_client *client = cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_case_set_members(client, &d, &r), &r);
}

static enum cli_exit phase(struct cli *cli)
{
	Sluss__V1__SetPhase d = SLUSS__V1__SET_PHASE__INIT;
	Sluss__V1__CaseChangeResponse *r = NULL;
	int to = 0;
	int reason = 0;
	d.case_id = case_argument(cli);
	if (d.case_id == NULL || !cli_read_enum(cli, "PHASE", &sluss__v1__phase__descriptor, cli->arguments[1], &to)) {
		return CLI_USAGE;
	}
	if (cli_has(cli, "reason") && !cli_read_enum(cli, "reason", &sluss__v1__close_reason__descriptor, cli_get(cli, "reason"), &reason)) {
		return CLI_USAGE;
	}
	if (to == SLUSS__V1__PHASE__PHASE_CLOSED && reason == 0) {
		return cli_fail(cli, CLI_USAGE, "reason", "closing a case needs --reason: goals_met, own_wish, crime_goes_on ...");
	}
	d.phase = (Sluss__V1__Phase)to;
	d.close_reason = (Sluss__V1__CloseReason)reason;
	struct sluss_client *client = cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_case_set_phase(client, &d, &r), &r);
}

static enum cli_exit guardians(struct cli *cli)
{
	Sluss__V1__SetGuardians d = SLUSS__V1__SET_GUARDIANS__INIT;
	Sluss__V1__CaseChangeResponse *r = NULL;
	d.case_id = case_argument(cli);
	if (d.case_id == NULL || !read_guardians(cli, &d.guardians, &d.n_guardians)) {
		return CLI_USAGE;
	}
	if (cli_has(cli, "none") == (d.n_guardians > 0)) {
		return cli_fail(cli, CLI_USAGE, "guardian", "the whole new list: --guardian for each, or --none");
	}
	struct sluss_client *client = cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_case_set_guardians(client, &d, &r), &r);
}

enum { VIEW_LIMITS_MAX = 64 };

// "GUARDIAN" or "GUARDIAN:MESSAGE" of one option, each with the reasons given.
static bool read_view_limits(struct cli *cli, const char *option, bool limited, Sluss__V1__SetProtection *d)
{
	for (size_t i = 0; i < cli_count(cli, option); i++) {
		Sluss__V1__ViewLimit *limit = cli_alloc(cli, sizeof(*limit));
		const char *value = cli_nth(cli, option, i), *reasons = cli_need(cli, "reasons");
		if (reasons == NULL) {
			return false;
		}
		if (d->n_view_limits == VIEW_LIMITS_MAX) {
			(void)cli_fail(cli, CLI_USAGE, option, "at most %d limits at once", VIEW_LIMITS_MAX);
			return false;
		}
		sluss__v1__view_limit__init(limit);
		char *copy = cli_copy(cli, value, strlen(value)), *colon = strchr(copy, ':');
		if (colon != NULL) {
			*colon = '\0';
			limit->message_id = colon + 1;
		}
		limit->guardian_person_id = copy;
		limit->limited = limited;
		limit->reasons = cli_copy(cli, reasons, strlen(reasons));
		if (cli_check_id(cli, option, copy) == NULL || (colon != NULL && cli_check_id(cli, option, colon + 1) == NULL)) {
			return false;
		}
		d->view_limits[d->n_view_limits++] = limit;
	}
	return true;
}

static enum cli_exit protect(struct cli *cli)
{
	Sluss__V1__ViewLimit *limits[VIEW_LIMITS_MAX];
	Sluss__V1__SetProtection d = SLUSS__V1__SET_PROTECTION__INIT;
	Sluss__V1__CaseChangeResponse *r = NULL;
	d.case_id = case_argument(cli);
	if (d.case_id == NULL) {
		return CLI_USAGE;
	}
	d.protected_identity = strcmp(cli->arguments[1], "on") == 0;
	d.login_locked = cli_has(cli, "lock-login");
	if (!d.protected_identity && strcmp(cli->arguments[1], "off") != 0) {
		return cli_fail(cli, CLI_USAGE, "on|off", "'%s' is neither on nor off", cli->arguments[1]);
	}
	d.view_limits = limits;
	if (!read_view_limits(cli, "hide-from", true, &d) || !read_view_limits(cli, "show-to", false, &d)) {
		return CLI_USAGE;
	}
	struct sluss_client *client = cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_case_set_protection(client, &d, &r), &r);
}

static char *needed_copy(struct cli *cli, const char *option)
{
	const char *value = cli_need(cli, option);
	return value == NULL ? NULL : cli_copy(cli, value, strlen(value));
}

static enum cli_exit assess(struct cli *cli)
{
	Sluss__V1__AssessMaturity d = SLUSS__V1__ASSESS_MATURITY__INIT;
	Sluss__V1__CaseChangeResponse *r = NULL;
	int outcome = 0;
	d.case_id = case_argument(cli);
	const char *text = cli_need(cli, "outcome");
	if (d.case_id == NULL || text == NULL || !cli_read_enum(cli, "outcome", &sluss__v1__maturity_outcome__descriptor, text, &outcome)) {
		return CLI_USAGE;
	}
	d.outcome = (Sluss__V1__MaturityOutcome)outcome;
	d.assessor_officer_id = needed_copy(cli, "assessor");
	d.assessed_on = d.assessor_officer_id == NULL ? NULL : needed_copy(cli, "on");
	d.reasons = d.assessed_on == NULL ? NULL : needed_copy(cli, "reasons");
	struct sluss_client *client = d.reasons == NULL ? NULL : cli_client(cli);
	return client == NULL ? CLI_USAGE : changed(cli, client, sluss_client_case_assess_maturity(client, &d, &r), &r);
}

// ---- table

#define MEMBER_OPTION {"member", CLI_MANY, "AGENCY=OFFICER+OFFICER", "member agency and its contact officers"}
#define GUARDIAN_OPTION {"guardian", CLI_MANY, "name=..,pnr=..,language=..[,id=..]", "a registered guardian; a person without id gets a new one"}
#define END_OPTION {NULL, CLI_FLAG, NULL, NULL}

static const struct cli_option open_options[] = {
	{"id", CLI_TEXT, "ID", "the case's id (UUID); default: a new one. Give it to complete a case that a referral opened, or to repeat"},
	{"programme", CLI_TEXT, "NAME", "SIG_YOUTH, SIG_YOUNG_ADULTS, SSPF or another of the policy"},
	{"subject", CLI_TEXT, "birth=YYYY-MM-DD,name=..,pnr=..,language=..[,id=..]", "the young person"},
	GUARDIAN_OPTION,
	MEMBER_OPTION,
	{"coordinator", CLI_MANY, "OFFICER", "our officers who lead the group"},
	{"protected", CLI_FLAG, NULL, "the subject has protected identity"},
	{"file", CLI_TEXT, "FILE", "the whole (or part) as JSON: fields of sluss.v1.OpenCase; '-' is standard input"},
	END_OPTION,
};
static const struct cli_option list_options[] = {{"phase", CLI_TEXT, "PHASE", "only cases in this phase"}, END_OPTION};
#define COORDINATOR_OPTION {"coordinator", CLI_MANY, "OFFICER", "our officers who lead the group"}
static const struct cli_option members_options[] = {MEMBER_OPTION, COORDINATOR_OPTION, END_OPTION};
static const struct cli_option protect_options[] = {{"lock-login", CLI_FLAG, NULL, "also lock the subject's web login (without it: unlocked)"},
    {"hide-from", CLI_MANY, "GUARDIAN[:MESSAGE]", "keep a disclosure, or all of the case, from this guardian's view"},
    {"show-to", CLI_MANY, "GUARDIAN[:MESSAGE]", "end that"}, {"reasons", CLI_TEXT, "TEXT", "why, with --hide-from and --show-to"}, END_OPTION};
static const struct cli_option phase_options[] = {{"reason", CLI_TEXT, "REASON", "why it is closed: goals_met, own_wish, crime_goes_on, wrong_programme, "
	"placed_or_imprisoned, moved, transferred, safety, age, died, other"}, END_OPTION};
static const struct cli_option guardians_options[] = {GUARDIAN_OPTION, {"none", CLI_FLAG, NULL, "there is no registered guardian any more"}, END_OPTION};
static const struct cli_option assess_options[] = {
	{"outcome", CLI_TEXT, "OUTCOME", "subject_alone, guardians_and_subject or guardians_alone"},
	{"assessor", CLI_TEXT, "OFFICER", "who assessed"},
	{"on", CLI_TEXT, "YYYY-MM-DD", "when"},
	{"reasons", CLI_TEXT, "TEXT", "why; kept apart from the log"},
	END_OPTION,
};

const struct cli_verb cli_case_verbs[] = {
	{"case open", "", "Open a case, or complete one that a referral opened.", open_options, open_case,
	    "sluss case open --programme SIG_YOUTH --subject birth=2009-05-01,name=Test,language=sv \\\n"
	    "    --guardian name=Test,language=sv --member soc=anna+bo --member polis=p1 --coordinator anna --coordinator bo"},
	{"case show", "ID", "One case, without names.", NULL, show, NULL},
	{"case list", "", "Our own cases.", list_options, list, NULL},
	{"case members", "ID", "Replace members and contact officers.", members_options, members, NULL},
	{"case phase", "ID PHASE", "Move a case to another phase.", phase_options, phase, NULL},
	{"case guardians", "ID", "Replace the registered guardians.", guardians_options, guardians, NULL},
	{"case protect", "ID on|off", "Mark the subject as protected, or end it.", protect_options, protect, NULL},
	{"case assess", "ID", "Record an assessment of maturity.", assess_options, assess, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
