// SPDX-License-Identifier: EUPL-1.2
// Whom to believe, and whether they signed: keys/, checkpoints and the cosignatures on them (C2SP signed-note,
// tlog-checkpoint, tlog-cosignature).
#include <stdlib.h>

#include "audit_impl.h"
#include "log_note.h"
#include "log_text.h"

enum { KEYS_MAX = 64 * 1024, TSA_MAX = AUDIT_TSA_MAX };

static enum sluss_audit_read read_file(struct audit *audit, const char *path, uint8_t *out, size_t room, size_t *len)
{
	return audit->source->read(audit->source->context, path, out, room, len);
}

static struct sluss_bytes text_of(const char *text)
{
	return (struct sluss_bytes){(const uint8_t *)text, strlen(text)};
}

static bool same_key(const struct sluss_note_key *a, const struct sluss_note_key *b)
{
	return strcmp(a->name, b->name) == 0 && a->type == b->type &&
	       memcmp(a->public_key, b->public_key, sizeof(a->public_key)) == 0;
}

// ---- keys

// The export's log key; false when there is none that can be read.
static bool stored_log_key(struct audit *audit, struct sluss_note_key *key_out)
{
	uint8_t octets[SLUSS_NOTE_LINE_MAX + 1];
	size_t len = 0;
	enum sluss_audit_read result = read_file(audit, "keys/log.vkey", octets, sizeof(octets), &len);
	// One line; the newline is the file's, not the key's.
	struct sluss_bytes line = {octets, len > 0 && octets[len - 1] == '\n' ? len - 1 : len};
	if (result == SLUSS_AUDIT_READ_ABSENT)
		return false;
	if (result != SLUSS_AUDIT_READ_OK || !sluss_note_key_parse(line, key_out) ||
	    key_out->type != SLUSS_NOTE_ED25519) {
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/log.vkey is not a verifier key");
		return false;
	}
	return true;
}

static bool load_log_key(struct audit *audit, struct audit_trust *trust)
{
	struct sluss_note_key stored;
	const char *pinned = audit->options->log_key;
	bool have = stored_log_key(audit, &stored);
	if (pinned == NULL) {
		trust->log = stored;
		return have;
	}
	if (!sluss_note_key_parse(text_of(pinned), &trust->log) || trust->log.type != SLUSS_NOTE_ED25519)
		return false;
	audit->report->pinned_key = true;
	if (have && !same_key(&stored, &trust->log))
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/log.vkey is another key than the one you trust");
	return true;
}

static bool add_witness(struct audit_trust *trust, struct sluss_bytes text)
{
	struct sluss_note_key key;
	if (trust->witness_count == SLUSS_AUDIT_WITNESSES_MAX || !sluss_note_key_parse(text, &key) ||
	    key.type != SLUSS_NOTE_COSIGNATURE)
		return false;
	for (size_t i = 0; i < trust->witness_count; i++) {
		if (memcmp(trust->witnesses[i].public_key, key.public_key, sizeof(key.public_key)) == 0)
			return false; // one key is one witness, whatever its name
	}
	trust->witnesses[trust->witness_count++] = key;
	return true;
}

// keys/witnesses, one key a line.
static bool read_witnesses(struct audit *audit, struct audit_trust *trust)
{
	uint8_t *octets = malloc(KEYS_MAX);
	size_t len = 0;
	if (octets == NULL) {
		audit->no_memory = true;
		return false;
	}
	enum sluss_audit_read result = read_file(audit, "keys/witnesses", octets, KEYS_MAX, &len);
	struct sluss_bytes rest = {octets, len}, line;
	bool ok = result == SLUSS_AUDIT_READ_OK || result == SLUSS_AUDIT_READ_ABSENT;
	while (ok && rest.len > 0)
		ok = sluss_text_line(&rest, &line) && add_witness(trust, line);
	free(octets);
	return ok;
}

static bool read_quorum(struct audit *audit, size_t *quorum_out)
{
	uint8_t octets[32];
	size_t len = 0;
	uint64_t quorum = 0;
	*quorum_out = 0;
	enum sluss_audit_read result = read_file(audit, "keys/quorum", octets, sizeof(octets), &len);
	if (result == SLUSS_AUDIT_READ_ABSENT)
		return true;
	if (result != SLUSS_AUDIT_READ_OK || len < 2 || octets[len - 1] != '\n' ||
	    !sluss_text_decimal((struct sluss_bytes){octets, len - 1}, &quorum) || quorum > SLUSS_AUDIT_WITNESSES_MAX)
		return false;
	*quorum_out = (size_t)quorum;
	return true;
}

bool audit_stored_witnesses(struct audit *audit, struct audit_trust *stored_out)
{
	*stored_out = (struct audit_trust){.quorum = 0};
	return read_witnesses(audit, stored_out) && read_quorum(audit, &stored_out->quorum);
}

static bool same_witnesses(const struct audit_trust *a, const struct audit_trust *b)
{
	if (a->witness_count != b->witness_count)
		return false;
	for (size_t i = 0; i < a->witness_count; i++) {
		bool found = false;
		for (size_t k = 0; k < b->witness_count; k++)
			found = found || same_key(&a->witnesses[i], &b->witnesses[k]);
		if (!found)
			return false;
	}
	return true;
}

static bool load_witnesses(struct audit *audit, struct audit_trust *trust)
{
	const struct sluss_audit_options *options = audit->options;
	struct audit_trust stored = {.quorum = 0};
	bool readable = read_witnesses(audit, &stored);
	bool counted = read_quorum(audit, &stored.quorum);
	if (!readable || !counted)
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/%s cannot be read", readable ? "quorum" : "witnesses");
	for (size_t i = 0; i < options->witness_count; i++) {
		if (!add_witness(trust, text_of(options->witnesses[i])))
			return false;
	}
	audit->report->pinned_witnesses = options->witness_count > 0;
	if (options->witness_count == 0) {
		memcpy(trust->witnesses, stored.witnesses, sizeof(trust->witnesses));
		trust->witness_count = stored.witness_count;
	} else if (readable && !same_witnesses(trust, &stored)) {
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/witnesses are other keys than those you trust");
	}
	trust->quorum = options->quorum < 0 ? stored.quorum : (size_t)options->quorum;
	if (options->quorum >= 0 && counted && trust->quorum != stored.quorum)
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/quorum is another number than yours");
	return true;
}

static bool load_tsa(struct audit *audit, struct audit_trust *trust)
{
	uint8_t *octets = malloc(TSA_MAX);
	size_t len = 0;
	if (octets == NULL) {
		audit->no_memory = true;
		return false;
	}
	enum sluss_audit_read result = read_file(audit, "keys/tsa.pem", octets, TSA_MAX, &len);
	const char *pinned = audit->options->tsa_pem;
	audit->report->pinned_tsa = pinned != NULL;
	if (result == SLUSS_AUDIT_READ_FAILED || (result == SLUSS_AUDIT_READ_OK && pinned != NULL &&
						     (len != strlen(pinned) || memcmp(octets, pinned, len) != 0)))
		audit_find(audit, SLUSS_AUDIT_KEY_DIFFERS, "keys/tsa.pem has other certificates than those you trust");
	if (pinned != NULL) {
		free(octets);
		trust->tsa_pem = strdup(pinned);
		trust->tsa_len = strlen(pinned);
		audit->no_memory = audit->no_memory || trust->tsa_pem == NULL;
		return trust->tsa_pem != NULL;
	}
	if (result != SLUSS_AUDIT_READ_OK) {
		free(octets);
		return true;
	}
	trust->tsa_pem = (char *)octets;
	trust->tsa_len = len;
	return true;
}

bool audit_trust_load(struct audit *audit, struct audit_trust *trust)
{
	*trust = (struct audit_trust){.quorum = 0};
	if (!load_log_key(audit, trust) || !load_witnesses(audit, trust) || !load_tsa(audit, trust) ||
	    !sluss_note_key_format(&trust->log, audit->report->log_key, sizeof(audit->report->log_key)))
		return false;
	audit->report->witnesses = trust->witness_count;
	audit->report->quorum = trust->quorum;
	return true;
}

void audit_trust_free(struct audit_trust *trust)
{
	free(trust->tsa_pem);
	*trust = (struct audit_trust){.quorum = 0};
}

// ---- checkpoints

static bool is_line_of(const struct sluss_note_line *line, const struct sluss_note_key *key)
{
	return line->name.len == strlen(key->name) && memcmp(line->name.data, key->name, line->name.len) == 0 &&
	       memcmp(line->id, key->id, sizeof(key->id)) == 0;
}

// A witness that the log's settings named when this checkpoint was made, and perhaps not any more. What it wrote has to
// hold all the same.
static bool by_a_former(struct audit *audit, const struct audit_trust *trust, const char *path,
    const struct sluss_note *note, const struct sluss_note_line *line)
{
	for (size_t i = 0; trust->settings != NULL && i < trust->settings->ever_count; i++) {
		const struct sluss_note_key *key = &trust->settings->ever[i];
		if (!is_line_of(line, key))
			continue;
		if (sluss_note_verify(note, key, NULL) != SLUSS_NOTE_VALID)
			audit_find(audit, SLUSS_AUDIT_COSIGNATURE_WRONG, "%s: the cosignature of %s does not verify",
			    path, key->name);
		return true;
	}
	return false;
}

// Nobody signs here whom we do not know: an unknown line would be a place that nothing protects.
static void check_signers(
    struct audit *audit, const struct audit_trust *trust, const char *path, const struct sluss_note *note)
{
	for (size_t i = 0; i < note->count; i++) {
		bool known = is_line_of(&note->lines[i], &trust->log);
		for (size_t k = 0; k < trust->witness_count; k++)
			known = known || is_line_of(&note->lines[i], &trust->witnesses[k]);
		if (!known && !by_a_former(audit, trust, path, note, &note->lines[i]))
			audit_find(audit, SLUSS_AUDIT_SIGNER_UNKNOWN,
			    "%s has a signature line by nobody you know: %.*s", path,
			    note->lines[i].name.len > 127 ? 127 : (int)note->lines[i].name.len,
			    (const char *)note->lines[i].name.data);
	}
}

static void count_cosignatures(struct audit *audit, const struct audit_trust *trust, const char *path,
    const struct sluss_note *note, struct audit_head *head)
{
	for (size_t i = 0; i < trust->witness_count; i++) {
		uint64_t time_s = 0;
		switch (sluss_note_verify(note, &trust->witnesses[i], &time_s)) {
		case SLUSS_NOTE_VALID:
			head->cosigned++;
			if (time_s <= INT64_MAX / 1000 && (int64_t)time_s > head->newest_cosignature_s)
				head->newest_cosignature_s = (int64_t)time_s;
			if (time_s <= INT64_MAX / 1000 &&
			    (head->oldest_cosignature_s == 0 || (int64_t)time_s < head->oldest_cosignature_s))
				head->oldest_cosignature_s = (int64_t)time_s;
			break;
		case SLUSS_NOTE_WRONG:
			audit_find(audit, SLUSS_AUDIT_COSIGNATURE_WRONG, "%s: the cosignature of %s does not verify",
			    path, trust->witnesses[i].name);
			break;
		case SLUSS_NOTE_ABSENT:
		case SLUSS_NOTE_VERDICT_NONE:
			break;
		}
	}
}

bool audit_checkpoint(
    struct audit *audit, const struct audit_trust *trust, const char *path, struct audit_head *head_out)
{
	uint8_t octets[SLUSS_NOTE_MAX];
	size_t len = 0;
	struct sluss_note note;
	struct sluss_checkpoint checkpoint;
	*head_out = (struct audit_head){.size = 0};
	enum sluss_audit_read result = read_file(audit, path, octets, sizeof(octets), &len);
	if (result != SLUSS_AUDIT_READ_OK) {
		audit_find(audit,
		    result == SLUSS_AUDIT_READ_ABSENT ? SLUSS_AUDIT_FILE_MISSING : SLUSS_AUDIT_FILE_UNREADABLE,
		    "%s cannot be read", path);
		return false;
	}
	if (!sluss_note_parse((struct sluss_bytes){octets, len}, &note) ||
	    !sluss_checkpoint_parse(note.text, &checkpoint)) {
		audit_find(audit, SLUSS_AUDIT_CHECKPOINT_MALFORMED, "%s is not a checkpoint", path);
		return false;
	}
	if (checkpoint.origin.len != strlen(trust->log.name) ||
	    memcmp(checkpoint.origin.data, trust->log.name, checkpoint.origin.len) != 0 ||
	    sluss_note_verify(&note, &trust->log, NULL) != SLUSS_NOTE_VALID) {
		audit_find(audit, SLUSS_AUDIT_CHECKPOINT_UNSIGNED, "%s is not signed by the log's key", path);
		return false;
	}
	head_out->size = checkpoint.size;
	head_out->root = checkpoint.root;
	sluss_hash_octets(note.text.data, note.text.len, &head_out->text_hash);
	check_signers(audit, trust, path, &note);
	count_cosignatures(audit, trust, path, &note, head_out);
	return true;
}
