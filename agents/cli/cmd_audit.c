// SPDX-License-Identifier: EUPL-1.2
// sluss audit: what the log says, downloaded, recomputed and compared; receipts, proofs, disclosures.
#include <sodium.h>
#include <stdlib.h>

#include "audit.h"
#include "file.h"
#include "web/json.h"

// ---- receipts

// The Receipt in a file: itself, or the "receipt" member of an answer that was kept.
static const Sluss__V1__Receipt *read_receipt(struct cli *cli, const char *path)
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
	const Sluss__V1__Receipt *receipt = one == NULL ? NULL : cli_read_message(cli, "receipt", one, strlen(one), &sluss__v1__receipt__descriptor);
	free(one);
	json_decref(tree);
	return receipt;
}

static enum cli_exit check_receipts(struct cli *cli, const char *key, struct audit *audit, json_t *results)
{
	for (size_t i = 0; i < cli_count(cli, "receipt"); i++) {
		const char *path = cli_nth(cli, "receipt", i);
		const Sluss__V1__Receipt *receipt = read_receipt(cli, path);
		struct sluss_log_head head = {.size = 0};
		if (receipt == NULL) {
			return CLI_USAGE;
		}
		enum sluss_receipt_verdict verdict = sluss_receipt_check(key, receipt, &head);
		const char *word = sluss_receipt_verdict_name(verdict);
		(void)json_array_append_new(results, json_pack("{s:s,s:I,s:s}", "file", path, "logIndex", (json_int_t)receipt->log_index, "verdict", word));
		if (verdict != SLUSS_VERDICT_VALID) {
			return cli_fail(cli, CLI_UNVERIFIED, "receipt", "%s: %s", path, word);
		}
		cli_say(cli, "%s: entry %llu stands in the log, signed", path, (unsigned long long)receipt->log_index);
		audit_expect(cli, audit, path, &head);
	}
	return CLI_OK;
}

// ---- verify

static const char *log_key(struct cli *cli)
{
	const char *key = cli_get(cli, "key");
	if (key == NULL) {
		struct sluss_profile *profile = cli_profile(cli);
		key = profile == NULL ? NULL : sluss_profile_config(profile)->log_verifier_key;
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
	enum sluss_receipt_verdict verdict = sluss_checkpoint_check(key, (struct sluss_bytes){(const uint8_t *)note, strlen(note)}, &head);
	if (verdict != SLUSS_VERDICT_VALID) {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the remembered checkpoint does not hold: %s", sluss_receipt_verdict_name(verdict));
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
		if (sluss_checkpoint_check(key, (struct sluss_bytes){(const uint8_t *)r->checkpoint, strlen(r->checkpoint)}, &audit->head) != SLUSS_VERDICT_VALID) {
			return cli_fail(cli, CLI_UNVERIFIED, "", "the gateway's checkpoint is not signed by the log's key");
		}
		if (!sluss_consistency_check(&e->head, &audit->head, hashes, r->n_consistency)) {
			return cli_fail(cli, CLI_UNVERIFIED, "", "the log does not contain what it said before (%s, size %llu)", e->what, (unsigned long long)e->head.size);
		}
		cli_say(cli, "The log of size %llu begins with %s (size %llu).", (unsigned long long)audit->head.size, e->what, (unsigned long long)e->head.size);
	}
	if (audit->expected_count == 0) {
		return cli_fail(cli, CLI_USAGE, "quick", "--quick compares with what was verified before, and there is nothing yet; verify once without it");
	}
	return CLI_OK;
}

static enum cli_exit finish(struct cli *cli, struct audit *audit, json_t *receipts)
{
	char hex[2 * SLUSS_HASH_BYTES + 1];
	char problem[SLUSS_PROFILE_TEXT_MAX];
	(void)sodium_bin2hex(hex, sizeof(hex), audit->head.root, sizeof(audit->head.root));
	if (audit->checkpoint != NULL && !cli_has(cli, "key") && !cli_has(cli, "export")) {
		if (sluss_profile_save_checkpoint(cli_profile(cli), audit->checkpoint, problem) != SLUSS_PROFILE_OK) {
			return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
		}
	}
	if (audit->checkpoint != NULL) {
		cli_say(cli, "The log holds: %llu entries, root %s.", (unsigned long long)audit->head.size, hex);
	}
	return cli_show_tree(cli, json_pack("{s:I,s:s,s:I,s:O,s:s*}", "size", (json_int_t)audit->head.size, "root", hex, "entriesVerified", (json_int_t)audit->sum.size,
	                              "receipts", receipts, "checkpoint", audit->checkpoint));
}

static enum cli_exit verify_with(struct cli *cli, const char *key, struct audit *audit, json_t *receipts)
{
	enum cli_exit code = expect_remembered(cli, key, audit);
	if (code == CLI_OK) {
		code = check_receipts(cli, key, audit, receipts);
	}
	bool offline = cli_has(cli, "offline") || (cli_has(cli, "key") && !cli_has(cli, "export"));
	if (code != CLI_OK || (offline && !cli_has(cli, "export"))) {
		return code;
	}
	if (cli_has(cli, "export")) {
		return audit_read_export(cli, audit, key, cli_get(cli, "export"));
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	return cli_has(cli, "quick") ? verify_quick(cli, client, key, audit) : audit_download(cli, audit, client, key, NULL);
}

static enum cli_exit verify(struct cli *cli)
{
	struct audit *audit = cli_alloc(cli, sizeof(*audit));
	const char *key = log_key(cli);
	if (key == NULL || key[0] == '\0') {
		return cli_fail(cli, CLI_USAGE, "key", "the log's verifier key is not known: --key, or an enrolled profile");
	}
	json_t *receipts = json_array();
	enum cli_exit code = verify_with(cli, key, audit, receipts);
	if (code == CLI_OK) {
		code = finish(cli, audit, receipts);
	}
	json_decref(receipts);
	return code;
}

// ---- export

static enum cli_exit export_log(struct cli *cli)
{
	struct audit *audit = cli_alloc(cli, sizeof(*audit));
	const char *folder = cli_need(cli, "out");
	const char *key = folder == NULL ? NULL : log_key(cli);
	struct sluss_client *client = key == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	enum cli_exit code = audit_download(cli, audit, client, key, folder);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "%llu entries are in %s/entries, their checkpoint in %s/checkpoint.", (unsigned long long)audit->head.size, folder, folder);
	return cli_show_tree(cli, json_pack("{s:I,s:s,s:s}", "size", (json_int_t)audit->head.size, "folder", folder, "checkpoint", audit->checkpoint));
}

// ---- prove

static enum cli_exit prove(struct cli *cli)
{
	Sluss__V1__GetProofResponse *r = NULL;
	uint64_t index = 0;
	const char *out = cli_get(cli, "out");
	if (!cli_read_number(cli, "INDEX", cli->arguments[0], INT64_MAX, &index)) {
		return CLI_USAGE;
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_audit_proof(client, index, 0, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (r->receipt == NULL || r->receipt->log_index != index) {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the gateway proved another entry than the one asked for");
	}
	char *text = out == NULL ? NULL : sluss_json_from_message(&r->receipt->base, 2, NULL);
	if (out != NULL && (text == NULL || !sluss_file_replace(out, text, strlen(text)))) {
		free(text);
		return cli_fail(cli, CLI_USAGE, "out", "%s: cannot be written", out);
	}
	free(text);
	cli_say(cli, "Entry %llu stands in the log, proved and signed.", (unsigned long long)index);
	return cli_show(cli, &r->base);
}

// ---- disclosures

static void print_disclosure(struct cli *cli, const Sluss__V1__Disclosure *d)
{
	const char *reason = sluss_reason_name((enum sluss_reason)d->reason);
	cli_say(cli, "%llu  %s  %s to %s: %s for %s, case %s, message %s: %s", (unsigned long long)d->log_index, cli_time_text(cli, d->at), d->sender_agency_id,
	    d->recipient_agency_id, d->category, cli_enum_text(cli, &sluss__v1__purpose__descriptor, (int)d->purpose), d->case_id, d->message_id,
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

#define END_OPTION {NULL, CLI_FLAG, NULL, NULL}

static const struct cli_option verify_options[] = {
	{"receipt", CLI_MANY, "FILE", "a receipt, or an answer with one, as JSON"},
	{"export", CLI_TEXT, "DIR", "verify an export instead of the gateway; no network"},
	{"offline", CLI_FLAG, NULL, "only the receipts; no network"},
	{"quick", CLI_FLAG, NULL, "ask for a consistency proof with what was verified before, instead of downloading everything"},
	{"key", CLI_TEXT, "KEY", "the log's verifier key; default: the one pinned in the profile (with --key no profile is needed)"},
	END_OPTION,
};
static const struct cli_option export_options[] = {{"out", CLI_TEXT, "DIR", "where to"}, {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the pinned one"}, END_OPTION};
static const struct cli_option prove_options[] = {{"out", CLI_TEXT, "FILE", "keep the receipt as JSON"}, END_OPTION};
static const struct cli_option list_options[] = {
	{"case", CLI_TEXT, "ID", "only this case"},
	{"from", CLI_TEXT, "TIME", "not before"},
	{"until", CLI_TEXT, "TIME", "before"},
	END_OPTION,
};

const struct cli_verb cli_audit_verbs[] = {
	{"audit verify", "", "Check receipts, and the whole log against its signed checkpoint.", verify_options, verify,
	    "Downloads all entries, recomputes the root, compares it with the checkpoint that the log's key signed, and makes sure that everything\n"
	    "verified before (last time's checkpoint, the receipts given) is still part of it."},
	{"audit export", "", "Download all entries with their checkpoint, verified on the way.", export_options, export_log,
	    "DIR/entries: each entry as a 16-bit big-endian length and its octets, as in tlog-tiles entry bundles. DIR/checkpoint: a signed note."},
	{"audit prove", "INDEX", "Get and check the proof that an entry stands in the log.", prove_options, prove, NULL},
	{"audit list", "", "Disclosures that we may see.", list_options, list, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
