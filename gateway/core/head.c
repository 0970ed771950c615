// SPDX-License-Identifier: EUPL-1.2
#include "head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	SLOTS = 2,
	SLOT_OCTETS = 4096,
};

_Static_assert((int)SLUSS_CHECKPOINT_OWN_MAX <= (int)SLOT_OCTETS, "a checkpoint fits a slot");

struct slot {
	bool good;
	uint64_t size;
	struct sluss_hash root;
};

struct sluss_head {
	int fd;
	struct sluss_note_key key;
	struct slot slots[SLOTS];
	bool empty; // never written
	bool lost;  // what was written may not be there; only a new start can tell
};

static bool refuse(struct sluss_store_error *error, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s", why);
	return false;
}

static void read_slot(struct sluss_head *head, size_t which, const uint8_t octets[SLOT_OCTETS])
{
	struct sluss_checkpoint checkpoint;
	size_t len = strnlen((const char *)octets, SLOT_OCTETS);
	struct slot *slot = &head->slots[which];
	*slot = (struct slot){0};
	if (len > 0)
		head->empty = false;
	if (len > 0 && sluss_checkpoint_open((struct sluss_bytes){octets, len}, &head->key, &checkpoint))
		*slot = (struct slot){true, checkpoint.size, checkpoint.root};
}

static bool read_all(struct sluss_head *head, struct sluss_store_error *error)
{
	uint8_t octets[SLOTS * SLOT_OCTETS] = {0};
	ssize_t got = pread(head->fd, octets, sizeof(octets), 0);
	if (got < 0)
		return refuse(error, strerror(errno));
	// Its length never changes again, so that a commit need not wait for the file system's own records.
	if (got < (ssize_t)sizeof(octets) && (pwrite(head->fd, octets + got, sizeof(octets) - (size_t)got, got) !=
						     (ssize_t)(sizeof(octets) - (size_t)got) ||
						 fsync(head->fd) != 0))
		return refuse(error, strerror(errno));
	head->empty = true;
	for (size_t i = 0; i < SLOTS; i++)
		read_slot(head, i, octets + i * SLOT_OCTETS);
	return true;
}

struct sluss_head *sluss_head_open(int fd, const struct sluss_note_key *key, struct sluss_store_error *error_out)
{
	struct sluss_head *head = calloc(1, sizeof(*head));
	if (head == NULL) {
		close(fd);
		refuse(error_out, "no memory");
		return NULL;
	}
	*head = (struct sluss_head){.fd = fd, .key = *key};
	bool good = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (!good)
		refuse(error_out, errno == EWOULDBLOCK ? "another gateway uses this file" : strerror(errno));
	if (!good || !read_all(head, error_out))
		sluss_head_close(&head);
	return head;
}

void sluss_head_close(struct sluss_head **head)
{
	if (*head == NULL)
		return;
	close((*head)->fd);
	free(*head);
	*head = NULL;
}

// The slot with the larger size; the first when neither is good.
static size_t newest(const struct sluss_head *head)
{
	const struct slot *s = head->slots;
	return s[1].good && (!s[0].good || s[1].size > s[0].size) ? 1 : 0;
}

enum sluss_head_state sluss_head_newest(const struct sluss_head *head, uint64_t *size_out, struct sluss_hash *root_out)
{
	const struct slot *slot = &head->slots[newest(head)];
	if (!slot->good)
		return head->empty ? SLUSS_HEAD_NONE : SLUSS_HEAD_DAMAGED;
	*size_out = slot->size;
	*root_out = slot->root;
	return SLUSS_HEAD_GOOD;
}

static bool write_slot(struct sluss_head *head, size_t which, struct sluss_bytes note)
{
	uint8_t octets[SLOT_OCTETS] = {0};
	if (note.len == 0 || note.len > sizeof(octets) || head->lost)
		return false;
	memcpy(octets, note.data, note.len);
	// Until it is there for sure, nothing is.
	head->slots[which] = (struct slot){0};
	head->empty = false;
	if (pwrite(head->fd, octets, sizeof(octets), (off_t)(which * SLOT_OCTETS)) != (ssize_t)sizeof(octets))
		return false;
	// After a failed fsync another one may report success for octets that are lost.
	head->lost = fdatasync(head->fd) != 0;
	if (!head->lost)
		read_slot(head, which, octets);
	return head->slots[which].good;
}

bool sluss_head_write(struct sluss_head *head, struct sluss_bytes note)
{
	struct sluss_checkpoint checkpoint;
	const struct slot *last = &head->slots[newest(head)];
	if (!sluss_checkpoint_open(note, &head->key, &checkpoint))
		return false;
	if (last->good && last->size == checkpoint.size && sluss_hash_equal(&last->root, &checkpoint.root))
		return true;
	return write_slot(head, last->good ? 1 - newest(head) : 0, note);
}

bool sluss_head_replace(struct sluss_head *head, struct sluss_bytes note)
{
	// First the slot that counts: when the machine stops in between, the other still says that something is wrong,
	// or is older than what is new.
	size_t first = newest(head);
	return write_slot(head, first, note) && write_slot(head, 1 - first, note);
}

// ---- claims

enum sluss_head_claim sluss_head_judge(struct sluss_log *log, uint64_t size, const struct sluss_hash *root)
{
	struct sluss_hash own;
	if (size > sluss_log_size(log))
		return SLUSS_HEAD_CLAIM_AHEAD;
	if (size == 0)
		return SLUSS_HEAD_CLAIM_HOLDS;
	if (sluss_tree_root_at(sluss_log_tree(log), size, &own) != SLUSS_TREE_OK)
		return SLUSS_HEAD_CLAIM_BROKEN;
	return sluss_hash_equal(&own, root) ? SLUSS_HEAD_CLAIM_HOLDS : SLUSS_HEAD_CLAIM_FORKED;
}

void sluss_head_explain(
    enum sluss_head_claim claim, const char *who, uint64_t claimed, uint64_t has, struct sluss_store_error *error_out)
{
	static const char advice[] =
	    "Put the right database back. If it is lost, start once with `slussd --accept-rollback`: the log then says "
	    "that it was restored, and everybody who saw the other entries can still prove that they are missing.";
	char what[240] = "";
	switch (claim) {
	case SLUSS_HEAD_CLAIM_AHEAD:
		snprintf(what, sizeof(what),
		    "%s has a signed head of %llu entries, but the database has only %llu: it is an older copy", who,
		    (unsigned long long)claimed, (unsigned long long)has);
		break;
	case SLUSS_HEAD_CLAIM_FORKED:
		snprintf(what, sizeof(what),
		    "%s has a signed head of %llu entries with another root than the database's: its history is "
		    "another one",
		    who, (unsigned long long)claimed);
		break;
	case SLUSS_HEAD_CLAIM_BROKEN:
		snprintf(what, sizeof(what), "%s cannot be compared with the log: a tile of it cannot be read", who);
		break;
	case SLUSS_HEAD_CLAIM_NONE:
	case SLUSS_HEAD_CLAIM_HOLDS:
		break;
	}
	snprintf(error_out->text, sizeof(error_out->text), "%s. %s", what, advice);
}
