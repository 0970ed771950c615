// SPDX-License-Identifier: EUPL-1.2
// The agency's keys on disk, and their renewal.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "csr.h"
#include "file.h"
#include "profile_internal.h"

static enum sluss_profile_result read_seed(const char *path, uint8_t seed[SLUSS_KEY_BYTES], char *problem)
{
	size_t len = 0;
	char *text = sluss_file_read(path, 256, true, &len);
	if (text == NULL) {
		return profile_fail_errno(problem, path);
	}
	size_t octets = 0;
	bool ok = sodium_hex2bin(seed, SLUSS_KEY_BYTES, text, len, " \n", &octets, NULL) == 0 && octets == SLUSS_KEY_BYTES;
	sluss_wipe(text, len);
	free(text);
	return ok ? SLUSS_PROFILE_OK : profile_fail(problem, SLUSS_PROFILE_MALFORMED, "%s: not a key of %d hexadecimal digits", path, 2 * SLUSS_KEY_BYTES);
}

static bool write_seed(const char *path, const uint8_t seed[SLUSS_KEY_BYTES])
{
	char text[2 * SLUSS_KEY_BYTES + 2];
	(void)sodium_bin2hex(text, sizeof(text), seed, SLUSS_KEY_BYTES);
	text[2 * SLUSS_KEY_BYTES] = '\n';
	bool ok = sluss_file_replace(path, text, 2 * SLUSS_KEY_BYTES + 1);
	sluss_wipe(text, sizeof(text));
	return ok;
}

static const char *sealing_path(const struct sluss_profile *p, size_t age, char path_out[PATH_MAX])
{
	char name[48];
	if (age == 0) {
		return profile_path(p, "sealing.key", path_out);
	}
	(void)snprintf(name, sizeof(name), "sealing.%zu.key", age);
	return profile_path(p, name, path_out);
}

enum sluss_profile_result profile_read_keys(struct sluss_profile *p, char *problem)
{
	char path[PATH_MAX];
	uint8_t seed[SLUSS_KEY_BYTES];
	enum sluss_profile_result result = read_seed(profile_path(p, "signing.key", path), seed, problem);
	if (result == SLUSS_PROFILE_OK) {
		p->signing = sluss_signing_key_from_seed(seed);
	}
	for (size_t age = 0; result == SLUSS_PROFILE_OK && age <= PROFILE_OLD_KEYS_MAX; age++) {
		result = read_seed(sealing_path(p, age, path), seed, problem);
		if (result == SLUSS_PROFILE_MISSING && age > 0) {
			result = SLUSS_PROFILE_OK;
			break;
		}
		if (result == SLUSS_PROFILE_OK) {
			p->sealing[age] = sluss_sealing_key_from_seed(seed);
			p->sealing_count++;
		}
	}
	sluss_wipe(seed, sizeof(seed));
	if (result == SLUSS_PROFILE_OK && (p->signing == NULL || p->sealing[0] == NULL)) {
		return profile_fail(problem, SLUSS_PROFILE_NO_MEMORY, "no memory for keys");
	}
	return result;
}

// Makes the keys that are not there yet.
enum sluss_profile_result profile_make_keys(const struct sluss_profile *p, char *problem)
{
	static const char *const names[] = {"signing.key", "sealing.key"};
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint8_t seed[SLUSS_KEY_BYTES];
		if (access(profile_path(p, names[i], path), F_OK) == 0) {
			continue;
		}
		randombytes_buf(seed, sizeof(seed));
		bool ok = write_seed(path, seed);
		sluss_wipe(seed, sizeof(seed));
		if (!ok) {
			return profile_fail_errno(problem, path);
		}
	}
	if (access(profile_path(p, "client.key", path), F_OK) == 0) {
		return SLUSS_PROFILE_OK;
	}
	char *pem = sluss_csr_new_key();
	bool ok = pem != NULL && sluss_file_replace(path, pem, strlen(pem));
	if (pem != NULL) {
		sluss_wipe(pem, strlen(pem));
		free(pem);
	}
	return ok ? SLUSS_PROFILE_OK : profile_fail_errno(problem, path);
}

// ---- renewal

// Reads a waiting seed, or makes and stores one. The file exists before the gateway hears of the key, so that a crash in between loses nothing.
static enum sluss_profile_result next_seed(const char *path, uint8_t seed[SLUSS_KEY_BYTES], char *problem)
{
	enum sluss_profile_result result = read_seed(path, seed, problem);
	if (result != SLUSS_PROFILE_MISSING) {
		return result;
	}
	randombytes_buf(seed, SLUSS_KEY_BYTES);
	return write_seed(path, seed) ? SLUSS_PROFILE_OK : profile_fail_errno(problem, path);
}

enum sluss_profile_result sluss_profile_next_keys(struct sluss_profile *profile, struct sluss_signing_key **signing_out,
    struct sluss_sealing_key **sealing_out, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char path[PATH_MAX];
	uint8_t seed[SLUSS_KEY_BYTES];
	*signing_out = NULL;
	*sealing_out = NULL;
	enum sluss_profile_result result = next_seed(profile_path(profile, "signing.next.key", path), seed, problem_out);
	if (result == SLUSS_PROFILE_OK) {
		*signing_out = sluss_signing_key_from_seed(seed);
		result = next_seed(profile_path(profile, "sealing.next.key", path), seed, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		*sealing_out = sluss_sealing_key_from_seed(seed);
	}
	sluss_wipe(seed, sizeof(seed));
	if (result == SLUSS_PROFILE_OK && (*signing_out == NULL || *sealing_out == NULL)) {
		result = profile_fail(problem_out, SLUSS_PROFILE_NO_MEMORY, "no memory for keys");
	}
	if (result != SLUSS_PROFILE_OK) {
		sluss_signing_key_free(signing_out);
		sluss_sealing_key_free(sealing_out);
	}
	return result;
}

enum sluss_profile_result sluss_profile_promote_keys(struct sluss_profile *profile, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	// Oldest first, so that each step leaves every key that is still needed under some name that is read.
	for (size_t age = PROFILE_OLD_KEYS_MAX; age > 0; age--) {
		if (rename(sealing_path(profile, age - 1, from), sealing_path(profile, age, to)) != 0 && errno != ENOENT) {
			return profile_fail_errno(problem_out, from);
		}
	}
	if (rename(profile_path(profile, "sealing.next.key", from), sealing_path(profile, 0, to)) != 0
	    || rename(profile_path(profile, "signing.next.key", from), profile_path(profile, "signing.key", to)) != 0) {
		return profile_fail_errno(problem_out, from);
	}
	sluss_signing_key_free(&profile->signing);
	while (profile->sealing_count > 0) {
		sluss_sealing_key_free(&profile->sealing[--profile->sealing_count]);
	}
	return profile_read_keys(profile, problem_out);
}
