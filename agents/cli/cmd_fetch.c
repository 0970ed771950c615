// SPDX-License-Identifier: EUPL-1.2
// sluss fetch, ack: taking what waits for us, checking and opening it, saying that it arrived.
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "cli.h"
#include "file.h"
#include "message_tree.h"
#include "web/json.h"

enum { WAIT_MAX_S = 60 };

static void print_message(struct cli *cli, const Sluss__V1__Delivery *d, const struct sluss_opened_message *m)
{
	cli_say(cli, "message %s: %s from %s (%s), case %s, signed %s", d->message_id,
	    cli_enum_text(cli, &sluss__v1__message_type__descriptor, (int)m->envelope->message_type), m->from.agency_id, m->from.officer_id, m->envelope->case_id,
	    cli_time_text(cli, m->envelope->at));
	for (size_t i = 0; i < m->section_count; i++) {
		const struct sluss_opened_section *s = &m->sections[i];
		cli_say(cli, "  section: %s, for %s, %s", s->header == NULL ? "?" : s->header->category,
		    s->header == NULL ? "?" : cli_enum_text(cli, &sluss__v1__purpose__descriptor, (int)s->header->purpose), sluss_section_state_name(s->state));
		char *text = s->content == NULL ? NULL : sluss_json_from_message(s->content, 0, NULL);
		if (text != NULL) {
			cli_say(cli, "    %s", text);
		}
		free(text);
	}
}

// ---- acknowledging

static enum cli_exit send_ack(
    struct cli *cli, struct sluss_client *client, Sluss__V1__AcknowledgeDelivery *draft, json_t *tree, Sluss__V1__AcknowledgeResponse **response_out)
{
	Sluss__V1__AcknowledgeResponse *r = NULL;
	if (sluss_client_acknowledge(client, draft, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (tree != NULL && r->receipt != NULL) {
		(void)json_object_set_new(tree, "acknowledgedIndex", json_integer((json_int_t)r->receipt->log_index));
	}
	if (response_out != NULL) {
		*response_out = r;
	}
	return CLI_OK;
}

// What cannot be used is rejected, with the labels that did not fit: the gateway writes those to the log.
static enum cli_exit acknowledge_opened(struct cli *cli, struct sluss_client *client, struct sluss_opened_message *m, json_t *tree)
{
	Sluss__V1__AcknowledgeDelivery draft = SLUSS__V1__ACKNOWLEDGE_DELIVERY__INIT;
	draft.message_id = m->envelope->message_id;
	draft.envelope_hash = (ProtobufCBinaryData){sizeof(m->envelope_hash), m->envelope_hash};
	draft.outcome = SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED;
	if (!m->usable) {
		draft.outcome = SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED;
		char why[201];
		(void)sluss_message_why_unusable(m, why, sizeof(why));
		draft.explanation = cli_copy(cli, why, strlen(why));
	}
	for (size_t i = 0; i < m->section_count; i++) {
		if (sluss_section_is_reported(m->sections[i].state)) {
			cli_append(cli, &draft.mismatched_categories, &draft.n_mismatched_categories, m->sections[i].header->category);
		}
	}
	enum cli_exit code = send_ack(cli, client, &draft, tree, NULL);
	if (code == CLI_OK) {
		cli_say(cli, "  %s", m->usable ? "acknowledged" : "rejected: it cannot be used");
	}
	return code;
}

// ---- fetching

// DIR/MESSAGE_ID.json, complete or not at all; the gateway hears of it only afterwards.
static bool save(struct cli *cli, const char *folder, const char *message_id, json_t *tree)
{
	struct sluss_id id;
	if (!cli_read_id(cli, "messageId", message_id, &id)) { // a name from outside never becomes a path unchecked
		return false;
	}
	const char *path = cli_format(cli, "%s/%s.json", folder, message_id);
	(void)json_object_set_new(tree, "savedAs", json_string(path));
	char *text = json_dumps(tree, JSON_INDENT(2));
	bool ok = text != NULL && sluss_file_replace(path, text, strlen(text));
	if (!ok) {
		(void)cli_fail(cli, CLI_INTERNAL, "out", "%s: %s", path, strerror(errno));
	}
	free(text);
	return ok;
}

static enum cli_exit take_message(struct cli *cli, struct sluss_client *client, const Sluss__V1__Delivery *d, json_t *list)
{
	struct sluss_opened_message *m = NULL;
	const char *folder = cli_get(cli, "out");
	if (sluss_client_open(client, d, &m) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	json_t *tree = cli_message_tree(d, m);
	enum cli_exit code = tree == NULL ? cli_fail(cli, CLI_INTERNAL, "", "message %s cannot be shown", d->message_id) : CLI_OK;
	if (code == CLI_OK) {
		print_message(cli, d, m);
		code = cli_attach_get(cli, client, m, folder, tree);
	}
	if (code == CLI_OK) {
		if (folder != NULL && !save(cli, folder, d->message_id, tree)) {
			code = CLI_INTERNAL;
		}
	}
	if (code == CLI_OK && cli_has(cli, "ack")) {
		code = acknowledge_opened(cli, client, m, tree);
	}
	if (code == CLI_OK && !m->usable) {
		code = CLI_UNVERIFIED; // shown and saved all the same
	}
	(void)json_array_append_new(list, tree);
	sluss_opened_message_free(&m);
	return code;
}

static bool read_request(struct cli *cli, Sluss__V1__FetchRequest *request)
{
	uint64_t wait_s = 0;
	uint64_t max = 0;
	uint64_t notices = 0;
	const char *wait_text = cli_get(cli, "wait");
	const char *max_text = cli_get(cli, "max");
	const char *notices_text = cli_get(cli, "notices-from");
	if ((wait_text != NULL && !cli_read_number(cli, "wait", wait_text, WAIT_MAX_S, &wait_s)) || (max_text != NULL && !cli_read_number(cli, "max", max_text, 64, &max))
	    || (notices_text != NULL && !cli_read_number(cli, "notices-from", notices_text, INT64_MAX, &notices))) {
		return false;
	}
	sluss__v1__fetch_request__init(request);
	request->max_messages = (uint32_t)max;
	request->wait_ms = (uint32_t)wait_s * 1000;
	request->officer_id = cli_format(cli, "%s", cli_get(cli, "for") == NULL ? "" : cli_get(cli, "for"));
	request->with_notices = true;
	request->notices_from = notices;
	return true;
}

static void print_notice(struct cli *cli, const Sluss__V1__Notice *n)
{
	const char *reason = n->reason == 0 ? "" : sluss_reason_name((enum sluss_reason)n->reason);
	cli_say(cli, "notice %llu, %s: %s, case %s%s%s%s%s %s%s", (unsigned long long)n->log_index, cli_time_text(cli, n->at),
	    cli_enum_text(cli, &sluss__v1__notice_kind__descriptor, (int)n->kind), n->case_id, n->message_id[0] == '\0' ? "" : ", message ", n->message_id,
	    n->recipient_agency_id[0] == '\0' ? "" : " to ", n->recipient_agency_id, reason == NULL ? "" : reason, n->explanation);
}

// Shows the notices and remembers how far they were shown.
static enum cli_exit take_notices(struct cli *cli, const Sluss__V1__FetchResponse *r, Sluss__V1__FetchRequest *request, json_t *list)
{
	char problem[SLUSS_PROFILE_TEXT_MAX];
	for (size_t i = 0; i < r->n_notices; i++) {
		print_notice(cli, r->notices[i]);
		(void)json_array_append_new(list, sluss_json_tree(&r->notices[i]->base));
	}
	if (r->next_notice <= request->notices_from) {
		return CLI_OK;
	}
	request->notices_from = r->next_notice;
	// Without a new notice the position need not be kept: asking again from the old one gives nothing again.
	if (r->n_notices > 0 && !cli_has(cli, "notices-from") && sluss_profile_save_notices(cli_profile(cli), r->next_notice, problem) != SLUSS_PROFILE_OK) {
		return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
	}
	return CLI_OK;
}

// One answer's messages. A message that cannot be believed does not stop the others; the worst exit code stays.
static enum cli_exit take_all(struct cli *cli, struct sluss_client *client, const Sluss__V1__FetchResponse *r, json_t *list)
{
	enum cli_exit worst = CLI_OK;
	for (size_t i = 0; i < r->n_deliveries; i++) {
		enum cli_exit code = take_message(cli, client, r->deliveries[i], list);
		worst = code > worst ? code : worst;
		if (code == CLI_UNAVAILABLE || code == CLI_INTERNAL) {
			break;
		}
	}
	return worst;
}

static enum cli_exit fetch_with(struct cli *cli, struct sluss_client *client, Sluss__V1__FetchRequest *request, json_t *messages, json_t *notices)
{
	enum cli_exit worst = CLI_OK;
	size_t got = 0;
	do {
		Sluss__V1__FetchResponse *r = NULL;
		if (sluss_client_fetch(client, request, &r) != SLUSS_CLIENT_OK) {
			return cli_fail_client(cli, client);
		}
		cli_own_message(cli, r);
		got = r->n_deliveries;
		enum cli_exit code = take_all(cli, client, r, messages);
		worst = code > worst ? code : worst;
		code = take_notices(cli, r, request, notices);
		worst = code > worst ? code : worst;
		request->wait_ms = 0;
	} while (cli_has(cli, "all") && got > 0 && (worst == CLI_OK || worst == CLI_UNVERIFIED) && cli->error == NULL);
	return worst;
}

static enum cli_exit fetch(struct cli *cli)
{
	Sluss__V1__FetchRequest request;
	const char *folder = cli_get(cli, "out");
	if (!read_request(cli, &request)) {
		return CLI_USAGE;
	}
	if (folder != NULL && mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return cli_fail(cli, CLI_USAGE, "out", "%s: %s", folder, strerror(errno));
	}
	if (cli_has(cli, "all") && !cli_has(cli, "ack")) {
		return cli_fail(cli, CLI_USAGE, "all", "--all needs --ack: what is not acknowledged comes again");
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (!cli_has(cli, "notices-from")) {
		request.notices_from = sluss_profile_notices(cli_profile(cli));
	}
	json_t *messages = json_array();
	json_t *notices = json_array();
	enum cli_exit worst = fetch_with(cli, client, &request, messages, notices);
	if (json_array_size(messages) == 0 && worst == CLI_OK) {
		cli_say(cli, "Nothing waits.");
	}
	(void)cli_show_tree(cli, json_pack("{s:o,s:o,s:I}", "messages", messages, "notices", notices, "nextNotice", (json_int_t)request.notices_from));
	if (worst == CLI_UNVERIFIED) {
		(void)cli_fail(cli, worst, "", "a message has a section that cannot be used; its state says why");
	}
	return worst;
}

// ---- ack by hand

static bool read_hash(struct cli *cli, const char *message_id, uint8_t hash[SLUSS_HASH_BYTES])
{
	const char *text = cli_get(cli, "hash");
	const char *folder = cli_get(cli, "out");
	size_t len = 0;
	if (text == NULL && folder != NULL) {
		const char *path = cli_format(cli, "%s/%s.json", folder, message_id);
		char *json = cli_read_file(cli, "out", path, 16 << 20, &len);
		json_t *tree = json == NULL ? NULL : json_loadb(json, len, 0, NULL);
		const char *found = json_string_value(json_object_get(tree, "envelopeHash"));
		text = found == NULL ? NULL : cli_copy(cli, found, strlen(found));
		json_decref(tree);
	}
	if (text == NULL || sodium_hex2bin(hash, SLUSS_HASH_BYTES, text, strlen(text), NULL, &len, NULL) != 0 || len != SLUSS_HASH_BYTES) {
		(void)cli_fail(cli, CLI_USAGE, "hash", "--hash HEX (envelopeHash of the fetched message) or --out DIR (where fetch saved it) is needed");
		return false;
	}
	return true;
}

static enum cli_exit ack(struct cli *cli)
{
	Sluss__V1__AcknowledgeDelivery draft = SLUSS__V1__ACKNOWLEDGE_DELIVERY__INIT;
	Sluss__V1__AcknowledgeResponse *r = NULL;
	uint8_t hash[SLUSS_HASH_BYTES];
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	const char *reject = cli_get(cli, "reject");
	if (id == NULL || !read_hash(cli, id, hash)) {
		return CLI_USAGE;
	}
	draft.message_id = cli_copy(cli, id, strlen(id));
	draft.envelope_hash = (ProtobufCBinaryData){sizeof(hash), hash};
	draft.outcome = reject == NULL ? SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_RECEIVED : SLUSS__V1__DELIVERY_OUTCOME__DELIVERY_OUTCOME_REJECTED;
	draft.explanation = cli_format(cli, "%s", reject == NULL ? "" : reject);
	for (size_t i = 0; i < cli_count(cli, "mismatch"); i++) {
		const char *category = cli_nth(cli, "mismatch", i);
		cli_append(cli, &draft.mismatched_categories, &draft.n_mismatched_categories, cli_copy(cli, category, strlen(category)));
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	enum cli_exit code = send_ack(cli, client, &draft, NULL, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "message %s %s", id, reject == NULL ? "acknowledged" : "rejected");
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

// ---- table

static const struct cli_option fetch_options[] = {
	{"wait", CLI_TEXT, "SECONDS", "wait when nothing is there, at most 60; default 0"},
	{"max", CLI_TEXT, "COUNT", "at most this many messages in one answer, at most 64; default 16"},
	{"for", CLI_TEXT, "OFFICER", "only what is addressed to this officer, or to nobody in particular"},
	{"out", CLI_TEXT, "DIR", "save each message as DIR/MESSAGE_ID.json"},
	{"ack", CLI_FLAG, NULL, "acknowledge each message after it was checked (and saved); reject what cannot be used"},
	{"notices-from", CLI_TEXT, "POSITION", "show notices from this log position on; default: those not shown yet"},
	{"all", CLI_FLAG, NULL, "go on until nothing waits; needs --ack"},
	{NULL, CLI_FLAG, NULL, NULL},
};
static const struct cli_option ack_options[] = {
	{"hash", CLI_TEXT, "HEX", "envelopeHash of the fetched message"},
	{"out", CLI_TEXT, "DIR", "where fetch saved it, instead of --hash"},
	{"reject", CLI_TEXT, "TEXT", "it cannot be used: why, nothing about a person"},
	{"mismatch", CLI_MANY, "CATEGORY", "label of a section whose content did not fit"},
	{NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_fetch_verbs[] = {
	{"fetch", "", "Take what waits for us: check it, open it, show or save it.", fetch_options, fetch,
	    "Without --ack the same messages come again. Exit code 5: a message or section could not be believed (the others are shown)."},
	{"ack", "ID", "Say that a message arrived, or cannot be used.", ack_options, ack, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
