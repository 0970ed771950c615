// SPDX-License-Identifier: EUPL-1.2
// Where an agency's program keeps what it needs to be that agency: a folder of mode 0700 with files of mode 0600.
//
//   config.json    who and where (below)
//   signing.key    Ed25519 seed, 64 hexadecimal digits         sealing.key    X25519 seed; sealing.1.key, sealing.2.key
//   ... older ones, which still open client.key     private key of the client certificate, PEM  client.crt certificate
//   chain from the enrolment, PEM ca.crt         whom to believe about the gateway, PEM      checkpoint     the newest
//   log head that was verified (a signed note)
//   *.next.*       keys and certificate of a renewal under way
//   notices        the log position up to which notices were shown
//
// A profile belongs to one thread at a time; its keys are only read and may be shared. Files are replaced as a whole
// (temporary file, fsync, rename).
#ifndef SLUSS_PROFILE_H
#define SLUSS_PROFILE_H

#include "sluss/client.h"

enum sluss_profile_result {
	SLUSS_PROFILE_OK = 0,
	SLUSS_PROFILE_MISSING,	 // no such folder or file
	SLUSS_PROFILE_INSECURE,	 // others may read or write the folder or a secret file
	SLUSS_PROFILE_MALFORMED, // a file cannot be read as what it should be
	SLUSS_PROFILE_IO,	 // the system refused
	SLUSS_PROFILE_NO_MEMORY,
};

enum { SLUSS_PROFILE_TEXT_MAX = 512 };

// Strings, empty when not set. config.json has the same names; unknown names are refused.
struct sluss_profile_config {
	char authority[SLUSS_AUTHORITY_MAX + 1]; // origin of the gateway's log
	char agency_id[SLUSS_AGENCY_MAX + 1];
	char officer_id[SLUSS_OFFICER_MAX + 1]; // who acts when nobody else is said
	char agency_url[256];			// "https://gateway.example:8443"
	char public_url[256];			// "https://gateway.example:8444"
	char log_verifier_key[512];		// pinned at enrolment
};

struct sluss_profile;

// Reads everything. `problem_out` gets one English sentence that names the file when the answer is not OK.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_open(
    const char *folder, struct sluss_profile **profile_out, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// Makes the folder and fresh keys, copies the CA file into it, and opens it. A folder that has keys already keeps them
// (an enrolment that did not come through can be repeated), but gets the new config.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_create(const char *folder,
    const struct sluss_profile_config *config, const char *ca_file, struct sluss_profile **profile_out,
    char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// Takes NULL; wipes keys; nulls.
void sluss_profile_free(struct sluss_profile **profile);

const struct sluss_profile_config *sluss_profile_config(const struct sluss_profile *profile);

// A client certificate is there: the agency is enrolled.
bool sluss_profile_is_enrolled(const struct sluss_profile *profile);

// Fills settings for the agency port (or, `public_port`, for enrolment). Strings and keys stay the profile's.
void sluss_profile_settings(
    const struct sluss_profile *profile, bool public_port, struct sluss_client_settings *settings_out);

// The certificate request for the profile's client key (PEM, PKCS #10). The caller frees. NULL: no memory, or the key
// cannot be read.
char *sluss_profile_certificate_request(const struct sluss_profile *profile);

// Stores what the enrolment answered.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_save_enrolment(struct sluss_profile *profile,
    const char *certificate_chain, const char *log_verifier_key, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// The keys that are to come next: made and stored at the first call, the same ones until promoted, so that a rotation
// that was cut short can be repeated. The caller frees both.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_next_keys(struct sluss_profile *profile,
    struct sluss_signing_key **signing_out, struct sluss_sealing_key **sealing_out,
    char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// The certificate request for the next client key, which is kept in the same way. The caller frees. NULL: no memory, or
// the key cannot be made or read.
char *sluss_profile_next_certificate_request(struct sluss_profile *profile);

// Stores the chain that the gateway answered to it, to take effect with the promotion. From here on the promotion is
// finished even by the next one who opens the profile.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_keep_certificate(
    struct sluss_profile *profile, const char *certificate_chain, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// The gateway has accepted them: they become the profile's keys, and the kept certificate its own; the old sealing key
// stays to open what still comes. Settings that were filled before are void.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_promote_keys(
    struct sluss_profile *profile, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// The newest verified checkpoint: NULL when none is stored. The caller frees.
char *sluss_profile_checkpoint(const struct sluss_profile *profile);
// Store one only after it was proved consistent with the one before.
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_save_checkpoint(
    struct sluss_profile *profile, const char *checkpoint, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

// The log position from which on notices were not shown yet; 0 at first.
uint64_t sluss_profile_notices(const struct sluss_profile *profile);
SLUSS_MUST_CHECK enum sluss_profile_result sluss_profile_save_notices(
    struct sluss_profile *profile, uint64_t next, char problem_out[SLUSS_PROFILE_TEXT_MAX]);

#endif
