// SPDX-License-Identifier: EUPL-1.2
// What the exchange's services share: the message as it was read, the decisions about it, its payload in the store.
//
//   exchange_read.c    from a request to a message (worker thread)
//   exchange_decide.c  questions, decisions, records and answers made of them
//   exchange_chunks.c  content that comes in pieces: put before Send, taken over or destroyed by it
//   exchange_room.c    is there room for it in its recipients' queues
//   exchange_payload.c what waits in the store: written, read for one recipient, destroyed
//   svc_send.c, svc_fetch.c, svc_acknowledge.c, svc_withdraw.c  the services
#ifndef SLUSS_CORE_EXCHANGE_H
#define SLUSS_CORE_EXCHANGE_H

#include "log_record.h"
#include "messages.h"
#include "service.h"
#include "sluss/v1/exchange.pb-c.h"

struct sluss_writer;

enum {
	EXCHANGE_SECTIONS_MAX = 64,
	EXCHANGE_RECIPIENTS_MAX = 32,
	EXCHANGE_HEADER_MAX = 8 << 10,
	EXCHANGE_BLOCK = 4096, // octets; what waits is counted in these
};

// A message, read and checked in form. Strings point into the request.
struct exchange_message {
	const Sluss__V1__Envelope *envelope;
	Sluss__V1__Section *const *sections; // as they came
	struct sluss_id message, case_id;
	enum sluss_message_type type;
	bool partial;
	int64_t expires_ms; // asked for by the sender; 0: not
	uint32_t blocks;    // of 4,096 sealed octets, chunks included
	struct sluss_recipient *recipients;
	size_t recipient_count;
	struct sluss_section_label *labels; // one for each section
	size_t section_count;
	uint8_t envelope_hash[SLUSS_HASH_BYTES];
	const Sluss__V1__SignedEnvelope *signed_envelope; // as it is kept and delivered
	Sluss__V1__BatchProof *batch; // what proves it in place of a signature of its own; NULL: none
};

// Reads an envelope and its sections. `sealed`: ciphertexts and keys must be there and fit the envelope (Send); else
// they may be absent (Evaluate). NULL: refused.
struct exchange_message *exchange_read(struct sluss_txn *txn, const Sluss__V1__Envelope *envelope, size_t section_count,
    Sluss__V1__Section *const *sections, bool sealed);

// ---- decisions

// One answer for each pair, sections first: pair of section s and recipient r is number s * recipient_count + r.
struct exchange_decisions {
	struct sluss_pair *pairs; // in the arena, as the record has them
	size_t count;
	size_t permitted;
	enum sluss_reason first_denial; // NONE when all are permitted
	bool unavailable;		// at least one could not be told
};

// Decides every pair now. False: refused (no memory).
SLUSS_MUST_CHECK bool exchange_decide(
    struct sluss_txn *txn, const struct exchange_message *message, struct exchange_decisions *decisions_out);

// The question of one pair of a recorded or new message.
struct sluss_question exchange_question(const struct sluss_id *case_id, const char *sender, const char *officer,
    enum sluss_message_type type, const struct sluss_recipient *recipient, const struct sluss_section_label *label);

// Pairs as the contract shows them. NULL: refused (no memory).
Sluss__V1__PairDecision **exchange_pairs(struct sluss_txn *txn, const struct sluss_pair *pairs, size_t count);

bool exchange_permits(enum sluss_reason reason);

// Memory for looking at one waiting message: so many of them, and those of other officers, do not use up the request's
// own. Between the two calls txn->arena is the scratch, and the records read before are gone. begin: NULL is refused.
// end: frees it; when `ok` is false it refuses anew, for the refusal's text lay in the scratch.
SLUSS_MUST_CHECK struct sluss_arena *exchange_scratch_begin(struct sluss_txn *txn);
bool exchange_scratch_end(struct sluss_txn *txn, struct sluss_arena *own, bool ok);

// What may still be handed out of a recorded message to one recipient, decided again now.
struct exchange_judgement {
	struct sluss_pair *permitted, *denied; // in the arena
	size_t permitted_count, denied_count;
	bool unavailable; // could not be told: neither release nor withhold
};

// False: refused.
SLUSS_MUST_CHECK bool exchange_judge(struct sluss_txn *txn, const struct sluss_rec_message *record, uint32_t delivery,
    struct exchange_judgement *judgement_out);

// Writes WITHHELD for the denied pairs, and PAYLOAD_DESTROYED for sections that nobody may be given any more, whose
// octets are destroyed. `cause` is the withdrawal, or the nil id. False: refused.
SLUSS_MUST_CHECK bool exchange_withhold(struct sluss_txn *txn, const struct sluss_rec_message *record,
    uint32_t delivery, const struct exchange_judgement *judgement, const struct sluss_id *cause);

// Is there room in every recipient's queue, and in the sender's share of it? False: refused, saying whose is full; the
// same message may come again.
SLUSS_MUST_CHECK bool exchange_queues_have_room(struct sluss_txn *txn, const struct exchange_message *message);

// ---- payload. Part 0 is a Delivery with the signed envelope, part 1 + s is section s. The only section of a message
// stands in part 0: one row for most messages.

// Key of the payload of a message whose record is number `index`: rising, so that the store's table grows at its end.
struct sluss_id exchange_payload_id(uint64_t index, const struct sluss_id *message);
// Keeps envelope and the sections that at least one recipient may get. False: refused.
SLUSS_MUST_CHECK bool exchange_payload_put(
    struct sluss_txn *txn, uint64_t index, const struct exchange_message *message, uint64_t sections);
// Reads part 0, then one section with this recipient's key only. *_out NULL: it is not there. False: refused.
SLUSS_MUST_CHECK bool exchange_payload_head(
    struct sluss_txn *txn, const struct sluss_id *payload, Sluss__V1__Delivery **head_out);
SLUSS_MUST_CHECK bool exchange_payload_section(struct sluss_txn *txn, const struct sluss_id *payload,
    const Sluss__V1__Delivery *head, uint32_t section, const char *recipient, Sluss__V1__Section **section_out);
// Destroys sections that were needed before and are not any more; everything when nothing is needed. False: refused.
SLUSS_MUST_CHECK bool exchange_payload_erase(struct sluss_txn *txn, uint32_t message, uint64_t needed_before);

// The same outside a request. False: spoiled.
SLUSS_MUST_CHECK bool exchange_payload_destroy(struct sluss_writer *writer, uint32_t message, uint64_t needed_before);
// Ends every delivery of the message that still waits, without an answer, and destroys its payload (expiry.c): its time
// is over, or the person it is about was erased. False: spoiled.
SLUSS_MUST_CHECK bool exchange_give_up(struct sluss_writer *writer, uint32_t message);

// ---- chunks (exchange_chunks.c)

struct sluss_hash;
struct sluss_upload_state;
// Does the label say of its chunks what can be?
bool exchange_chunks_label(const Sluss__V1__SectionHeader *header);
// The root over `count` (at most 400) chunk hashes; the field is long enough.
void exchange_chunks_root(const Sluss__V1__Section *section, size_t count, struct sluss_hash *root_out);
// Are all chunks of the message there, and the ones that it names? False: refused, not recorded.
SLUSS_MUST_CHECK bool exchange_chunks_there(struct sluss_txn *txn, const struct exchange_message *message);
// The message was answered: uploads of wanted sections are its own from now on, those of others are destroyed. False:
// refused.
SLUSS_MUST_CHECK bool exchange_chunks_take(
    struct sluss_txn *txn, const struct exchange_message *message, uint64_t wanted);
// Destroys the chunks of these sections (bits) of an accepted message. False: spoiled.
SLUSS_MUST_CHECK bool exchange_chunks_destroy(struct sluss_writer *writer, uint32_t message, uint64_t sections);
// After a withdrawal in this case: destroys the uploads that claim a consent of the case, as far as nothing that they
// claim carries them to anybody any more. False: refused.
SLUSS_MUST_CHECK bool exchange_uploads_stop(struct sluss_txn *txn, const struct sluss_id *case_id);
// Destroys an upload that nobody sent. False: spoiled.
SLUSS_MUST_CHECK bool exchange_upload_destroy(struct sluss_writer *writer, const struct sluss_upload_state *upload);

// A withdrawal in any case of this message has to find the request's connection: the answer carries sections of it.
// False: refused.
SLUSS_MUST_CHECK bool exchange_note_cases(struct sluss_txn *txn, const struct sluss_rec_message *record);

// The message table of the writer.
struct sluss_messages *exchange_messages(struct sluss_txn *txn);
// The record of a message. False: refused. Lives until the request is over.
SLUSS_MUST_CHECK bool exchange_record(struct sluss_txn *txn, uint32_t message, struct sluss_record *record_out);

// ---- what recipients signed, kept beside its record

enum {
	EXCHANGE_SIDE_ACKNOWLEDGEMENT = 160, // u64 big-endian of the log position -> SignedStatement
	EXCHANGE_STATEMENT_KEY = 8,
};

// Proof of a delivery's end, in the arena.
struct exchange_proof {
	Sluss__V1__SignedStatement *statement; // NULL: there is none
	ProtobufCBinaryData key;	       // that signed it
	char *explanation;		       // why rejected, else ""
};
void exchange_statement_key(uint64_t index, uint8_t key_out[EXCHANGE_STATEMENT_KEY]);
// False: refused.
SLUSS_MUST_CHECK bool exchange_statement_get(struct sluss_txn *txn, uint64_t index, struct exchange_proof *proof_out);

// ---- Send, for one message; when it is not accepted the request has been refused

struct exchange_outcome {
	uint64_t index; // of the record
	Sluss__V1__PairDecision **pairs;
	size_t pair_count;
};
// One that is not known. True: accepted.
bool exchange_send_new(
    struct sluss_txn *txn, const struct exchange_message *message, struct exchange_outcome *outcome_out);
// The first answer to message number `number` again. True: it was accepted.
bool exchange_send_again(struct sluss_txn *txn, uint32_t number, struct exchange_outcome *outcome_out);

// ---- services

void exchange_send_prepare(struct sluss_txn *txn);
void exchange_send(struct sluss_txn *txn);
void exchange_evaluate_prepare(struct sluss_txn *txn);
void exchange_evaluate(struct sluss_txn *txn);
void exchange_send_batch_prepare(struct sluss_txn *txn);
void exchange_send_batch(struct sluss_txn *txn);
void exchange_send_batch_finish(struct sluss_txn *txn);
void exchange_put_chunk_prepare(struct sluss_txn *txn);
void exchange_put_chunk(struct sluss_txn *txn);
void exchange_get_upload(struct sluss_txn *txn);
void exchange_get_chunk(struct sluss_txn *txn);
void exchange_fetch(struct sluss_txn *txn);
void exchange_acknowledge(struct sluss_txn *txn);
void exchange_get_status(struct sluss_txn *txn);
void exchange_get_status_finish(struct sluss_txn *txn);

#endif
