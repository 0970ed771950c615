// SPDX-License-Identifier: EUPL-1.2
// Profiles and their connections, kept from command to command in a batch.
#include <stdlib.h>
#include <time.h>

#include "cli.h"

enum { PROFILES_MAX = 128, DEFAULT_RETRY_S = 10 };

struct session_entry {
	char *folder;
	struct sluss_profile *profile;
	struct sluss_client *client; // made when first needed
	unsigned timeout_s;
	unsigned retry_s;
};

struct cli_session {
	struct session_entry entries[PROFILES_MAX];
	size_t count;
	char *base;    // NULL: ~/.config/sluss
	bool fixed;    // now_ms holds instead of the system's clock
	int64_t now_ms;
	bool once_fixed; // for the command under way (--now)
	int64_t once_ms;
};

struct cli_session *cli_session_new(void)
{
	return calloc(1, sizeof(struct cli_session));
}

static void close_entry(struct session_entry *e)
{
	sluss_client_free(&e->client);
	sluss_profile_free(&e->profile);
	free(e->folder);
	e->folder = NULL;
}

void cli_session_free(struct cli_session **session)
{
	if (*session == NULL) {
		return;
	}
	for (size_t i = 0; i < (*session)->count; i++) {
		close_entry(&(*session)->entries[i]);
	}
	free((*session)->base);
	free(*session);
	*session = NULL;
}

void cli_session_set_now(struct cli_session *session, bool fixed, int64_t now_ms)
{
	session->fixed = fixed;
	session->now_ms = now_ms;
}

void cli_session_set_base(struct cli_session *session, const char *folder)
{
	free(session->base);
	session->base = strdup(folder);
}

static int64_t session_now(void *context)
{
	const struct cli_session *s = context;
	if (s->once_fixed) {
		return s->once_ms;
	}
	if (s->fixed) {
		return s->now_ms;
	}
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *cli_profile_folder(struct cli *cli)
{
	const char *name = cli_get(cli, "profile");
	if (name == NULL) {
		name = getenv("SLUSS_PROFILE");
	}
	if (name == NULL || name[0] == '\0') {
		name = "default";
	}
	if (strchr(name, '/') != NULL) {
		return name;
	}
	if (cli->session->base != NULL) {
		return cli_format(cli, "%s/%s", cli->session->base, name);
	}
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	if (config != NULL && config[0] == '/') {
		return cli_format(cli, "%s/sluss/%s", config, name);
	}
	return cli_format(cli, "%s/.config/sluss/%s", home == NULL ? "" : home, name);
}

static struct session_entry *find_entry(struct cli *cli)
{
	struct cli_session *s = cli->session;
	const char *folder = cli_profile_folder(cli);
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->entries[i].folder, folder) == 0) {
			return &s->entries[i];
		}
	}
	if (s->count == PROFILES_MAX) {
		close_entry(&s->entries[0]); // rarely: more profiles in one batch than there is room for
		s->entries[0] = s->entries[--s->count];
	}
	char problem[SLUSS_PROFILE_TEXT_MAX];
	struct session_entry entry = {.folder = strdup(folder)};
	enum sluss_profile_result result = sluss_profile_open(folder, &entry.profile, problem);
	if (result != SLUSS_PROFILE_OK || entry.folder == NULL) {
		free(entry.folder);
		sluss_profile_free(&entry.profile);
		(void)cli_fail(cli, CLI_USAGE, "profile", "%s%s", problem,
		    result == SLUSS_PROFILE_MISSING ? "; make a profile with: sluss agency enrol" : "");
		return NULL;
	}
	s->entries[s->count] = entry;
	return &s->entries[s->count++];
}

struct sluss_profile *cli_profile(struct cli *cli)
{
	struct session_entry *e = find_entry(cli);
	return e == NULL ? NULL : e->profile;
}

void cli_session_forget(struct cli *cli)
{
	struct cli_session *s = cli->session;
	const char *folder = cli_profile_folder(cli);
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->entries[i].folder, folder) == 0) {
			close_entry(&s->entries[i]);
			s->entries[i] = s->entries[--s->count];
			return;
		}
	}
}

static bool read_seconds(struct cli *cli, const char *option, unsigned standard, unsigned *seconds_out)
{
	const char *text = cli_get(cli, option);
	uint64_t value = standard;
	if (text != NULL && !cli_read_number(cli, option, text, 86400, &value)) {
		return false;
	}
	*seconds_out = (unsigned)value;
	return true;
}

static bool set_now(struct cli *cli)
{
	struct cli_session *s = cli->session;
	const char *text = cli_get(cli, "now");
	s->once_fixed = text != NULL;
	if (text != NULL && !cli_parse_time(text, &s->once_ms)) {
		(void)cli_fail(cli, CLI_USAGE, "now", "--now: '%s' is not a time (2026-01-31T12:00:00Z)", text);
		return false;
	}
	return true;
}

static bool make_client(struct cli *cli, struct session_entry *e, unsigned timeout_s, unsigned retry_s)
{
	struct sluss_client_settings settings;
	const char *problem = NULL;
	if (!sluss_profile_is_enrolled(e->profile)) {
		(void)cli_fail(cli, CLI_USAGE, "profile", "%s is not enrolled yet: sluss agency enrol", e->folder);
		return false;
	}
	sluss_profile_settings(e->profile, false, &settings);
	settings.now_ms = session_now;
	settings.now_context = cli->session;
	settings.timeout_ms = timeout_s * 1000;
	settings.retry_ms = retry_s * 1000;
	sluss_client_free(&e->client);
	e->client = sluss_client_new(&settings, &problem);
	e->timeout_s = timeout_s;
	e->retry_s = retry_s;
	if (e->client == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "profile", "%s: %s", e->folder, problem);
	}
	return e->client != NULL;
}

struct sluss_client *cli_client(struct cli *cli)
{
	unsigned timeout_s = 0;
	unsigned retry_s = 0;
	struct session_entry *e = find_entry(cli);
	if (e == NULL || !set_now(cli) || !read_seconds(cli, "timeout", 30, &timeout_s) || !read_seconds(cli, "retry", DEFAULT_RETRY_S, &retry_s)) {
		return NULL;
	}
	if ((e->client == NULL || e->timeout_s != timeout_s || e->retry_s != retry_s) && !make_client(cli, e, timeout_s, retry_s)) {
		return NULL;
	}
	const char *officer = cli_get(cli, "officer");
	if (officer == NULL) {
		officer = sluss_profile_config(e->profile)->officer_id;
	}
	if (!sluss_is_officer_id(officer, strlen(officer))) {
		(void)cli_fail(cli, CLI_USAGE, "officer", "who acts? --officer ID, or officer_id in %s/config.json", e->folder);
		return NULL;
	}
	if (!sluss_client_set_officer(e->client, officer)) {
		(void)cli_fail(cli, CLI_INTERNAL, "", "no memory");
		return NULL;
	}
	return e->client;
}
