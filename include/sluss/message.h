// SPDX-License-Identifier: EUPL-1.2
// Messages between agencies, made and opened without a network: what the sender seals and signs, what the recipient checks and opens.
// sluss_crypto_init must have been called. Any thread; nothing is shared.
#ifndef SLUSS_MESSAGE_H
#define SLUSS_MESSAGE_H

#include "sluss/payload.h"
#include "sluss/seal.h"
#include "sluss/statement.h"
#include "sluss/v1/exchange.pb-c.h"

// ---- making

struct sluss_upload; // chunk.h
struct sluss_chunks; // chunk.h

// One section that is to be sent. All pointers stay the caller's.
struct sluss_section_draft {
	const char *category; // NULL: follows from the content
	Sluss__V1__Purpose purpose;
	Sluss__V1__Concerned **concerned;
	size_t concerned_count;
	Sluss__V1__Claim **claims;
	size_t claim_count;
	const char *necessity;           // NULL or why it is necessary
	const ProtobufCMessage *content; // of one of the payload types
	// A section in chunks that were put already (chunk.h), made for this message's id and recipients; the other fields are then not looked at. NULL: none.
	const struct sluss_upload *upload;
};

// Who it goes to, with the key that the directory has for them now.
struct sluss_recipient_draft {
	const char *agency_id;
	const char *officer_id; // NULL: nobody in particular
	uint8_t sealing_key[SLUSS_KEY_BYTES];
};

struct sluss_message_draft {
	struct sluss_id id; // none: a random one is chosen
	Sluss__V1__MessageType type;
	struct sluss_id case_id;
	bool partial_delivery;
	int64_t expires_ms; // given up when nobody acknowledged it by then; 0: the gateway's own limit
	const struct sluss_recipient_draft *recipients;
	size_t recipient_count; // 1 to 32
	const struct sluss_section_draft *sections;
	size_t section_count; // 1 to SLUSS_SECTIONS_MAX
	bool misplaced; // content may be of a type that this message cannot carry, as a sender with other software could send it; every recipient rejects that (MISPLACED)
};

enum sluss_message_result {
	SLUSS_MESSAGE_OK = 0,
	SLUSS_MESSAGE_NO_MEMORY,
	SLUSS_MESSAGE_BAD_DRAFT,     // counts out of range, no content, a category that is not the content's, an unknown type or one that this message cannot carry
	SLUSS_MESSAGE_BAD_KEY,       // a recipient's key cannot be sealed to
	SLUSS_MESSAGE_MALFORMED,     // envelope or label cannot be read strictly, or does not fit the message
	SLUSS_MESSAGE_WRONG_LOG,     // meant for another gateway
	SLUSS_MESSAGE_BAD_SIGNATURE, // not signed by the sender's key
	SLUSS_MESSAGE_NOT_FOR_US,    // we are not among the recipients
};

const char *sluss_message_result_name(enum sluss_message_result result);

// A message that was sealed and signed: octets that can be sent again and again with the same effect.
struct sluss_sealed_message {
	struct sluss_id id;
	uint8_t *request; // a serialized SendRequest; owned
	size_t request_len;
};

// Seals every section to every recipient, makes the envelope and signs it. The caller frees *sealed_out.
SLUSS_MUST_CHECK enum sluss_message_result sluss_message_seal(const struct sluss_message_draft *draft, const struct sluss_author *author,
    const struct sluss_signing_key *key, struct sluss_sealed_message *sealed_out);
void sluss_sealed_message_free(struct sluss_sealed_message *sealed);
// Signs the same message anew with author->at_ms: for one that was sealed longer ago than the gateway's clock skew allows and was never answered. Only the time changes;
// message id, sections and keys stay. Never renew what may have been accepted: its id then stands for other octets (ID_REUSED). Errors: MALFORMED, NO_MEMORY;
// *sealed is then as it was.
SLUSS_MUST_CHECK enum sluss_message_result sluss_sealed_message_renew(
    struct sluss_sealed_message *sealed, const struct sluss_author *author, const struct sluss_signing_key *key);

// The same message with another time and signature, nothing else: for one that was never accepted and is older than the gateway takes (CLOCK_SKEW), or that was
// signed with a key that was replaced since. The caller frees *fresh_out. Errors: MALFORMED, NO_MEMORY.
SLUSS_MUST_CHECK enum sluss_message_result sluss_message_resign(const struct sluss_sealed_message *sealed, const struct sluss_signing_key *key, int64_t at_ms,
    struct sluss_sealed_message *fresh_out);

// SHA-256 of the envelope's octets: what the gateway's record of the message holds. False: not a sealed message.
SLUSS_MUST_CHECK bool sluss_sealed_message_envelope_hash(const struct sluss_sealed_message *sealed, uint8_t hash_out[SLUSS_HASH_BYTES]);

// ---- opening

// What became of one section of a delivery.
enum sluss_section_state {
	SLUSS_SECTION_NONE = 0,
	SLUSS_SECTION_OPENED,      // content and label fit
	SLUSS_SECTION_MISLABELLED, // opened, but the content's category is not the label's: report it
	SLUSS_SECTION_UNSIGNED,    // its digest does not stand in the envelope, or twice
	SLUSS_SECTION_BAD_LABEL,   // label not readable, or of another message
	SLUSS_SECTION_NO_KEY,      // no key sealed to us, or to a key that we do not have
	SLUSS_SECTION_TAMPERED,    // does not open
	SLUSS_SECTION_UNKNOWN_TYPE, // opened, but the content's type is not known here, or the octets are not of that type (as this version knows it)
	SLUSS_SECTION_INVALID,   // opened, and content, label and message fit, but the content breaks a rule of its type (sluss_payload_check): report it
	SLUSS_SECTION_MISPLACED, // opened, and content and label fit, but content of this type cannot stand in a message of this type: report it
};

const char *sluss_section_state_name(enum sluss_section_state state);
// Does AcknowledgeDelivery.mismatched_categories name a section of this state? Those whose label, place or content is not what the sender signed that it is.
bool sluss_section_is_reported(enum sluss_section_state state);

struct sluss_opened_section {
	enum sluss_section_state state;
	Sluss__V1__SectionHeader *header;          // NULL for UNSIGNED and BAD_LABEL
	const struct sluss_payload_type *type;     // NULL when not known
	ProtobufCMessage *content;                 // NULL unless OPENED, MISLABELLED, INVALID or MISPLACED; with chunks a sluss.v1.Attachment
	struct sluss_chunks *chunks;               // NULL: none; else what sluss_client_download needs. Freed with the message
};

struct sluss_opened_message {
	Sluss__V1__Envelope *envelope;
	struct sluss_statement_header from; // who signed, when
	uint8_t envelope_hash[SLUSS_HASH_BYTES]; // for AcknowledgeDelivery
	struct sluss_opened_section *sections;
	size_t section_count;
	bool usable; // every section is OPENED
};

// Who opens.
struct sluss_reader {
	const char *authority;
	const char *agency_id;
	const struct sluss_sealing_key *const *keys; // the newest first, older ones behind
	size_t key_count;
};

// Checks envelope, signature, digests and labels, opens every section. Delivery.sender_key is believed as it is: check it against the directory before (sluss_client_open
// does). OK says that envelope and signature hold; what became of each section stands in its state. The caller frees *opened_out with
// sluss_opened_message_free. The buffer that a section was decrypted into is wiped; the unpacked content is ordinary memory.
SLUSS_MUST_CHECK enum sluss_message_result sluss_message_open(
    const Sluss__V1__Delivery *delivery, const struct sluss_reader *reader, struct sluss_opened_message **opened_out);
// Why an opened message is not usable, for the sender and the log: states, labels, and the paths of fields that break a rule, never what they contain. At most 200
// octets. False (and empty): it is usable.
bool sluss_message_why_unusable(const struct sluss_opened_message *opened, char *why_out, size_t room);
void sluss_opened_message_free(struct sluss_opened_message **opened);

#endif
