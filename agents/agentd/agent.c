// SPDX-License-Identifier: EUPL-1.2
// What the agent's threads share.
#include "agent.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"
#include "log_event.h"

// ---- clocks

int64_t agentd_boot_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The time that statements carry, of a demo authority: from the file; the system's when it cannot be read.
static int64_t demo_now_ms(void *context)
{
	const struct agentd *agent = context;
	size_t len = 0;
	int64_t ms = 0;
	struct timespec now;
	char *text = sluss_file_read(agent->settings.demo_clock_file, 64, false, &len);
	if (text != NULL)
		text[strcspn(text, "\n")] = '\0';
	bool read = text != NULL && sluss_settings_parse_time(text, &ms);
	free(text);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return read ? ms : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- opening

static bool gives_up(void *context)
{
	return agentd_stopping(context);
}

static void look_at_keys(const struct agentd *agent, struct stat files_out[AGENTD_KEY_FILES])
{
	static const char *const names[AGENTD_KEY_FILES] = {"signing.key", "sealing.key"};
	char path[SLUSS_SETTING_TEXT + 16];
	for (size_t i = 0; i < AGENTD_KEY_FILES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", agent->settings.profile, names[i]);
		if (stat(path, &files_out[i]) != 0)
			files_out[i] = (struct stat){0};
	}
}

bool agentd_keys_changed(const struct agentd *agent)
{
	struct stat now[AGENTD_KEY_FILES];
	look_at_keys(agent, now);
	for (size_t i = 0; i < AGENTD_KEY_FILES; i++) {
		const struct stat *before = &agent->key_files[i];
		// A file that is not there now is being replaced: the next look will tell.
		if (now[i].st_ino != 0 &&
		    (now[i].st_ino != before->st_ino || now[i].st_mtim.tv_sec != before->st_mtim.tv_sec ||
			now[i].st_mtim.tv_nsec != before->st_mtim.tv_nsec))
			return true;
	}
	return false;
}

static bool open_profile(struct agentd *agent)
{
	char problem[SLUSS_PROFILE_TEXT_MAX];
	const struct agentd_settings *s = &agent->settings;
	look_at_keys(agent, agent->key_files); // before they are read: what changes in between is read again
	if (sluss_profile_open(s->profile, &agent->profile, problem) != SLUSS_PROFILE_OK) {
		sluss_event(SLUSS_EVENT_ERROR, "profile-unusable", "error=\"%s\"", problem);
		return false;
	}
	if (!sluss_profile_is_enrolled(agent->profile)) {
		sluss_event(SLUSS_EVENT_ERROR, "not-enrolled", "profile=%s help=\"sluss agency enrol\"", s->profile);
		return false;
	}
	sluss_profile_settings(agent->profile, false, &agent->client);
	(void)snprintf(agent->officer, sizeof(agent->officer), "%.32s",
	    s->officer[0] != '\0' ? s->officer : agent->client.officer_id);
	agent->client.officer_id = agent->officer;
	if (s->gateway_url[0] != '\0')
		agent->client.url = s->gateway_url;
	agent->client.give_up = gives_up;
	agent->client.give_up_context = agent;
	agent->client.timeout_ms = s->timeout_ms;
	agent->client.connect_timeout_ms = s->timeout_ms;
	if (s->demo_clock_file[0] != '\0') {
		agent->client.now_ms = demo_now_ms;
		agent->client.now_context = agent;
	}
	return true;
}

static bool open_store(struct agentd *agent)
{
	char why[256];
	char identity[SLUSS_AUTHORITY_MAX + SLUSS_AGENCY_MAX + 2];
	const struct agentd_settings *s = &agent->settings;
	struct agentd_store_limits limits = {s->queue_max, s->inbox_max, s->store_max_mib};
	(void)snprintf(identity, sizeof(identity), "%s %s", agent->client.authority, agent->client.agency_id);
	if (mkdir(s->state_dir, 0700) != 0 && errno != EEXIST) {
		sluss_event(
		    SLUSS_EVENT_ERROR, "state-unusable", "folder=%s error=\"%s\"", s->state_dir, strerror(errno));
		return false;
	}
	agent->store = agentd_store_open(s->state_dir, identity, &limits, why);
	if (agent->store == NULL)
		sluss_event(SLUSS_EVENT_ERROR, "store-unusable", "error=\"%s\"", why);
	return agent->store != NULL;
}

bool agentd_open(struct agentd *agent, const struct agentd_settings *settings)
{
	pthread_condattr_t attributes;
	*agent = (struct agentd){.settings = *settings};
	if (pthread_mutex_init(&agent->lock, NULL) != 0 || pthread_condattr_init(&attributes) != 0)
		return false;
	// The library waits on the monotonic clock, which stands still while the machine sleeps; what is due is looked
	// at again then.
	bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		  pthread_cond_init(&agent->changed, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	agent->ready = ok;
	if (!ok || !open_profile(agent) || !open_store(agent)) {
		agentd_close(agent);
		return false;
	}
	return true;
}

void agentd_close(struct agentd *agent)
{
	agentd_store_close(&agent->store);
	sluss_profile_free(&agent->profile);
	if (agent->ready) {
		(void)pthread_cond_destroy(&agent->changed);
		(void)pthread_mutex_destroy(&agent->lock);
	}
	agent->ready = false;
}

struct sluss_client *agentd_client(struct agentd *agent)
{
	const char *problem = NULL;
	struct sluss_client *client = sluss_client_new(&agent->client, &problem);
	if (client == NULL)
		sluss_event(SLUSS_EVENT_ERROR, "client-unusable", "error=\"%s\"", problem);
	return client;
}

// ---- waiting

void agentd_wake(struct agentd *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	agent->generation++;
	(void)pthread_cond_broadcast(&agent->changed);
	(void)pthread_mutex_unlock(&agent->lock);
}

void agentd_stop(struct agentd *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	agent->stopping = true;
	(void)pthread_cond_broadcast(&agent->changed);
	(void)pthread_mutex_unlock(&agent->lock);
}

void agentd_stop_to_begin_anew(struct agentd *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	agent->anew = !agent->stopping || agent->anew;
	(void)pthread_mutex_unlock(&agent->lock);
	agentd_stop(agent);
}

bool agentd_stopping(struct agentd *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	bool stopping = agent->stopping;
	(void)pthread_mutex_unlock(&agent->lock);
	return stopping;
}

uint64_t agentd_generation(struct agentd *agent)
{
	(void)pthread_mutex_lock(&agent->lock);
	uint64_t generation = agent->generation;
	(void)pthread_mutex_unlock(&agent->lock);
	return generation;
}

void agentd_wait(struct agentd *agent, uint64_t seen, int64_t until_ms)
{
	enum { LONGEST_MS = 60000 }; // however far it is: a clock that jumped is noticed
	int64_t rest = until_ms - agentd_boot_ms();
	if (rest > LONGEST_MS)
		rest = LONGEST_MS;
	if (rest <= 0)
		return;
	struct timespec end;
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += rest / 1000;
	end.tv_nsec += rest % 1000 * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&agent->lock);
	int error = 0;
	while (error == 0 && agent->generation == seen && !agent->stopping)
		error = pthread_cond_timedwait(&agent->changed, &agent->lock, &end);
	(void)pthread_mutex_unlock(&agent->lock);
}

// Once in a while: who tries again and again need not say so each time.
static void tell_full(struct agentd *agent, const char *what)
{
	enum { EVERY_MS = 10000 };
	int64_t now = agentd_boot_ms();
	(void)pthread_mutex_lock(&agent->lock);
	bool tell = agent->full_told_ms == 0 || now - agent->full_told_ms >= EVERY_MS;
	if (tell)
		agent->full_told_ms = now;
	(void)pthread_mutex_unlock(&agent->lock);
	if (tell)
		sluss_event(SLUSS_EVENT_WARNING, "store-full", "doing=\"%s\" folder=%s help=\"make room\"", what,
		    agent->settings.state_dir);
}

bool agentd_store_good(struct agentd *agent, const char *what, enum agentd_result result)
{
	switch (result) {
	case AGENTD_OK:
	case AGENTD_NOT_FOUND:
	case AGENTD_CONFLICT:
		return true;
	case AGENTD_FULL:
		tell_full(agent, what);
		return true;
	case AGENTD_BROKEN:
		break;
	}
	sluss_event(SLUSS_EVENT_ERROR, "store-broken", "doing=%s folder=%s", what, agent->settings.state_dir);
	(void)pthread_mutex_lock(&agent->lock);
	agent->failed = true;
	(void)pthread_mutex_unlock(&agent->lock);
	agentd_stop(agent);
	return false;
}

// ---- links

const char *agentd_talk_name(enum agentd_talk talk)
{
	static const char *const names[AGENTD_TALKS] = {"send", "fetch", "acknowledge", "ask"};
	return names[talk];
}

int64_t agentd_pause_ms(const struct agentd_settings *settings, unsigned failures)
{
	uint64_t bound = settings->retry_first_ms;
	for (unsigned i = 1; i < failures && bound < settings->retry_max_ms; i++)
		bound *= 2;
	if (bound > settings->retry_max_ms)
		bound = settings->retry_max_ms;
	return (int64_t)randombytes_uniform((uint32_t)bound + 1);
}

void agentd_link_up(struct agentd *agent, enum agentd_talk talk)
{
	(void)pthread_mutex_lock(&agent->lock);
	struct agentd_link *link = &agent->links[talk];
	bool was_down = link->failures > 0;
	*link = (struct agentd_link){.failures = 0};
	(void)pthread_mutex_unlock(&agent->lock);
	if (was_down) {
		sluss_event(SLUSS_EVENT_NOTICE, "gateway-reached", "doing=%s", agentd_talk_name(talk));
		agentd_wake(agent);
	}
}

void agentd_link_down(struct agentd *agent, enum agentd_talk talk, const char *why)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)pthread_mutex_lock(&agent->lock);
	struct agentd_link *link = &agent->links[talk];
	if (link->failures++ == 0)
		link->since_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	link->retry_ms = agentd_boot_ms() + agentd_pause_ms(&agent->settings, link->failures);
	(void)snprintf(link->why, sizeof(link->why), "%s", why);
	bool first = link->failures == 1;
	(void)pthread_mutex_unlock(&agent->lock);
	if (first)
		sluss_event(SLUSS_EVENT_WARNING, "gateway-away", "doing=%s error=\"%s\"", agentd_talk_name(talk), why);
}

int64_t agentd_link_retry_ms(struct agentd *agent, enum agentd_talk talk)
{
	(void)pthread_mutex_lock(&agent->lock);
	int64_t retry_ms = agent->links[talk].retry_ms;
	(void)pthread_mutex_unlock(&agent->lock);
	return retry_ms;
}

struct agentd_link agentd_link_look(struct agentd *agent, enum agentd_talk talk)
{
	(void)pthread_mutex_lock(&agent->lock);
	struct agentd_link link = agent->links[talk];
	(void)pthread_mutex_unlock(&agent->lock);
	return link;
}
