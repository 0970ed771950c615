// SPDX-License-Identifier: EUPL-1.2
#include "outside.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire.h"

struct sluss_letter *sluss_letter_new(
    enum sluss_item_kind item, uint64_t call_id, const char *content_type, struct sluss_bytes body)
{
	if (body.len > SLUSS_LETTER_MAX || strlen(content_type) >= SLUSS_LETTER_TYPE_MAX)
		return NULL;
	struct sluss_letter *letter = calloc(1, sizeof(*letter) + body.len);
	if (letter == NULL)
		return NULL;
	letter->item.kind = item;
	letter->call_id = call_id;
	letter->kind = (Sluss__V1__CourierCall__Kind)(call_id >> 56);
	letter->index = (uint32_t)(call_id >> 48 & 0xff);
	(void)snprintf(letter->content_type, sizeof(letter->content_type), "%s", content_type);
	letter->len = body.len;
	if (body.len > 0)
		memcpy(letter->octets, body.data, body.len);
	return letter;
}

bool sluss_letter_send(struct sluss_letter *letter, struct sluss_wire *wire)
{
	Sluss__V1__IpcFrame frame = SLUSS__V1__IPC_FRAME__INIT;
	Sluss__V1__CourierCall call = SLUSS__V1__COURIER_CALL__INIT;
	call.call_id = letter->call_id;
	call.kind = letter->kind;
	call.index = letter->index;
	call.content_type = letter->content_type;
	call.body = (ProtobufCBinaryData){.len = letter->len, .data = letter->octets};
	call.timeout_ms = letter->timeout_ms;
	frame.body_case = SLUSS__V1__IPC_FRAME__BODY_COURIER_CALL;
	frame.courier_call = &call;
	return sluss_wire_push(wire, &frame);
}

struct sluss_letter *sluss_letter_read(struct sluss_bytes octets)
{
	Sluss__V1__IpcFrame *frame = sluss_ipc_frame_unpack(octets);
	struct sluss_letter *letter = NULL;
	if (frame != NULL && frame->body_case == SLUSS__V1__IPC_FRAME__BODY_COURIER_ANSWER) {
		const Sluss__V1__CourierAnswer *answer = frame->courier_answer;
		// A type that is longer than any that we ask for is no type of ours.
		const char *type = strlen(answer->content_type) < SLUSS_LETTER_TYPE_MAX ? answer->content_type : "";
		letter = sluss_letter_new(SLUSS_ITEM_OUTSIDE_ANSWER, answer->call_id, type,
		    (struct sluss_bytes){answer->body.data, answer->body.len});
		if (letter != NULL) {
			letter->status = answer->status;
			(void)snprintf(letter->error, sizeof(letter->error), "%s", answer->error);
		}
	}
	sluss_ipc_frame_free(&frame);
	return letter;
}

void sluss_letter_return(struct sluss_letter *letter, const char *why)
{
	letter->item.kind = SLUSS_ITEM_OUTSIDE_ANSWER;
	letter->item.next = NULL;
	letter->returned = true;
	letter->status = 0;
	letter->len = 0;
	letter->content_type[0] = '\0';
	(void)snprintf(letter->error, sizeof(letter->error), "%s", why);
}
