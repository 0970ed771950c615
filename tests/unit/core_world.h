// SPDX-License-Identifier: EUPL-1.2
// A core to test with: the real role on a store in memory, in a thread of its own. The test plays web, edge and the
// parent at the other ends of its channels, and steers clock and faults. A small world stands in its log already: three
// agencies, one case of a grown-up subject, grants.
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core.h"
#include "ipc/call.h"
#include "ipc/methods.h"
#include "sluss/message.h"
#include "sluss/v1/admin.pb-c.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"
#include "store_fault.h"
#include "store_memory.h"

#define AUTHORITY "sluss.test/core"
#define START_MS INT64_C(1767261600000)			// 2026-01-01T10:00:00Z
#define WORLD_YEAR_MS (INT64_C(300) * 24 * 3600 * 1000) // from START_MS to the end of the grants

enum { PATIENCE_MS = 10000 }; // for an answer that has to come

enum who {
	SOC = 0, // social services, leads the case
	POL,	 // police, member
	SCH,	 // school, member
	OTHER,	 // another social services agency, no member
	WHO_COUNT
};

extern const char *const world_names[WHO_COUNT]; // their agency ids

struct actor {
	const char *id;
	struct sluss_signing_key *sign;
	struct sluss_sealing_key *seal;
	uint8_t certificate[32];
};

struct world {
	// Steering. The core's clock shows now_ms.
	_Atomic int64_t now_ms;
	struct sluss_fault_plan plan; // change only while core is at rest
	uint64_t writes;	      // calls that write, so far
	bool web_obeys, edge_obeys;   // answer drops while waiting for an answer

	struct actor actors[WHO_COUNT];
	struct sluss_id case_id, subject, consent, other_case, other_subject, other_consent;
	struct sluss_id grant_soc, grant_pol; // school_attendance from the school, for coordination
	struct sluss_memory_db *db;
	uint64_t records; // of the small world
	struct sluss_core_config config;

	// The running core.
	bool with_admin; // listens for the administrator at admin_at (an abstract name)
	struct sockaddr_un admin_at;
	socklen_t admin_len;
	bool running;
	void *thread; // pthread_t
	int status;
	int web, edge, control; // the test's ends, blocking
	struct sluss_frame_reader *web_reader, *edge_reader, *control_reader;
	uint64_t last_request;
	Sluss__V1__IpcFrame *kept[1024]; // answers that nobody waited for yet
	size_t kept_count;
	unsigned drops_web, drops_edge, front_restarts;
	bool fatal, ready;
};

void world_start(struct world *w);			     // makes everything and starts core
void world_start_on(struct world *w, const char *store_url); // on a store of that kind in place of the one in memory
void world_stop(struct world *w);			     // stops core; the log stays
void world_run(struct world *w);			     // starts core on the log again
void world_end(struct world *w);			     // stops and frees
void world_write(struct world *w);			     // the small world's records; world_start does it
int world_policy_fd(void);

// ---- asking. Each answer is freed with answer_free.

struct answer {
	uint32_t code;
	Sluss__V1__ReasonCode reason;
	Sluss__V1__IpcFrame *frame;
	const Sluss__V1__CoreResponse *response;
	ProtobufCMessage *message; // when OK
};

// Sends a request on a connection with that agency's certificate; returns its number.
uint64_t ask(
    struct world *w, enum sluss_method method, enum who who, uint64_t connection, const void *body, size_t len);
uint64_t ask_message(
    struct world *w, enum sluss_method method, enum who who, uint64_t connection, const ProtobufCMessage *request);
// Waits for the answer to that number, answering drops meanwhile as web_obeys and edge_obeys say. False: none came
// within the time.
bool wait_answer(struct world *w, uint64_t number, enum sluss_method method, int timeout_ms, struct answer *answer_out);
void answer_free(struct answer *answer);
// Both.
struct answer call(
    struct world *w, enum sluss_method method, enum who who, uint64_t connection, const ProtobufCMessage *request);

// One call of AdminService, when with_admin was set before core started.
struct answer admin_call(struct world *w, enum sluss_method method, const ProtobufCMessage *request);

// Tells core that these connections are gone; that the parent killed and replaced web and edge.
void tell_closed(struct world *w, uint64_t connection);
void tell_front_new(struct world *w);

// ---- making requests

// A message of the school (or of whoever) to the recipients: `sections` attendance reports, claims the consent. The
// caller frees.
struct draft {
	enum who from;
	const enum who *to;
	size_t to_count;
	size_t sections;
	bool partial;
	const char *category;	     // of what the section says; NULL: school_attendance
	Sluss__V1__MessageType type; // 0: AttendanceReport
	struct sluss_id id, case_id; // none: random, the world's case
	int64_t skew_ms;
	const struct sluss_signing_key *key; // NULL: the sender's
	const char *text;		     // what each section says; NULL: a few words
	const char *provision;		     // claims this in place of the consent
	const char *officer;		     // addressed at every recipient; NULL: nobody in particular
	int64_t expires_ms;		     // 0: the gateway's own limit
	bool about_other_case; // concerns the subject of other_case as well, and claims that person's consent too
};
struct sluss_sealed_message seal(struct world *w, const struct draft *draft);
struct answer send_sealed(struct world *w, enum who who, const struct sluss_sealed_message *sealed);
// Sends it and expects that code; returns the message's id.
struct sluss_id send_expecting(struct world *w, const struct draft *draft, uint32_t code);

struct answer fetch(struct world *w, enum who who, uint64_t connection, uint32_t wait_ms);
// How many messages came, and 0 when it failed.
size_t fetch_count(struct world *w, enum who who, uint64_t connection);
struct answer acknowledge(
    struct world *w, enum who who, const Sluss__V1__Delivery *delivery, Sluss__V1__DeliveryOutcome outcome);
// The subject's state of the message for the recipient, as its sender sees it.
Sluss__V1__DeliveryState state_of(struct world *w, enum who sender, const struct sluss_id *message, enum who recipient);

// A signed withdrawal of everything by the subject, recorded by social services. `id` may be NULL. Sent on
// `connection`.
uint64_t ask_withdraw(struct world *w, const struct sluss_id *id, uint64_t connection);
struct answer withdraw(struct world *w, const struct sluss_id *id);
// Everything in the other case, by its subject.
struct answer withdraw_other(struct world *w);
// The subject does this to one grant, recorded by social services.
struct answer act_on_grant(
    struct world *w, enum sluss_method method, Sluss__V1__GrantAct what, const struct sluss_id *grant);
// Any statement: stamps it, signs it as `who`, puts it into a request message whose first field is a SignedStatement,
// and asks.
uint64_t ask_statement(struct world *w, enum sluss_method method, enum who who, uint64_t connection,
    ProtobufCMessage *statement, const struct sluss_id *id);

// ---- looking into the store (core stopped)

// How many records of a type there are (all: NONE), and parts of payload.
// Whether the store in memory has any payload of the message.
bool has_payload(struct world *w, const struct sluss_id *message);
size_t count_records(struct world *w, int type);

#endif
