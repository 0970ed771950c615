// SPDX-License-Identifier: EUPL-1.2
// What goes out: answers to whoever asked, words to web, edge and the parent.
#include <stdlib.h>

#include "intake_impl.h"
#include "log_event.h"
#include "outside.h"

static struct sluss_wire *channel_of(struct sluss_intake *intake, const struct sluss_request *request)
{
	if (request->channel == 0)
		return request->generation == intake->generation ? &intake->web : NULL;
	for (size_t i = 0; i < INTAKE_ADMINS; i++)
		if (intake->admins[i].id == request->channel)
			return &intake->admins[i].channel;
	return NULL;
}

void intake_answer(struct sluss_intake *intake, struct sluss_request *request)
{
	struct sluss_wire *channel = channel_of(intake, request);
	struct sluss_answer_frame answer;
	sluss_request_answer(request, &answer);
	if (channel != NULL && channel->fd >= 0 && !sluss_wire_push(channel, &answer.frame)) {
		sluss_event(SLUSS_EVENT_WARNING, "answer-lost", "channel=%s octets=%zu",
		    request->channel == 0 ? "web" : "admin", request->body.len);
		// Somebody who does not take answers, or an answer beyond a frame: the request ends with an error of
		// its own.
		sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
		sluss_request_answer(request, &answer);
		if (!sluss_wire_push(channel, &answer.frame) && request->channel == 0)
			intake_front_lost(intake);
	}
	intake->under_way--;
	intake->octets_under_way -= request->octets;
	sluss_request_free(&request);
}

void intake_control(struct sluss_intake *intake, Sluss__V1__Control__Action action)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__Control control = SLUSS__V1__CONTROL__INIT;
	control.action = action;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_CONTROL;
	frame.control = &control;
	if (intake->control.fd >= 0 && !sluss_wire_push(&intake->control, &frame))
		intake_stop(intake);
}

static void send_drop(struct sluss_word *note, struct sluss_wire *channel)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__DropTransfers drop = SLUSS__V1__DROP_TRANSFERS__INIT;
	drop.drop_id = note->number;
	drop.n_connection_ids = note->count;
	drop.connection_ids = note->u.ids;
	drop.keep_connection_id = note->keep;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_DROP;
	frame.drop = &drop;
	// When it cannot be sent no word will come, and the writer's time-out has both killed.
	if (!sluss_wire_push(channel, &frame))
		sluss_event(SLUSS_EVENT_WARNING, "drop-not-sent", "drop=%llu", (unsigned long long)note->number);
}

static void send_revoked(struct sluss_intake *intake, struct sluss_word *note)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__RevokeCertificates revoke = SLUSS__V1__REVOKE_CERTIFICATES__INIT;
	ProtobufCBinaryData fingerprint = {.len = SLUSS_HASH_BYTES, .data = note->u.octets};
	revoke.n_certificate_fingerprints = 1;
	revoke.certificate_fingerprints = &fingerprint;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_REVOKE;
	frame.revoke = &revoke;
	// An edge that is gone gets the whole list when it comes back.
	if (intake->edge.fd >= 0 && !sluss_wire_push(&intake->edge, &frame))
		intake_front_lost(intake);
}

static void word(struct sluss_intake *intake, struct sluss_word *note)
{
	switch (note->item.kind) {
	case SLUSS_ITEM_DROP_WEB:
		send_drop(note, &intake->web);
		break;
	case SLUSS_ITEM_DROP_EDGE:
		send_drop(note, &intake->edge);
		break;
	case SLUSS_ITEM_REVOKE:
		send_revoked(intake, note);
		break;
	case SLUSS_ITEM_RESTART_FRONT:
		sluss_event(SLUSS_EVENT_ERROR, "front-silent", NULL);
		intake_control(intake, SLUSS__V1__CONTROL__ACTION__ACTION_RESTART_FRONT);
		break;
	case SLUSS_ITEM_READY:
		intake_control(intake, SLUSS__V1__CONTROL__ACTION__ACTION_READY);
		break;
	case SLUSS_ITEM_FATAL:
		intake_control(intake, SLUSS__V1__CONTROL__ACTION__ACTION_FATAL);
		intake->failed = intake->stopped = true;
		break;
	case SLUSS_ITEM_STOPPED:
		intake->stopped = true;
		break;
	case SLUSS_ITEM_NONE:
	case SLUSS_ITEM_REQUEST:
	case SLUSS_ITEM_CANCEL:
	case SLUSS_ITEM_CLOSED:
	case SLUSS_ITEM_WEB_DROPPED:
	case SLUSS_ITEM_EDGE_DROPPED:
	case SLUSS_ITEM_FRONT_LOST:
	case SLUSS_ITEM_FRONT_NEW:
	case SLUSS_ITEM_STOP:
	case SLUSS_ITEM_OUTSIDE_CALL:
	case SLUSS_ITEM_OUTSIDE_ANSWER:
	case SLUSS_ITEM_OUTSIDE_LOST:
	case SLUSS_ITEM_IDP_LOST:
		break;
	}
	free(note);
}

// What nobody can carry comes back at once.
static void send_letter(struct sluss_intake *intake, struct sluss_letter *letter)
{
	bool idp = letter->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_IDP;
	struct sluss_wire *wire = idp ? &intake->idp : &intake->courier;
	if (wire->fd >= 0 && sluss_letter_send(letter, wire)) {
		free(letter);
		return;
	}
	sluss_letter_return(letter, idp ? "no idp is running" : "no courier is running");
	sluss_queue_push(intake->to_writer, &letter->item);
}

void intake_answers(struct sluss_intake *intake)
{
	struct sluss_item *list = sluss_queue_take(intake->queue, SIZE_MAX, 0);
	for (struct sluss_item *next; list != NULL; list = next) {
		next = list->next;
		if (list->kind == SLUSS_ITEM_REQUEST)
			intake_answer(intake, sluss_request_of_item(list));
		else if (list->kind == SLUSS_ITEM_OUTSIDE_CALL)
			send_letter(intake, (struct sluss_letter *)(void *)list);
		else
			word(intake, (struct sluss_word *)(void *)list);
	}
}
