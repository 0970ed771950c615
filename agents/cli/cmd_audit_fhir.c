// SPDX-License-Identifier: EUPL-1.2
// sluss audit fhir: every disclosure of an export as FHIR R4 AuditEvents, one JSON resource a line (NDJSON), by the IHE
// BALP profiles "Privacy Disclosure at Source" and "... at Recipient" 1.1.4: one of each for a section and a recipient.
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "audit.h"
#include "cmd_audit.h"
#include "policy/policy.h"
#include "sluss/id.h"

#define BALP "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure."
#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define ENTITY_TYPE "http://terminology.hl7.org/CodeSystem/audit-entity-type"
#define OBJECT_ROLE "http://terminology.hl7.org/CodeSystem/object-role"

struct writing {
	struct cli *cli;
	FILE *out;
	json_t *list; // with --json
	uint64_t count;
	bool failed;
};

static const char *urn(struct cli *cli, const struct sluss_id *id)
{
	char text[SLUSS_ID_TEXT];
	return cli_format(cli, "urn:uuid:%s", sluss_id_format(id, text));
}

static json_t *coding(const char *system, const char *code, const char *display)
{
	return json_pack("{s:s,s:s,s:s}", "system", system, "code", code, "display", display);
}

// Systems of our own names lie under the log's origin.
static const char *own_system(struct cli *cli, const struct sluss_audit_disclosure *d, const char *what)
{
	return cli_format(cli, "https://%s/%s", d->origin, what);
}

static json_t *agency(struct cli *cli, const struct sluss_audit_disclosure *d, const char *name)
{
	return json_pack(
	    "{s:{s:s,s:s},s:s}", "identifier", "system", own_system(cli, d, "agency"), "value", name, "display", name);
}

// The log has no addresses: an agency's id is the name of its machine.
static json_t *agent(struct cli *cli, const struct sluss_audit_disclosure *d, const char *name, const char *code,
    const char *display, bool requestor)
{
	return json_pack("{s:{s:[o]},s:o,s:b,s:{s:s,s:s}}", "type", "coding", coding(DCM, code, display), "who",
	    agency(cli, d, name), "requestor", requestor, "network", "address", name, "type", "1");
}

static json_t *identified(const char *system, const char *value, const char *type, const char *type_display,
    const char *role, const char *role_display)
{
	return json_pack("{s:{s:{s:s,s:s}},s:o,s:o}", "what", "identifier", "system", system, "value", value, "type",
	    coding(ENTITY_TYPE, type, type_display), "role", coding(OBJECT_ROLE, role, role_display));
}

static json_t *entities(struct cli *cli, const struct sluss_audit_disclosure *d)
{
	json_t *patient = identified("urn:ietf:rfc:3986", urn(cli, &d->subject), "1", "Person", "1", "Patient");
	json_t *data = identified(
	    "urn:ietf:rfc:3986", urn(cli, &d->message->message), "2", "System Object", "4", "Domain Resource");
	json_t *detail = json_array();
	(void)json_object_set_new(data, "name",
	    json_string(
		cli_format(cli, "%s: %s", sluss_message_type_name(d->message->message_type), d->section->category)));
	(void)json_array_append_new(
	    detail, json_pack("{s:s,s:s}", "type", "category", "valueString", d->section->category));
	(void)json_array_append_new(
	    detail, json_pack("{s:s,s:s}", "type", "case", "valueString", urn(cli, &d->message->case_id)));
	(void)json_array_append_new(
	    detail, json_pack("{s:s,s:s}", "type", "log-index", "valueString", cli_format(cli, "%" PRIu64, d->index)));
	(void)json_array_append_new(
	    detail, json_pack("{s:s,s:s}", "type", "reason", "valueString", sluss_reason_name(d->pair->reason)));
	(void)json_object_set_new(data, "detail", detail);
	return json_pack("[o,o]", patient, data);
}

static const char *instant(struct cli *cli, int64_t at_ms)
{
	char text[40];
	struct tm utc;
	time_t seconds = (time_t)(at_ms / 1000);
	if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		return "1970-01-01T00:00:00Z";
	return cli_format(cli, "%s.%03dZ", text, (int)(at_ms % 1000));
}

// What the sender relied on: grants and requests by id, a provision by name (agent.policy).
static void add_grounds(struct cli *cli, const struct sluss_audit_disclosure *d, json_t *source)
{
	json_t *policy = json_array();
	for (size_t i = 0; i < d->pair->ground_count; i++)
		(void)json_array_append_new(policy, json_string(urn(cli, &d->pair->grounds[i])));
	if (d->pair->provision[0] != '\0')
		(void)json_array_append_new(
		    policy, json_string(cli_format(cli, "%s/%s", own_system(cli, d, "provision"), d->pair->provision)));
	if (json_array_size(policy) > 0)
		(void)json_object_set(source, "policy", policy);
	json_decref(policy);
}

static json_t *event(struct cli *cli, const struct sluss_audit_disclosure *d, bool at_source)
{
	const char *purpose = sluss_purpose_name(d->section->purpose);
	const char *observer = at_source ? d->message->sender : d->recipient->agency;
	json_t *source = agent(cli, d, d->message->sender, "110153", "Source Role ID", at_source);
	json_t *recipient = agent(cli, d, d->recipient->agency, "110152", "Destination Role ID", !at_source);
	add_grounds(cli, d, source);
	json_t *made = json_pack("{s:s,s:s,s:{s:[s]},s:o,s:[o],s:s,s:s,s:s,s:[o,o],s:{s:s,s:o,s:[o]},s:o}",
	    "resourceType", "AuditEvent", "id",
	    cli_format(
		cli, "%" PRIu64 "-%u-%s-%s", d->index, d->pair->section, d->recipient->agency, at_source ? "s" : "r"),
	    "meta", "profile", at_source ? BALP "Source" : BALP "Recipient", "type",
	    at_source ? coding(DCM, "110106", "Export") : coding(DCM, "110107", "Import"), "subtype",
	    coding("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose",
		"Disclose Record Lifecycle Event"),
	    "action", at_source ? "R" : "C", "recorded", instant(cli, d->at_ms), "outcome", d->permitted ? "0" : "8",
	    "agent", source, recipient, "source", "site", d->origin, "observer", agency(cli, d, observer), "type",
	    coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server"), "entity",
	    entities(cli, d));
	if (made != NULL && !d->permitted)
		(void)json_object_set_new(
		    made, "outcomeDesc", json_string("decided again offline, this disclosure has no ground"));
	if (made != NULL && purpose != NULL)
		(void)json_object_set_new(made, "purposeOfEvent",
		    json_pack("[{s:[{s:s,s:s}]}]", "coding", "system", own_system(cli, d, "purpose"), "code", purpose));
	return made;
}

static void put(struct writing *w, json_t *made)
{
	if (made == NULL) {
		w->failed = true;
		return;
	}
	w->count++;
	if (w->list != NULL)
		(void)json_array_append(w->list, made);
	else if (json_dumpf(made, w->out, JSON_COMPACT) != 0 || fputc('\n', w->out) == EOF)
		w->failed = true;
	json_decref(made);
}

static void disclosed(void *context, const struct sluss_audit_disclosure *d)
{
	struct writing *w = context;
	size_t mark = w->cli->owned_count;
	put(w, event(w->cli, d, true));
	put(w, event(w->cli, d, false));
	cli_release(w->cli, mark); // as many as there are disclosures
}

static void show(void *context, uint64_t done, uint64_t size)
{
	struct writing *w = context;
	cli_progress(w->cli, "reading", done, size);
}

static enum cli_exit finish(struct cli *cli, struct writing *w, const struct sluss_audit_report *report)
{
	const char *folder = cli->arguments[0];
	if (w->failed)
		return cli_fail(cli, CLI_INTERNAL, "out", "an event cannot be written");
	// What does not hold together is not handed on as if it did.
	if (!report->complete)
		return cli_fail(cli, CLI_UNVERIFIED, "DIR",
		    "the export does not hold; look at it first: sluss audit verify %s", folder);
	return w->list == NULL ? CLI_OK : cli_show_tree(cli, json_incref(w->list));
}

enum cli_exit audit_fhir(struct cli *cli)
{
	struct sluss_audit_report report;
	const char *folder = cli->arguments[0];
	const char *path = cli_get(cli, "out");
	struct writing w = {.cli = cli, .out = cli->out};
	struct sluss_audit_options options = {.context = &w,
	    .on_disclosure = disclosed,
	    .on_progress = show,
	    .quorum = -1,
	    .log_key = cli_get(cli, "key")};
	struct sluss_audit_source source = sluss_audit_folder(&folder);
	if ((cli_has(cli, "case") && !cli_read_id(cli, "case", cli_get(cli, "case"), &options.case_id)) ||
	    (cli_has(cli, "subject") && !cli_read_id(cli, "subject", cli_get(cli, "subject"), &options.person)))
		return CLI_USAGE;
	if (path != NULL && (w.out = fopen(path, "we")) == NULL)
		return cli_fail(cli, CLI_USAGE, "out", "%s cannot be written", path);
	w.list = cli->json && path == NULL ? json_array() : NULL;
	enum sluss_audit_outcome outcome = sluss_audit_verify(&source, &options, &report);
	cli_progress(cli, "", 0, 0);
	if (path != NULL && fclose(w.out) != 0)
		w.failed = true;
	enum cli_exit code = CLI_OK;
	if (outcome == SLUSS_AUDIT_NO_MEMORY)
		code = cli_fail(cli, CLI_INTERNAL, "", "there is not enough memory");
	else if (outcome == SLUSS_AUDIT_NO_EXPORT)
		code = cli_fail(
		    cli, CLI_USAGE, "DIR", "%s holds no export with a key of its log; name the key: --key", folder);
	else
		code = finish(cli, &w, &report);
	json_decref(w.list);
	return code;
}

const struct cli_option audit_fhir_options[] = {
    {"out", CLI_TEXT, "FILE", "where to; default: standard output"},
    {"case", CLI_TEXT, "ID", "only this case"},
    {"subject", CLI_TEXT, "ID", "only what concerns this person"},
    {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the export's own"},
    {NULL, CLI_FLAG, NULL, NULL},
};
