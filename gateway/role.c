// SPDX-License-Identifier: EUPL-1.2
// From inherited descriptors and settings to the role's own configuration.
#include "role.h"
#include "role_idp.h"

#include "core/core.h"
#include "core/oidc_keys.h"
#include "courier/courier.h"
#include "edge/edge.h"
#include "log_event.h"
#include "parent.h"
#include "parent_spawn.h"
#include "sandbox.h"
#include "settings_issuer.h"
#include "web/web.h"
#include "web/web_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	EXIT_REFUSED = 2,
	STORE_URL_MAX = 2 * SLUSS_SETTING_TEXT,
};

// The descriptor when it was inherited, else -1. From here on no child may get it.
static int inherited(enum sluss_role_fd fd)
{
	int flags = fcntl((int)fd, F_GETFD);
	if (flags < 0 || fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC) != 0)
		return -1;
	return (int)fd;
}

static bool read_settings(struct sluss_settings *settings_out)
{
	static uint8_t text[SLUSS_SETTINGS_FILE_MAX];
	struct sluss_settings_error error = {""};
	sluss_settings_default(settings_out);
	ssize_t len = pread(SLUSS_FD_SETTINGS, text, sizeof(text), 0);
	(void)close(SLUSS_FD_SETTINGS);
	if (len > 0 && sluss_settings_parse("inherited settings", (struct sluss_bytes){text, (size_t)len}, settings_out,
			   &error) == SLUSS_SETTINGS_OK)
		return true;
	sluss_event(SLUSS_EVENT_ERROR, "settings-unusable", "error=\"%s\"", error.text);
	return false;
}

// ---- one function a role

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

// Web gives its events as one text: the name, a space, pairs.
static void web_event(void *arg, const char *event)
{
	char name[64];
	size_t len = strcspn(event, " ");
	(void)arg;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), event);
	sluss_event(SLUSS_EVENT_INFO, name, "%s", event + len + strspn(event + len, " "));
}

// Before the sandbox shuts: web has no file afterwards.
static bool load_pages(const struct sluss_settings *s, struct web_pages **pages_out)
{
	char folder[2 * SLUSS_SETTING_TEXT];
	const char *why = "its path is too long";
	*pages_out = NULL;
	if (s->portal_dir[0] == '\0')
		return true;
	if (sluss_settings_path(s, s->portal_dir, folder, sizeof(folder)))
		*pages_out = web_pages_load(folder, &why);
	if (*pages_out == NULL)
		sluss_event(SLUSS_EVENT_ERROR, "portal", "portal_dir=\"%s\" why=\"%s\"", s->portal_dir, why);
	return *pages_out != NULL;
}

static int run_web(const struct sluss_settings *s, const struct web_pages *pages)
{
	struct sluss_web_config config = {
	    .pages = pages,
	    .handover_fd = inherited(SLUSS_FD_HANDOVER),
	    .core_fd = inherited(SLUSS_FD_CORE_WEB),
	    .stop_fd = -1,
	    .limits =
		{
		    .max_connections = s->connections_max,
		    .max_body = s->max_body,
		    .header_ms = at_most(s->request_timeout_ms, 10000),
		    .body_ms = s->request_timeout_ms,
		    .long_poll_ms = s->fetch_wait_max_ms,
		    .write_ms = s->write_timeout_ms,
		    .idle_ms = s->idle_timeout_ms,
		},
	    .log = web_event,
	};
	return sluss_web_main(&config);
}

static int run_edge(const struct sluss_settings *s)
{
	struct sluss_edge_config config = {
	    .core_fd = inherited(SLUSS_FD_CORE_EDGE),
	    .handover_fd = inherited(SLUSS_FD_HANDOVER),
	    .agency_listen_fd = inherited(SLUSS_FD_AGENCY_LISTEN),
	    .public_listen_fd = inherited(SLUSS_FD_PUBLIC_LISTEN),
	    .tls_certificate_fd = inherited(SLUSS_FD_TLS_CERTIFICATE),
	    .tls_key_fd = inherited(SLUSS_FD_TLS_KEY),
	    .client_ca_fd = inherited(SLUSS_FD_CLIENT_CA),
	    .client_crl_fd = inherited(SLUSS_FD_CLIENT_CRL),
	    .threads = s->edge_threads,
	    .connections_max = s->connections_max,
	    .connections_per_certificate = s->connections_per_agency,
	    .handshake_timeout_ms = s->handshake_timeout_ms,
	    .idle_timeout_ms = s->idle_timeout_ms,
	    .write_timeout_ms = s->write_timeout_ms,
	};
	return sluss_edge_main(&config);
}

static bool store_url(const struct sluss_settings *s, char url_out[STORE_URL_MAX])
{
	int n = snprintf(url_out, STORE_URL_MAX, "%s:%s/db/sluss.db", s->store, s->state_dir);
	return n > 0 && n < STORE_URL_MAX;
}

// The issuers and the keys that the settings pin for them.
struct issuers {
	struct sluss_issuer table[SLUSS_ISSUERS_MAX];
	size_t count;
	struct sluss_oidc_keys *keys[SLUSS_ISSUERS_MAX];
	char sha256[SLUSS_ISSUERS_MAX][SLUSS_OIDC_KEYS_SHA256];
};

// Before the sandbox shuts: core reads no file of the settings afterwards.
static bool load_issuers(const struct sluss_settings *s, struct issuers *out)
{
	char path[2 * SLUSS_SETTING_TEXT] = "";
	out->count = sluss_settings_issuers(s, out->table);
	for (size_t i = 0; i < out->count; i++) {
		const struct sluss_issuer *issuer = &out->table[i];
		const char *why = "its path is too long";
		if (issuer->jwks_file[0] == '\0')
			continue;
		int fd = sluss_settings_path(s, issuer->jwks_file, path, sizeof(path))
			     ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
			     : -1;
		if (fd < 0)
			why = path[0] == '\0' ? why : strerror(errno);
		else
			out->keys[i] = sluss_oidc_keys_load(fd, out->sha256[i], &why);
		if (fd >= 0)
			(void)close(fd);
		if (out->keys[i] == NULL) {
			sluss_event(SLUSS_EVENT_ERROR, "issuer-unusable", "issuer=%s what=jwks_file why=\"%s\"",
			    issuer->name, why);
			return false;
		}
	}
	return true;
}

// SHA-256 of a file that was handed over, in hexadecimal; "" when there is none. Its reading position stays.
static bool hash_of_certificates(int fd, char hex_out[2 * SLUSS_HASH_BYTES + 1])
{
	crypto_hash_sha256_state state;
	uint8_t octets[4096], hash[SLUSS_HASH_BYTES];
	off_t at = 0;
	hex_out[0] = '\0';
	if (fd < 0)
		return true;
	(void)crypto_hash_sha256_init(&state);
	for (;;) {
		ssize_t got = pread(fd, octets, sizeof(octets), at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		(void)crypto_hash_sha256_update(&state, octets, (unsigned long long)got);
		at += got;
	}
	(void)crypto_hash_sha256_final(&state, hash);
	(void)sodium_bin2hex(hex_out, 2 * SLUSS_HASH_BYTES + 1, hash, sizeof(hash));
	return true;
}

static int run_core(const struct sluss_settings *s, const struct issuers *issuers, bool accept_rollback)
{
	char url[STORE_URL_MAX];
	char backup[2 * SLUSS_SETTING_TEXT] = "";
	if (!store_url(s, url) ||
	    (s->backup_dir[0] != '\0' && !sluss_settings_path(s, s->backup_dir, backup, sizeof(backup))))
		return EXIT_REFUSED;
	static char keys[SLUSS_SETTING_ITEMS][SLUSS_SETTING_ITEM_TEXT];
	static const char *witnesses[SLUSS_SETTING_ITEMS];
	for (size_t i = 0; i < s->witness.count; i++) {
		size_t key_len;
		size_t url_len;
		if (sluss_settings_witness(s->witness.items[i], &key_len, &url_len) == NULL)
			return EXIT_REFUSED;
		(void)snprintf(keys[i], sizeof(keys[i]), "%.*s", (int)key_len, s->witness.items[i]);
		witnesses[i] = keys[i];
	}
	const char *pins[SLUSS_ISSUERS_MAX];
	for (size_t i = 0; i < SLUSS_ISSUERS_MAX; i++)
		pins[i] = issuers->sha256[i];
	struct sluss_core_config config = {
	    .control_fd = inherited(SLUSS_FD_CONTROL),
	    .web_fd = inherited(SLUSS_FD_CORE_WEB),
	    .edge_fd = inherited(SLUSS_FD_CORE_EDGE),
	    .admin_listen_fd = inherited(SLUSS_FD_ADMIN_LISTEN),
	    .log_key_fd = inherited(SLUSS_FD_LOG_KEY),
	    .data_key_fd = inherited(SLUSS_FD_DATA_KEY),
	    .client_ca_fd = inherited(SLUSS_FD_CLIENT_CA),
	    .client_ca_key_fd = inherited(SLUSS_FD_CLIENT_CA_KEY),
	    .policy_fd = inherited(SLUSS_FD_POLICY),
	    .head_fd = inherited(SLUSS_FD_HEAD),
	    .accept_rollback = accept_rollback,
	    .timestamp_ca_fd = inherited(SLUSS_FD_TIMESTAMP_CA),
	    .witnesses = witnesses,
	    .witness_count = s->witness.count,
	    .witness_quorum = s->witness_quorum,
	    .witness_period_ms = s->witness_period_ms,
	    .witness_gap_max_ms = s->witness_gap_max_ms,
	    .timestamps = s->timestamp_url[0] != '\0',
	    .timestamp_period_ms = s->timestamp_period_ms,
	    .timestamp_gap_max_ms = s->timestamp_gap_max_ms,
	    .backup_dir = backup,
	    .authority = s->authority,
	    .store_url = url,
	    .demo_clock = s->demo_clock,
	    .demo_clock_start_ms = s->demo_clock_start,
	    .verify_threads = s->verify_threads,
	    .queue_max_per_agency = s->queue_max_per_agency,
	    .batch_max = s->batch_max,
	    .fetch_wait_max_ms = s->fetch_wait_max_ms,
	    .clock_skew_max_ms = s->clock_skew_max_ms,
	    .lease_ms = s->lease_ms,
	    .delivery_queue_octets_max = s->delivery_queue_octets_max,
	    .delivery_expiry_hours = s->delivery_expiry_hours,
	    .chunk_octets_max = s->chunk_octets_max,
	    .chunk_uploads_max = s->chunk_uploads_max,
	    .chunk_orphan_hours = s->chunk_orphan_hours,
	    .drop_timeout_ms = s->drop_timeout_ms,
	    .client_certificate_days = s->client_certificate_days,
	    .sessions_max = s->sessions_max,
	    .session_ms = s->session_ms,
	    .session_idle_ms = s->session_idle_ms,
	    .code_days = s->code_days,
	    .issuers = issuers->table,
	    .issuer_count = issuers->count,
	    .issuer_keys = issuers->keys,
	    .redirect_url = s->redirect_url,
	};
	struct sluss_settings_behaviour behaviour;
	char tsa[2 * SLUSS_HASH_BYTES + 1];
	if (!hash_of_certificates(config.timestamps ? config.timestamp_ca_fd : -1, tsa))
		return EXIT_REFUSED;
	if (!sluss_settings_behaviour(s, config.head_fd > 0, tsa, pins, &behaviour)) {
		sluss_settings_behaviour_free(&behaviour);
		return EXIT_REFUSED;
	}
	config.behaviour = (const char *const *)behaviour.values;
	config.behaviour_count = behaviour.count;
	int status = sluss_core_main(&config);
	sluss_settings_behaviour_free(&behaviour);
	return status;
}

// The courier's table: rows in the order of the settings, so that core and courier mean the same by a number.
static bool fill_targets(const struct sluss_settings *s, struct sluss_courier_config *config)
{
	bool good = true;
	for (uint32_t i = 0; good && i < s->witness.count; i++) {
		size_t key_len;
		size_t url_len;
		const char *url = sluss_settings_witness(s->witness.items[i], &key_len, &url_len);
		good = url != NULL && sluss_courier_add(config, SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS, i, url,
					  url_len, "/add-checkpoint");
	}
	if (good && s->timestamp_url[0] != '\0')
		good = sluss_courier_add(config, SLUSS__V1__COURIER_CALL__KIND__KIND_TIMESTAMP, 0, s->timestamp_url,
		    strlen(s->timestamp_url), "");
	return good;
}

static int run_courier(struct sluss_courier_config *config)
{
	config->core_fd = inherited(SLUSS_FD_CORE_COURIER);
	config->ca_fd = inherited(SLUSS_FD_COURIER_CA);
	return sluss_courier_main(config);
}

// ---- start

// What libraries read from files when they wake up must be read before the files are out of reach.
static bool wake_libraries(void)
{
	tzset();
	json_object_seed(0); // against chosen hash collisions in web
	return sodium_init() >= 0 && OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1;
}

// Ctrl-C goes to the whole terminal group: the parent alone decides. Core and edge have their own ways to stop. A write
// past a file-size limit is then a failed write (EFBIG), answered as unavailable, and no death.
static void set_signals(enum sluss_role role)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGINT, &ignore, NULL);
	(void)sigaction(SIGHUP, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	if (role == SLUSS_ROLE_CORE)
		(void)sigaction(SIGTERM, &ignore, NULL);
}

// What ps and top show: the exec through /proc/self/exe would leave "exe".
static void set_name(enum sluss_role role)
{
	char name[16]; // the kernel's limit
	(void)snprintf(name, sizeof(name), "slussd-%s", sluss_role_name(role));
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

// Core's threads hand requests to one another, so that memory is often freed by another thread than took it. With
// malloc's defaults each batch gives pages back to the kernel and the next one asks for them again.
static void keep_memory(void)
{
	enum { KEEP = 32 << 20, STEP = 1 << 20 }; // octets an arena may hold unused; how far it grows at once
	(void)mallopt(M_TRIM_THRESHOLD, KEEP);
	(void)mallopt(M_TOP_PAD, STEP);
}

static const char *user_of(enum sluss_role role, const struct sluss_settings *s)
{
	return role == SLUSS_ROLE_CORE	    ? s->user_core
	       : role == SLUSS_ROLE_WEB	    ? s->user_web
	       : role == SLUSS_ROLE_COURIER ? s->user_courier
	       : role == SLUSS_ROLE_IDP	    ? s->user_idp
					    : s->user_edge;
}

static bool enter_sandbox(
    enum sluss_role role, const struct sluss_settings *s, const struct sluss_courier_config *courier, int parent_pid)
{
	uint16_t ports[SLUSS_COURIER_TARGETS_MAX];
	char db[2 * SLUSS_SETTING_TEXT] = "", backup[2 * SLUSS_SETTING_TEXT] = "";
	bool core = role == SLUSS_ROLE_CORE;
	if (core && (!sluss_settings_path(s, "db", db, sizeof(db)) ||
			!sluss_settings_path(s, s->backup_dir, backup, sizeof(backup))))
		return false;
	bool backups = core && s->backup_dir[0] != '\0';
	if (backups && access(backup, F_OK) != 0) {
		sluss_event(SLUSS_EVENT_ERROR, "file-unusable", "what=backup_dir path=%s error=\"%s\"", backup,
		    "make the folder, and let core write in it");
		return false;
	}
	for (size_t i = 0; i < courier->target_count; i++)
		ports[i] = sluss_courier_port(courier->targets[i].url);
	struct sluss_sandbox_plan plan = {
	    .role = role,
	    .mode = s->sandbox,
	    .user = user_of(role, s),
	    .writable_dir = core ? db : NULL,
	    .backup_dir = backups ? backup : NULL,
	    .parent_pid = parent_pid,
	    .connect_ports = ports,
	    .connect_count = courier->target_count,
	};
	struct sluss_sandbox_report report;
	return sluss_sandbox_enter(&plan, &report) == SLUSS_SANDBOX_OK;
}

int sluss_role_main(enum sluss_role role, int parent_pid, bool accept_rollback)
{
	struct sluss_settings settings;
	static struct sluss_courier_config courier;
	static struct issuers issuers;
	struct web_pages *pages = NULL;
	sluss_event_role(sluss_role_name(role));
	set_name(role);
	if (role == SLUSS_ROLE_CORE)
		keep_memory();
	if (!read_settings(&settings) || !wake_libraries())
		return EXIT_REFUSED;
	if (role == SLUSS_ROLE_COURIER && (!sluss_courier_wake() || !fill_targets(&settings, &courier)))
		return EXIT_REFUSED;
	if (role == SLUSS_ROLE_IDP && (!sluss_courier_wake() || !sluss_role_idp_targets(&settings, &courier)))
		return EXIT_REFUSED;
	if (role == SLUSS_ROLE_WEB && !load_pages(&settings, &pages))
		return EXIT_REFUSED;
	if (role == SLUSS_ROLE_CORE && !load_issuers(&settings, &issuers))
		return EXIT_REFUSED;
	set_signals(role);
	(void)umask(077);
	if (!enter_sandbox(role, &settings, &courier, parent_pid))
		return EXIT_REFUSED;
	if (role == SLUSS_ROLE_CORE)
		return run_core(&settings, &issuers, accept_rollback);
	if (role == SLUSS_ROLE_WEB)
		return run_web(&settings, pages);
	if (sluss_role_is_outward(role))
		return run_courier(&courier);
	return run_edge(&settings);
}
