// SPDX-License-Identifier: EUPL-1.2
// What people and programs get to see.
#include <stdarg.h>
#include <stdlib.h>

#include "cli.h"
#include "web/json.h"

// Text of the gateway or of another agency must not steer the terminal: control characters become '?'.
static void print_plain(FILE *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; // U+0080 to U+009F in UTF-8
		(void)fputc((*at < 0x20 && *at != '\t') || *at == 0x7f || c1 ? '?' : *at, out);
		at += c1 ? 1 : 0;
	}
}

void cli_say(struct cli *cli, const char *format, ...)
{
	if (cli->json) {
		return;
	}
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		return;
	}
	print_plain(cli->out, text);
	(void)fputc('\n', cli->out);
	free(text);
}

enum cli_exit cli_show_tree(struct cli *cli, json_t *tree)
{
	if (tree == NULL) {
		return cli_fail(cli, CLI_INTERNAL, "", "the result cannot be shown as JSON");
	}
	json_decref(cli->result);
	cli->result = tree;
	return CLI_OK;
}

enum cli_exit cli_show(struct cli *cli, const ProtobufCMessage *message)
{
	return cli->json ? cli_show_tree(cli, sluss_json_tree(message)) : CLI_OK;
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *field, const char *format, ...)
{
	if (cli->error != NULL) {
		return code; // the first one said why
	}
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	static const char *const words[] = {"ok", "usage", "denied", "refused", "unavailable", "unverified", "internal"};
	cli->error = json_pack("{s:i,s:s,s:s*,s:s*}", "exit", (int)code, "code", words[code], "field", field[0] == '\0' ? NULL : field, "explanation",
	    n < 0 ? "out of memory" : text);
	if (cli->error == NULL) { // text that is not UTF-8
		cli->error = json_pack("{s:i,s:s,s:s}", "exit", (int)code, "code", words[code], "explanation", "a word of the command is not UTF-8 text");
	}
	if (n >= 0) {
		free(text);
	}
	return code;
}

static enum cli_exit exit_of(enum sluss_client_result result)
{
	switch (result) {
	case SLUSS_CLIENT_OK:
		return CLI_OK;
	case SLUSS_CLIENT_BAD_REQUEST:
		return CLI_USAGE;
	case SLUSS_CLIENT_DENIED:
		return CLI_DENIED;
	case SLUSS_CLIENT_REFUSED:
		return CLI_REFUSED;
	case SLUSS_CLIENT_UNAVAILABLE:
		return CLI_UNAVAILABLE;
	case SLUSS_CLIENT_UNVERIFIED:
		return CLI_UNVERIFIED;
	case SLUSS_CLIENT_INTERNAL:
		return CLI_INTERNAL;
	}
	return CLI_INTERNAL;
}

enum cli_exit cli_fail_client(struct cli *cli, const struct sluss_client *client)
{
	const struct sluss_client_error *e = sluss_client_last_error(client);
	enum cli_exit code = exit_of(e->result);
	(void)cli_fail(cli, code, e->field, "%s", e->explanation);
	if (e->code[0] != '\0') {
		(void)json_object_set_new(cli->error, "code", json_string(e->code));
		(void)json_object_set_new(cli->error, "httpStatus", json_integer((json_int_t)e->http_status));
	}
	if (e->reason != SLUSS_REASON_NONE) {
		const char *name = sluss_reason_name(e->reason);
		(void)json_object_set_new(cli->error, "reason", json_string(name == NULL ? "UNKNOWN" : name));
	}
	if (e->refusal != NULL && e->refusal->n_pairs > 0) {
		json_t *tree = sluss_json_tree(&e->refusal->base);
		(void)json_object_set(cli->error, "pairs", json_object_get(tree, "pairs"));
		json_decref(tree);
	}
	return code;
}

static const char *text_of(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));
	return text == NULL ? "" : text;
}

void cli_print_error(const json_t *error, FILE *err)
{
	const char *reason = text_of(error, "reason");
	const char *field = text_of(error, "field");
	(void)fputs("sluss: ", err);
	print_plain(err, text_of(error, "explanation"));
	if (reason[0] != '\0') {
		(void)fprintf(err, " [%s]", reason);
	}
	if (field[0] != '\0' && json_object_get(error, "httpStatus") != NULL) {
		(void)fputs(" (field: ", err);
		print_plain(err, field);
		(void)fputc(')', err);
	}
	(void)fputc('\n', err);
	const json_t *pairs = json_object_get(error, "pairs");
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i);
		(void)fprintf(err, "  section %lld to ", (long long)json_integer_value(json_object_get(pair, "section")));
		print_plain(err, text_of(pair, "recipientAgencyId"));
		(void)fprintf(err, ": %s: ", json_is_true(json_object_get(pair, "permitted")) ? "permitted" : "denied");
		print_plain(err, text_of(pair, "explanation"));
		(void)fputs(" [", err);
		print_plain(err, strncmp(text_of(pair, "reason"), "REASON_CODE_", 12) == 0 ? text_of(pair, "reason") + 12 : text_of(pair, "reason"));
		(void)fputs("]\n", err);
	}
}

void cli_print_pairs(struct cli *cli, Sluss__V1__PairDecision *const *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = sluss_reason_name((enum sluss_reason)pairs[i]->reason);
		cli_say(cli, "  section %u to %s: %s [%s] %s", pairs[i]->section, pairs[i]->recipient_agency_id, pairs[i]->permitted ? "permitted" : "denied",
		    name == NULL ? "?" : name, pairs[i]->explanation);
	}
}

void cli_print_receipt(struct cli *cli, const Sluss__V1__Receipt *receipt)
{
	if (receipt != NULL) {
		cli_say(cli, "  in the log as entry %llu, receipt checked", (unsigned long long)receipt->log_index);
	}
}

void cli_print_grants(struct cli *cli, Sluss__V1__Grant *const *grants, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const Sluss__V1__Grant *g = grants[i];
		const char *standing = sluss_reason_name((enum sluss_reason)g->standing);
		cli_say(cli, "  grant %s: %s from %s to %s for %s, %s to %s: %s", g->grant_id, g->category, g->sender_agency_id, g->receiver_agency_id,
		    cli_enum_text(cli, &sluss__v1__purpose__descriptor, (int)g->purpose), cli_time_text(cli, g->from), cli_time_text(cli, g->until),
		    standing == NULL ? "?" : standing);
		for (size_t k = 0; k < g->n_persons; k++) {
			int status = (int)g->persons[k]->status;
			cli_say(cli, "    person %s: %s", g->persons[k]->person_id,
			    status == 0 ? "nothing said yet" : cli_enum_text(cli, &sluss__v1__grant_status__descriptor, status));
		}
	}
}
