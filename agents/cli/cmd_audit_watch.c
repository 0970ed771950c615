// SPDX-License-Identifier: EUPL-1.2
// sluss audit watch: asks for the newest checkpoint again and again, demands proof that it continues the one before,
// and remembers it. A log that does not is an alarm: the command ends, and both checkpoints are kept as proof.
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "audit_cosign.h"
#include "cmd_audit.h"
#include "file.h"

enum { PERIOD_S = 60, REPLAY_PERIOD_S = 24 * 3600, ALARM = 24 /* the class "history" of audit verify */ };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

struct watching {
	struct cli *cli;
	struct sluss_client *client;
	const char *key;
	bool known;
	struct sluss_log_head head;
	char *note;			 // owned
	struct audit_cosigner *cosigner; // or NULL
	bool replayed;
	time_t replayed_at; // of CLOCK_MONOTONIC
	uint64_t replay_period_s;
};

// Keeps what contradicts itself where the next look does not overwrite it.
static enum cli_exit alarm_out(struct watching *w, const char *note, const char *why)
{
	const char *path = cli_get(w->cli, "evidence");
	if (path != NULL) {
		const char *both = cli_format(w->cli, "%s\n%s", w->note, note);
		if (!sluss_file_replace(path, both, strlen(both)))
			cli_say(w->cli, "%s cannot be written: keep what follows yourself.\n%s", path, both);
	}
	return cli_fail(w->cli, (enum cli_exit)CLI_UNVERIFIED, "", "ALARM: %s (size %" PRIu64 " was signed before)",
	    why, w->head.size);
}

static enum cli_exit remember(struct watching *w, const char *note, const struct sluss_log_head *head)
{
	char problem[SLUSS_PROFILE_TEXT_MAX];
	if (sluss_profile_save_checkpoint(cli_profile(w->cli), note, problem) != SLUSS_PROFILE_OK)
		return cli_fail(w->cli, CLI_INTERNAL, "", "%s", problem);
	free(w->note);
	w->note = strdup(note);
	w->head = *head;
	w->known = true;
	return w->note == NULL ? cli_fail(w->cli, CLI_INTERNAL, "", "out of memory") : CLI_OK;
}

static bool continues(struct watching *w, const Sluss__V1__GetProofResponse *r, const struct sluss_log_head *head)
{
	struct sluss_bytes *hashes = calloc(r->n_consistency + 1, sizeof(*hashes));
	for (size_t i = 0; hashes != NULL && i < r->n_consistency; i++)
		hashes[i] = (struct sluss_bytes){r->consistency[i].data, r->consistency[i].len};
	bool ok = hashes != NULL && sluss_consistency_check(&w->head, head, hashes, r->n_consistency);
	free(hashes);
	return ok;
}

static enum cli_exit compare(struct watching *w, const Sluss__V1__GetProofResponse *r)
{
	struct sluss_log_head head;
	struct sluss_bytes note = {(const uint8_t *)r->checkpoint, strlen(r->checkpoint)};
	if (sluss_checkpoint_check(w->key, note, &head) != SLUSS_VERDICT_VALID)
		return cli_fail(w->cli, CLI_UNVERIFIED, "", "the gateway's checkpoint is not signed by the log's key");
	if (w->known && head.size < w->head.size)
		return alarm_out(w, r->checkpoint, "the log went back: it is shorter than it was");
	if (w->known && !continues(w, r, &head))
		return alarm_out(w, r->checkpoint, "the log was forked: it does not begin with what it was");
	if (!w->known || head.size > w->head.size)
		cli_say(w->cli, "%" PRIu64 " entries%s.", head.size, w->known ? ", continuing what was there" : "");
	return remember(w, r->checkpoint, &head);
}

// Only after the look found nothing wrong.
static enum cli_exit cosign(struct watching *w)
{
	const char *why = "";
	switch (audit_cosign(w->cosigner, w->client, &why)) {
	case AUDIT_COSIGNED:
	case AUDIT_COSIGN_UNREACHABLE:
		return CLI_OK;
	case AUDIT_COSIGN_ALARM:
		return alarm_out(w, w->note, why);
	case AUDIT_COSIGN_FAILED:
		break;
	}
	return CLI_INTERNAL;
}

// Everything again from time to time; a gateway that is not there then is asked at the next look.
static enum cli_exit replay(struct watching *w)
{
	struct timespec now;
	const char *folder = cli_get(w->cli, "replay");
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (folder == NULL || (w->replayed && (uint64_t)(now.tv_sec - w->replayed_at) < w->replay_period_s))
		return CLI_OK;
	enum cli_exit code = audit_replay_and_report(w->cli, w->client, w->key, folder);
	if (code == CLI_UNAVAILABLE && !cli_has(w->cli, "once")) {
		cli_say(w->cli, "Not replayed: the gateway is not reachable.");
		json_decref(w->cli->error);
		w->cli->error = NULL;
		return CLI_OK;
	}
	w->replayed = true;
	w->replayed_at = now.tv_sec;
	return code;
}

// A log that is shorter than asked about says so with not_found: its checkpoint then tells the rest.
static enum cli_exit look(struct watching *w)
{
	Sluss__V1__GetProofResponse *r = NULL;
	enum sluss_client_result result = sluss_client_audit_proof(w->client, 0, w->known ? w->head.size : 1, &r);
	if (result == SLUSS_CLIENT_REFUSED && w->known)
		result = sluss_client_audit_proof(w->client, 0, 1, &r);
	if (result != SLUSS_CLIENT_OK) {
		const struct sluss_client_error *e = sluss_client_last_error(w->client);
		if (result != SLUSS_CLIENT_UNAVAILABLE || cli_has(w->cli, "once"))
			return cli_fail_client(w->cli, w->client);
		cli_say(w->cli, "Not reachable: %s", e->explanation); // says nothing about the log
		return CLI_OK;
	}
	enum cli_exit code = compare(w, r);
	sluss__v1__get_proof_response__free_unpacked(r, NULL);
	code = code == CLI_OK && w->cosigner != NULL ? cosign(w) : code;
	return code == CLI_OK ? replay(w) : code;
}

static enum cli_exit begin(struct watching *w)
{
	w->key = audit_log_key(w->cli);
	w->client = w->key == NULL ? NULL : cli_client(w->cli);
	if (w->client == NULL)
		return CLI_USAGE;
	w->note = sluss_profile_checkpoint(cli_profile(w->cli));
	w->known = w->note != NULL;
	if (w->known && sluss_checkpoint_check(w->key, (struct sluss_bytes){(const uint8_t *)w->note, strlen(w->note)},
			    &w->head) != SLUSS_VERDICT_VALID)
		return cli_fail(w->cli, CLI_UNVERIFIED, "", "the remembered checkpoint does not hold");
	const char *folder = cli_get(w->cli, "cosign");
	if (folder != NULL && (w->cosigner = audit_cosigner_open(w->cli, folder, w->key)) == NULL)
		return CLI_USAGE;
	return CLI_OK;
}

enum cli_exit audit_watch(struct cli *cli)
{
	struct watching w = {.cli = cli};
	uint64_t period_s = PERIOD_S;
	w.replay_period_s = REPLAY_PERIOD_S;
	if (cli_has(cli, "replay-period") &&
	    !cli_read_number(cli, "replay-period", cli_get(cli, "replay-period"), 366 * 86400, &w.replay_period_s))
		return CLI_USAGE;
	if (cli_has(cli, "period") && !cli_read_number(cli, "period", cli_get(cli, "period"), 86400, &period_s))
		return CLI_USAGE;
	enum cli_exit code = begin(&w);
	(void)signal(SIGINT, stop);
	(void)signal(SIGTERM, stop);
	while (code == CLI_OK && !stopped) {
		code = look(&w);
		if (code != CLI_OK || cli_has(cli, "once"))
			break;
		const struct timespec pause = {.tv_sec = (time_t)period_s};
		(void)fflush(cli->out);
		(void)nanosleep(&pause, NULL); // a signal ends it early
	}
	bool alarmed = code == CLI_UNVERIFIED && w.known;
	if (code == CLI_OK)
		code =
		    cli_show_tree(cli, json_pack("{s:I,s:s*}", "size", (json_int_t)w.head.size, "checkpoint", w.note));
	free(w.note);
	audit_cosigner_close(&w.cosigner);
	return alarmed ? (enum cli_exit)ALARM : code;
}

const struct cli_option audit_watch_options[] = {
    {"period", CLI_TEXT, "SECONDS", "how often; default 60"},
    {"once", CLI_FLAG, NULL, "one look, then end"},
    {"evidence", CLI_TEXT, "FILE", "where to write both checkpoints when they contradict each other"},
    {"cosign", CLI_TEXT, "DIR",
	"be a witness: cosign each checkpoint that is proven, remember it in this folder, write it to DIR/checkpoint"},
    {"replay", CLI_TEXT, "DIR",
	"be an auditor: keep an export in this folder, decide everything in it again, report the result, signed"},
    {"replay-period", CLI_TEXT, "SECONDS", "how often that; default 86400, a day"},
    {"name", CLI_TEXT, "NAME", "of the witness's key; default: witness. and the log's origin"},
    {"key", CLI_TEXT, "KEY", "the log's verifier key; default: the pinned one"},
    {NULL, CLI_FLAG, NULL, NULL},
};
