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
	bool ok =
	    sodium_hex2bin(seed, SLUSS_KEY_BYTES, text, len, " \n", &octets, NULL) == 0 && octets == SLUSS_KEY_BYTES;
	sluss_wipe(text, len);
	free(text);
	return ok ? SLUSS_PROFILE_OK
		  : profile_fail(problem, SLUSS_PROFILE_MALFORMED, "%s: not a key of %d hexadecimal digits", path,
			2 * SLUSS_KEY_BYTES);
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

static bool there(const struct sluss_profile *p, const char *name)
{
	char path[PATH_MAX];
	return access(profile_path(p, name, path), F_OK) == 0;
}

static bool move(const struct sluss_profile *p, const char *from_name, const char *to_name)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	return rename(profile_path(p, from_name, from), profile_path(p, to_name, to)) == 0;
}

// A promotion that was cut short goes on where it stopped. What each file's presence says: the next sealing key is made
// before the next signing key and promoted before it, so a next signing key alone was promised already; a next
// certificate is stored only when the gateway has accepted its key.
enum sluss_profile_result profile_finish_promotion(const struct sluss_profile *p, char *problem)
{
	bool ok = true;
	if (!there(p, "sealing.key") && there(p, "sealing.next.key")) {
		ok = move(p, "sealing.next.key", "sealing.key");
	}
	if (ok && there(p, "signing.next.key") && !there(p, "sealing.next.key")) {
		ok = move(p, "signing.next.key", "signing.key");
	}
	if (ok && there(p, "client.next.crt")) {
		ok = (!there(p, "client.next.key") || move(p, "client.next.key", "client.key")) &&
		     move(p, "client.next.crt", "client.crt");
	}
	return ok ? SLUSS_PROFILE_OK : profile_fail_errno(problem, p->folder);
}

static bool make_client_key(const char *path)
{
	char *pem = sluss_csr_new_key();
	bool ok = pem != NULL && sluss_file_replace(path, pem, strlen(pem));
	if (pem != NULL) {
		sluss_wipe(pem, strlen(pem));
		free(pem);
	}
	return ok;
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
	return make_client_key(path) ? SLUSS_PROFILE_OK : profile_fail_errno(problem, path);
}

// ---- renewal

// Reads a waiting seed, or makes and stores one. The file exists before the gateway hears of the key, so that a crash
// in between loses nothing.
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
	enum sluss_profile_result result =
	    next_seed(profile_path(profile, "sealing.next.key", path), seed, problem_out);
	if (result == SLUSS_PROFILE_OK) {
		*sealing_out = sluss_sealing_key_from_seed(seed);
		result = next_seed(profile_path(profile, "signing.next.key", path), seed, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		*signing_out = sluss_signing_key_from_seed(seed);
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

char *sluss_profile_next_certificate_request(struct sluss_profile *profile)
{
	char path[PATH_MAX];
	profile_path(profile, "client.next.key", path);
	return there(profile, "client.next.key") || make_client_key(path) ? profile_certificate_request(profile, path)
									  : NULL;
}

enum sluss_profile_result sluss_profile_keep_certificate(
    struct sluss_profile *profile, const char *certificate_chain, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char path[PATH_MAX];
	profile_path(profile, "client.next.crt", path);
	return sluss_file_replace(path, certificate_chain, strlen(certificate_chain))
		   ? SLUSS_PROFILE_OK
		   : profile_fail_errno(problem_out, path);
}

enum sluss_profile_result sluss_profile_promote_keys(
    struct sluss_profile *profile, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	// Oldest first, so that each step leaves every key that is still needed under some name that is read.
	for (size_t age = PROFILE_OLD_KEYS_MAX; age > 0; age--) {
		if (rename(sealing_path(profile, age - 1, from), sealing_path(profile, age, to)) != 0 &&
		    errno != ENOENT) {
			return profile_fail_errno(problem_out, from);
		}
	}
	enum sluss_profile_result result = profile_finish_promotion(profile, problem_out);
	if (result != SLUSS_PROFILE_OK) {
		return result;
	}
	sluss_signing_key_free(&profile->signing);
	while (profile->sealing_count > 0) {
		sluss_sealing_key_free(&profile->sealing[--profile->sealing_count]);
	}
	return profile_read_keys(profile, problem_out);
}
