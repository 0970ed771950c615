// SPDX-License-Identifier: EUPL-1.2
// Makes a new authority. Everything lies in one folder: keys/ (the parent's alone), db/ (core's), policy.json,
// slussd.conf.
#include "init.h"

#include "init_pki.h"
#include "log_note.h"
#include "settings_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SLUSS_POLICY_DEFAULT
#define SLUSS_POLICY_DEFAULT "/usr/share/sluss/sweden-sig.json"
#endif

enum {
	SETTINGS_MAX = 64,
	DAY_S = 86400,
	CA_DAYS = 3650,
	SERVER_DAYS = 825,
	NAMES_MAX = 1024,
};

struct init {
	struct sluss_settings settings; // checked values, for state_dir and user_core
	const char *set[SETTINGS_MAX];	// "key=value" as they will stand in the file
	size_t set_count;
	const char *policy;
	char names[NAMES_MAX]; // of the TLS certificate, OpenSSL's form
};

static const char usage[] =
    "slussd --init --authority NAME --state DIR [options]\n"
    "Makes keys, certificates, folders and a settings file for a new authority in DIR. Overwrites nothing.\n\n"
    "  --authority NAME      origin of the log, for example sluss.example.se/stockholm\n"
    "  --state DIR           absolute path of a folder that does not exist yet or is empty\n"
    "  --policy FILE         first policy (default " SLUSS_POLICY_DEFAULT ")\n"
    "  --server-name NAME    further DNS name or IP address of the TLS certificate; may be repeated\n"
    "  --agency-listen A:P   setting agency_listen\n"
    "  --public-listen A:P   setting public_listen\n"
    "  --demo-clock          setting demo_clock = true\n"
    "  --demo-clock-start T  setting demo_clock_start (RFC 3339), implies --demo-clock\n"
    "  --set KEY=VALUE       any other setting; may be repeated\n";

static int complain(const char *what, const char *which)
{
	(void)fprintf(stderr, "slussd --init: %s: %s\n", which, what);
	return 1;
}

// ---- files

static bool path_in(const struct init *init, const char *name, char *path_out, size_t room)
{
	return sluss_settings_path(&init->settings, name, path_out, room);
}

static FILE *create(const struct init *init, const char *name, mode_t mode)
{
	char path[2 * SLUSS_SETTING_TEXT];
	int fd = -1;
	if (path_in(init, name, path, sizeof(path)))
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL)
		(void)complain(strerror(errno), name);
	return file;
}

// Closes and says what was made. False: something was not written.
static bool finish(FILE *file, bool good, const char *name, const char *what)
{
	if (file == NULL)
		return false;
	good = good && fflush(file) == 0 && fsync(fileno(file)) == 0;
	good = fclose(file) == 0 && good;
	if (good)
		printf("  %-20s %s\n", name, what);
	else
		(void)complain("could not be written", name);
	return good;
}

static bool write_random(const struct init *init, const char *name, const char *what)
{
	uint8_t key[32];
	randombytes_buf(key, sizeof(key));
	FILE *file = create(init, name, 0600);
	bool good = file != NULL && fwrite(key, sizeof(key), 1, file) == 1;
	sodium_memzero(key, sizeof(key));
	return finish(file, good, name, what);
}

static bool write_private(const struct init *init, const char *name, EVP_PKEY *key, const char *what)
{
	FILE *file = create(init, name, 0600);
	return finish(
	    file, file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1, name, what);
}

static bool write_certificate(const struct init *init, const char *name, X509 *certificate, const char *what)
{
	FILE *file = create(init, name, 0644);
	return finish(file, file != NULL && PEM_write_X509(file, certificate) == 1, name, what);
}

// ---- the log's key, and what verifiers need

static bool write_log_keys(const struct init *init)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct sluss_note_key verifier;
	char text[SLUSS_NOTE_LINE_MAX];
	randombytes_buf(seed, sizeof(seed));
	bool good = crypto_sign_seed_keypair(public_key, secret, seed) == 0;
	sodium_memzero(secret, sizeof(secret));
	FILE *file = create(init, "keys/log.key", 0600);
	good = finish(file, good && file != NULL && fwrite(seed, sizeof(seed), 1, file) == 1, "keys/log.key",
	    "Ed25519 seed that signs the log");
	sodium_memzero(seed, sizeof(seed));
	good = good && sluss_note_key_init(&verifier, init->settings.authority, SLUSS_NOTE_ED25519, public_key) &&
	       sluss_note_key_format(&verifier, text, sizeof(text));
	file = good ? create(init, "log.vkey", 0644) : NULL;
	return finish(file, good && file != NULL && fprintf(file, "%s\n", text) > 0, "log.vkey",
	    "its public part, for verifiers of the log");
}

// ---- certificates

static bool make_clients_ca(const struct init *init)
{
	struct sluss_pki_pair ca = {0};
	char name[SLUSS_SETTING_TEXT + 32];
	(void)snprintf(name, sizeof(name), "%.40s agencies", init->settings.authority);
	struct sluss_pki_request request = {name, SLUSS_PKI_CA, NULL, -300, (long)CA_DAYS * DAY_S};
	bool good = sluss_pki_issue(&request, NULL, &ca) &&
		    write_private(init, "keys/client-ca.key", ca.key, "key that signs agencies' client certificates") &&
		    write_certificate(init, "keys/client-ca.crt", ca.certificate, "its certificate");
	X509_CRL *crl = good ? sluss_pki_crl(&ca, NULL, 0, CA_DAYS) : NULL;
	FILE *file = crl != NULL ? create(init, "keys/client.crl", 0644) : NULL;
	good = finish(
	    file, file != NULL && PEM_write_X509_CRL(file, crl) == 1, "keys/client.crl", "revocation list, empty");
	X509_CRL_free(crl);
	sluss_pki_free(&ca);
	return good;
}

static bool make_server(const struct init *init)
{
	struct sluss_pki_pair ca = {0};
	struct sluss_pki_pair server = {0};
	char name[SLUSS_SETTING_TEXT + 32];
	(void)snprintf(name, sizeof(name), "%.40s gateway", init->settings.authority);
	struct sluss_pki_request ca_request = {name, SLUSS_PKI_CA, NULL, -300, (long)CA_DAYS * DAY_S};
	struct sluss_pki_request request = {
	    "localhost", SLUSS_PKI_SERVER, init->names, -300, (long)SERVER_DAYS * DAY_S};
	bool good = sluss_pki_issue(&ca_request, NULL, &ca) && sluss_pki_issue(&request, &ca, &server) &&
		    write_private(init, "keys/server-ca.key", ca.key,
			"key that signed the gateway's TLS certificate; move it off the machine") &&
		    write_certificate(init, "server-ca.crt", ca.certificate, "what clients trust (curl --cacert)") &&
		    write_private(init, "keys/tls.key", server.key, "the gateway's TLS key") &&
		    write_certificate(init, "keys/tls.crt", server.certificate, init->names);
	sluss_pki_free(&server);
	sluss_pki_free(&ca);
	return good;
}

// ---- policy and settings

static bool copy_policy(const struct init *init)
{
	FILE *in = fopen(init->policy, "re");
	if (in == NULL) {
		(void)complain(strerror(errno), init->policy);
		return false;
	}
	FILE *out = create(init, "policy.json", 0644);
	char chunk[8192];
	size_t n;
	bool good = out != NULL;
	while (good && (n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		good = fwrite(chunk, 1, n, out) == n;
	good = good && ferror(in) == 0;
	(void)fclose(in);
	return finish(out, good, "policy.json", "the policy in force from the first record");
}

static bool write_settings(const struct init *init)
{
	FILE *file = create(init, "slussd.conf", 0644);
	bool good = file != NULL &&
		    fprintf(file, "# Settings of slussd; `slussd --print-sample-config` shows all of them.\n") > 0;
	good = good && fprintf(file, "state_dir = %s\n", init->settings.state_dir) > 0;
	for (size_t i = 0; good && i < init->set_count; i++) {
		const char *equals = strchr(init->set[i], '=');
		good = fprintf(file, "%.*s = %s\n", (int)(equals - init->set[i]), init->set[i], equals + 1) > 0;
	}
	return finish(file, good, "slussd.conf", "settings");
}

// ---- the whole

static bool make_folder(const struct init *init, const char *name, mode_t mode, bool may_exist)
{
	char path[2 * SLUSS_SETTING_TEXT];
	if (path_in(init, name, path, sizeof(path)) && (mkdir(path, mode) == 0 || (may_exist && errno == EEXIST)))
		return true;
	(void)complain(strerror(errno), name[0] != '\0' ? name : init->settings.state_dir);
	return false;
}

// Core must own its database when it has a user of its own; the state folder itself must let it through.
static bool give_to_core(const struct init *init)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(init->settings.user_core) : NULL;
	char path[2 * SLUSS_SETTING_TEXT];
	if (user == NULL)
		return true;
	if (path_in(init, "db", path, sizeof(path)) && chown(path, user->pw_uid, user->pw_gid) == 0)
		return true;
	(void)complain(strerror(errno), "db");
	return false;
}

static int make_all(const struct init *init)
{
	if (access(init->policy, R_OK) != 0)
		return complain(strerror(errno), init->policy); // before anything is made
	printf("slussd: a new authority '%s' in %s\n", init->settings.authority, init->settings.state_dir);
	bool good = make_folder(init, "", 0755, true) && make_folder(init, "keys", 0700, false) &&
		    make_folder(init, "db", 0700, false) && give_to_core(init) && write_log_keys(init) &&
		    write_random(init, "keys/data.key", "encrypts personal data at rest; without it they are lost") &&
		    make_clients_ca(init) && make_server(init) && copy_policy(init) && write_settings(init);
	if (!good)
		return 1;
	printf("Start it: slussd --config %s/slussd.conf\n", init->settings.state_dir);
	return 0;
}

// ---- arguments

static bool set(struct init *init, const char *pair)
{
	const char *equals = strchr(pair, '=');
	const struct sluss_setting *row = equals != NULL ? sluss_settings_find(pair, (size_t)(equals - pair)) : NULL;
	char why[128] = "unknown setting";
	if (row == NULL || init->set_count == SETTINGS_MAX ||
	    !sluss_settings_set(row, equals + 1, &init->settings, why, sizeof(why))) {
		(void)fprintf(stderr, "slussd --init: %s: %s%s\n", pair, row != NULL ? "expected " : "", why);
		return false;
	}
	init->set[init->set_count++] = pair;
	return true;
}

// "--agency-listen X" is "--set agency_listen=X". The text lives as long as the process.
static bool set_named(struct init *init, const char *key, const char *value)
{
	size_t room = strlen(key) + strlen(value) + 2;
	char *pair = malloc(room);
	if (pair == NULL)
		return false;
	(void)snprintf(pair, room, "%s=%s", key, value);
	if (set(init, pair))
		return true;
	free(pair);
	return false;
}

static bool add_name(struct init *init, const char *name)
{
	size_t len = strlen(init->names);
	unsigned char address[16];
	bool is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
	int n = snprintf(init->names + len, sizeof(init->names) - len, ",%s:%s", is_address ? "IP" : "DNS", name);
	return n > 0 && (size_t)n < sizeof(init->names) - len && strpbrk(name, ",\n") == NULL;
}

static const struct option options[] = {{"authority", required_argument, NULL, 'a'},
    {"state", required_argument, NULL, 's'}, {"policy", required_argument, NULL, 'p'},
    {"server-name", required_argument, NULL, 'n'}, {"agency-listen", required_argument, NULL, 'A'},
    {"public-listen", required_argument, NULL, 'P'}, {"demo-clock", no_argument, NULL, 'd'},
    {"demo-clock-start", required_argument, NULL, 'D'}, {"set", required_argument, NULL, 'S'},
    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static bool take_option(struct init *init, int option, const char *value)
{
	switch (option) {
	case 'a':
		return set_named(init, "authority", value);
	case 's':
		return strlen(value) < SLUSS_SETTING_TEXT &&
		       snprintf(init->settings.state_dir, SLUSS_SETTING_TEXT, "%s", value) > 0;
	case 'p':
		init->policy = value;
		return true;
	case 'n':
		return add_name(init, value);
	case 'A':
		return set_named(init, "agency_listen", value);
	case 'P':
		return set_named(init, "public_listen", value);
	case 'd':
		return init->settings.demo_clock || set_named(init, "demo_clock", "true");
	case 'D':
		return (init->settings.demo_clock || set_named(init, "demo_clock", "true")) &&
		       set_named(init, "demo_clock_start", value);
	case 'S':
		return set(init, value);
	default:
		return false;
	}
}

int sluss_init_main(int argc, char *const argv[])
{
	static struct init init;
	int option;
	sluss_settings_default(&init.settings);
	init.policy = SLUSS_POLICY_DEFAULT;
	init.settings.state_dir[0] = '\0';
	(void)snprintf(init.names, sizeof(init.names), "DNS:localhost,IP:127.0.0.1,IP:::1");
	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!take_option(&init, option, optarg)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	struct sluss_settings_error error = {""};
	if (optind != argc || init.settings.authority[0] == '\0' || init.settings.state_dir[0] == '\0') {
		fputs(usage, stderr);
		return 2;
	}
	bool has_crl = init.settings.client_crl[0] != '\0';
	if ((!has_crl && !set(&init, "client_crl=keys/client.crl")) ||
	    sluss_settings_complete(&init.settings, &error) != SLUSS_SETTINGS_OK) {
		(void)complain(error.text, "settings");
		return 2;
	}
	if (sodium_init() < 0)
		return complain("libsodium failed", "keys");
	return make_all(&init);
}
