// SPDX-License-Identifier: EUPL-1.2
// sluss audit prove, sluss audit check: that one entry stands in the log, from the gateway or from an export, and the
// check of such a proof with nothing but a file and a key.
#include <inttypes.h>
#include <stdlib.h>

#include "audit.h"
#include "cmd_audit.h"
#include "file.h"
#include "log_checkpoint.h"
#include "log_proof.h"
#include "log_tile.h"
#include "log_tree.h"
#include "web/json.h"

enum { PROOF_MAX = 256 * 1024, BUNDLE_MAX = SLUSS_TILE_WIDTH * (2 + SLUSS_BUNDLE_ENTRY_MAX) };

// ---- from an export

struct reading {
	struct sluss_audit_source source;
	uint64_t size;
};

static bool read_tile(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	struct reading *reading = context;
	char path[SLUSS_TILE_PATH_MAX];
	uint8_t tile[SLUSS_TILE_WIDTH * SLUSS_HASH_BYTES];
	size_t len = 0;
	const struct sluss_tile_name name = {
	    .level = level, .index = index, .width = sluss_tile_width(level, index, reading->size)};
	if (name.width < width || !sluss_tile_path_format(&name, path, sizeof(path)) ||
	    reading->source.read(reading->source.context, path, tile, sizeof(tile), &len) != SLUSS_AUDIT_READ_OK ||
	    len < (size_t)width * SLUSS_HASH_BYTES)
		return false;
	memcpy(hashes_out, tile, (size_t)width * SLUSS_HASH_BYTES);
	return true;
}

// The entry's octets, in the command's memory; NULL: not there.
static struct sluss_bytes read_entry(struct cli *cli, const struct reading *reading, uint64_t index)
{
	char path[SLUSS_TILE_PATH_MAX];
	struct sluss_tile_name name = {.level = SLUSS_TILE_LEVEL_ENTRIES, .index = index / SLUSS_TILE_WIDTH};
	struct sluss_bytes rest = {cli_alloc(cli, BUNDLE_MAX), 0}, entry = {NULL, 0};
	name.width = sluss_tile_width(name.level, name.index, reading->size);
	if (!sluss_tile_path_format(&name, path, sizeof(path)) ||
	    reading->source.read(reading->source.context, path, (uint8_t *)(uintptr_t)rest.data, BUNDLE_MAX,
		&rest.len) != SLUSS_AUDIT_READ_OK)
		return entry;
	for (uint64_t i = 0; i <= index % SLUSS_TILE_WIDTH; i++) {
		if (!sluss_bundle_next(&rest, &entry))
			return (struct sluss_bytes){NULL, 0};
	}
	return entry;
}

static enum cli_exit cannot(struct cli *cli, const char *folder)
{
	return cli_fail(
	    cli, CLI_UNVERIFIED, "export", "%s is not whole; look at it: sluss audit verify %s", folder, folder);
}

// The receipt that the gateway would give. Checked by the caller, as every receipt is.
static enum cli_exit prove_offline(
    struct cli *cli, const char *key, const char *folder, uint64_t index, Sluss__V1__Receipt *receipt_out)
{
	struct reading reading = {.source = sluss_audit_folder(&folder)};
	struct sluss_note_key note_key;
	struct sluss_checkpoint head;
	struct sluss_tree *tree = NULL;
	struct sluss_tree_proof *proof = cli_alloc(cli, sizeof(*proof));
	uint8_t *note = cli_alloc(cli, SLUSS_NOTE_MAX);
	size_t len = 0;
	if (!sluss_note_key_parse((struct sluss_bytes){(const uint8_t *)key, strlen(key)}, &note_key) ||
	    reading.source.read(reading.source.context, "checkpoint", note, SLUSS_NOTE_MAX, &len) !=
		SLUSS_AUDIT_READ_OK ||
	    !sluss_checkpoint_open((struct sluss_bytes){note, len}, &note_key, &head))
		return cli_fail(cli, CLI_UNVERIFIED, "export", "%s has no checkpoint signed by this key", folder);
	if (index >= head.size)
		return cli_fail(cli, CLI_USAGE, "INDEX", "the log has %" PRIu64 " entries there", head.size);
	reading.size = head.size;
	bool ok = sluss_tree_open(head.size, read_tile, &reading, &tree) == SLUSS_TREE_OK &&
		  sluss_tree_prove(tree, index, head.size, proof) == SLUSS_TREE_OK;
	sluss_tree_close(&tree);
	struct sluss_bytes entry = ok ? read_entry(cli, &reading, index) : (struct sluss_bytes){NULL, 0};
	if (entry.data == NULL)
		return cannot(cli, folder);
	size_t room = sluss_proof_room(proof->count, len) + 1;
	receipt_out->tlog_proof = cli_alloc(cli, room);
	size_t written = sluss_proof_format(
	    index, proof->hashes, proof->count, (struct sluss_bytes){note, len}, receipt_out->tlog_proof, room - 1);
	if (written == 0)
		return cannot(cli, folder);
	receipt_out->tlog_proof[written] = '\0';
	receipt_out->log_index = index;
	receipt_out->log_entry = (ProtobufCBinaryData){.len = entry.len, .data = (uint8_t *)(uintptr_t)entry.data};
	return CLI_OK;
}

// ---- prove

static enum cli_exit keep(struct cli *cli, const char *option, const char *text)
{
	const char *path = cli_get(cli, option);
	if (path == NULL)
		return CLI_OK;
	if (text == NULL || !sluss_file_replace(path, text, strlen(text)))
		return cli_fail(cli, CLI_USAGE, option, "%s: cannot be written", path);
	return CLI_OK;
}

static enum cli_exit finish(struct cli *cli, const char *key, const Sluss__V1__Receipt *receipt)
{
	struct sluss_log_head head = {.size = 0};
	enum sluss_receipt_verdict verdict = sluss_receipt_check(key, receipt, &head);
	if (verdict != SLUSS_VERDICT_VALID)
		return cli_fail(
		    cli, CLI_UNVERIFIED, "", "the proof does not hold: %s", sluss_receipt_verdict_name(verdict));
	char *text = sluss_json_from_message(&receipt->base, 2, NULL);
	enum cli_exit code = keep(cli, "out", text);
	free(text);
	if (code == CLI_OK)
		code = keep(cli, "proof", receipt->tlog_proof);
	if (code != CLI_OK)
		return code;
	cli_say(cli, "Entry %" PRIu64 " stands in the log, proved and signed.", receipt->log_index);
	return cli->json ? cli_show_tree(cli, json_pack("{s:o}", "receipt", sluss_json_tree(&receipt->base))) : CLI_OK;
}

enum cli_exit audit_prove(struct cli *cli)
{
	uint64_t index = 0;
	const char *folder = cli_get(cli, "export");
	if (!cli_read_number(cli, "INDEX", cli->arguments[0], INT64_MAX, &index))
		return CLI_USAGE;
	const char *key = audit_log_key(cli);
	if (key == NULL)
		return CLI_USAGE;
	if (folder != NULL) {
		Sluss__V1__Receipt made = SLUSS__V1__RECEIPT__INIT;
		enum cli_exit code = prove_offline(cli, key, folder, index, &made);
		return code == CLI_OK ? finish(cli, key, &made) : code;
	}
	Sluss__V1__GetProofResponse *r = NULL;
	struct sluss_client *client = cli_client(cli);
	if (client == NULL)
		return CLI_USAGE;
	if (sluss_client_audit_proof(client, index, 0, &r) != SLUSS_CLIENT_OK)
		return cli_fail_client(cli, client);
	cli_own_message(cli, r);
	if (r->receipt == NULL || r->receipt->log_index != index)
		return cli_fail(cli, CLI_UNVERIFIED, "", "the gateway proved another entry than the one asked for");
	return finish(cli, key, r->receipt);
}

// ---- check

static Sluss__V1__Receipt *read_proof(struct cli *cli, const char *path)
{
	size_t len = 0;
	Sluss__V1__Receipt *receipt = cli_alloc(cli, sizeof(*receipt));
	struct sluss_proof *proof = cli_alloc(cli, sizeof(*proof));
	*receipt = (Sluss__V1__Receipt)SLUSS__V1__RECEIPT__INIT;
	receipt->tlog_proof = cli_read_file(cli, "FILE", path, PROOF_MAX, &len);
	if (receipt->tlog_proof == NULL)
		return NULL;
	if (!sluss_proof_parse((struct sluss_bytes){(const uint8_t *)receipt->tlog_proof, len}, proof)) {
		(void)cli_fail(cli, CLI_UNVERIFIED, "FILE", "%s is no tlog-proof", path);
		return NULL;
	}
	receipt->log_index = proof->index;
	receipt->log_entry.data =
	    (uint8_t *)cli_read_file(cli, "entry", cli_get(cli, "entry"), SLUSS_BUNDLE_ENTRY_MAX, &len);
	receipt->log_entry.len = len;
	return receipt->log_entry.data == NULL ? NULL : receipt;
}

enum cli_exit audit_check(struct cli *cli)
{
	const char *key = audit_log_key(cli), *path = cli->arguments[0];
	struct sluss_log_head head = {.size = 0};
	if (key == NULL)
		return CLI_USAGE;
	const Sluss__V1__Receipt *receipt =
	    cli_has(cli, "entry") ? read_proof(cli, path) : audit_read_receipt(cli, path);
	if (receipt == NULL)
		return cli->error == NULL ? CLI_USAGE
					  : (enum cli_exit)json_integer_value(json_object_get(cli->error, "exit"));
	enum sluss_receipt_verdict verdict = sluss_receipt_check(key, receipt, &head);
	if (verdict != SLUSS_VERDICT_VALID)
		return cli_fail(cli, CLI_UNVERIFIED, "FILE", "%s: %s", path, sluss_receipt_verdict_name(verdict));
	cli_say(cli, "%s: entry %" PRIu64 " stands in the log of %" PRIu64 " entries, signed.", path,
	    receipt->log_index, head.size);
	return cli_show_tree(cli, json_pack("{s:I,s:I,s:s}", "logIndex", (json_int_t)receipt->log_index, "size",
				      (json_int_t)head.size, "verdict", sluss_receipt_verdict_name(verdict)));
}

const struct cli_option audit_prove_options[] = {
    {"out", CLI_TEXT, "FILE", "keep the receipt (entry and proof) as JSON"},
    {"proof", CLI_TEXT, "FILE", "keep the proof alone as C2SP tlog-proof text"},
    {"export", CLI_TEXT, "DIR", "prove from an export instead of asking the gateway"},
    {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the pinned one"},
    {NULL, CLI_FLAG, NULL, NULL},
};
const struct cli_option audit_check_options[] = {
    {"entry", CLI_TEXT, "FILE", "FILE is a tlog-proof; this one has the entry's octets"},
    {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the pinned one"},
    {NULL, CLI_FLAG, NULL, NULL},
};
