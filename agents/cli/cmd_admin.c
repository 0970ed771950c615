// SPDX-License-Identifier: EUPL-1.2
// sluss admin: the authority's own commands, over the gateway's local socket.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "ipc/call.h"
#include "ipc/code.h"
#include "ipc/methods.h"
#include "sluss/v1/admin.pb-c.h"
#include "web/json.h"

enum { TIMEOUT_MS = 30000 };

// ---- the socket

static enum cli_exit exit_of(const char *code)
{
	if (strcmp(code, "permission_denied") == 0 || strcmp(code, "unauthenticated") == 0) {
		return CLI_DENIED;
	}
	if (strcmp(code, "unavailable") == 0 || strcmp(code, "resource_exhausted") == 0 ||
	    strcmp(code, "deadline_exceeded") == 0) {
		return CLI_UNAVAILABLE;
	}
	return strcmp(code, "internal") == 0 || strcmp(code, "unknown") == 0 ? CLI_INTERNAL : CLI_REFUSED;
}

static enum cli_exit refuse(struct cli *cli, const Sluss__V1__CoreResponse *r)
{
	const char *code = sluss_code_name(r->code);
	const Sluss__V1__Refusal *why = r->refusal;
	const char *text = why != NULL && why->explanation[0] != '\0' ? why->explanation
			   : r->message[0] != '\0'		      ? r->message
								      : "The gateway refused.";
	enum cli_exit out = cli_fail(cli, exit_of(code), why == NULL ? "" : why->field, "%s", text);
	const char *reason = why == NULL ? NULL : sluss_reason_name((enum sluss_reason)why->reason);
	(void)json_object_set_new(cli->error, "code", json_string(code));
	if (reason != NULL && why->reason != 0) {
		(void)json_object_set_new(cli->error, "reason", json_string(reason));
	}
	return out;
}

static const char *socket_path(struct cli *cli)
{
	const char *path = cli_get(cli, "socket");
	if (path == NULL) {
		path = getenv("SLUSS_ADMIN_SOCKET");
	}
	return path == NULL || path[0] == '\0' ? "/var/lib/sluss/admin.sock" : path;
}

static void release_frame(void *frame)
{
	Sluss__V1__IpcFrame *f = frame;
	sluss_ipc_frame_free(&f);
}

// Asks and unpacks; *response_out belongs to the command.
static enum cli_exit ask(struct cli *cli, enum sluss_method method, const ProtobufCMessage *request, void *response_out)
{
	const struct sluss_method_info *info = sluss_method_by_id((uint32_t)method);
	size_t len = protobuf_c_message_get_packed_size(request);
	uint8_t *body = cli_alloc(cli, len);
	len = protobuf_c_message_pack(request, body);
	Sluss__V1__CoreRequest core = SLUSS__V1__CORE_REQUEST__INIT;
	core.request_id = 1;
	core.method = (uint32_t)method;
	core.port = SLUSS_PORT_ADMIN;
	core.timeout_ms = TIMEOUT_MS;
	core.body = (ProtobufCBinaryData){len, body};
	const char *path = socket_path(cli);
	int fd = sluss_ipc_connect(path);
	if (fd < 0) {
		return cli_fail(cli, CLI_UNAVAILABLE, "socket", "%s: %s; is the gateway running, and are we allowed?",
		    path, strerror(errno));
	}
	Sluss__V1__IpcFrame *frame = NULL;
	enum sluss_ipc_status status = sluss_ipc_call(fd, &core, 0, TIMEOUT_MS, &frame);
	(void)close(fd);
	if (status != SLUSS_IPC_OK) {
		return cli_fail(
		    cli, CLI_UNAVAILABLE, "socket", "%s: no answer (%s)", path, sluss_ipc_status_name(status));
	}
	cli_own(cli, frame, release_frame);
	if (frame->response->code != 0) {
		return refuse(cli, frame->response);
	}
	static const uint8_t nothing[1];
	const ProtobufCBinaryData *answer = &frame->response->body;
	ProtobufCMessage *message =
	    protobuf_c_message_unpack(info->response, NULL, answer->len, answer->len == 0 ? nothing : answer->data);
	if (message == NULL) {
		return cli_fail(cli, CLI_INTERNAL, "", "the answer is not a %s", info->response->short_name);
	}
	cli_own_message(cli, message);
	memcpy(response_out, &message, sizeof(message));
	return CLI_OK;
}

// ---- verbs

static enum cli_exit add_agency(struct cli *cli)
{
	Sluss__V1__AddAgencyRequest q = SLUSS__V1__ADD_AGENCY_REQUEST__INIT;
	Sluss__V1__AddAgencyResponse *r = NULL;
	int type = 0;
	const char *text = cli_need(cli, "type");
	if (text == NULL || !cli_read_enum(cli, "type", &sluss__v1__agency_type__descriptor, text, &type)) {
		return CLI_USAGE;
	}
	q.agency_id = cli_copy(cli, cli->arguments[0], strlen(cli->arguments[0]));
	if (!sluss_is_agency_id(q.agency_id, strlen(q.agency_id))) {
		return cli_fail(cli, CLI_USAGE, "ID", "'%s' is not an agency id (a-z, 0-9 and '-', at most %d)",
		    q.agency_id, SLUSS_AGENCY_MAX);
	}
	q.type = (Sluss__V1__AgencyType)type;
	q.display_name = cli_format(cli, "%s", cli_get(cli, "name") == NULL ? q.agency_id : cli_get(cli, "name"));
	for (size_t i = 0; i < cli_count(cli, "approver"); i++) {
		const char *officer = cli_nth(cli, "approver", i);
		cli_append(
		    cli, &q.approver_officer_ids, &q.n_approver_officer_ids, cli_copy(cli, officer, strlen(officer)));
	}
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_ADD_AGENCY, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "%s", r->token); // first and alone on its line, so that the output can be used as --token-file
	cli_say(cli, "(one-time enrolment token for %s, valid until %s)", q.agency_id, cli_time_text(cli, r->expires));
	return cli_show(cli, &r->base);
}

static enum cli_exit revoke_agency(struct cli *cli)
{
	Sluss__V1__RevokeAgencyRequest q = SLUSS__V1__REVOKE_AGENCY_REQUEST__INIT;
	Sluss__V1__RevokeAgencyResponse *r = NULL;
	q.agency_id = cli_copy(cli, cli->arguments[0], strlen(cli->arguments[0]));
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_REVOKE_AGENCY, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli,
	    "%s takes no part any more (log entry %llu); %u waiting deliveries to it or of its messages were withheld "
	    "and destroyed.",
	    q.agency_id, (unsigned long long)r->log_index, (unsigned)r->deliveries_withheld);
	return cli_show(cli, &r->base);
}

static enum cli_exit end_sessions(struct cli *cli)
{
	Sluss__V1__EndSessionsRequest q = SLUSS__V1__END_SESSIONS_REQUEST__INIT;
	Sluss__V1__EndSessionsResponse *r = NULL;
	const char *person = cli_get(cli, "person"), *agency = cli_get(cli, "agency"),
		   *officer = cli_get(cli, "officer");
	q.person_id = cli_format(cli, "%s", person == NULL ? "" : person);
	q.agency_id = cli_format(cli, "%s", agency == NULL ? "" : agency);
	q.officer_id = cli_format(cli, "%s", officer == NULL ? "" : officer);
	q.everybody = cli_has(cli, "all");
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_END_SESSIONS, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "%u sessions ended.", (unsigned)r->ended);
	return cli_show(cli, &r->base);
}

static enum cli_exit revoke_keys(struct cli *cli)
{
	Sluss__V1__RevokeKeysRequest q = SLUSS__V1__REVOKE_KEYS_REQUEST__INIT;
	Sluss__V1__RevokeKeysResponse *r = NULL;
	const char *key = cli_get(cli, "key");
	q.agency_id = cli_copy(cli, cli->arguments[0], strlen(cli->arguments[0]));
	q.key_id = cli_format(cli, "%s", key == NULL ? "" : key);
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_REVOKE_KEYS, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	if (r->records == 0) {
		cli_say(cli, "All of that was revoked before.");
	} else {
		cli_say(cli,
		    "Revoked; the log says so up to entry %llu. To let %s join again: sluss admin agency add %s, with "
		    "the type it has.",
		    (unsigned long long)r->log_index, q.agency_id, q.agency_id);
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit set_policy(struct cli *cli)
{
	enum { POLICY_MAX = 512 * 1024 };
	Sluss__V1__SetPolicyRequest q = SLUSS__V1__SET_POLICY_REQUEST__INIT;
	Sluss__V1__SetPolicyResponse *r = NULL;
	size_t len = 0;
	char *text = cli_read_file(cli, "FILE", cli->arguments[0], POLICY_MAX, &len);
	if (text == NULL) {
		return CLI_USAGE;
	}
	q.policy = (ProtobufCBinaryData){len, (uint8_t *)text};
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_SET_POLICY, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "Policy %s is in force (log entry %llu).", r->policy_id, (unsigned long long)r->log_index);
	return cli_show(cli, &r->base);
}

static enum cli_exit step_clock(struct cli *cli)
{
	Sluss__V1__StepClockRequest q = SLUSS__V1__STEP_CLOCK_REQUEST__INIT;
	Sluss__V1__StepClockResponse *r = NULL;
	q.to = cli_read_time(cli, "TIME", cli->arguments[0]);
	if (q.to == NULL) {
		return CLI_USAGE;
	}
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_STEP_CLOCK, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "The demo clock shows %s.", cli_time_text(cli, r->now));
	return cli_show(cli, &r->base);
}

static enum cli_exit backup(struct cli *cli)
{
	Sluss__V1__BackupRequest q = SLUSS__V1__BACKUP_REQUEST__INIT;
	Sluss__V1__BackupResponse *r = NULL;
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_BACKUP, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "%s", r->path);
	cli_say(cli, "(a copy with %llu log entries; entry %llu says so)", (unsigned long long)r->log_size,
	    (unsigned long long)r->log_index);
	return cli_show(cli, &r->base);
}

static enum cli_exit erase_person(struct cli *cli)
{
	Sluss__V1__ErasePersonRequest q = SLUSS__V1__ERASE_PERSON_REQUEST__INIT;
	Sluss__V1__ErasePersonResponse *r = NULL;
	q.person_id = cli_copy(cli, cli->arguments[0], strlen(cli->arguments[0]));
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_ERASE_PERSON, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli,
	    "Destroyed: the entry in the register and %u statements and texts (log entry %llu). Backups that were made "
	    "before still have them.",
	    (unsigned)r->texts, (unsigned long long)r->log_index);
	return cli_show(cli, &r->base);
}

static enum cli_exit health(struct cli *cli)
{
	Sluss__V1__GetHealthRequest q = SLUSS__V1__GET_HEALTH_REQUEST__INIT;
	Sluss__V1__GetHealthResponse *r = NULL;
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_GET_HEALTH, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	cli_say(cli, "%s, %s, policy %s", r->authority, cli_time_text(cli, r->now), r->policy_id);
	cli_say(cli, "  log: %llu entries, root %s", (unsigned long long)r->log_size, r->log_root);
	cli_say(cli, "  log key: %s", r->log_verifier_key);
	cli_say(cli,
	    "  cases %llu, accepted %llu, denied %llu, released %llu, withheld %llu, acknowledged %llu, withdrawals "
	    "%llu, waiting %llu",
	    (unsigned long long)r->cases, (unsigned long long)r->accepted, (unsigned long long)r->denied,
	    (unsigned long long)r->released, (unsigned long long)r->withheld, (unsigned long long)r->acknowledged,
	    (unsigned long long)r->withdrawals, (unsigned long long)r->waiting);
	for (size_t i = 0; i < r->n_denied_by_reason; i++) {
		const char *name = sluss_reason_name((enum sluss_reason)r->denied_by_reason[i]->reason);
		cli_say(cli, "  denied %s: %llu", name == NULL ? "?" : name,
		    (unsigned long long)r->denied_by_reason[i]->count);
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit queues(struct cli *cli)
{
	Sluss__V1__ListQueuesRequest q = SLUSS__V1__LIST_QUEUES_REQUEST__INIT;
	Sluss__V1__ListQueuesResponse *r = NULL;
	enum cli_exit code = ask(cli, SLUSS_METHOD_ADMIN_LIST_QUEUES, &q.base, &r);
	if (code != CLI_OK) {
		return code;
	}
	if (r->n_queues == 0) {
		cli_say(cli, "Nothing waits.");
	}
	for (size_t i = 0; i < r->n_queues; i++) {
		const Sluss__V1__Queue *queue = r->queues[i];
		cli_say(cli, "%s: %llu messages wait (%llu octets), %llu of them handed out; the oldest since %s",
		    queue->recipient_agency_id, (unsigned long long)queue->waiting, (unsigned long long)queue->octets,
		    (unsigned long long)queue->handed_out, cli_time_text(cli, queue->oldest));
		cli_say(cli, "  %s%s%s", queue->explanation, queue->asked == NULL ? "" : " It last asked at ",
		    queue->asked == NULL ? "" : cli_time_text(cli, queue->asked));
		for (size_t s = 0; s < queue->n_senders; s++) {
			cli_say(cli, "  from %s: %llu", queue->senders[s]->agency_id,
			    (unsigned long long)queue->senders[s]->waiting);
		}
	}
	return cli_show(cli, &r->base);
}

// ---- table

#define SOCKET_OPTION                                                                                                  \
	{                                                                                                              \
		"socket", CLI_TEXT, "PATH",                                                                            \
		    "the gateway's admin socket; default $SLUSS_ADMIN_SOCKET, then /var/lib/sluss/admin.sock"          \
	}
#define END_OPTION                                                                                                     \
	{                                                                                                              \
		NULL, CLI_FLAG, NULL, NULL                                                                             \
	}

static const struct cli_option add_options[] = {
    {"type", CLI_TEXT, "TYPE",
	"social_services, police, school, probation, employment, health, institution, housing, civil_society, "
	"evaluator, auditor"},
    {"name", CLI_TEXT, "TEXT", "name for people"},
    {"approver", CLI_MANY, "OFFICER", "officer with the approver's role"},
    SOCKET_OPTION,
    END_OPTION,
};
static const struct cli_option revoke_key_options[] = {
    {"key", CLI_TEXT, "KEYID", "only this signing key and its certificate; without it all of the agency"},
    SOCKET_OPTION,
    END_OPTION,
};
static const struct cli_option end_session_options[] = {
    {"person", CLI_TEXT, "ID", "this person's"},
    {"agency", CLI_TEXT, "ID", "those of this agency's staff"},
    {"officer", CLI_TEXT, "ID", "of this officer of the agency alone"},
    {"all", CLI_FLAG, NULL, "everybody's"},
    SOCKET_OPTION,
    END_OPTION,
};
static const struct cli_option only_socket[] = {SOCKET_OPTION, END_OPTION};

const struct cli_verb cli_admin_verbs[] = {
    {"admin agency add", "ID", "Let an agency join: prints its one-time enrolment token.", add_options, add_agency,
	NULL},
    {"admin agency revoke", "ID", "End an agency's part at once.", only_socket, revoke_agency, NULL},
    {"admin key revoke", "ID", "Refuse an agency's lost or stolen keys and certificates from now on.",
	revoke_key_options, revoke_keys, NULL},
    {"admin policy set", "FILE", "Put a policy in force.", only_socket, set_policy, NULL},
    {"admin clock step", "TIME", "Move a demo authority's clock forward.", only_socket, step_clock, NULL},
    {"admin backup", "", "Copy the database into the gateway's backup_dir while it runs.", only_socket, backup, NULL},
    {"admin person erase", "PERSON", "Destroy what names a person whose cases are closed.", only_socket, erase_person,
	NULL},
    {"admin sessions end", "", "Log people out at once.", end_session_options, end_sessions, NULL},
    {"admin queues", "", "What waits for which agency, since when, and why.", only_socket, queues, NULL},
    {"admin health", "", "Counts and health of the gateway.", only_socket, health, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
