// SPDX-License-Identifier: EUPL-1.2
// The role "core": verifies, decides, logs, stores. The only process that has the log key, the data key, the CA key and
// the store.
//
// Threads: one for the channels (intake), `verify_threads` workers, one writer; the SQLite store has one of its own.
#ifndef SLUSS_CORE_H
#define SLUSS_CORE_H

#include "sluss/types.h"

// Descriptors are taken over and closed. All limits: 0 means the default in brackets.
struct sluss_store;
struct sluss_issuer;

struct sluss_core_config {
	int control_fd;	      // stream socket to the parent: IpcFrame with Control; -1 without parent (tests)
	int web_fd;	      // stream socket: IpcFrame; -1: comes later by ACTION_NEW_CHANNELS
	int edge_fd;	      // likewise
	int admin_listen_fd;  // listening Unix stream socket, or -1
	int log_key_fd;	      // 32 octets: Ed25519 seed (RFC 8032)
	int data_key_fd;      // 32 octets
	int client_ca_fd;     // PEM certificate, or -1: Enrol answers `unavailable`
	int client_ca_key_fd; // PEM private key, or -1
	int policy_fd;	      // JSON; read at genesis only; -1 when the log exists already

	int timestamp_ca_fd; // PEM; counts only with `timestamps`
	int head_fd;	     // secondary_head_file, open for reading and writing; 0 or less: none (head.h)
	// The operator lets core go on although the database is not what was signed last; the log says so.
	bool accept_rollback;
	// Settings that change behaviour, "key=value", sorted: they enter the log when they are new. Their owner keeps
	// them.
	const char *const *behaviour;
	size_t behaviour_count;

	const char *authority;	// the log's origin; must stay the same for the log's life
	const char *store_url;	// "sqlite:/path/to/file.db", see store.h
	const char *backup_dir; // where AdminService.Backup makes copies; NULL or "": it refuses
	// Hands over a store that is open for writing, in place of store_url; NULL otherwise. Called again after a
	// failed commit. NULL from it: not now.
	struct sluss_store *(*open_store)(void *arg);
	bool demo_clock;	     // at genesis: AdminService.StepClock is allowed
	int64_t demo_clock_start_ms; // at genesis: where core's clock begins; 0: the real time

	uint32_t verify_threads;       // [2]
	uint32_t queue_max;	       // requests that wait for the writer; beyond: resource_exhausted BUSY [4096]
	uint32_t queue_max_per_agency; // messages that wait for one agency; beyond: resource_exhausted BUSY [200,000]
	uint32_t batch_max;	       // requests in one transaction [256]
	uint32_t max_frame;	       // [4 MiB]
	uint32_t request_max;	       // octets of memory that one request may use [32 MiB]
	uint32_t fetch_wait_max_ms;    // [60,000]
	uint32_t clock_skew_max_ms;    // [300,000]
	uint32_t lease_ms; // a released message is handed out again after this, unless acknowledged [30,000]
	uint32_t delivery_queue_octets_max; // sealed octets that wait for one agency; beyond: BUSY [4,000,000,000]
	uint32_t delivery_expiry_hours;	    // an unacknowledged message is given up after this [720]
	uint32_t chunk_octets_max;	    // put and not sent yet, of one agency; beyond: BUSY [1 GiB]
	uint32_t chunk_uploads_max;	    // begun and not sent yet, of one agency [64]
	uint32_t chunk_orphan_hours;	    // then they are destroyed [24]
	uint32_t drop_timeout_ms; // web and edge have this long each to give their word; then they are killed [2,000]
	uint32_t client_certificate_days; // [365]
	uint32_t sessions_max;		  // of persons and staff at one time [2,000]
	uint32_t session_ms;		  // a session ends after this [1,200,000]
	uint32_t session_idle_ms;	  // or after this without a call [600,000]
	uint32_t code_days;		  // how long a one-time code is good [7]

	// Who signs the log besides core (notary.h); the courier's table has the same order.
	const char *const *witnesses; // verifier keys (C2SP signed-note, type 04)
	size_t witness_count;
	uint32_t witness_quorum; // 0: relaying does not depend on them
	uint32_t witness_period_ms, witness_gap_max_ms;
	bool timestamps; // the courier has a time-stamping authority
	uint32_t timestamp_period_ms;
	uint32_t timestamp_gap_max_ms; // 0: relaying does not depend on them

	// Identity providers, in the order of idp's table; their owner keeps them. redirect_url: "" or NULL without
	// any.
	const struct sluss_issuer *issuers;
	size_t issuer_count;
	struct sluss_oidc_keys *const *issuer_keys; // of each one with a jwks_file, else NULL; NULL: none has one
	const char *redirect_url;

	// Real time in Unix milliseconds; NULL: CLOCK_REALTIME. Called by the writer thread. Time that goes back
	// answers `unavailable`.
	int64_t (*clock_ms)(void *arg);
	void *arg;
	// Called once after recovery, before the first foreign octet is read: the place to shut the sandbox. Not 0:
	// give up. NULL: nothing to do.
	int (*on_ready)(void *arg);
};

// Runs until ACTION_STOP comes or the control channel closes (without one: until web's channel closes). 0: ended in
// order. 1: could not start or go on: the event log says why and what to do. Leaves signals alone: the caller ignores
// SIGPIPE and decides what SIGTERM does.
int sluss_core_main(const struct sluss_core_config *config);

#endif
