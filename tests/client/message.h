// SPDX-License-Identifier: EUPL-1.2
// Makes signed, sealed messages and statements as octets ready to post. Uses libsluss's own sealing and signing. One thread. Exits when out of memory.
#ifndef SLUSS_TEST_MESSAGE_H
#define SLUSS_TEST_MESSAGE_H

#include "sluss/key.h"
#include "sluss/statement.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"

// Who sends what to whom: one section, one recipient.
struct message_draft {
	struct sluss_author author;
	const struct sluss_signing_key *key;
	const char *case_id;
	Sluss__V1__MessageType type;
	const char *category;
	Sluss__V1__Purpose purpose;
	const char *consent_id;
	const char *payload_type;
	const char *recipient;
	const uint8_t *recipient_public; // X25519, SLUSS_KEY_BYTES
	size_t content_len;              // octets of random content
};

// Octets that the caller frees with free().
struct message_octets {
	uint8_t *data;
	size_t len;
};

// A SendRequest with a fresh message id, which is written to id_out.
struct message_octets message_make(const struct message_draft *draft, char id_out[SLUSS_ID_TEXT]);

// A request that carries one signed statement in field 1 (WithdrawRequest, ActRequest ...). `statement` has everything but fields 1 to 6.
struct message_octets message_statement(ProtobufCMessage *statement, const struct sluss_author *author, const struct sluss_signing_key *key);

struct message_octets message_pack(const ProtobufCMessage *message);

#endif
