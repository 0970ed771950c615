// SPDX-License-Identifier: EUPL-1.2
// What comes in. Everything from web is foreign: whoever took it over may send any octets here.
#include <stdlib.h>
#include <unistd.h>

#include "intake_impl.h"
#include "log_event.h"
#include "outside.h"

static void turn_away(struct sluss_intake *intake, struct sluss_request *request)
{
	if (intake->stopping)
		sluss_txn_refuse(&request->txn, SLUSS_CODE_UNAVAILABLE, SLUSS_UNAVAILABLE, NULL, NULL);
	else
		sluss_txn_refuse(&request->txn, SLUSS_CODE_RESOURCE_EXHAUSTED, SLUSS_BUSY, NULL, NULL);
	intake_answer(intake, request);
}

// The arena has the frame, with the request in it.
static bool take_request(struct sluss_intake *intake, struct sluss_arena *arena, const Sluss__V1__CoreRequest *asked,
    size_t octets, uint64_t channel)
{
	struct sluss_request *request = sluss_request_new(arena, asked);
	if (request == NULL)
		return false;
	request->channel = channel;
	request->generation = intake->generation;
	request->octets = octets;
	// Which port it came in on is what the channel says, not the frame: web can never ask as the administrator.
	if ((channel == 0) == (request->txn.port == SLUSS_PORT_ADMIN))
		request->txn.port = SLUSS_PORT_NONE;
	intake->under_way++;
	intake->octets_under_way += octets;
	if (intake->stopping || intake->under_way > intake->config.queue_max ||
	    intake->octets_under_way > INTAKE_OCTETS_MAX) {
		turn_away(intake, request);
		return true;
	}
	request->item.next = NULL;
	if (intake->first == NULL)
		intake->first = &request->item;
	else
		intake->last->next = &request->item;
	intake->last = &request->item;
	intake->count++;
	return true;
}

void intake_hand_over(struct sluss_intake *intake)
{
	if (intake->first != NULL)
		sluss_workers_push(intake->workers, intake->first, intake->last, intake->count);
	intake->first = intake->last = NULL;
	intake->count = 0;
}

static void tell_writer(struct sluss_intake *intake, enum sluss_item_kind kind, uint64_t number)
{
	struct sluss_word *note = sluss_word_new(kind, 0);
	note->number = number;
	note->generation = intake->generation;
	sluss_queue_push(intake->to_writer, &note->item);
}

bool intake_frame_request(struct sluss_intake *intake, struct sluss_bytes octets, uint64_t channel)
{
	struct sluss_arena *arena = sluss_arena_new(intake->config.request_max);
	if (arena == NULL)
		return false;
	const Sluss__V1__IpcFrame *frame =
	    sluss__v1__ipc_frame__unpack(sluss_arena_allocator(arena), octets.len, octets.data);
	bool ok = frame != NULL;
	if (ok && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_REQUEST)
		return take_request(intake, arena, frame->request, octets.len, channel);
	if (ok && channel == 0 && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_CANCEL) {
		intake_hand_over(intake); // the request that it is about must not come after it by our doing
		tell_writer(intake, SLUSS_ITEM_CANCEL, frame->cancel->request_id);
	} else if (ok && channel == 0 && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROPPED) {
		tell_writer(intake, SLUSS_ITEM_WEB_DROPPED, frame->dropped->drop_id);
	} else {
		ok = false;
	}
	sluss_arena_free(&arena);
	return ok;
}

bool intake_frame_edge(struct sluss_intake *intake, struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	bool ok = frame != NULL;
	if (ok && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_DROPPED) {
		tell_writer(intake, SLUSS_ITEM_EDGE_DROPPED, frame->dropped->drop_id);
	} else if (ok && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_CLOSED) {
		struct sluss_word *note = sluss_word_new(SLUSS_ITEM_CLOSED, frame->closed->n_connection_ids);
		if (note->count > 0)
			memcpy(note->u.ids, frame->closed->connection_ids, note->count * sizeof(note->u.ids[0]));
		sluss_queue_push(intake->to_writer, &note->item);
	} else {
		ok = false;
	}
	sluss_ipc_frame_free(&frame);
	return ok;
}

bool intake_frame_courier(struct sluss_intake *intake, uint64_t tag, struct sluss_bytes octets)
{
	struct sluss_letter *letter = sluss_letter_read(octets);
	if (letter == NULL)
		return false;
	if ((letter->kind == SLUSS__V1__COURIER_CALL__KIND__KIND_IDP) != (tag == TAG_IDP)) {
		free(letter);
		return false;
	}
	sluss_queue_push(intake->to_writer, &letter->item);
	return true;
}

bool intake_frame_control(struct sluss_intake *intake, struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	if (frame == NULL || frame->body_case != SLUSS__V1__IPC_FRAME__BODY_CONTROL) {
		sluss_ipc_frame_free(&frame);
		return false;
	}
	Sluss__V1__Control__Action action = frame->control->action;
	sluss_ipc_frame_free(&frame);
	if (action == SLUSS__V1__CONTROL__ACTION__ACTION_STOP) {
		intake_stop(intake);
	} else if (action == SLUSS__V1__CONTROL__ACTION__ACTION_NEW_CHANNELS) {
		int fds[2];
		size_t count = sluss_frame_reader_take_fds(intake->control.reader, fds, 2);
		if (count != 2) {
			if (count == 1)
				close(fds[0]);
			sluss_event(SLUSS_EVENT_ERROR, "channels-missing", "count=%zu", count);
			return false;
		}
		intake_front_new(intake, fds[0], fds[1]);
	} else if (action == SLUSS__V1__CONTROL__ACTION__ACTION_NEW_COURIER ||
		   action == SLUSS__V1__CONTROL__ACTION__ACTION_NEW_IDP) {
		int fd;
		if (sluss_frame_reader_take_fds(intake->control.reader, &fd, 1) != 1) {
			sluss_event(SLUSS_EVENT_ERROR, "channels-missing", "of=outward");
			return false;
		}
		intake_courier_new(
		    intake, action == SLUSS__V1__CONTROL__ACTION__ACTION_NEW_IDP ? TAG_IDP : TAG_COURIER, fd);
	}
	return true;
}
