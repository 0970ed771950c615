// SPDX-License-Identifier: EUPL-1.2
// What the role idp knows: where its providers are, and the secret by which they know us (client_secret_basic, OpenID
// Connect Core 1.0 section 9).
#include "role_idp.h"

#include "log_event.h"
#include "settings_issuer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SECRET_MAX = 256,
	CODED_MAX = 3 * (SECRET_MAX + SLUSS_ISSUER_TEXT) + 2,
};

static bool fail(const char *issuer, const char *why)
{
	sluss_event(SLUSS_EVENT_ERROR, "issuer-unusable", "issuer=%s why=\"%s\"", issuer, why);
	return false;
}

// The file's one line.
static bool read_secret(
    const struct sluss_settings *settings, const struct sluss_issuer *issuer, char secret_out[SECRET_MAX])
{
	char path[2 * SLUSS_SETTING_TEXT];
	struct stat status;
	if (!sluss_settings_path(settings, issuer->secret_file, path, sizeof(path)))
		return fail(issuer->name, "the path of secret_file is too long");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(issuer->name, strerror(errno));
	ssize_t len = pread(fd, secret_out, SECRET_MAX - 1, 0);
	bool good = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
	(void)close(fd);
	if (!good)
		return fail(issuer->name, "secret_file must be a regular file that its owner alone can read");
	secret_out[len < 0 ? 0 : len] = '\0';
	size_t line = strcspn(secret_out, "\r\n");
	if (len <= 0 || len == SECRET_MAX - 1 || line == 0 ||
	    secret_out[line + strspn(secret_out + line, "\r\n")] != '\0')
		return fail(issuer->name, "secret_file must have one line of at most 254 octets");
	secret_out[line] = '\0';
	return true;
}

// application/x-www-form-urlencoded, which RFC 6749 section 2.3.1 wants before base64.
static size_t encode(const char *text, char *out)
{
	size_t len = 0;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (isalnum(c) || strchr("-._~", c) != NULL)
			out[len++] = (char)c;
		else
			len += (size_t)snprintf(out + len, 4, "%%%02X", c);
	}
	return len;
}

static void authorize(const struct sluss_issuer *issuer, const char *secret, struct sluss_courier_target *target)
{
	static const char name[] = "Authorization: Basic ";
	char coded[CODED_MAX];
	size_t len = encode(issuer->client_id, coded);
	coded[len++] = ':';
	len += encode(secret, coded + len);
	_Static_assert(sizeof(name) + sodium_base64_ENCODED_LEN(CODED_MAX, sodium_base64_VARIANT_ORIGINAL) <
			   SLUSS_COURIER_AUTHORIZATION,
	    "the longest secret fits");
	memcpy(target->authorization, name, sizeof(name));
	sodium_bin2base64(target->authorization + sizeof(name) - 1, sizeof(target->authorization) - sizeof(name),
	    (const unsigned char *)coded, len, sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(coded, sizeof(coded));
}

static bool add(const struct sluss_settings *settings, const struct sluss_issuer *issuer, size_t number,
    struct sluss_courier_config *config)
{
	char secret[SECRET_MAX];
	struct sluss_courier_target *target = &config->targets[config->target_count];
	if (!sluss_courier_add(config, SLUSS__V1__COURIER_CALL__KIND__KIND_IDP, sluss_issuer_token_index(number),
		issuer->token, strlen(issuer->token), "") ||
	    (issuer->jwks[0] != '\0' && !sluss_courier_add(config, SLUSS__V1__COURIER_CALL__KIND__KIND_IDP,
					    sluss_issuer_keys_index(number), issuer->jwks, strlen(issuer->jwks), "")))
		return fail(issuer->name, "the table of targets is full");
	if (issuer->secret_file[0] == '\0')
		return true;
	bool good = read_secret(settings, issuer, secret);
	if (good)
		authorize(issuer, secret, target);
	sodium_memzero(secret, sizeof(secret));
	return good;
}

bool sluss_role_idp_targets(const struct sluss_settings *settings, struct sluss_courier_config *config)
{
	struct sluss_issuer issuers[SLUSS_ISSUERS_MAX];
	size_t count = sluss_settings_issuers(settings, issuers);
	for (size_t i = 0; i < count; i++)
		if (!add(settings, &issuers[i], i, config))
			return false;
	return count > 0;
}
