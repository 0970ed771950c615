// SPDX-License-Identifier: EUPL-1.2
// sluss consent: recording, what persons say to it, withdrawing, showing.
#include <sodium.h>

#include "cli.h"

// ---- reading grants

static bool read_window(struct cli *cli, Sluss__V1__GrantDraft *g, const char *value)
{
	const char *slash = strchr(value, '/');
	if (slash == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "grant", "--grant: valid=FROM/UNTIL, for instance valid=2026-01-01/2026-12-31 (the end itself is not included)");
		return false;
	}
	g->from = cli_read_time(cli, "grant", cli_copy(cli, value, (size_t)(slash - value)));
	g->until = g->from == NULL ? NULL : cli_read_time(cli, "grant", slash + 1);
	return g->until != NULL;
}

static bool read_part(struct cli *cli, Sluss__V1__GrantDraft *g, const char *key, char *value)
{
	int number = 0;
	if (strcmp(key, "category") == 0) {
		g->category = value;
	} else if (strcmp(key, "from") == 0) {
		g->sender_agency_id = value;
	} else if (strcmp(key, "to") == 0) {
		g->receiver_agency_ids = cli_split(cli, value, '+', &g->n_receiver_agency_ids);
	} else if (strcmp(key, "purpose") == 0) {
		if (!cli_read_enum(cli, "grant", &sluss__v1__purpose__descriptor, value, &number)) {
			return false;
		}
		g->purpose = (Sluss__V1__Purpose)number;
	} else if (strcmp(key, "valid") == 0) {
		return read_window(cli, g, value);
	} else if (strcmp(key, "protected") == 0) {
		g->protected_mark = strcmp(value, "yes") == 0;
	} else {
		(void)cli_fail(cli, CLI_USAGE, "grant", "--grant: '%s' is none of category, from, to, purpose, valid, protected", key);
		return false;
	}
	return true;
}

// What the gateway would refuse as vague is left to it: its answer names the rule.
static Sluss__V1__GrantDraft *read_grant(struct cli *cli, const char *text)
{
	Sluss__V1__GrantDraft *g = cli_alloc(cli, sizeof(*g));
	char *rest = cli_copy(cli, text, strlen(text));
	char *key = NULL;
	char *value = NULL;
	sluss__v1__grant_draft__init(g);
	while (cli_spec_next(cli, "grant", &rest, &key, &value)) {
		if (!read_part(cli, g, key, value)) {
			return NULL;
		}
	}
	return cli->error == NULL ? g : NULL;
}

// How and when: --obtained (default `standard`), --obtained-at or --received-at (default: the time stated in the statement).
static bool read_obtained(struct cli *cli, struct sluss_client *client, const char *when_option, Sluss__V1__Obtained *how, Google__Protobuf__Timestamp **when)
{
	int number = SLUSS__V1__OBTAINED__OBTAINED_ELECTRONIC;
	const char *text = cli_get(cli, "obtained");
	if (text != NULL && !cli_read_enum(cli, "obtained", &sluss__v1__obtained__descriptor, text, &number)) {
		return false;
	}
	if (text != NULL || *how == 0) {
		*how = (Sluss__V1__Obtained)number;
	}
	const char *at = cli_get(cli, when_option);
	if (at != NULL) {
		*when = cli_read_time(cli, when_option, at);
		return *when != NULL;
	}
	if (*when == NULL) {
		*when = cli_alloc(cli, sizeof(**when));
		sluss_timestamp_set(*when, sluss_client_now_ms(client));
	}
	return true;
}

static bool hash_text(struct cli *cli, Sluss__V1__RecordConsent *d)
{
	enum { TEXT_MAX = 4 << 20 };
	const char *path = cli_get(cli, "text-file");
	size_t len = 0;
	char *text = path == NULL ? NULL : cli_read_file(cli, "text-file", path, TEXT_MAX, &len);
	if (path == NULL || text == NULL) {
		return path == NULL;
	}
	uint8_t *hash = cli_alloc(cli, SLUSS_HASH_BYTES);
	(void)crypto_hash_sha256(hash, (const unsigned char *)text, len);
	d->text_hash = (ProtobufCBinaryData){SLUSS_HASH_BYTES, hash};
	return true;
}

static void set_text(struct cli *cli, const char *option, char **field)
{
	const char *value = cli_get(cli, option);
	if (value != NULL) {
		*field = cli_copy(cli, value, strlen(value));
	}
}

static bool fill_record(struct cli *cli, struct sluss_client *client, Sluss__V1__RecordConsent *d)
{
	set_text(cli, "id", &d->consent_id);
	set_text(cli, "case", &d->case_id);
	set_text(cli, "text-version", &d->text_version);
	set_text(cli, "language", &d->text_language);
	if (d->consent_id[0] == '\0') {
		struct sluss_id fresh;
		sluss_id_random(&fresh);
		d->consent_id = cli_alloc(cli, SLUSS_ID_TEXT);
		sluss_id_format(&fresh, d->consent_id);
	}
	if (d->case_id[0] == '\0') {
		return cli_need(cli, "case") != NULL;
	}
	for (size_t i = 0; i < cli_count(cli, "grant"); i++) {
		Sluss__V1__GrantDraft *g = read_grant(cli, cli_nth(cli, "grant", i));
		if (g == NULL) {
			return false;
		}
		cli_append(cli, &d->grants, &d->n_grants, g);
	}
	if (d->n_grants == 0) {
		(void)cli_fail(cli, CLI_USAGE, "grant", "a consent needs at least one --grant (or --file)");
		return false;
	}
	return cli_check_id(cli, "id", d->consent_id) != NULL && cli_check_id(cli, "case", d->case_id) != NULL && hash_text(cli, d)
	    && read_obtained(cli, client, "obtained-at", &d->obtained, &d->obtained_at);
}

static enum cli_exit record(struct cli *cli)
{
	Sluss__V1__RecordConsent *d = cli_draft(cli, &sluss__v1__record_consent__descriptor);
	Sluss__V1__ConsentRecordResponse *r = NULL;
	struct sluss_client *client = d == NULL ? NULL : cli_client(cli);
	if (client == NULL || !fill_record(cli, client, d)) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_record(client, d, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_say(cli, "consent %s recorded; it permits nothing until everyone who must agree has agreed:", r->consent_id);
	cli_print_grants(cli, r->grants, r->n_grants);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

// ---- acts

// Grants named by --grant, and all of the consents named by --consent: the statement always names each.
static bool collect_grants(struct cli *cli, struct sluss_client *client, Sluss__V1__ActOnGrants *d, enum cli_exit *code_out)
{
	*code_out = CLI_USAGE;
	for (size_t i = 0; i < cli_count(cli, "grant"); i++) {
		const char *id = cli_check_id(cli, "grant", cli_nth(cli, "grant", i));
		if (id == NULL) {
			return false;
		}
		cli_append(cli, &d->grant_ids, &d->n_grant_ids, cli_copy(cli, id, strlen(id)));
	}
	for (size_t i = 0; i < cli_count(cli, "consent"); i++) {
		Sluss__V1__ConsentGetResponse *r = NULL;
		const char *id = cli_check_id(cli, "consent", cli_nth(cli, "consent", i));
		if (id == NULL) {
			return false;
		}
		if (sluss_client_consent_get(client, id, &r) != SLUSS_CLIENT_OK) {
			*code_out = cli_fail_client(cli, client);
			return false;
		}
		cli_own_message(cli, r);
		for (size_t k = 0; r->consent != NULL && k < r->consent->n_grants; k++) {
			cli_append(cli, &d->grant_ids, &d->n_grant_ids, r->consent->grants[k]->grant_id);
		}
		if (r->consent != NULL && d->case_id[0] == '\0') {
			d->case_id = r->consent->case_id;
		}
	}
	if (d->n_grant_ids == 0) {
		(void)cli_fail(cli, CLI_USAGE, "grant", "which grants? --grant ID for each, or --consent ID for all of a consent");
		return false;
	}
	return true;
}

static bool read_narrowing(struct cli *cli, Sluss__V1__ActOnGrants *d)
{
	const char *from = cli_get(cli, "from");
	const char *until = cli_get(cli, "until");
	if (from == NULL && until == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "until", "a later --from, an earlier --until, or both");
		return false;
	}
	d->narrowed_from = from == NULL ? NULL : cli_read_time(cli, "from", from);
	d->narrowed_until = until == NULL ? NULL : cli_read_time(cli, "until", until);
	return cli->error == NULL;
}

static enum cli_exit act(struct cli *cli, Sluss__V1__GrantAct what)
{
	Sluss__V1__ActOnGrants d = SLUSS__V1__ACT_ON_GRANTS__INIT;
	Sluss__V1__ActResponse *r = NULL;
	enum cli_exit code = CLI_USAGE;
	const char *person = cli_check_id(cli, "person", cli_need(cli, "person"));
	struct sluss_client *client = person == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	d.act = what;
	d.person_id = cli_copy(cli, person, strlen(person));
	set_text(cli, "case", &d.case_id);
	if (!collect_grants(cli, client, &d, &code)) {
		return code;
	}
	if (d.case_id[0] == '\0') {
		(void)cli_need(cli, "case");
		return CLI_USAGE;
	}
	if (what == SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW && !read_narrowing(cli, &d)) {
		return CLI_USAGE;
	}
	if (cli_check_id(cli, "case", d.case_id) == NULL || !read_obtained(cli, client, "obtained-at", &d.obtained, &d.obtained_at)) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_act(client, &d, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_print_grants(cli, r->grants, r->n_grants);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static enum cli_exit give(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_GIVE);
}

static enum cli_exit refuse(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_REFUSE);
}

static enum cli_exit pause_grants(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_PAUSE);
}

static enum cli_exit narrow(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_NARROW);
}

static enum cli_exit resume(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_RESUME);
}

static enum cli_exit invalidate(struct cli *cli)
{
	return act(cli, SLUSS__V1__GRANT_ACT__GRANT_ACT_INVALIDATE);
}

// ---- withdrawal

static bool read_scope(struct cli *cli, Sluss__V1__WithdrawConsent *d)
{
	if ((int)cli_has(cli, "grant") + (int)cli_has(cli, "category") + (int)cli_has(cli, "agency") + (int)cli_has(cli, "everything") != 1) {
		(void)cli_fail(cli, CLI_USAGE, "everything", "what is withdrawn? exactly one of --grant ID, --category NAME, --agency ID, --everything");
		return false;
	}
	if (cli_has(cli, "grant")) {
		d->scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_GRANT_ID;
		set_text(cli, "grant", &d->grant_id);
		return cli_check_id(cli, "grant", d->grant_id) != NULL;
	}
	if (cli_has(cli, "category")) {
		d->scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_CATEGORY;
		set_text(cli, "category", &d->category);
	} else if (cli_has(cli, "agency")) {
		d->scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_SCOPE_AGENCY_ID;
		set_text(cli, "agency", &d->scope_agency_id);
	} else {
		d->scope_case = SLUSS__V1__WITHDRAW_CONSENT__SCOPE_EVERYTHING;
		d->everything = true;
	}
	return true;
}

static enum cli_exit withdraw(struct cli *cli)
{
	Sluss__V1__WithdrawConsent d = SLUSS__V1__WITHDRAW_CONSENT__INIT;
	Sluss__V1__WithdrawResponse *r = NULL;
	const char *case_id = cli_check_id(cli, "case", cli_need(cli, "case"));
	const char *person = case_id == NULL ? NULL : cli_check_id(cli, "person", cli_need(cli, "person"));
	if (person == NULL || !read_scope(cli, &d)) {
		return CLI_USAGE;
	}
	d.case_id = cli_copy(cli, case_id, strlen(case_id));
	d.person_id = cli_copy(cli, person, strlen(person));
	struct sluss_client *client = cli_client(cli);
	if (client == NULL || !read_obtained(cli, client, "received-at", &d.obtained, &d.received_at)) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_withdraw(client, &d, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_say(cli, "Withdrawn: %zu grants closed, %u waiting messages destroyed. Nothing that it covers leaves the gateway any more.", r->n_grant_ids,
	    r->messages_withheld);
	for (size_t i = 0; i < r->n_recalled_agency_ids; i++) {
		cli_say(cli, "  %s had received some of it and is asked to delete it", r->recalled_agency_ids[i]);
	}
	cli_say(cli, "  the case is now: %s", cli_enum_text(cli, &sluss__v1__phase__descriptor, (int)r->phase));
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

// ---- showing

static void print_consent(struct cli *cli, const Sluss__V1__Consent *c)
{
	cli_say(cli, "consent %s of case %s, text %s (%s), %s, %s, recorded by %s of %s, log entry %llu", c->consent_id, c->case_id, c->text_version, c->text_language,
	    cli_enum_text(cli, &sluss__v1__obtained__descriptor, (int)c->obtained), cli_time_text(cli, c->obtained_at), c->recorded_by_officer_id,
	    c->recorded_by_agency_id, (unsigned long long)c->log_index);
	cli_print_grants(cli, c->grants, c->n_grants);
}

static enum cli_exit show(struct cli *cli)
{
	Sluss__V1__ConsentGetResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_get(client, id, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (r->consent != NULL) {
		print_consent(cli, r->consent);
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit list(struct cli *cli)
{
	Sluss__V1__ConsentListResponse *r = NULL;
	const char *id = cli_check_id(cli, "case", cli_need(cli, "case"));
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_list(client, id, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	for (size_t i = 0; i < r->n_consents; i++) {
		print_consent(cli, r->consents[i]);
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit receipt(struct cli *cli)
{
	Sluss__V1__ConsentGetReceiptResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	const char *person = id == NULL ? NULL : cli_check_id(cli, "person", cli_need(cli, "person"));
	struct sluss_client *client = person == NULL ? NULL : cli_client(cli);
	const char *language = cli_get(cli, "language");
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_receipt(client, id, person, language == NULL ? "sv" : language, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_say(cli, "%s", r->text);
	if (r->receipt != NULL) {
		// The proof belongs to the printed copy: with it and the log's key anybody can check it.
		cli_say(cli, "%s", r->receipt->tlog_proof);
	}
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

// What somebody stated, as JSON, once its octets are those that the log entry names.
static enum cli_exit statement(struct cli *cli)
{
	Sluss__V1__ConsentGetStatementResponse *r = NULL;
	uint64_t index = 0;
	struct sluss_client *client = !cli_read_number(cli, "INDEX", cli->arguments[0], UINT64_MAX, &index) ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_consent_statement(client, index, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (r->statement != NULL) {
		cli_say(cli, "signed with key %s, %zu octets", r->statement->key_id, r->statement->statement.len);
	}
	return cli_show(cli, &r->base);
}

// ---- table

#define END_OPTION {NULL, CLI_FLAG, NULL, NULL}

static const struct cli_option record_options[] = {
	{"case", CLI_TEXT, "ID", "the case"},
	{"id", CLI_TEXT, "ID", "the consent's id (UUID); default: a new one"},
	{"grant", CLI_MANY, "SPEC", "category=..,from=AGENCY,to=AGENCY+AGENCY,purpose=..,valid=FROM/UNTIL[,protected=yes]"},
	{"text-version", CLI_TEXT, "VERSION", "version of the text that was shown"},
	{"language", CLI_TEXT, "LANG", "its language: sv, en, ar, so"},
	{"text-file", CLI_TEXT, "FILE", "the text itself: its SHA-256 is recorded"},
	{"obtained", CLI_TEXT, "HOW", "electronic (default), paper or oral"},
	{"obtained-at", CLI_TEXT, "TIME", "when; default: now"},
	{"file", CLI_TEXT, "FILE", "the whole (or part) as JSON: fields of sluss.v1.RecordConsent; '-' is standard input"},
	END_OPTION,
};
#define ACT_OPTIONS                                                                                                                                                \
	{"person", CLI_TEXT, "ID", "whose will it is"}, {"grant", CLI_MANY, "ID", "a grant"}, {"consent", CLI_MANY, "ID", "all grants of this consent"},                  \
	    {"case", CLI_TEXT, "ID", "the case; not needed with --consent"}, {"obtained", CLI_TEXT, "HOW", "electronic (default), paper or oral"},                      \
	    {"obtained-at", CLI_TEXT, "TIME", "when; default: now"}

static const struct cli_option act_options[] = {ACT_OPTIONS, END_OPTION};
static const struct cli_option narrow_options[] = {
	ACT_OPTIONS,
	{"from", CLI_TEXT, "TIME", "the new, later beginning"},
	{"until", CLI_TEXT, "TIME", "the new, earlier end (not included)"},
	END_OPTION,
};
static const struct cli_option withdraw_options[] = {
	{"case", CLI_TEXT, "ID", "the case"},
	{"person", CLI_TEXT, "ID", "who withdraws"},
	{"grant", CLI_TEXT, "ID", "only this grant"},
	{"category", CLI_TEXT, "NAME", "only this category"},
	{"agency", CLI_TEXT, "ID", "only this agency, as sender and as receiver"},
	{"everything", CLI_FLAG, NULL, "all of it"},
	{"obtained", CLI_TEXT, "HOW", "how it was said: electronic (default), paper or oral"},
	{"received-at", CLI_TEXT, "TIME", "when it was said; default: now"},
	END_OPTION,
};
static const struct cli_option list_options[] = {{"case", CLI_TEXT, "ID", "the case"}, END_OPTION};
static const struct cli_option receipt_options[] = {
	{"person", CLI_TEXT, "ID", "the giver"},
	{"language", CLI_TEXT, "LANG", "sv (default), en, ar or so"},
	END_OPTION,
};

const struct cli_verb cli_consent_verbs[] = {
	{"consent record", "", "Record a consent with its grants.", record_options, record,
	    "Every part is explicit: no wildcard, no \"all members\", no open end. The end of a window is not included; a date is midnight in Stockholm.\n"
	    "sluss consent record --case ID --language sv --text-version 2026-1 \\\n"
	    "    --grant category=school_attendance,from=skola,to=soc+polis,purpose=coordination,valid=2026-01-01/2026-12-31"},
	{"consent give", "", "One person agrees to grants.", act_options, give, NULL},
	{"consent refuse", "", "One person refuses grants; final.", act_options, refuse, NULL},
	{"consent withdraw", "", "One person withdraws, wholly or in part.", withdraw_options, withdraw, NULL},
	{"consent pause", "", "One person pauses grants.", act_options, pause_grants, NULL},
	{"consent narrow", "", "One person shortens grants, at once.", narrow_options, narrow, NULL},
	{"consent resume", "", "One person resumes paused grants: new versions, which everybody else has to give.", act_options, resume, NULL},
	{"consent invalidate", "", "A giving was registered by mistake: it never counted.", act_options, invalidate, NULL},
	{"consent show", "ID", "One consent, grant by grant.", NULL, show, NULL},
	{"consent list", "", "All consents of a case.", list_options, list, NULL},
	{"consent statement", "INDEX", "The signed act behind a log entry, for who stated it and who leads the case.", NULL, statement, NULL},
	{"consent receipt", "ID", "The giver's copy, as text.", receipt_options, receipt, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
