// SPDX-License-Identifier: EUPL-1.2
// sluss send, evaluate, status.
#include <stdlib.h>

#include "attach.h"
#include "draft.h"
#include "file.h"

// Reads the whole command before the profile is looked at, so that what is wrong with it is said first.
static enum cli_exit seal(struct cli *cli, struct sluss_client **client_out, struct sluss_sealed_message *sealed_out)
{
	struct sluss_message_draft draft;
	if (!cli_read_message_draft(cli, &draft)) {
		return CLI_USAGE;
	}
	*client_out = cli_client(cli);
	if (*client_out == NULL) {
		return CLI_USAGE;
	}
	enum cli_exit code = cli_attach_put(cli, *client_out, &draft);
	if (code != CLI_OK) {
		return code;
	}
	return sluss_client_seal(*client_out, &draft, sealed_out) == SLUSS_CLIENT_OK ? CLI_OK : cli_fail_client(cli, *client_out);
}

// ---- keeping sealed octets: so that exactly the same message can be sent again

static enum cli_exit load(struct cli *cli, const char *path, struct sluss_sealed_message *sealed_out)
{
	enum { REQUEST_MAX = 16 << 20 };
	size_t len = 0;
	char *octets = cli_read_file(cli, "sealed", path, REQUEST_MAX, &len);
	if (octets == NULL) {
		return CLI_USAGE;
	}
	Sluss__V1__SendRequest *request = sluss__v1__send_request__unpack(NULL, len, (const uint8_t *)octets);
	struct sluss_statement_header header;
	bool ok = request != NULL && request->envelope != NULL
	    && sluss_statement_header_read((struct sluss_bytes){request->envelope->envelope.data, request->envelope->envelope.len}, &header, NULL);
	if (request != NULL) {
		sluss__v1__send_request__free_unpacked(request, NULL);
	}
	uint8_t *copy = ok ? malloc(len) : NULL;
	if (copy == NULL) {
		return cli_fail(cli, CLI_USAGE, "sealed", "%s: not a sealed message", path);
	}
	memcpy(copy, octets, len);
	*sealed_out = (struct sluss_sealed_message){.id = header.id, .request = copy, .request_len = len};
	return CLI_OK;
}

static enum cli_exit load_and_connect(struct cli *cli, const char *path, struct sluss_client **client_out, struct sluss_sealed_message *sealed_out)
{
	enum cli_exit code = load(cli, path, sealed_out);
	*client_out = code == CLI_OK ? cli_client(cli) : NULL;
	if (code == CLI_OK && *client_out == NULL) {
		sluss_sealed_message_free(sealed_out);
		return CLI_USAGE;
	}
	return code;
}

static enum cli_exit prepare(struct cli *cli, struct sluss_client **client_out, struct sluss_sealed_message *sealed_out)
{
	const char *from = cli_get(cli, "sealed");
	const char *to = cli_get(cli, "save");
	memset(sealed_out, 0, sizeof(*sealed_out));
	enum cli_exit code = from != NULL ? load_and_connect(cli, from, client_out, sealed_out) : seal(cli, client_out, sealed_out);
	if (code == CLI_OK && to != NULL && !sluss_file_replace(to, sealed_out->request, sealed_out->request_len)) {
		sluss_sealed_message_free(sealed_out);
		return cli_fail(cli, CLI_USAGE, "save", "%s: cannot be written", to);
	}
	return code;
}

// ---- verbs

// Answers of a batch, each as send would give it; the exit code is the first refusal's.
static enum cli_exit show_batch(struct cli *cli, const struct sluss_sealed_message *sealed, const Sluss__V1__SendBatchResponse *r)
{
	enum cli_exit worst = CLI_OK;
	for (size_t i = 0; i < r->n_answers; i++) {
		const Sluss__V1__BatchAnswer *answer = r->answers[i];
		char id[SLUSS_ID_TEXT];
		sluss_id_format(&sealed[i].id, id);
		if (answer->answer_case == SLUSS__V1__BATCH_ANSWER__ANSWER_ACCEPTED) {
			cli_say(cli, "message %s accepted", id);
			cli_print_pairs(cli, answer->accepted->pairs, answer->accepted->n_pairs);
			cli_print_receipt(cli, answer->accepted->receipt);
		} else {
			cli_say(cli, "message %s refused: %s", id, answer->refused->explanation);
			cli_print_pairs(cli, answer->refused->pairs, answer->refused->n_pairs);
			worst = CLI_DENIED;
		}
	}
	enum cli_exit shown = cli_show(cli, &r->base);
	return worst == CLI_OK ? shown : worst;
}

static enum cli_exit send_batch(struct cli *cli)
{
	size_t count = cli_count(cli, "batch");
	struct sluss_sealed_message *sealed = cli_alloc(cli, count * sizeof(*sealed));
	Sluss__V1__SendBatchResponse *r = NULL;
	enum cli_exit code = CLI_OK;
	for (size_t i = 0; code == CLI_OK && i < count; i++) {
		code = load(cli, cli_nth(cli, "batch", i), &sealed[i]);
	}
	struct sluss_client *client = code == CLI_OK ? cli_client(cli) : NULL;
	if (code == CLI_OK && client == NULL) {
		code = CLI_USAGE;
	}
	if (code == CLI_OK && sluss_client_send_batch(client, sealed, count, &r) != SLUSS_CLIENT_OK) {
		code = cli_fail_client(cli, client);
	}
	if (code == CLI_OK) {
		cli_own_message(cli, r);
		code = show_batch(cli, sealed, r);
	}
	for (size_t i = 0; i < count; i++) {
		sluss_sealed_message_free(&sealed[i]);
	}
	return code;
}

static enum cli_exit send_message(struct cli *cli)
{
	if (cli_count(cli, "batch") > 0) {
		return send_batch(cli);
	}
	struct sluss_sealed_message sealed;
	Sluss__V1__SendResponse *r = NULL;
	struct sluss_client *client = NULL;
	enum cli_exit code = prepare(cli, &client, &sealed);
	if (code != CLI_OK) {
		return code;
	}
	if (cli_has(cli, "only-seal")) {
		char id[SLUSS_ID_TEXT];
		cli_say(cli, "message %s sealed, not sent", sluss_id_format(&sealed.id, id));
		code = cli_show_tree(cli, json_pack("{s:s}", "messageId", sluss_id_format(&sealed.id, id)));
	} else if (sluss_client_send(client, &sealed, &r) != SLUSS_CLIENT_OK) {
		char id[SLUSS_ID_TEXT];
		code = cli_fail_client(cli, client);
		(void)json_object_set_new(cli->error, "messageId", json_string(sluss_id_format(&sealed.id, id)));
	} else {
		cli_own_message(cli, r);
		cli_attach_done(cli);
		cli_say(cli, "message %s accepted", r->message_id);
		cli_print_pairs(cli, r->pairs, r->n_pairs);
		cli_print_receipt(cli, r->receipt);
		code = cli_show(cli, &r->base);
	}
	sluss_sealed_message_free(&sealed);
	return code;
}

// The records that a pair rests on, or that came nearest.
static void print_grounds(struct cli *cli, const Sluss__V1__PairDecision *pair)
{
	for (size_t i = 0; i < pair->n_ground_ids; i++) {
		cli_say(cli, "    %s %s", pair->permitted ? "rests on" : "nearest is", pair->ground_ids[i]);
	}
}

enum cli_exit cli_evaluate(struct cli *cli)
{
	struct sluss_sealed_message sealed;
	Sluss__V1__EvaluateResponse *r = NULL;
	struct sluss_client *client = NULL;
	enum cli_exit code = prepare(cli, &client, &sealed);
	if (code != CLI_OK) {
		return code;
	}
	enum sluss_client_result result = sluss_client_evaluate(client, &sealed, &r);
	sluss_sealed_message_free(&sealed);
	if (result != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_say(cli, "%s, as of log entry %llu", r->would_be_accepted ? "would be accepted" : "would be refused", (unsigned long long)r->log_size);
	for (size_t i = 0; i < r->n_pairs; i++) {
		cli_print_pairs(cli, &r->pairs[i], 1);
		print_grounds(cli, r->pairs[i]);
		if (!r->pairs[i]->permitted && i < r->n_what_would_change && r->what_would_change[i][0] != '\0') {
			cli_say(cli, "    %s", r->what_would_change[i]);
		}
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit status(struct cli *cli)
{
	Sluss__V1__GetStatusResponse *r = NULL;
	const char *id = cli_check_id(cli, "ID", cli->arguments[0]);
	struct sluss_client *client = id == NULL ? NULL : cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_status(client, id, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	cli_say(cli, "message %s, accepted as log entry %llu", r->message_id, (unsigned long long)r->accepted_index);
	for (size_t i = 0; i < r->n_recipients; i++) {
		const Sluss__V1__RecipientStatus *s = r->recipients[i];
		const char *reason = s->reason == 0 ? "" : sluss_reason_name((enum sluss_reason)s->reason);
		cli_say(cli, "  %s: %s %s(log entry %llu)", s->recipient_agency_id, cli_enum_text(cli, &sluss__v1__delivery_state__descriptor, (int)s->state),
		    reason == NULL ? "" : cli_format(cli, "%s%s", reason, reason[0] == '\0' ? "" : " "), (unsigned long long)s->log_index);
		if (s->statement != NULL) {
			if (sluss_client_check_receipt_of(client, id, NULL, s) != SLUSS_CLIENT_OK) {
				return cli_fail_client(cli, client);
			}
			cli_say(cli, "    signed by the recipient, in the log%s%s", s->explanation[0] == '\0' ? "" : ": ", s->explanation);
		}
	}
	return cli_show(cli, &r->base);
}

// ---- table

#define MESSAGE_OPTIONS                                                                                                                                            \
	{"case", CLI_TEXT, "ID", "the case"}, {"type", CLI_TEXT, "TYPE", "AttendanceReport, ConcernReport, MeetingNotes ..."},                                     \
	    {"to", CLI_MANY, "AGENCY[:OFFICER]", "recipient; several joined with '+'"}, {"section", CLI_MANY, "SPEC", "a section, see above"},                     \
	    {"partial", CLI_FLAG, NULL, "deliver what is permitted even if something is not"},                                                                     \
	    {"id", CLI_TEXT, "ID", "the message's id (UUID); default: a new one"}, {"save", CLI_TEXT, "FILE", "keep the sealed octets in this file"},              \
	    {"sealed", CLI_TEXT, "FILE", "sealed octets that were kept: the same message again"}

static const struct cli_option send_options[] = {MESSAGE_OPTIONS, {"attach", CLI_MANY, "SPEC", "a file in chunks, up to 100 MiB: a section with file=PATH and perhaps media=TYPE"},
	{"resume", CLI_TEXT, "FILE", "keep the state of the attachment's upload here and go on with it; holds a key, gone when the message was accepted"},
	{"batch", CLI_MANY, "FILE", "sealed octets that were kept; all of them under one signature, each answered alone"}, {"only-seal", CLI_FLAG, NULL, "seal and sign (see --save), do not send"}, {NULL, CLI_FLAG, NULL, NULL}};
const struct cli_option cli_evaluate_options[] = {MESSAGE_OPTIONS, {NULL, CLI_FLAG, NULL, NULL}};

#define SECTION_HELP                                                                                                                                               \
	"A section is key=value,key=value (a comma inside a value is written '\\,'), or a JSON object with the same keys:\n"                                       \
	"  category=NAME          its one category; may be left out when the payload type has one\n"                                                               \
	"  purpose=NAME           coordination, assessment, protection or follow_up\n"                                                                             \
	"  concerns=WHO+WHO       subject (default), guardian:ID, case:ID (subject of that case), other, nobody\n"                                                 \
	"  claim=GROUND+GROUND    consent:ID, approval:ID, provision:NAME\n"                                                                                       \
	"  text=TEXT | json=JSON | file=FILE     the content: text is a Note (ConcernReport, Referral, CaseTransfer); JSON (or a .json file) names its type in \"@type\", or by payload=TYPE\n"             \
	"  payload=TYPE           Note, AttendanceReport ... (sluss payload types); the content is checked by the type's rules\n"                                  \
	"  necessity=TEXT         why it is necessary, for provisions that ask\n"                                                                                  \
	"sluss send --case ID --type AttendanceReport --to soc --section category=school_attendance,purpose=coordination,claim=consent:ID,file=report.json"

const struct cli_verb cli_exchange_verbs[] = {
	{"send", "", "Seal, sign and hand in a message; the gateway decides each section for each recipient.", send_options, send_message, SECTION_HELP},
	{"evaluate", "", "Ask what send would answer, without effect.", cli_evaluate_options, cli_evaluate, SECTION_HELP},
	{"status", "ID", "Where a message that we sent stands.", NULL, status, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
