// SPDX-License-Identifier: EUPL-1.2
// The gateway's settings: one table (key, type, default, range, help, which roles get it) makes the parser,
// --check-config, the sample file and the manual page. A settings file is `key = value` lines; # starts a comment at
// the beginning of a line or after a space. Unknown key, key twice, wrong type, out of range: an error with file and
// line. struct sluss_settings is plain data: copy it, no ownership. No thread rules; nothing here keeps state.
#ifndef SLUSS_SETTINGS_H
#define SLUSS_SETTINGS_H

#include "sluss/types.h"

#include <stdio.h>

enum {
	SLUSS_SETTING_TEXT = 256,	 // octets of a text value with its NUL (paths too)
	SLUSS_SETTINGS_FILE_MAX = 65536, // longest settings file
	SLUSS_SETTING_ITEMS = 16,	 // values of a key that may stand several times
	SLUSS_SETTING_ITEM_TEXT = 1024,	 // octets of one of them with its NUL
};

// Bits, so that a row of the table can say which roles get the key.
enum sluss_role {
	SLUSS_ROLE_NONE = 0,
	SLUSS_ROLE_PARENT = 1,
	SLUSS_ROLE_CORE = 2,
	SLUSS_ROLE_WEB = 4,
	SLUSS_ROLE_EDGE = 8,
	SLUSS_ROLE_COURIER = 16,
	SLUSS_ROLE_IDP = 32, // the courier's program, for identity providers alone
};

// The roles that make connections: all others only take them.
static inline bool sluss_role_is_outward(enum sluss_role role)
{
	return role == SLUSS_ROLE_COURIER || role == SLUSS_ROLE_IDP;
}

// A key that may stand several times: its values in order.
struct sluss_setting_list {
	uint32_t count;
	char items[SLUSS_SETTING_ITEMS][SLUSS_SETTING_ITEM_TEXT];
};

enum sluss_sandbox_mode {
	SLUSS_SANDBOX_NONE = 0,
	SLUSS_SANDBOX_AUTO, // whatever the kernel has
	SLUSS_SANDBOX_OFF,  // sanitizer builds
};

// Paths are as written; sluss_settings_path makes them absolute. Times are milliseconds, sizes octets.
struct sluss_settings {
	// Who we are, what we keep.
	char authority[SLUSS_SETTING_TEXT]; // the log's origin, part of every signed statement
	char state_dir[SLUSS_SETTING_TEXT];
	char store[SLUSS_SETTING_TEXT]; // "sqlite"
	char policy_file[SLUSS_SETTING_TEXT];
	char backup_dir[SLUSS_SETTING_TEXT];	      // "" = none
	char secondary_head_file[SLUSS_SETTING_TEXT]; // "" = none
	// Sockets.
	char agency_listen[SLUSS_SETTING_TEXT];
	char public_listen[SLUSS_SETTING_TEXT]; // "" = none
	char admin_socket[SLUSS_SETTING_TEXT];
	char portal_dir[SLUSS_SETTING_TEXT]; // "" = none
	// Keys and certificates.
	char tls_certificate[SLUSS_SETTING_TEXT];
	char tls_key[SLUSS_SETTING_TEXT];
	char client_ca[SLUSS_SETTING_TEXT];
	char client_ca_key[SLUSS_SETTING_TEXT];
	char client_crl[SLUSS_SETTING_TEXT]; // "" = none
	char log_key[SLUSS_SETTING_TEXT];
	char data_key[SLUSS_SETTING_TEXT];
	// Limits.
	uint32_t max_body;
	uint32_t connections_max;
	uint32_t connections_per_agency;
	uint32_t queue_max_per_agency;
	uint32_t lease_ms;
	uint32_t delivery_queue_octets_max;
	uint32_t delivery_expiry_hours;
	uint32_t chunk_octets_max;
	uint32_t chunk_uploads_max;
	uint32_t chunk_orphan_hours;
	uint32_t batch_max;
	uint32_t fetch_wait_max_ms;
	uint32_t clock_skew_max_ms;
	uint32_t client_certificate_days;
	uint32_t sessions_max;
	uint32_t session_ms;
	uint32_t session_idle_ms;
	uint32_t code_days;
	// Time-outs.
	uint32_t handshake_timeout_ms;
	uint32_t idle_timeout_ms;
	uint32_t write_timeout_ms;
	uint32_t request_timeout_ms;
	uint32_t drop_timeout_ms;
	// Witnesses of the log, and timestamps over it.
	struct sluss_setting_list witness; // "verifier key, space, submission prefix"
	uint32_t witness_quorum;	   // 0 = relaying does not depend on them
	uint32_t witness_period_ms;
	uint32_t witness_gap_max_ms;
	char timestamp_url[SLUSS_SETTING_TEXT]; // "" = none
	char timestamp_ca[SLUSS_SETTING_TEXT];
	uint32_t timestamp_period_ms;
	uint32_t timestamp_gap_max_ms;	     // 0 = relaying does not depend on them
	char courier_ca[SLUSS_SETTING_TEXT]; // "" = https is not possible
	// Identity providers.
	struct sluss_setting_list issuer;      // settings_issuer.h
	char redirect_url[SLUSS_SETTING_TEXT]; // "" = none
	char idp_ca[SLUSS_SETTING_TEXT];       // "" = https is not possible
	// Threads.
	uint32_t web_threads;
	uint32_t edge_threads;
	uint32_t verify_threads;
	// Demo authorities.
	bool demo_clock;
	int64_t demo_clock_start; // ms since the Unix epoch, 0 = not set
	// Processes.
	char user_edge[SLUSS_SETTING_TEXT];
	char user_web[SLUSS_SETTING_TEXT];
	char user_core[SLUSS_SETTING_TEXT];
	char user_courier[SLUSS_SETTING_TEXT];
	char user_idp[SLUSS_SETTING_TEXT];
	enum sluss_sandbox_mode sandbox;
};

enum sluss_settings_result {
	SLUSS_SETTINGS_OK = 0,
	SLUSS_SETTINGS_UNREADABLE, // the file is not there, too long or cannot be read
	SLUSS_SETTINGS_WRONG,	   // not a settings file: see the error's text
	SLUSS_SETTINGS_MISSING,	   // a key without default is not set, or keys do not fit together
};

// For people: "file:line: what is wrong".
struct sluss_settings_error {
	char text[512];
};

// Every key at its default; keys without default are empty.
void sluss_settings_default(struct sluss_settings *settings_out);

// Reads settings over what *settings has. `name` stands in errors. On error *settings is half changed: do not use it.
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_parse(
    const char *name, struct sluss_bytes text, struct sluss_settings *settings, struct sluss_settings_error *error_out);

// Defaults, then the file, then sluss_settings_complete.
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_load(
    const char *path, struct sluss_settings *settings_out, struct sluss_settings_error *error_out);

// Are all keys there that have no default, and do they fit together?
SLUSS_MUST_CHECK enum sluss_settings_result sluss_settings_complete(
    const struct sluss_settings *settings, struct sluss_settings_error *error_out);

// A path of the settings, made absolute: relative ones lie in state_dir. False: longer than room.
SLUSS_MUST_CHECK bool sluss_settings_path(
    const struct sluss_settings *settings, const char *path, char *absolute_out, size_t room);

// Is there anything that the role courier would have to carry? Without it the role is not started.
bool sluss_settings_need_courier(const struct sluss_settings *settings);

// Takes a value of `witness` apart: the key is `text` up to the space (*key_len_out octets), the submission prefix what
// is returned, without a slash at its end (*url_len_out octets). NULL: no such value.
SLUSS_MUST_CHECK const char *sluss_settings_witness(const char *text, size_t *key_len_out, size_t *url_len_out);

enum { SLUSS_BEHAVIOUR_MAX = 256 };

// What of core's settings changes how it decides and relays, as "key=value" texts sorted by octets: numbers, switches,
// URLs and witnesses, no paths and no users. `second_head`: there is a secondary_head_file. `timestamp_ca_hash`:
// SHA-256 of the certificates in timestamp_ca, in hexadecimal; "" = none. `pins`: the same of each issuer's jwks_file,
// "" for one without; NULL: none has one. False: no memory.
struct sluss_settings_behaviour {
	char *values[SLUSS_BEHAVIOUR_MAX];
	size_t count;
};
SLUSS_MUST_CHECK bool sluss_settings_behaviour(const struct sluss_settings *settings, bool second_head,
    const char *timestamp_ca_hash, const char *const *pins, struct sluss_settings_behaviour *behaviour_out);
void sluss_settings_behaviour_free(struct sluss_settings_behaviour *behaviour);

// The sample file (every key with help and default), the manual page's section in roff, and what one role gets (as a
// settings file that sluss_settings_parse reads). False: writing failed.
SLUSS_MUST_CHECK bool sluss_settings_print_sample(FILE *out);
SLUSS_MUST_CHECK bool sluss_settings_print_manual(FILE *out);
SLUSS_MUST_CHECK bool sluss_settings_print_for_role(
    const struct sluss_settings *settings, enum sluss_role role, FILE *out);

#endif
