// SPDX-License-Identifier: EUPL-1.2
// The notary's start: keys of the settings, what is stored, what is published.
#include "notary_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log_text.h"

enum { PEM_MAX = 256 * 1024, KEYS_MAX = SLUSS_KEEPER_WITNESSES * (SLUSS_NOTE_LINE_MAX + 1) };

// What stands in keys/ for verifiers; a length of 0: no such file.
struct published {
	char witnesses[KEYS_MAX];
	size_t witnesses_len;
	char quorum[16];
	size_t quorum_len;
	uint8_t *tsa;
	size_t tsa_len;
	bool had_quorum; // before the start
};

static bool refuse(struct sluss_store_error *error, const char *what, const char *which)
{
	(void)snprintf(error->text, sizeof(error->text), "%.150s%.100s", what, which);
	return false;
}

// ---- settings

static bool prove(
    void *arg, uint64_t old_size, uint64_t size, struct sluss_hash hashes[SLUSS_KEEPER_PROOF], size_t *count_out)
{
	const struct sluss_writer *w = arg;
	struct sluss_tree_consistency proof;
	if (w->log == NULL ||
	    sluss_tree_prove_consistency(sluss_log_tree(w->log), old_size, size, &proof) != SLUSS_TREE_OK)
		return false;
	memcpy(hashes, proof.hashes, proof.count * sizeof(hashes[0]));
	*count_out = proof.count;
	return true;
}

static bool send_body(void *arg, uint32_t index, uint64_t number, struct sluss_bytes body)
{
	return notary_post(
	    arg, SLUSS__V1__COURIER_CALL__KIND__KIND_WITNESS, index, number, "text/plain; charset=utf-8", body);
}

static bool set_keeper(
    struct sluss_writer *w, struct sluss_notary *n, struct published *p, struct sluss_store_error *error)
{
	struct sluss_keeper_config config = {.log = w->log_key,
	    .count = w->config.witness_count,
	    .quorum = w->config.witness_quorum,
	    .period_ms = w->config.witness_period_ms,
	    .gap_max_ms = w->config.witness_gap_max_ms,
	    .prove = prove,
	    .send = send_body,
	    .arg = w};
	if (config.count > SLUSS_KEEPER_WITNESSES || config.quorum > config.count)
		return refuse(error, "", "There are more than 16 witnesses, or fewer than witness_quorum.");
	for (size_t i = 0; i < config.count; i++) {
		struct sluss_bytes text = {(const uint8_t *)w->config.witnesses[i], strlen(w->config.witnesses[i])};
		if (!sluss_note_key_parse(text, &config.witnesses[i]))
			return refuse(error,
			    "`witness` needs a verifier key as the witness gives it (name+id+key); this is none: ",
			    w->config.witnesses[i]);
		memcpy(p->witnesses + p->witnesses_len, text.data, text.len);
		p->witnesses_len += text.len;
		p->witnesses[p->witnesses_len++] = '\n';
	}
	if (config.count > 0)
		p->quorum_len = (size_t)snprintf(p->quorum, sizeof(p->quorum), "%u\n", config.quorum);
	return sluss_keeper_init(&n->keeper, &config) || refuse(error, "", n->keeper.why);
}

static uint8_t *read_pem(int fd, size_t *len_out)
{
	uint8_t *data = malloc(PEM_MAX);
	ssize_t got = 1;
	*len_out = 0;
	while (data != NULL && got != 0 && *len_out < PEM_MAX) {
		got = pread(fd, data + *len_out, PEM_MAX - *len_out, (off_t)*len_out);
		if (got < 0 && errno != EINTR)
			break;
		*len_out += got > 0 ? (size_t)got : 0;
	}
	(void)close(fd);
	if (got == 0)
		return data;
	free(data);
	return NULL;
}

static bool set_stamping(
    struct sluss_writer *w, struct sluss_notary *n, struct published *p, struct sluss_store_error *error)
{
	n->stamping.stamped_ms = -1;
	if (!w->config.timestamps)
		return true;
	p->tsa = read_pem(w->config.timestamp_ca_fd, &p->tsa_len);
	if (p->tsa != NULL)
		n->stamping.stamper = sluss_stamper_new((struct sluss_bytes){p->tsa, p->tsa_len});
	n->stamping.period_ms = w->config.timestamp_period_ms;
	n->stamping.gap_max_ms = w->config.timestamp_gap_max_ms;
	return n->stamping.stamper != NULL || refuse(error, "", "There is no readable certificate in timestamp_ca.");
}

// ---- what is stored

struct newest {
	uint64_t size;
	struct sluss_store_blob value;
	bool any, full;
};

static bool keep_newest(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	struct newest *newest = context;
	if (key.len != 8 || value.len > SLUSS_STORE_SIDE_VALUE_MAX)
		return true;
	newest->size = 0;
	for (size_t i = 0; i < 8; i++)
		newest->size = newest->size << 8 | key.data[i];
	uint8_t *data = realloc(newest->value.data, value.len + 1);
	newest->full = data == NULL;
	if (newest->full)
		return false;
	memcpy(data, value.data, value.len);
	newest->value.data = data;
	newest->value.len = value.len;
	newest->any = true;
	return true;
}

// The row with the largest size. False: the store failed.
static bool read_newest(struct sluss_writer *w, uint16_t kind, struct newest *newest_out)
{
	*newest_out = (struct newest){0};
	enum sluss_store_result result =
	    sluss_store_each_side(w->store, kind, (struct sluss_bytes){0}, keep_newest, newest_out);
	return result == SLUSS_STORE_OK && !newest_out->full;
}

// A timestamp of before the start counts by its own time.
static void load_stamp(struct sluss_writer *w, struct sluss_notary *n, const struct newest *stamp)
{
	struct sluss_store_blob note = {0};
	uint8_t key[8];
	uint8_t imprint[SLUSS_HASH_BYTES];
	int64_t time_s = 0;
	const char *why = "";
	notary_key(stamp->size, key);
	bool good = n->stamping.stamper != NULL && stamp->any &&
		    sluss_store_get_side(w->store, SLUSS_SIDE_CHECKPOINT, (struct sluss_bytes){key, sizeof(key)},
			&note) == SLUSS_STORE_OK &&
		    notary_imprint((struct sluss_bytes){note.data, note.len}, imprint) &&
		    sluss_stamp_verify(n->stamping.stamper, (struct sluss_bytes){stamp->value.data, stamp->value.len},
			imprint, NULL, &time_s, &why);
	sluss_store_blob_free(&note);
	if (!good)
		return;
	int64_t age_ms = (notary_real_s(w) - time_s) * 1000;
	n->stamping.stamped_size = stamp->size;
	n->stamping.stamped_s = time_s;
	// Monotonic time may be younger than the timestamp: then it is as if there were none.
	int64_t at_ms = sluss_monotonic_ms() - (age_ms > 0 ? age_ms : 0);
	n->stamping.stamped_ms = at_ms > 0 ? at_ms : -1;
	n->stamping.next_ms = at_ms + n->stamping.period_ms;
}

static bool load(struct sluss_writer *w, struct sluss_notary *n)
{
	struct newest note, stamp;
	bool good = read_newest(w, SLUSS_SIDE_CHECKPOINT, &note);
	good = read_newest(w, SLUSS_SIDE_TIMESTAMP, &stamp) && good;
	if (good && note.any) {
		sluss_keeper_load(&n->keeper, (struct sluss_bytes){note.value.data, note.value.len});
		n->kept_any = true;
		n->kept_size = note.size;
		n->kept_stamped = stamp.any && stamp.size == note.size;
	}
	if (good)
		load_stamp(w, n, &stamp);
	sluss_store_blob_free(&note.value);
	sluss_store_blob_free(&stamp.value);
	return good;
}

// ---- what is published

static bool publish_one(struct sluss_writer *w, const char *path, struct sluss_bytes wanted)
{
	struct sluss_store_blob now = {0};
	struct sluss_bytes key = {(const uint8_t *)path, strlen(path)};
	enum sluss_store_result there = sluss_store_get_side(w->store, SLUSS_SIDE_FILE, key, &now);
	bool same = there == SLUSS_STORE_OK && now.len == wanted.len && memcmp(now.data, wanted.data, now.len) == 0;
	sluss_store_blob_free(&now);
	if (same || (there == SLUSS_STORE_NOT_FOUND && wanted.len == 0))
		return true;
	if ((there != SLUSS_STORE_OK && there != SLUSS_STORE_NOT_FOUND) || !sluss_batch_open(w))
		return false;
	return (wanted.len == 0 ? sluss_store_erase_side(w->store, SLUSS_SIDE_FILE, key)
				: sluss_store_put_side(w->store, SLUSS_SIDE_FILE, key, wanted)) == SLUSS_STORE_OK;
}

static bool read_quorum(struct sluss_writer *w, bool *had_out)
{
	static const char path[] = "keys/quorum";
	struct sluss_store_blob now = {0};
	enum sluss_store_result there = sluss_store_get_side(
	    w->store, SLUSS_SIDE_FILE, (struct sluss_bytes){(const uint8_t *)path, sizeof(path) - 1}, &now);
	*had_out = there == SLUSS_STORE_OK && now.len > 0 && now.data[0] != '0';
	sluss_store_blob_free(&now);
	return there == SLUSS_STORE_OK || there == SLUSS_STORE_NOT_FOUND;
}

static bool publish(struct sluss_writer *w, const struct published *p)
{
	sluss_batch_start(w);
	bool good =
	    publish_one(w, "keys/witnesses", (struct sluss_bytes){(const uint8_t *)p->witnesses, p->witnesses_len}) &&
	    publish_one(w, "keys/quorum", (struct sluss_bytes){(const uint8_t *)p->quorum, p->quorum_len}) &&
	    publish_one(w, "keys/tsa.pem", (struct sluss_bytes){p->tsa, p->tsa_len});
	if (!good)
		(void)sluss_batch_spoil(w, "publish keys", sluss_store_error_text(w->store));
	return sluss_batch_commit(w) && good;
}

// ---- open and close

static bool set_up(struct sluss_writer *w, struct sluss_notary *n, struct published *p, struct sluss_store_error *error)
{
	if (!set_keeper(w, n, p, error) || !set_stamping(w, n, p, error))
		return false;
	if (!load(w, n) || !read_quorum(w, &p->had_quorum) || !publish(w, p))
		return refuse(
		    error, "%s", "What is stored of cosignatures and timestamps could not be read or written.");
	return true;
}

bool sluss_notary_open(struct sluss_writer *w, struct sluss_notary **notary_out, struct sluss_store_error *error_out)
{
	struct sluss_notary *n = calloc(1, sizeof(*n));
	struct published *p = calloc(1, sizeof(*p));
	*notary_out = NULL;
	bool good = n != NULL && p != NULL && set_up(w, n, p, error_out);
	if (good && w->config.witness_quorum > 0) {
		// One that was stored without a quorum was not what everybody saw.
		sluss_files_want_cosigned(w->files, n->keeper.cosigned_size,
		    (struct sluss_bytes){n->keeper.cosigned, p->had_quorum ? n->keeper.cosigned_len : 0});
	}
	if (good && (w->config.witness_count > 0 || w->config.timestamps)) {
		*notary_out = n;
		n = NULL;
	}
	if (p != NULL)
		free(p->tsa);
	free(p);
	sluss_notary_close(&n);
	return good;
}

void sluss_notary_close(struct sluss_notary **notary)
{
	if (*notary == NULL)
		return;
	sluss_stamper_free(&(*notary)->stamping.stamper);
	free((*notary)->stamping.reply);
	free(*notary);
	*notary = NULL;
}
