// SPDX-License-Identifier: EUPL-1.2
#include "audit_cosign.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#include "file.h"
#include "sluss/witness.h"

enum { PATH_MAX_LEN = 4096, NAME_MAX_LEN = 256, KEY_TEXT = 400 };

struct audit_cosigner {
	struct cli *cli;
	struct sluss_witness *witness;
	char origin[NAME_MAX_LEN]; // of the log
	char folder[PATH_MAX_LEN];
};

static const char *path_of(const struct audit_cosigner *c, const char *name)
{
	return cli_format(c->cli, "%s/%s", c->folder, name);
}

// --name, or "witness.ORIGIN".
static void name_of(struct cli *cli, const char *origin, char name_out[NAME_MAX_LEN])
{
	const char *wanted = cli_get(cli, "name");
	const char *text = wanted != NULL ? wanted : cli_format(cli, "witness.%s", origin);
	(void)snprintf(name_out, NAME_MAX_LEN, "%s", text);
}

static bool open_witness(struct audit_cosigner *c, const char *log_key)
{
	char name[NAME_MAX_LEN], key[KEY_TEXT], why[256];
	uint8_t seed[SLUSS_HASH_BYTES];
	name_of(c->cli, c->origin, name);
	const char *key_path = path_of(c, "key");
	if (!sluss_witness_seed(key_path, seed)) {
		(void)cli_fail(c->cli, CLI_USAGE, "cosign",
		    "%s cannot be used: 64 hexadecimal digits in a file of mode 0600 are needed", key_path);
		return false;
	}
	const struct sluss_witness_keys keys = {.name = name, .seed = seed, .logs = &log_key, .log_count = 1};
	bool ok = sluss_witness_verifier_key(name, seed, key, sizeof(key) - 1);
	if (!ok)
		(void)cli_fail(
		    c->cli, CLI_USAGE, "name", "'%s' cannot be the name of a key: no spaces, no plus sign", name);
	c->witness = ok ? sluss_witness_open(c->folder, &keys, why) : NULL;
	sodium_memzero(seed, sizeof(seed));
	if (ok && c->witness == NULL)
		(void)cli_fail(c->cli, CLI_USAGE, "cosign", "%s", why);
	if (c->witness == NULL)
		return false;
	size_t len = strlen(key);
	key[len++] = '\n';
	if (sluss_file_replace(path_of(c, "witness.vkey"), key, len))
		return true;
	(void)cli_fail(c->cli, CLI_INTERNAL, "cosign", "%s/witness.vkey cannot be written", c->folder);
	return false;
}

struct audit_cosigner *audit_cosigner_open(struct cli *cli, const char *folder, const char *log_key)
{
	const char *plus = strchr(log_key, '+');
	struct audit_cosigner *c = calloc(1, sizeof(*c));
	if (c == NULL || plus == NULL || (size_t)(plus - log_key) >= sizeof(c->origin) ||
	    strlen(folder) >= sizeof(c->folder)) {
		(void)cli_fail(
		    cli, CLI_USAGE, "cosign", "the folder's name is too long, or there is not enough memory");
		free(c);
		return NULL;
	}
	c->cli = cli;
	memcpy(c->origin, log_key, (size_t)(plus - log_key));
	memcpy(c->folder, folder, strlen(folder));
	if (!open_witness(c, log_key))
		audit_cosigner_close(&c);
	return c;
}

void audit_cosigner_close(struct audit_cosigner **cosigner)
{
	if (*cosigner == NULL)
		return;
	sluss_witness_close(&(*cosigner)->witness);
	free(*cosigner);
	*cosigner = NULL;
}

// The body of an add-checkpoint request (C2SP tlog-witness): "old N", the proof, an empty line, the checkpoint.
static const char *body_of(struct cli *cli, uint64_t old, const Sluss__V1__GetProofResponse *shown)
{
	const char *body = cli_format(cli, "old %" PRIu64 "\n", old);
	for (size_t i = 0; old > 0 && i < shown->n_consistency; i++) {
		char line[sodium_base64_ENCODED_LEN(SLUSS_HASH_BYTES, sodium_base64_VARIANT_ORIGINAL)];
		if (shown->consistency[i].len != SLUSS_HASH_BYTES)
			return NULL;
		sodium_bin2base64(
		    line, sizeof(line), shown->consistency[i].data, SLUSS_HASH_BYTES, sodium_base64_VARIANT_ORIGINAL);
		body = cli_format(cli, "%s%s\n", body, line);
	}
	return cli_format(cli, "%s\n%s", body, shown->checkpoint);
}

static enum audit_cosigned keep(
    struct audit_cosigner *c, const char *note, const struct sluss_witness_reply *reply, const char **why_out)
{
	if (reply->misbehaviour) {
		*why_out = cli_format(c->cli, "what the log signed cannot continue what this witness cosigned: %.*s",
		    (int)reply->len, reply->body);
		return AUDIT_COSIGN_ALARM;
	}
	if (reply->status != 200) {
		(void)cli_fail(
		    c->cli, CLI_UNVERIFIED, "", "not cosigned (%u): %.*s", reply->status, (int)reply->len, reply->body);
		return AUDIT_COSIGN_FAILED;
	}
	const char *whole = cli_format(c->cli, "%s%.*s", note, (int)reply->len, reply->body);
	if (sluss_file_replace(path_of(c, "checkpoint"), whole, strlen(whole)))
		return AUDIT_COSIGNED;
	(void)cli_fail(c->cli, CLI_INTERNAL, "cosign", "%s/checkpoint cannot be written", c->folder);
	return AUDIT_COSIGN_FAILED;
}

enum audit_cosigned audit_cosign(struct audit_cosigner *c, struct sluss_client *client, const char **why_out)
{
	struct sluss_witness_state known;
	Sluss__V1__GetProofResponse *shown = NULL;
	if (!sluss_witness_known(c->witness, c->origin, &known)) {
		(void)cli_fail(c->cli, CLI_INTERNAL, "cosign", "what %s remembers cannot be read", c->folder);
		return AUDIT_COSIGN_FAILED;
	}
	enum sluss_client_result result = sluss_client_audit_proof(client, 0, known.size == 0 ? 1 : known.size, &shown);
	if (result == SLUSS_CLIENT_REFUSED && known.size > 0) {
		*why_out = "the log is shorter than what this witness cosigned";
		return AUDIT_COSIGN_ALARM;
	}
	if (result == SLUSS_CLIENT_UNAVAILABLE)
		return AUDIT_COSIGN_UNREACHABLE;
	if (result != SLUSS_CLIENT_OK) {
		(void)cli_fail_client(c->cli, client);
		return AUDIT_COSIGN_FAILED;
	}
	const char *body = body_of(c->cli, known.size, shown);
	struct sluss_witness_reply reply = {.status = 400};
	if (body != NULL)
		sluss_witness_add_checkpoint(
		    c->witness, (struct sluss_bytes){(const uint8_t *)body, strlen(body)}, 0, &reply);
	enum audit_cosigned done = keep(c, shown->checkpoint, &reply, why_out);
	sluss__v1__get_proof_response__free_unpacked(shown, NULL);
	return done;
}
