// SPDX-License-Identifier: EUPL-1.2
// The agency's folder: config, keys, certificates, the last checkpoint.
#include "sluss/profile.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csr.h"
#include "file.h"
#include "profile_internal.h"

// config.json: name and place of each string.
static const struct config_row {
	const char *name;
	size_t offset;
	size_t room;
} config_rows[] = {
#define ROW(name)                                                                                                      \
	{                                                                                                              \
#name, offsetof(struct sluss_profile_config, name), sizeof(((struct sluss_profile_config *)0)->name)   \
	}
    ROW(authority),
    ROW(agency_id),
    ROW(officer_id),
    ROW(agency_url),
    ROW(public_url),
    ROW(log_verifier_key),
#undef ROW
};

enum { CONFIG_ROWS = sizeof(config_rows) / sizeof(config_rows[0]) };

enum sluss_profile_result profile_fail(char *problem, enum sluss_profile_result result, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(problem, SLUSS_PROFILE_TEXT_MAX, format, args);
	va_end(args);
	return result;
}

enum sluss_profile_result profile_fail_errno(char *problem, const char *path)
{
	enum sluss_profile_result result = errno == ENOENT || errno == ENOTDIR ? SLUSS_PROFILE_MISSING
					   : errno == EACCES		       ? SLUSS_PROFILE_INSECURE
									       : SLUSS_PROFILE_IO;
	const char *why = result == SLUSS_PROFILE_INSECURE
			      ? "must be ours alone to read and write (chmod 600; the folder 700)"
			      : strerror(errno);
	return profile_fail(problem, result, "%s: %s", path, why);
}

const char *profile_path(const struct sluss_profile *p, const char *name, char path_out[PATH_MAX])
{
	(void)snprintf(path_out, PATH_MAX, "%s/%s", p->folder, name);
	return path_out;
}

// ---- config.json

static enum sluss_profile_result read_config(struct sluss_profile *p, char *problem)
{
	char path[PATH_MAX];
	size_t len = 0;
	char *text = sluss_file_read(profile_path(p, "config.json", path), PROFILE_FILE_MAX, true, &len);
	if (text == NULL) {
		return profile_fail_errno(problem, path);
	}
	json_error_t error;
	json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return profile_fail(problem, SLUSS_PROFILE_MALFORMED, "%s: not a JSON object (%s)", path, error.text);
	}
	enum sluss_profile_result result = SLUSS_PROFILE_OK;
	const char *name;
	json_t *value;
	json_object_foreach(tree, name, value)
	{
		size_t row = 0;
		while (row < CONFIG_ROWS && strcmp(config_rows[row].name, name) != 0) {
			row++;
		}
		if (row == CONFIG_ROWS || !json_is_string(value) ||
		    json_string_length(value) >= config_rows[row].room) {
			result = profile_fail(problem, SLUSS_PROFILE_MALFORMED,
			    "%s: \"%s\" is not known here, no text, or too long", path, name);
			break;
		}
		memcpy((char *)&p->config + config_rows[row].offset, json_string_value(value),
		    json_string_length(value) + 1);
	}
	json_decref(tree);
	return result;
}

static enum sluss_profile_result write_config(const struct sluss_profile *p, char *problem)
{
	char path[PATH_MAX];
	json_t *tree = json_object();
	bool ok = tree != NULL;
	for (size_t i = 0; ok && i < CONFIG_ROWS; i++) {
		const char *value = (const char *)&p->config + config_rows[i].offset;
		ok = value[0] == '\0' || json_object_set_new(tree, config_rows[i].name, json_string(value)) == 0;
	}
	char *text = ok ? json_dumps(tree, JSON_INDENT(2)) : NULL;
	json_decref(tree);
	if (text == NULL) {
		return profile_fail(problem, SLUSS_PROFILE_NO_MEMORY, "no memory, or text that is not UTF-8");
	}
	bool written = sluss_file_replace(profile_path(p, "config.json", path), text, strlen(text));
	free(text);
	return written ? SLUSS_PROFILE_OK : profile_fail_errno(problem, path);
}

// ---- opening

static enum sluss_profile_result new_profile(const char *folder, struct sluss_profile **out, char *problem)
{
	*out = NULL;
	struct sluss_profile *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return profile_fail(problem, SLUSS_PROFILE_NO_MEMORY, "no memory");
	}
	if (strlen(folder) >= sizeof(p->folder)) {
		free(p);
		return profile_fail(problem, SLUSS_PROFILE_IO, "the folder's name is too long");
	}
	memcpy(p->folder, folder, strlen(folder) + 1);
	(void)profile_path(p, "ca.crt", p->ca_file);
	(void)profile_path(p, "client.crt", p->certificate_file);
	(void)profile_path(p, "client.key", p->key_file);
	*out = p;
	return SLUSS_PROFILE_OK;
}

static enum sluss_profile_result check_folder(const char *folder, char *problem)
{
	struct stat st;
	if (stat(folder, &st) != 0) {
		return profile_fail_errno(problem, folder);
	}
	if (!S_ISDIR(st.st_mode)) {
		return profile_fail(problem, SLUSS_PROFILE_MALFORMED, "%s: not a folder", folder);
	}
	return (st.st_mode & 077) == 0
		   ? SLUSS_PROFILE_OK
		   : profile_fail(problem, SLUSS_PROFILE_INSECURE, "%s: must be ours alone (chmod 700)", folder);
}

enum sluss_profile_result sluss_profile_open(
    const char *folder, struct sluss_profile **profile_out, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	problem_out[0] = '\0';
	struct sluss_profile *p = NULL;
	enum sluss_profile_result result = new_profile(folder, &p, problem_out);
	if (result == SLUSS_PROFILE_OK) {
		result = check_folder(folder, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = read_config(p, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = profile_finish_promotion(p, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = profile_read_keys(p, problem_out);
	}
	if (result != SLUSS_PROFILE_OK) {
		sluss_profile_free(&p);
	} else {
		p->enrolled = access(p->certificate_file, R_OK) == 0;
	}
	*profile_out = p;
	return result;
}

// Makes the folder, and those above it that are missing; all ours alone.
static bool make_folders(const char *folder)
{
	char path[PATH_MAX];
	size_t len = strlen(folder);
	if (len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (size_t i = 1; i <= len; i++) {
		if (folder[i] != '/' && folder[i] != '\0') {
			continue;
		}
		memcpy(path, folder, i);
		path[i] = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			return false;
		}
	}
	return true;
}

static enum sluss_profile_result copy_ca(const struct sluss_profile *p, const char *ca_file, char *problem)
{
	size_t len = 0;
	char *pem = sluss_file_read(ca_file, PROFILE_FILE_MAX, false, &len);
	if (pem == NULL) {
		return profile_fail_errno(problem, ca_file);
	}
	bool is_pem = strstr(pem, "-----BEGIN CERTIFICATE-----") != NULL;
	bool ok = is_pem && sluss_file_replace(p->ca_file, pem, len);
	free(pem);
	if (!is_pem) {
		return profile_fail(problem, SLUSS_PROFILE_MALFORMED, "%s: no PEM certificate in it", ca_file);
	}
	return ok ? SLUSS_PROFILE_OK : profile_fail_errno(problem, p->ca_file);
}

enum sluss_profile_result sluss_profile_create(const char *folder, const struct sluss_profile_config *config,
    const char *ca_file, struct sluss_profile **profile_out, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	problem_out[0] = '\0';
	*profile_out = NULL;
	struct sluss_profile *p = NULL;
	enum sluss_profile_result result = new_profile(folder, &p, problem_out);
	if (result == SLUSS_PROFILE_OK && !make_folders(folder)) {
		result = profile_fail_errno(problem_out, folder);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = check_folder(folder, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		p->config = *config;
		result = copy_ca(p, ca_file, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = profile_make_keys(p, problem_out);
	}
	if (result == SLUSS_PROFILE_OK) {
		result = write_config(p, problem_out);
	}
	sluss_profile_free(&p);
	return result == SLUSS_PROFILE_OK ? sluss_profile_open(folder, profile_out, problem_out) : result;
}

void sluss_profile_free(struct sluss_profile **profile)
{
	struct sluss_profile *p = profile == NULL ? NULL : *profile;
	if (p == NULL) {
		return;
	}
	sluss_signing_key_free(&p->signing);
	for (size_t i = 0; i < p->sealing_count; i++) {
		sluss_sealing_key_free(&p->sealing[i]);
	}
	free(p);
	*profile = NULL;
}

// ---- using

const struct sluss_profile_config *sluss_profile_config(const struct sluss_profile *profile)
{
	return &profile->config;
}

bool sluss_profile_is_enrolled(const struct sluss_profile *profile)
{
	return profile->enrolled;
}

void sluss_profile_settings(
    const struct sluss_profile *profile, bool public_port, struct sluss_client_settings *settings_out)
{
	const struct sluss_profile_config *c = &profile->config;
	*settings_out = (struct sluss_client_settings){
	    .url = public_port ? c->public_url : c->agency_url,
	    .ca_file = profile->ca_file,
	    .certificate_file = public_port ? NULL : profile->certificate_file,
	    .key_file = public_port ? NULL : profile->key_file,
	    .authority = c->authority,
	    .agency_id = c->agency_id,
	    .officer_id = c->officer_id[0] == '\0' ? "system" : c->officer_id,
	    .log_verifier_key = c->log_verifier_key[0] == '\0' ? NULL : c->log_verifier_key,
	    .signing_key = profile->signing,
	    .sealing_keys = (const struct sluss_sealing_key *const *)profile->sealing,
	    .sealing_key_count = profile->sealing_count,
	};
}

char *profile_certificate_request(const struct sluss_profile *profile, const char *key_file)
{
	size_t len = 0;
	char *pem = sluss_file_read(key_file, PROFILE_FILE_MAX, true, &len);
	if (pem == NULL) {
		return NULL;
	}
	char *request = sluss_csr_make(pem, profile->config.agency_id);
	sluss_wipe(pem, len);
	free(pem);
	return request;
}

char *sluss_profile_certificate_request(const struct sluss_profile *profile)
{
	return profile_certificate_request(profile, profile->key_file);
}

enum sluss_profile_result sluss_profile_save_enrolment(struct sluss_profile *profile, const char *certificate_chain,
    const char *log_verifier_key, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	if (strlen(log_verifier_key) >= sizeof(profile->config.log_verifier_key)) {
		return profile_fail(problem_out, SLUSS_PROFILE_MALFORMED, "the log's verifier key is too long");
	}
	memcpy(profile->config.log_verifier_key, log_verifier_key, strlen(log_verifier_key) + 1);
	enum sluss_profile_result result = write_config(profile, problem_out);
	if (result == SLUSS_PROFILE_OK &&
	    !sluss_file_replace(profile->certificate_file, certificate_chain, strlen(certificate_chain))) {
		result = profile_fail_errno(problem_out, profile->certificate_file);
	}
	profile->enrolled = profile->enrolled || result == SLUSS_PROFILE_OK;
	return result;
}

char *sluss_profile_checkpoint(const struct sluss_profile *profile)
{
	char path[PATH_MAX];
	size_t len = 0;
	return sluss_file_read(profile_path(profile, "checkpoint", path), PROFILE_FILE_MAX, true, &len);
}

enum sluss_profile_result sluss_profile_save_checkpoint(
    struct sluss_profile *profile, const char *checkpoint, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char path[PATH_MAX];
	return sluss_file_replace(profile_path(profile, "checkpoint", path), checkpoint, strlen(checkpoint))
		   ? SLUSS_PROFILE_OK
		   : profile_fail_errno(problem_out, path);
}

uint64_t sluss_profile_notices(const struct sluss_profile *profile)
{
	char path[PATH_MAX];
	size_t len = 0;
	char *text = sluss_file_read(profile_path(profile, "notices", path), 64, true, &len);
	uint64_t next =
	    text == NULL ? 0 : strtoull(text, NULL, 10); // unreadable: from the beginning, which only repeats
	free(text);
	return next;
}

enum sluss_profile_result sluss_profile_save_notices(
    struct sluss_profile *profile, uint64_t next, char problem_out[SLUSS_PROFILE_TEXT_MAX])
{
	char path[PATH_MAX];
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)next);
	return sluss_file_replace(profile_path(profile, "notices", path), text, (size_t)len)
		   ? SLUSS_PROFILE_OK
		   : profile_fail_errno(problem_out, path);
}
