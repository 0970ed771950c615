// SPDX-License-Identifier: EUPL-1.2
// sluss audit export, sluss audit verify DIR: exports of the log.
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#include "audit.h"
#include "audit_export.h"
#include "cmd_audit.h"
#include "policy/policy.h"
#include "sluss/id.h"

enum { LISTED_MAX = 1000, TSA_MAX = 1 << 20 };

// ---- export

struct getting {
	struct cli *cli;
	struct sluss_client *client;
};

static enum sluss_fetch get(void *context, const char *path, struct sluss_bytes *octets_out)
{
	struct getting *getting = context;
	if (sluss_client_file(getting->client, path, octets_out) == SLUSS_CLIENT_OK)
		return SLUSS_FETCH_OK;
	return sluss_client_last_error(getting->client)->http_status == 404 ? SLUSS_FETCH_ABSENT : SLUSS_FETCH_FAILED;
}

static void show_export(void *context, uint64_t done, uint64_t total)
{
	struct getting *getting = context;
	cli_progress(getting->cli, "exporting", done, total);
}

static enum cli_exit export_to(struct cli *cli, struct sluss_client *client, const char *key, const char *folder,
    struct sluss_export_report *report)
{
	struct getting getting = {cli, client};
	const struct sluss_fetcher fetcher = {&getting, get};
	const struct sluss_export_options options = {
	    .folder = folder, .log_key = key, .context = &getting, .on_progress = show_export};
	enum sluss_export_result result = sluss_audit_export(&fetcher, &options, report);
	cli_progress(cli, "", 0, 0);
	switch (result) {
	case SLUSS_EXPORT_OK:
		return CLI_OK;
	case SLUSS_EXPORT_FETCH:
		return report->why[0] == '\0' ? cli_fail_client(cli, client)
					      : cli_fail(cli, CLI_UNAVAILABLE, "", "%s", report->why);
	case SLUSS_EXPORT_UNVERIFIED:
		return cli_fail(cli, CLI_UNVERIFIED, "", "%s", report->why);
	case SLUSS_EXPORT_FOLDER:
		return cli_fail(cli, CLI_USAGE, "DIR", "%s", report->why);
	case SLUSS_EXPORT_NO_MEMORY:
	case SLUSS_EXPORT_NONE:
		break;
	}
	return cli_fail(cli, CLI_INTERNAL, "", "%s", report->why);
}

enum cli_exit audit_export_into(struct cli *cli, struct sluss_client *client, const char *key, const char *folder)
{
	struct sluss_export_report report;
	return export_to(cli, client, key, folder, &report);
}

enum cli_exit audit_export_folder(struct cli *cli)
{
	struct sluss_export_report report;
	const char *key = audit_log_key(cli);
	struct sluss_client *client = key == NULL ? NULL : cli_client(cli);
	if (client == NULL)
		return CLI_USAGE;
	enum cli_exit code = export_to(cli, client, key, cli->arguments[0], &report);
	if (code != CLI_OK)
		return code;
	cli_say(cli,
	    "%s has %" PRIu64 " entries now (%" PRIu64
	    " before), all under the signed root. Verify it: sluss audit verify %s",
	    cli->arguments[0], report.size, report.former_size, cli->arguments[0]);
	return cli_show_tree(
	    cli, json_pack("{s:s,s:I,s:I,s:I,s:I}", "folder", cli->arguments[0], "size", (json_int_t)report.size,
		     "formerSize", (json_int_t)report.former_size, "filesFetched", (json_int_t)report.fetched,
		     "filesKept", (json_int_t)report.kept));
}

const struct cli_option audit_export_options[] = {
    {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the pinned one"}, {NULL, CLI_FLAG, NULL, NULL}};

// ---- verify

struct verifying {
	struct cli *cli;
	json_t *findings, *disclosures;
	bool lists_disclosures;
};

static const char *id_text(struct cli *cli, const struct sluss_id *id)
{
	char *text = cli_alloc(cli, SLUSS_ID_TEXT);
	return sluss_id_is_none(id) ? NULL : sluss_id_format(id, text);
}

static const char *time_text(struct cli *cli, int64_t at_ms)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time.seconds = at_ms / 1000 - (at_ms % 1000 < 0 ? 1 : 0);
	time.nanos = (int32_t)(at_ms - time.seconds * 1000) * 1000000;
	return cli_time_text(cli, &time);
}

static void find(void *context, const struct sluss_audit_finding *finding)
{
	struct verifying *v = context;
	if (json_array_size(v->findings) >= LISTED_MAX)
		return; // counted all the same
	const char *class = sluss_audit_class_name(sluss_audit_class_of(finding->kind));
	const char *kind = sluss_audit_kind_name(finding->kind);
	const char *message = id_text(v->cli, &finding->message), *case_id = id_text(v->cli, &finding->case_id);
	json_t *one = json_pack("{s:s,s:s,s:s,s:s*,s:s*}", "class", class, "kind", kind, "text", finding->text,
	    "messageId", message, "caseId", case_id);
	if (one == NULL) // octets of a damaged export that are no text
		one = json_pack("{s:s,s:s,s:s}", "class", class, "kind", kind, "text", "(not UTF-8)");
	if (finding->index != SLUSS_AUDIT_NO_INDEX)
		(void)json_object_set_new(one, "logIndex", json_integer((json_int_t)finding->index));
	(void)json_array_append_new(v->findings, one);
	cli_progress(v->cli, "", 0, 0);
	if (finding->index == SLUSS_AUDIT_NO_INDEX)
		cli_say(v->cli, "%s: %s [%s]", class, finding->text, kind);
	else
		cli_say(v->cli, "%s: entry %" PRIu64 ", %s: %s [%s]%s%s%s%s", class, finding->index,
		    time_text(v->cli, finding->at_ms), finding->text, kind, case_id == NULL ? "" : ", case ",
		    case_id == NULL ? "" : case_id, message == NULL ? "" : ", message ",
		    message == NULL ? "" : message);
}

static void disclosed(void *context, const struct sluss_audit_disclosure *d)
{
	struct verifying *v = context;
	const char *reason = sluss_reason_name(d->pair->reason);
	const char *message = id_text(v->cli, &d->message->message), *case_id = id_text(v->cli, &d->message->case_id);
	const char *at = time_text(v->cli, d->at_ms);
	json_t *grounds = json_array();
	for (size_t i = 0; i < d->pair->ground_count; i++)
		(void)json_array_append_new(grounds, json_string(id_text(v->cli, &d->pair->grounds[i])));
	json_t *one = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:b}", "logIndex", (json_int_t)d->index,
	    "at", at, "caseId", case_id, "messageId", message, "senderAgencyId", d->message->sender,
	    "recipientAgencyId", d->recipient->agency, "category", d->section->category, "reason",
	    reason == NULL ? "?" : reason, "provision", d->pair->provision, "messageType",
	    sluss_message_type_name(d->message->message_type), "groundIds", grounds, "decidedAgain", d->permitted);
	(void)json_array_append_new(v->disclosures, one);
	cli_progress(v->cli, "", 0, 0);
	cli_say(v->cli, "%" PRIu64 "  %s  %s to %s: %s, case %s, message %s: %s%s", d->index, at, d->message->sender,
	    d->recipient->agency, d->section->category, case_id, message, reason == NULL ? "?" : reason,
	    d->permitted ? "" : " (NOT when decided again)");
}

static void show_verify(void *context, uint64_t done, uint64_t size)
{
	struct verifying *v = context;
	cli_progress(v->cli, "verifying", done, size);
}

// What was promised before: the checkpoint remembered from last time, and receipts.
static enum cli_exit add_promises(struct cli *cli, const char *key, struct sluss_audit_options *options)
{
	size_t receipts = cli_count(cli, "receipt");
	struct sluss_audit_promise *promises = cli_alloc(cli, (receipts + 1) * sizeof(*promises));
	for (size_t i = 0; i < receipts; i++) {
		const char *path = cli_nth(cli, "receipt", i);
		const Sluss__V1__Receipt *receipt = audit_read_receipt(cli, path);
		struct sluss_log_head head = {.size = 0};
		if (receipt == NULL)
			return CLI_USAGE;
		enum sluss_receipt_verdict verdict = sluss_receipt_check(key, receipt, &head);
		if (verdict != SLUSS_VERDICT_VALID)
			return cli_fail(
			    cli, CLI_UNVERIFIED, "receipt", "%s: %s", path, sluss_receipt_verdict_name(verdict));
		promises[options->promise_count] = (struct sluss_audit_promise){.what = path, .size = head.size};
		memcpy(promises[options->promise_count++].root, head.root, SLUSS_HASH_BYTES);
	}
	options->promises = promises;
	return CLI_OK;
}

static enum cli_exit read_options(struct cli *cli, struct sluss_audit_options *options)
{
	uint64_t quorum = 0;
	size_t len = 0;
	size_t count = cli_count(cli, "witness");
	const char **witnesses = cli_alloc(cli, (count + 1) * sizeof(*witnesses));
	for (size_t i = 0; i < count; i++)
		witnesses[i] = cli_nth(cli, "witness", i);
	options->witnesses = witnesses;
	options->witness_count = count;
	options->quorum = -1;
	if (cli_has(cli, "quorum")) {
		if (!cli_read_number(cli, "quorum", cli_get(cli, "quorum"), SLUSS_AUDIT_WITNESSES_MAX, &quorum))
			return CLI_USAGE;
		options->quorum = (int)quorum;
	}
	if (cli_has(cli, "tsa") &&
	    (options->tsa_pem = cli_read_file(cli, "tsa", cli_get(cli, "tsa"), TSA_MAX, &len)) == NULL)
		return CLI_USAGE;
	if ((cli_has(cli, "case") && !cli_read_id(cli, "case", cli_get(cli, "case"), &options->case_id)) ||
	    (cli_has(cli, "subject") && !cli_read_id(cli, "subject", cli_get(cli, "subject"), &options->person)))
		return CLI_USAGE;
	options->no_replay = cli_has(cli, "no-replay");
	return CLI_OK;
}

// The key: given, or the profile's if there is one, or the export's own, which is said.
static const char *trusted_key(struct cli *cli)
{
	const char *key = cli_get(cli, "key");
	char problem[SLUSS_PROFILE_TEXT_MAX];
	struct sluss_profile *profile = NULL;
	if (key != NULL)
		return key;
	if (sluss_profile_open(cli_profile_folder(cli), &profile, problem) != SLUSS_PROFILE_OK)
		return NULL;
	key = cli_format(cli, "%s", sluss_profile_config(profile)->log_verifier_key);
	sluss_profile_free(&profile);
	return key[0] == '\0' ? NULL : key;
}

static void say_trust(struct cli *cli, const struct sluss_audit_report *r)
{
	cli_say(cli, "%s: %" PRIu64 " entries, from %s to %s.", r->origin, r->size, time_text(cli, r->first_ms),
	    time_text(cli, r->last_ms));
	if (!r->pinned_key)
		cli_say(cli, "The log's key is the export's own. Compare it with what you know from elsewhere: %s",
		    r->log_key);
	if (r->witnesses == 0)
		cli_say(cli, "No witness is named: whoever holds the log's key could show others another log.");
	else if (r->cosigned_size > 0)
		cli_say(cli, "%zu of %zu witnesses needed signed the first %" PRIu64 " entries%s.", r->quorum,
		    r->witnesses, r->cosigned_size, r->pinned_witnesses ? "" : " (their keys are the export's own)");
	if (r->timestamps > 0)
		cli_say(cli, "%" PRIu64 " timestamps hold%s.", r->timestamps,
		    r->pinned_tsa ? "" : " (by the certificates in the export)");
	if (r->replayed)
		cli_say(cli,
		    "Decided again: %" PRIu64 " decisions; %" PRIu64 " messages accepted, %" PRIu64 " denied; %" PRIu64
		    " releases, %" PRIu64 " withheld; %" PRIu64 " withdrawals, %" PRIu64 " recalls.",
		    r->decisions, r->accepted, r->denied, r->released, r->withheld, r->withdrawals, r->recalls);
}

static void say_complete(struct cli *cli, const struct sluss_audit_report *r)
{
	if (!cli_has(cli, "case") && !cli_has(cli, "subject"))
		return;
	const char *of = cli_has(cli, "subject") ? "person" : "case";
	if (r->complete)
		cli_say(cli,
		    "This list of %" PRIu64
		    " disclosures about the %s is complete, as far as the log knows whom they are about%s.",
		    r->disclosures, of,
		    r->unattributed == 0 ? "" : "; some sections concern somebody whom it does not know");
	else if (r->gap_until > r->gap_from)
		cli_say(cli, "This list is NOT complete: entries %" PRIu64 " to %" PRIu64 " could not be read.",
		    r->gap_from, r->gap_until - 1);
	else
		cli_say(cli, "This list is NOT complete: %s.",
		    r->replayed ? "the export does not hold together (see above)" : "not everything was decided again");
}

static json_t *counts_of(const struct sluss_audit_report *r)
{
	json_t *counts = json_object();
	for (unsigned class = SLUSS_AUDIT_STRUCTURE; class < SLUSS_AUDIT_CLASSES; class ++) {
		if (r->findings[class] > 0)
			(void)json_object_set_new(counts, sluss_audit_class_name((enum sluss_audit_class) class),
			    json_integer((json_int_t)r->findings[class]));
	}
	return counts;
}

static enum cli_exit show_report(struct cli *cli, const struct verifying *v, const struct sluss_audit_report *r)
{
	char root[2 * SLUSS_HASH_BYTES + 1];
	(void)sodium_bin2hex(root, sizeof(root), r->root, sizeof(r->root));
	json_t *tree = json_pack(
	    "{s:s,s:I,s:s,s:s,s:b,s:b,s:b,s:I,s:I,s:I,s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:O}", "origin",
	    r->origin, "size", (json_int_t)r->size, "root", root, "key", r->log_key, "keyPinned", r->pinned_key,
	    "witnessesPinned", r->pinned_witnesses, "tsaPinned", r->pinned_tsa, "cosignedSize",
	    (json_int_t)r->cosigned_size, "keptCheckpoints", (json_int_t)r->kept_checkpoints, "timestamps",
	    (json_int_t)r->timestamps, "replayed", r->replayed, "complete", r->complete, "decisions",
	    (json_int_t)r->decisions, "accepted", (json_int_t)r->accepted, "denied", (json_int_t)r->denied, "released",
	    (json_int_t)r->released, "withheld", (json_int_t)r->withheld, "disclosures", (json_int_t)r->disclosures,
	    "unattributed", (json_int_t)r->unattributed, "counts", counts_of(r), "findings", v->findings);
	if (v->lists_disclosures)
		(void)json_object_set(tree, "list", v->disclosures);
	if (r->gap_until > r->gap_from)
		(void)json_object_set_new(tree, "gap",
		    json_pack("{s:I,s:I}", "from", (json_int_t)r->gap_from, "until", (json_int_t)r->gap_until));
	return cli_show_tree(cli, tree);
}

static enum cli_exit run(struct cli *cli, const struct sluss_audit_options *options, struct verifying *v)
{
	struct sluss_audit_report report;
	const char *folder = cli->arguments[0];
	struct sluss_audit_source source = sluss_audit_folder(&folder);
	enum sluss_audit_outcome outcome = sluss_audit_verify(&source, options, &report);
	cli_progress(cli, "", 0, 0);
	if (outcome == SLUSS_AUDIT_NO_MEMORY)
		return cli_fail(cli, CLI_INTERNAL, "", "there is not enough memory, or no room for temporary files");
	if (outcome == SLUSS_AUDIT_NO_EXPORT && report.finding_count == 0)
		return cli_fail(
		    cli, CLI_USAGE, "DIR", "%s holds no export with a key of its log; name the key: --key", folder);
	if (outcome != SLUSS_AUDIT_NO_EXPORT)
		say_trust(cli, &report);
	say_complete(cli, &report);
	if (report.finding_count == 0)
		cli_say(cli, "Nothing was found%s.", options->no_replay ? " (nothing was decided again)" : "");
	else
		cli_say(cli, "%" PRIu64 " findings%s; the gravest: %s.", report.finding_count,
		    report.finding_count > LISTED_MAX ? " (the first 1000 are shown)" : "",
		    sluss_audit_class_name(sluss_audit_gravest(&report)));
	struct sluss_client *client = cli_has(cli, "report") ? cli_client(cli) : NULL;
	enum cli_exit code = client == NULL ? CLI_OK : audit_report(cli, client, &report);
	if (code != CLI_OK || cli->error != NULL)
		return code == CLI_OK ? CLI_USAGE : code;
	code = show_report(cli, v, &report);
	unsigned class = (unsigned)sluss_audit_gravest(&report);
	return code != CLI_OK || class == 0 ? code : (enum cli_exit)(19 + class);
}

enum cli_exit audit_verify_folder(struct cli *cli)
{
	bool lists = cli_has(cli, "case") || cli_has(cli, "subject");
	struct verifying v = {.cli = cli, .lists_disclosures = lists};
	struct sluss_audit_options options = {.context = &v,
	    .on_finding = find,
	    .on_disclosure = lists ? disclosed : NULL,
	    .on_progress = show_verify,
	    .log_key = trusted_key(cli)};
	enum cli_exit code = read_options(cli, &options);
	if (code == CLI_OK && cli_has(cli, "report") && options.no_replay)
		code = cli_fail(
		    cli, CLI_USAGE, "report", "a report says that everything was decided again: without --no-replay");
	if (code == CLI_OK && cli_count(cli, "receipt") > 0 && options.log_key == NULL)
		code = cli_fail(cli, CLI_USAGE, "key", "receipts are checked with a key that you know: --key");
	code = code == CLI_OK ? add_promises(cli, options.log_key, &options) : code;
	if (code != CLI_OK)
		return code;
	v.findings = json_array();
	v.disclosures = json_array();
	code = run(cli, &options, &v);
	json_decref(v.findings);
	json_decref(v.disclosures);
	return code;
}
