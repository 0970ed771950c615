// SPDX-License-Identifier: EUPL-1.2
// Messages and statements as octets ready to post, made by libsluss. One thread. Exits when something cannot be made: a
// test has no use for half of it.
#ifndef SLUSS_TEST_MESSAGE_H
#define SLUSS_TEST_MESSAGE_H

#include "sluss/key.h"
#include "sluss/message.h"
#include "sluss/statement.h"

// Who sends what to whom: a Note of one category in one case, to one recipient, resting on one consent.
struct note_draft {
	struct sluss_author author;
	const struct sluss_signing_key *key;
	struct sluss_id case_id;
	Sluss__V1__MessageType type;
	Sluss__V1__Purpose purpose;
	char *category;
	char *consent_id;
	struct sluss_recipient_draft recipient;
	size_t text_len; // octets of text
};

// Octets that the caller frees with free().
struct octets {
	uint8_t *data;
	size_t len;
};

// A SendRequest with a fresh message id, which is written to id_out.
struct octets note_make(const struct note_draft *draft, struct sluss_id *id_out);

// A request that carries one signed statement in field 1 (WithdrawRequest, ActRequest ...). `statement` has everything
// but fields 1 to 6.
struct octets statement_make(
    ProtobufCMessage *statement, const struct sluss_author *author, const struct sluss_signing_key *key);

struct octets octets_pack(const ProtobufCMessage *message);

#endif
