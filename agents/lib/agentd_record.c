// SPDX-License-Identifier: EUPL-1.2
// What a log entry says about a message that this agency sent or received.
#include "agentd_record.h"

#include <stdio.h>

#include "sluss/v1/log.pb-c.h"

static bool is_message(ProtobufCBinaryData octets, const struct sluss_id *message)
{
	return octets.len == sizeof(message->b) && memcmp(octets.data, message->b, sizeof(message->b)) == 0;
}

bool sluss_record_accepted_hash(
    struct sluss_bytes entry, const struct sluss_id *message, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	Sluss__V1__LogRecord *r = sluss__v1__log_record__unpack(NULL, entry.len, entry.data);
	if (r == NULL)
		return false;
	bool ok = r->event_case == SLUSS__V1__LOG_RECORD__EVENT_MESSAGE_ACCEPTED &&
		  is_message(r->message_accepted->message, message) &&
		  r->message_accepted->envelope_hash.len == SLUSS_HASH_BYTES;
	if (ok)
		memcpy(hash_out, r->message_accepted->envelope_hash.data, SLUSS_HASH_BYTES);
	sluss__v1__log_record__free_unpacked(r, NULL);
	return ok;
}

bool sluss_record_acknowledged_by(
    struct sluss_bytes entry, const struct sluss_id *message, char officer_out[SLUSS_OFFICER_MAX + 1])
{
	Sluss__V1__LogRecord *r = sluss__v1__log_record__unpack(NULL, entry.len, entry.data);
	if (r == NULL)
		return false;
	const Sluss__V1__LogAcknowledged *e = NULL;
	if (r->event_case == SLUSS__V1__LOG_RECORD__EVENT_ACKNOWLEDGED)
		e = r->acknowledged;
	else if (r->event_case == SLUSS__V1__LOG_RECORD__EVENT_MISMATCH_REPORTED)
		e = r->mismatch_reported;
	bool ok = e != NULL && is_message(e->message, message) && strlen(e->officer) <= SLUSS_OFFICER_MAX;
	if (ok)
		(void)snprintf(officer_out, SLUSS_OFFICER_MAX + 1, "%s", e->officer);
	sluss__v1__log_record__free_unpacked(r, NULL);
	return ok;
}
