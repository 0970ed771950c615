// SPDX-License-Identifier: EUPL-1.2
// Sends what waits. One attempt: take the next message; seal it and store the octets, unless they are stored; send
// them; store what the answer means. Whatever is cut off between two of these steps, the next attempt begins with the
// same octets under the same id, and the gateway gives the first answer again.
#include <stdlib.h>

#include "agent.h"
#include "agentd_record.h"
#include "describe.h"
#include "judge.h"
#include "log_event.h"
#include "web/json.h"

// One message under way.
struct attempt {
	struct agentd *agent;
	struct sluss_client *client;
	struct agentd_message message;
	struct sluss_sealed_message sealed; // owned
};

static bool put_why(
    struct attempt *a, enum agentd_result (*store)(struct agentd_store *, int64_t, const char *), json_t *why)
{
	char *text = json_dumps(why, JSON_COMPACT);
	json_decref(why);
	bool ok = agentd_store_good(
	    a->agent, "record an answer", store(a->agent->store, a->message.seq, text == NULL ? "{}" : text));
	free(text);
	return ok;
}

static void log_outcome(const struct attempt *a, const char *event, const struct sluss_client_error *error)
{
	char id[SLUSS_ID_TEXT];
	const char *reason = error == NULL ? "" : sluss_reason_name(error->reason);
	sluss_event(error == NULL ? SLUSS_EVENT_INFO : SLUSS_EVENT_WARNING, event, "message=%s reason=%s attempts=%u",
	    sluss_id_format(&a->message.id, id), reason == NULL ? "" : reason, a->message.attempts + 1);
}

static bool refuse(struct attempt *a, const struct sluss_client_error *error)
{
	log_outcome(a, "message-refused", error);
	return put_why(a, agentd_store_refused, agentd_why(error));
}

static bool postpone(struct attempt *a, const struct sluss_client_error *error)
{
	json_t *why = agentd_why(error);
	char *text = json_dumps(why, JSON_COMPACT);
	int64_t due = agentd_boot_ms() + agentd_pause_ms(&a->agent->settings, a->message.attempts + 1);
	json_decref(why);
	log_outcome(a, "message-waits", error);
	bool ok = agentd_store_good(a->agent, "postpone",
	    agentd_store_postpone(a->agent->store, a->message.seq, due, text == NULL ? "{}" : text));
	free(text);
	return ok;
}

// What every verdict but ACCEPTED comes to when nothing better is known.
static bool settle(struct attempt *a, enum agentd_verdict verdict)
{
	const struct sluss_client_error *error = sluss_client_last_error(a->client);
	if (error->result == SLUSS_CLIENT_UNVERIFIED)
		atomic_fetch_add(&a->agent->receipts_bad, 1);
	if (verdict == AGENTD_REFUSED) {
		agentd_link_up(a->agent, AGENTD_TALK_SEND);
		return refuse(a, error);
	}
	if (verdict == AGENTD_LINK || agentd_is_about_gateway(error))
		agentd_link_down(a->agent, AGENTD_TALK_SEND, error->explanation);
	else
		agentd_link_up(a->agent, AGENTD_TALK_SEND);
	return verdict == AGENTD_LINK || postpone(a, error);
}

// ---- accepted

// [{"agencyId", "state"}]: WAITING, or DENIED where no section was permitted.
static char *recipients_of(const Sluss__V1__SendResponse *response)
{
	json_t *list = json_object();
	for (size_t i = 0; i < response->n_pairs; i++) {
		const Sluss__V1__PairDecision *pair = response->pairs[i];
		json_t *before = json_object_get(list, pair->recipient_agency_id);
		if (before == NULL || pair->permitted)
			(void)json_object_set_new(
			    list, pair->recipient_agency_id, json_string(pair->permitted ? "WAITING" : "DENIED"));
	}
	json_t *out = json_array();
	const char *agency;
	json_t *state;
	json_object_foreach(list, agency, state)(void)
	    json_array_append_new(out, json_pack("{s:s, s:O}", "agencyId", agency, "state", state));
	char *text = json_dumps(out, JSON_COMPACT);
	json_decref(list);
	json_decref(out);
	return text;
}

static bool accept_with(struct attempt *a, uint64_t index, const Sluss__V1__Receipt *receipt, const char *recipients)
{
	size_t len = sluss__v1__receipt__get_packed_size(receipt);
	uint8_t *octets = malloc(len + 1);
	if (octets == NULL)
		return true; // it is sent again later, and answered again
	len = sluss__v1__receipt__pack(receipt, octets);
	int64_t due = agentd_boot_ms() + a->agent->settings.status_first_ms;
	enum agentd_result result = agentd_store_accepted(
	    a->agent->store, a->message.seq, index, (struct sluss_bytes){octets, len}, recipients, due);
	free(octets);
	if (result == AGENTD_OK) {
		log_outcome(a, "message-accepted", NULL);
		agentd_wake(a->agent);
	}
	if (result == AGENTD_FULL)
		agentd_link_down(
		    a->agent, AGENTD_TALK_SEND, "The agent's disk is full."); // the gateway gives the same answer again
	return agentd_store_good(a->agent, "record an acceptance", result);
}

static bool accept_answer(struct attempt *a, const Sluss__V1__SendResponse *response)
{
	char *recipients = recipients_of(response);
	agentd_link_up(a->agent, AGENTD_TALK_SEND);
	bool ok = accept_with(a, response->receipt->log_index, response->receipt, recipients);
	free(recipients);
	return ok;
}

// ---- the id is known to the gateway with other octets

static bool is_version(const struct attempt *a, const uint8_t hash[SLUSS_HASH_BYTES])
{
	for (size_t at = 0; at + SLUSS_HASH_BYTES <= a->message.versions_len; at += SLUSS_HASH_BYTES) {
		if (memcmp(a->message.versions + at, hash, SLUSS_HASH_BYTES) == 0)
			return true;
	}
	return false;
}

// The log's own record tells whether one of our versions was accepted: an attempt whose answer never came.
static bool ask(struct attempt *a)
{
	char id[SLUSS_ID_TEXT];
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_client_error reused = *sluss_client_last_error(a->client);
	reused.explanation = "The id of this message is used for another one.";
	reused.refusal = NULL;
	reused.field = "id";
	Sluss__V1__GetStatusResponse *status = NULL;
	if (sluss_client_status(a->client, sluss_id_format(&a->message.id, id), &status) != SLUSS_CLIENT_OK) {
		const struct sluss_client_error *error = sluss_client_last_error(a->client);
		// Known, but not as a message of ours that was accepted: an earlier version was denied, or it is
		// another's.
		return error->reason == SLUSS_NOT_FOUND ? refuse(a, &reused) : settle(a, AGENTD_LATER);
	}
	Sluss__V1__GetProofResponse *proof = NULL;
	enum sluss_client_result result = sluss_client_audit_proof(a->client, status->accepted_index, 0, &proof);
	uint64_t index = status->accepted_index;
	sluss__v1__get_status_response__free_unpacked(status, NULL);
	if (result != SLUSS_CLIENT_OK)
		return settle(a, AGENTD_LATER);
	const Sluss__V1__Receipt *receipt = proof->receipt;
	bool ours = receipt != NULL && receipt->log_index == index &&
		    sluss_record_accepted_hash(
			(struct sluss_bytes){receipt->log_entry.data, receipt->log_entry.len}, &a->message.id, hash) &&
		    is_version(a, hash);
	bool ok = ours ? accept_with(a, index, receipt, NULL) : refuse(a, &reused);
	sluss__v1__get_proof_response__free_unpacked(proof, NULL);
	return ok;
}

// ---- sealing

static bool keep_sealed(struct attempt *a)
{
	uint8_t hash[SLUSS_HASH_BYTES];
	if (!sluss_sealed_message_envelope_hash(&a->sealed, hash))
		return agentd_store_good(a->agent, "read a sealed message", AGENTD_BROKEN);
	enum agentd_result result = agentd_store_sealed(
	    a->agent->store, a->message.seq, (struct sluss_bytes){a->sealed.request, a->sealed.request_len}, hash);
	if (result != AGENTD_OK) {
		(void)agentd_store_good(a->agent, "store a sealed message", result);
		sluss_sealed_message_free(&a->sealed);
		if (result == AGENTD_FULL)
			agentd_link_down(a->agent, AGENTD_TALK_SEND, "The agent's disk is full.");
		return false;
	}
	uint8_t *longer = realloc(a->message.versions, a->message.versions_len + sizeof(hash));
	if (longer != NULL) {
		memcpy(longer + a->message.versions_len, hash, sizeof(hash));
		a->message.versions = longer;
		a->message.versions_len += sizeof(hash);
	}
	return true;
}

// Puts its files, then seals it. False as below.
static bool seal_draft(struct attempt *a, struct cli *cli, struct sluss_message_draft *draft,
    const struct agentd_attachments *attachments, const char *officer)
{
	enum sluss_client_result result = SLUSS_CLIENT_INTERNAL;
	if (attachments->count > 0) {
		enum agentd_uploading put = agentd_upload(a->agent, a->client, cli, a->message.seq, attachments, draft);
		const struct sluss_client_error *error = sluss_client_last_error(a->client);
		if (put == AGENTD_UPLOAD_FAILED && error->reason == SLUSS_ID_REUSED &&
		    strcmp(error->field, "header.message_id") == 0)
			(void)refuse(a, error); // the id stands for a message of long ago
		else if (put == AGENTD_UPLOAD_FAILED)
			(void)settle(a, agentd_judge(sluss_client_last_error(a->client), true));
		if (put != AGENTD_UPLOADED)
			return false;
	}
	if (sluss_client_set_officer(a->client, officer[0] == '\0' ? a->agent->officer : officer))
		result = sluss_client_seal(a->client, draft, &a->sealed);
	if (result != SLUSS_CLIENT_OK)
		(void)settle(a, agentd_judge(sluss_client_last_error(a->client), true));
	return result == SLUSS_CLIENT_OK;
}

// It was taken by an agent that knew other rules (before an update of this program).
static bool refuse_description(struct attempt *a, const struct agentd_describe_error *error)
{
	log_outcome(a, "description-refused", NULL);
	return put_why(a, agentd_store_refused,
	    json_pack("{s:s, s:s, s:s, s:s}", "reason", "MALFORMED", "code", "invalid_argument", "field", error->field,
		"explanation", error->text));
}

// Seals the description. False: the attempt is over, what became of it is recorded.
static bool seal(struct attempt *a, struct sluss_bytes description)
{
	struct sluss_message_draft draft;
	struct agentd_attachments attachments;
	struct agentd_describe_error error;
	char officer[SLUSS_OFFICER_MAX + 1];
	struct cli *cli = calloc(1, sizeof(*cli));
	if (cli == NULL)
		return agentd_store_good(a->agent, "read a description", AGENTD_FULL) && false;
	bool ok = agentd_draft(description, cli, &draft, &attachments, officer, &error);
	if (ok)
		ok = seal_draft(a, cli, &draft, &attachments, officer);
	else
		(void)refuse_description(a, &error);
	cli_finish(cli);
	free(cli);
	return ok && keep_sealed(a);
}

// The gateway has lost the chunks of a sealed message's files (they were not sent in its time) and has not accepted it.
static bool lacks_chunks(const struct attempt *a, const struct sluss_client_error *error)
{
	struct agentd_sending first;
	if (error->reason != SLUSS_MALFORMED || strcmp(error->code, "failed_precondition") != 0)
		return false;
	bool has_files = agentd_store_sending(a->agent->store, a->message.seq, 0, &first) == AGENTD_OK;
	agentd_sending_clear(&first);
	return has_files;
}

// They are put again, and the message is sealed anew under its id: what was refused before can never be accepted later.
static bool put_again(struct attempt *a)
{
	int64_t due = agentd_boot_ms() + agentd_pause_ms(&a->agent->settings, a->message.attempts + 1);
	log_outcome(a, "message-files-put-again", NULL);
	return agentd_store_good(
	    a->agent, "go back to a description", agentd_store_unsealed(a->agent->store, a->message.seq, due));
}

// The same message with the present time and key. False as above.
static bool sign_anew(struct attempt *a)
{
	struct sluss_sealed_message fresh;
	if (sluss_message_resign(&a->sealed, a->agent->client.signing_key, sluss_client_now_ms(a->client), &fresh) !=
	    SLUSS_MESSAGE_OK)
		return agentd_store_good(a->agent, "sign a message anew", AGENTD_BROKEN);
	sluss_sealed_message_free(&a->sealed);
	a->sealed = fresh;
	log_outcome(a, "message-signed-anew", NULL);
	return keep_sealed(a);
}

// ---- the attempt

static bool send(struct attempt *a)
{
	for (int signatures = 0;; signatures++) {
		Sluss__V1__SendResponse *response = NULL;
		atomic_fetch_add(&a->agent->attempts, 1);
		if (sluss_client_send(a->client, &a->sealed, &response) == SLUSS_CLIENT_OK) {
			bool ok = accept_answer(a, response);
			sluss__v1__send_response__free_unpacked(response, NULL);
			return ok;
		}
		enum agentd_verdict verdict = agentd_judge(sluss_client_last_error(a->client), false);
		if (verdict == AGENTD_ASK)
			return ask(a);
		if (verdict == AGENTD_REFUSED && lacks_chunks(a, sluss_client_last_error(a->client)))
			return put_again(a);
		if (verdict != AGENTD_RESIGN)
			return settle(a, verdict);
		if (signatures > 0)
			return settle(a, AGENTD_LATER); // our clock is wrong, or our keys are: for the operator to see
		if (!sign_anew(a))
			return true;
	}
}

static void try_one(struct attempt *a, uint8_t *octets, size_t len)
{
	bool ready = true;
	if (a->message.state == AGENTD_OUT_QUEUED) {
		ready = seal(a, (struct sluss_bytes){octets, len});
		free(octets);
	} else {
		a->sealed = (struct sluss_sealed_message){a->message.id, octets, len};
	}
	if (ready)
		(void)send(a);
	sluss_sealed_message_free(&a->sealed);
}

void *agentd_sender(void *arg)
{
	struct agentd *agent = arg;
	struct attempt a = {.agent = agent, .client = agentd_client(agent)};
	while (a.client != NULL && !agentd_stopping(agent)) {
		uint8_t *octets = NULL;
		size_t len = 0;
		int64_t next_ms = INT64_MAX;
		uint64_t seen = agentd_generation(agent);
		int64_t retry_ms = agentd_link_retry_ms(agent, AGENTD_TALK_SEND);
		if (retry_ms > agentd_boot_ms()) {
			agentd_wait(agent, seen, retry_ms);
			continue;
		}
		enum agentd_result result =
		    agentd_store_take(agent->store, agentd_boot_ms(), &a.message, &octets, &len, &next_ms);
		if (result == AGENTD_NOT_FOUND) {
			agentd_wait(agent, seen, next_ms);
			continue;
		}
		if (!agentd_store_good(agent, "take a message", result))
			break;
		if (result != AGENTD_OK) {
			agentd_link_down(agent, AGENTD_TALK_SEND, "The agent's disk is full.");
			continue;
		}
		try_one(&a, octets, len);
		agentd_store_release(agent->store, a.message.seq);
		agentd_message_clear(&a.message);
	}
	if (a.client == NULL)
		agentd_stop(agent);
	sluss_client_free(&a.client);
	return NULL;
}
