// SPDX-License-Identifier: EUPL-1.2
// Recomputing the log's root from the entries that the gateway hands out.
#include "cmd_audit.h"

enum { PAGE_ENTRIES = 4096 };

void audit_expect(struct cli *cli, struct audit *audit, const char *what, const struct sluss_log_head *head)
{
	if (audit->expected_count == AUDIT_EXPECTED_MAX) {
		(void)cli_fail(cli, CLI_USAGE, "receipt", "more than %d receipts at once", AUDIT_EXPECTED_MAX);
		return;
	}
	audit->expected[audit->expected_count++] = (struct audit_expected){what, *head};
}

static enum cli_exit compare_expected(struct cli *cli, const struct audit *audit)
{
	struct sluss_log_head now;
	bool known = false;
	for (size_t i = 0; i < audit->expected_count; i++) {
		const struct audit_expected *e = &audit->expected[i];
		if (e->head.size != audit->sum.size) {
			continue;
		}
		if (!known) {
			sluss_log_sum_head(&audit->sum, &now);
			known = true;
		}
		if (memcmp(now.root, e->head.root, sizeof(now.root)) != 0) {
			return cli_fail(cli, CLI_UNVERIFIED, "",
			    "the log is not what it was: at size %llu it has another root than %s",
			    (unsigned long long)e->head.size, e->what);
		}
	}
	return CLI_OK;
}

static enum cli_exit add(struct cli *cli, struct audit *audit, struct sluss_bytes entry)
{
	sluss_log_sum_add(&audit->sum, entry);
	cli_progress(cli, "verifying", audit->sum.size, audit->head.size);
	return compare_expected(cli, audit);
}

static enum cli_exit open_checkpoint(struct cli *cli, struct audit *audit, const char *key, const char *note)
{
	enum sluss_receipt_verdict verdict =
	    sluss_checkpoint_check(key, (struct sluss_bytes){(const uint8_t *)note, strlen(note)}, &audit->head);
	if (verdict != SLUSS_VERDICT_VALID) {
		return cli_fail(
		    cli, CLI_UNVERIFIED, "", "the checkpoint does not hold: %s", sluss_receipt_verdict_name(verdict));
	}
	audit->checkpoint = note;
	for (size_t i = 0; i < audit->expected_count; i++) {
		if (audit->expected[i].head.size > audit->head.size) {
			return cli_fail(cli, CLI_UNVERIFIED, "",
			    "the log went back: it has %llu entries now, %s says %llu",
			    (unsigned long long)audit->head.size, audit->expected[i].what,
			    (unsigned long long)audit->expected[i].head.size);
		}
	}
	return compare_expected(cli, audit); // those of size 0
}

static enum cli_exit compare_root(struct cli *cli, const struct audit *audit)
{
	struct sluss_log_head now;
	cli_progress(cli, "", 0, 0);
	sluss_log_sum_head(&audit->sum, &now);
	if (now.size != audit->head.size || memcmp(now.root, audit->head.root, sizeof(now.root)) != 0) {
		return cli_fail(cli, CLI_UNVERIFIED, "",
		    "the entries do not lead to the signed root (size %llu of %llu)", (unsigned long long)now.size,
		    (unsigned long long)audit->head.size);
	}
	return CLI_OK;
}

// ---- from the gateway

static enum cli_exit take_page(
    struct cli *cli, struct audit *audit, const char *key, const Sluss__V1__ExportResponse *page)
{
	enum cli_exit code = CLI_OK;
	if (audit->checkpoint == NULL) {
		code = open_checkpoint(cli, audit, key, cli_format(cli, "%s", page->checkpoint));
	}
	if (code == CLI_OK &&
	    (page->start != audit->sum.size || (page->n_entries == 0 && audit->sum.size < audit->head.size))) {
		code = cli_fail(cli, CLI_UNVERIFIED, "",
		    "the gateway left entries out: asked from %llu, got from %llu, %zu entries",
		    (unsigned long long)audit->sum.size, (unsigned long long)page->start, page->n_entries);
	}
	for (size_t i = 0; code == CLI_OK && i < page->n_entries && audit->sum.size < audit->head.size; i++) {
		code = add(cli, audit, (struct sluss_bytes){page->entries[i].data, page->entries[i].len});
	}
	return code;
}

enum cli_exit audit_download(struct cli *cli, struct audit *audit, struct sluss_client *client, const char *key)
{
	enum cli_exit code = CLI_OK;
	do {
		Sluss__V1__ExportResponse *page = NULL;
		if (sluss_client_audit_export(client, audit->sum.size, PAGE_ENTRIES, &page) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		code = take_page(cli, audit, key, page);
		sluss__v1__export_response__free_unpacked(page, NULL);
	} while (code == CLI_OK && audit->sum.size < audit->head.size);
	return code == CLI_OK ? compare_root(cli, audit) : code;
}
