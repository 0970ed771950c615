// SPDX-License-Identifier: EUPL-1.2
// sluss audit: what the log says, downloaded, recomputed and compared; receipts, proofs, disclosures.
#include <sodium.h>
#include <stdlib.h>

#include "cmd_audit.h"

// ---- receipts

// The Receipt in a file: itself, or the "receipt" member of an answer that was kept.
const Sluss__V1__Receipt *audit_read_receipt(struct cli *cli, const char *path)
{
	enum { RECEIPT_MAX = 1 << 20 };
	size_t len = 0;
	char *text = cli_read_file(cli, "receipt", path, RECEIPT_MAX, &len);
	json_t *tree = text == NULL ? NULL : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (text != NULL && tree == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "receipt", "%s: not JSON", path);
	}
	const json_t *inner = json_object_get(tree, "result") != NULL ? json_object_get(tree, "result") : tree;
	inner = json_object_get(inner, "receipt") != NULL ? json_object_get(inner, "receipt") : inner;
	char *one = inner == NULL ? NULL : json_dumps(inner, JSON_COMPACT);
	const Sluss__V1__Receipt *receipt =
	    one == NULL ? NULL : cli_read_message(cli, "receipt", one, strlen(one), &sluss__v1__receipt__descriptor);
	free(one);
	json_decref(tree);
	return receipt;
}

static enum cli_exit check_receipts(struct cli *cli, const char *key, struct audit *audit, json_t *results)
{
	for (size_t i = 0; i < cli_count(cli, "receipt"); i++) {
		const char *path = cli_nth(cli, "receipt", i);
		const Sluss__V1__Receipt *receipt = audit_read_receipt(cli, path);
		struct sluss_log_head head = {.size = 0};
		if (receipt == NULL) {
			return CLI_USAGE;
		}
		enum sluss_receipt_verdict verdict = sluss_receipt_check(key, receipt, &head);
		const char *word = sluss_receipt_verdict_name(verdict);
		(void)json_array_append_new(results, json_pack("{s:s,s:I,s:s}", "file", path, "logIndex",
							 (json_int_t)receipt->log_index, "verdict", word));
		if (verdict != SLUSS_VERDICT_VALID) {
			return cli_fail(cli, CLI_UNVERIFIED, "receipt", "%s: %s", path, word);
		}
		cli_say(cli, "%s: entry %llu stands in the log, signed", path, (unsigned long long)receipt->log_index);
		audit_expect(cli, audit, path, &head);
	}
	return CLI_OK;
}

// ---- verify

const char *audit_log_key(struct cli *cli)
{
	const char *key = cli_get(cli, "key");
	if (key == NULL) {
		struct sluss_profile *profile = cli_profile(cli);
		key = profile == NULL ? NULL : sluss_profile_config(profile)->log_verifier_key;
	}
	if (key == NULL || key[0] == '\0') {
		(void)cli_fail(
		    cli, CLI_USAGE, "key", "the log's verifier key is not known: --key, or an enrolled profile");
		return NULL;
	}
	return key;
}

// What was verified last is expected to be still there.
static enum cli_exit expect_remembered(struct cli *cli, const char *key, struct audit *audit)
{
	struct sluss_log_head head;
	char *note = cli_has(cli, "key") ? NULL : sluss_profile_checkpoint(cli_profile(cli));
	if (note == NULL) {
		return CLI_OK;
	}
	cli_own(cli, note, free);
	enum sluss_receipt_verdict verdict =
	    sluss_checkpoint_check(key, (struct sluss_bytes){(const uint8_t *)note, strlen(note)}, &head);
	if (verdict != SLUSS_VERDICT_VALID) {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the remembered checkpoint does not hold: %s",
		    sluss_receipt_verdict_name(verdict));
	}
	audit_expect(cli, audit, "the checkpoint remembered from last time", &head);
	return CLI_OK;
}

// A consistency proof instead of a download.
static enum cli_exit verify_quick(struct cli *cli, struct sluss_client *client, const char *key, struct audit *audit)
{
	for (size_t i = 0; i < audit->expected_count; i++) {
		Sluss__V1__GetProofResponse *r = NULL;
		const struct audit_expected *e = &audit->expected[i];
		if (sluss_client_audit_proof(client, 0, e->head.size, &r) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		cli_own_message(cli, r);
		struct sluss_bytes *hashes = cli_alloc(cli, (r->n_consistency + 1) * sizeof(*hashes));
		for (size_t k = 0; k < r->n_consistency; k++) {
			hashes[k] = (struct sluss_bytes){r->consistency[k].data, r->consistency[k].len};
		}
		audit->checkpoint = r->checkpoint;
		if (sluss_checkpoint_check(key,
			(struct sluss_bytes){(const uint8_t *)r->checkpoint, strlen(r->checkpoint)},
			&audit->head) != SLUSS_VERDICT_VALID) {
			return cli_fail(
			    cli, CLI_UNVERIFIED, "", "the gateway's checkpoint is not signed by the log's key");
		}
		if (!sluss_consistency_check(&e->head, &audit->head, hashes, r->n_consistency)) {
			return cli_fail(cli, CLI_UNVERIFIED, "",
			    "the log does not contain what it said before (%s, size %llu)", e->what,
			    (unsigned long long)e->head.size);
		}
		cli_say(cli, "The log of size %llu begins with %s (size %llu).", (unsigned long long)audit->head.size,
		    e->what, (unsigned long long)e->head.size);
	}
	if (audit->expected_count == 0) {
		return cli_fail(cli, CLI_USAGE, "quick",
		    "--quick compares with what was verified before, and there is nothing yet; verify once without it");
	}
	return CLI_OK;
}

static enum cli_exit finish(struct cli *cli, struct audit *audit, json_t *receipts)
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	char problem[SLUSS_PROFILE_TEXT_MAX];
	(void)sodium_bin2hex(hex, sizeof(hex), audit->head.root, sizeof(audit->head.root));
	if (audit->checkpoint != NULL && !cli_has(cli, "key")) {
		if (sluss_profile_save_checkpoint(cli_profile(cli), audit->checkpoint, problem) != SLUSS_PROFILE_OK) {
			return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
		}
	}
	if (audit->checkpoint != NULL) {
		cli_say(cli, "The log holds: %llu entries, root %s.", (unsigned long long)audit->head.size, hex);
	}
	return cli_show_tree(cli,
	    json_pack("{s:I,s:s,s:I,s:O,s:s*}", "size", (json_int_t)audit->head.size, "root", hex, "entriesVerified",
		(json_int_t)audit->sum.size, "receipts", receipts, "checkpoint", audit->checkpoint));
}

static enum cli_exit verify_with(struct cli *cli, const char *key, struct audit *audit, json_t *receipts)
{
	enum cli_exit code = expect_remembered(cli, key, audit);
	if (code == CLI_OK) {
		code = check_receipts(cli, key, audit, receipts);
	}
	if (code != CLI_OK || cli_has(cli, "offline") || cli_has(cli, "key")) {
		return code;
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	return cli_has(cli, "quick") ? verify_quick(cli, client, key, audit) : audit_download(cli, audit, client, key);
}

static enum cli_exit verify(struct cli *cli)
{
	if (cli->argument_count > 0) {
		return audit_verify_folder(cli);
	}
	if (cli_has(cli, "report")) {
		return cli_fail(cli, CLI_USAGE, "report", "what is reported is the replay of an export: name its folder");
	}
	struct audit *audit = cli_alloc(cli, sizeof(*audit));
	const char *key = audit_log_key(cli);
	if (key == NULL) {
		return CLI_USAGE;
	}
	json_t *receipts = json_array();
	enum cli_exit code = verify_with(cli, key, audit, receipts);
	if (code == CLI_OK) {
		code = finish(cli, audit, receipts);
	}
	json_decref(receipts);
	return code;
}

// ---- disclosures

static void print_disclosure(struct cli *cli, const Sluss__V1__Disclosure *d)
{
	const char *reason = sluss_reason_name((enum sluss_reason)d->reason);
	cli_say(cli, "%llu  %s  %s to %s: %s for %s, case %s, message %s: %s", (unsigned long long)d->log_index,
	    cli_time_text(cli, d->at), d->sender_agency_id, d->recipient_agency_id, d->category,
	    cli_enum_text(cli, &sluss__v1__purpose__descriptor, (int)d->purpose), d->case_id, d->message_id,
	    reason == NULL ? "?" : reason);
}

static enum cli_exit list(struct cli *cli)
{
	Sluss__V1__ListDisclosuresRequest q = SLUSS__V1__LIST_DISCLOSURES_REQUEST__INIT;
	Sluss__V1__ListDisclosuresResponse all = SLUSS__V1__LIST_DISCLOSURES_RESPONSE__INIT;
	q.case_id = cli_format(cli, "%s", cli_get(cli, "case") == NULL ? "" : cli_get(cli, "case"));
	q.page_size = 1000;
	q.from = cli_has(cli, "from") ? cli_read_time(cli, "from", cli_get(cli, "from")) : NULL;
	q.until = cli_has(cli, "until") ? cli_read_time(cli, "until", cli_get(cli, "until")) : NULL;
	struct sluss_client *client = cli->error != NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	do {
		Sluss__V1__ListDisclosuresResponse *page = NULL;
		if (sluss_client_audit_disclosures(client, &q, &page) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		cli_own_message(cli, page);
		for (size_t i = 0; i < page->n_disclosures; i++) {
			print_disclosure(cli, page->disclosures[i]);
			cli_append(cli, &all.disclosures, &all.n_disclosures, page->disclosures[i]);
		}
		q.page_token = page->next_page_token;
	} while (q.page_token[0] != '\0');
	return cli_show(cli, &all.base);
}

// ---- table

#define END_OPTION                                                                                                     \
	{                                                                                                              \
		NULL, CLI_FLAG, NULL, NULL                                                                             \
	}

static const struct cli_option verify_options[] = {
    {"receipt", CLI_MANY, "FILE", "a receipt, or an answer with one, as JSON"},
    {"offline", CLI_FLAG, NULL, "only the receipts; no network"},
    {"quick", CLI_FLAG, NULL,
	"ask for a consistency proof with what was verified before, instead of downloading everything"},
    {"key", CLI_TEXT, "KEY",
	"the log's verifier key; default: the one pinned in the profile (with --key no profile is needed)"},
    {"witness", CLI_MANY, "KEY", "DIR: a witness's verifier key that you trust; default: those in the export"},
    {"quorum", CLI_TEXT, "N", "DIR: how many witnesses have to have signed; default: what the export says"},
    {"tsa", CLI_TEXT, "FILE", "DIR: certificates of the time-stamping authority; default: those in the export"},
    {"no-replay", CLI_FLAG, NULL, "DIR: only octets, signatures and timestamps; nothing is decided again"},
    {"report", CLI_FLAG, NULL, "DIR: send the result to the gateway, signed, so that it enters the log (auditors)"},
    {"case", CLI_TEXT, "ID", "DIR: list every disclosure in this case"},
    {"subject", CLI_TEXT, "ID", "DIR: list every disclosure that concerns this person"},
    END_OPTION,
};
static const struct cli_option list_options[] = {
    {"case", CLI_TEXT, "ID", "only this case"},
    {"from", CLI_TEXT, "TIME", "not before"},
    {"until", CLI_TEXT, "TIME", "before"},
    END_OPTION,
};

const struct cli_verb cli_audit_verbs[] = {
    {"audit verify", "[DIR]",
	"Verify an export and decide everything in it again; without DIR check receipts and the gateway's log.",
	verify_options, verify,
	"DIR is what `sluss audit export` made; no network is used. Every octet has to lead to the signed root, every "
	"signature and timestamp to hold, and every\n"
	"decision to come out as it stands in the log. The exit code tells the gravest class of finding (see "
	"sluss(1)).\n"
	"Without DIR all entries are downloaded and their root compared with the signed checkpoint, with last time's, "
	"and with the receipts given."},
    {"audit export", "DIR",
	"Download the log's files into DIR, verified on the way; what is there already is not fetched again.",
	audit_export_options, audit_export_folder, NULL},
    {"audit prove", "INDEX", "Get and check the proof that an entry stands in the log.", audit_prove_options,
	audit_prove, NULL},
    {"audit check", "FILE", "Check a proof or a receipt that was kept; no network.", audit_check_options, audit_check,
	NULL},
    {"audit watch", "", "Follow the log, and raise the alarm when it is not what it was.", audit_watch_options,
	audit_watch, NULL},
    {"audit fhir", "DIR", "Disclosures of an export as FHIR R4 AuditEvents (IHE BALP), one a line.", audit_fhir_options,
	audit_fhir, NULL},
    {"audit list", "", "Disclosures that we may see.", list_options, list, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
