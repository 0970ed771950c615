// SPDX-License-Identifier: EUPL-1.2
// Inside of a profile, shared by its two files.
#ifndef SLUSS_PROFILE_INTERNAL_H
#define SLUSS_PROFILE_INTERNAL_H

#include <limits.h>

#include "sluss/profile.h"

enum { PROFILE_FILE_MAX = 256 * 1024, PROFILE_OLD_KEYS_MAX = 16 };

struct sluss_profile {
	char folder[PATH_MAX - 64];
	struct sluss_profile_config config;
	struct sluss_signing_key *signing;
	struct sluss_sealing_key *sealing[PROFILE_OLD_KEYS_MAX + 1]; // the newest first
	size_t sealing_count;
	bool enrolled;
	char ca_file[PATH_MAX];
	char certificate_file[PATH_MAX];
	char key_file[PATH_MAX];
};

// Each writes the sentence and returns the result.
enum sluss_profile_result profile_fail(char *problem, enum sluss_profile_result result, const char *format, ...)
    SLUSS_PRINTF(3, 4);
enum sluss_profile_result profile_fail_errno(char *problem, const char *path);

// "folder/name". Returns path_out.
const char *profile_path(const struct sluss_profile *p, const char *name, char path_out[PATH_MAX]);

// profile_keys.c: reads all keys; makes those that are not there yet.
enum sluss_profile_result profile_read_keys(struct sluss_profile *p, char *problem);
enum sluss_profile_result profile_make_keys(const struct sluss_profile *p, char *problem);
enum sluss_profile_result profile_finish_promotion(const struct sluss_profile *p, char *problem);
// profile.c: the request for the client key in a file (PEM). The caller frees; NULL: no memory, or not a key.
char *profile_certificate_request(const struct sluss_profile *p, const char *key_file);

#endif
