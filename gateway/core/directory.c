// SPDX-License-Identifier: EUPL-1.2
// Agencies are few (a city has some hundred): lists in order of enrolment, searched from the front.
// Invariant: no signing key and no certificate stands twice, whoever has it; every agency has at least one binding.
#include "directory.h"

#include <pthread.h>
#include <stdlib.h>

#include "sluss/key.h"

struct agency {
	struct sluss_agency_view view;
	struct sluss_agency_keys *keys;
	size_t key_room;
};

struct content {
	struct agency *agencies;
	size_t count, room;
};

struct sluss_directory {
	pthread_rwlock_t lock;
	struct content content;
};

struct sluss_directory *sluss_directory_new(void)
{
	struct sluss_directory *directory = calloc(1, sizeof(*directory));
	if (directory != NULL && pthread_rwlock_init(&directory->lock, NULL) != 0) {
		free(directory);
		return NULL;
	}
	return directory;
}

static void content_free(struct content *content)
{
	for (size_t i = 0; i < content->count; i++)
		free(content->agencies[i].keys);
	free(content->agencies);
	*content = (struct content){0};
}

void sluss_directory_free(struct sluss_directory **directory)
{
	if (*directory == NULL)
		return;
	content_free(&(*directory)->content);
	pthread_rwlock_destroy(&(*directory)->lock);
	free(*directory);
	*directory = NULL;
}

void sluss_directory_replace(struct sluss_directory *directory, struct sluss_directory *from)
{
	pthread_rwlock_wrlock(&directory->lock);
	struct content old = directory->content;
	directory->content = from->content;
	from->content = (struct content){0};
	pthread_rwlock_unlock(&directory->lock);
	content_free(&old);
}

// ---- looking up, lock held

// Looking up changes nothing; the lock is the only thing that moves.
static void lock_to_read(const struct sluss_directory *directory)
{
	pthread_rwlock_rdlock((pthread_rwlock_t *)(uintptr_t)&directory->lock);
}

static void unlock(const struct sluss_directory *directory)
{
	pthread_rwlock_unlock((pthread_rwlock_t *)(uintptr_t)&directory->lock);
}

static struct agency *find(const struct content *content, const char *name)
{
	for (size_t i = 0; i < content->count; i++)
		if (strcmp(content->agencies[i].view.agency, name) == 0)
			return &content->agencies[i];
	return NULL;
}

static struct sluss_agency_keys *find_key(const struct content *content, const char *key_id, struct agency **agency_out)
{
	for (size_t i = 0; i < content->count; i++)
		for (size_t k = content->agencies[i].view.key_count; k-- > 0;)
			if (strcmp(content->agencies[i].keys[k].sign_key_id, key_id) == 0) {
				*agency_out = &content->agencies[i];
				return &content->agencies[i].keys[k];
			}
	return NULL;
}

static struct sluss_agency_keys *find_certificate(
    const struct content *content, const uint8_t *fingerprint, struct agency **agency_out)
{
	for (size_t i = 0; i < content->count; i++)
		for (size_t k = content->agencies[i].view.key_count; k-- > 0;)
			if (memcmp(content->agencies[i].keys[k].certificate, fingerprint, SLUSS_HASH_BYTES) == 0) {
				*agency_out = &content->agencies[i];
				return &content->agencies[i].keys[k];
			}
	return NULL;
}

// ---- folding

static bool key_is_free(const struct content *content, const uint8_t sign_key[32])
{
	char id[SLUSS_KEY_ID_TEXT];
	struct agency *agency;
	return find_key(content, sluss_key_id(SLUSS_KEY_USE_SIGN, sign_key, id), &agency) == NULL;
}

static bool accepts_rotation(const struct content *content, const struct sluss_rec_keys_rotated *rotated)
{
	struct agency *agency = find(content, rotated->agency);
	if (agency == NULL || agency->view.left || agency->view.key_count >= SLUSS_AGENCY_KEYS_MAX)
		return false;
	// The certificate, or the signing key, may stay the agency's own; what was revoked does not come back.
	struct agency *owner;
	const struct sluss_agency_keys *same = find_certificate(content, rotated->certificate, &owner);
	if (same != NULL && (owner != agency || same->certificate_revoked))
		return false;
	char id[SLUSS_KEY_ID_TEXT];
	same = find_key(content, sluss_key_id(SLUSS_KEY_USE_SIGN, rotated->sign_key, id), &owner);
	return same == NULL || (owner == agency && !same->sign_revoked);
}

static bool accepts(const struct content *content, const struct sluss_record *record)
{
	struct agency *agency;
	if (record->type == SLUSS_REC_AGENCY_ENROLLED) {
		const struct sluss_rec_agency_enrolled *enrolled = &record->u.agency_enrolled;
		return find(content, enrolled->agency) == NULL && key_is_free(content, enrolled->sign_key) &&
		       find_certificate(content, enrolled->certificate, &agency) == NULL;
	}
	if (record->type == SLUSS_REC_KEYS_ROTATED)
		return accepts_rotation(content, &record->u.keys_rotated);
	if (record->type == SLUSS_REC_KEY_REVOKED)
		return find(content, record->u.key_revoked.agency) != NULL;
	if (record->type == SLUSS_REC_AGENCY_LEFT)
		return find(content, record->u.agency_left.agency) != NULL;
	return true;
}

static bool add_keys(struct agency *agency, const uint8_t sign_key[32], const uint8_t seal_key[32],
    const uint8_t certificate[SLUSS_HASH_BYTES], int64_t from_ms, uint64_t index)
{
	if (agency->view.key_count == agency->key_room) {
		size_t room = agency->key_room == 0 ? 2 : agency->key_room * 2;
		struct sluss_agency_keys *keys = reallocarray(agency->keys, room, sizeof(*keys));
		if (keys == NULL)
			return false;
		agency->keys = keys;
		agency->key_room = room;
	}
	struct sluss_agency_keys *keys = &agency->keys[agency->view.key_count++];
	*keys = (struct sluss_agency_keys){
	    .from_ms = from_ms, .until_ms = INT64_MAX, .certificate_until_ms = INT64_MAX, .index = index};
	memcpy(keys->sign_key, sign_key, sizeof(keys->sign_key));
	memcpy(keys->seal_key, seal_key, sizeof(keys->seal_key));
	memcpy(keys->certificate, certificate, sizeof(keys->certificate));
	sluss_key_id(SLUSS_KEY_USE_SIGN, sign_key, keys->sign_key_id);
	sluss_key_id(SLUSS_KEY_USE_SEAL, seal_key, keys->seal_key_id);
	return true;
}

static bool enrol(struct content *content, const struct sluss_record *record, uint64_t index)
{
	const struct sluss_rec_agency_enrolled *enrolled = &record->u.agency_enrolled;
	if (strlen(enrolled->agency) > SLUSS_AGENCY_MAX)
		return false;
	if (content->count == content->room) {
		size_t room = content->room == 0 ? 8 : content->room * 2;
		struct agency *agencies = reallocarray(content->agencies, room, sizeof(*agencies));
		if (agencies == NULL)
			return false;
		content->agencies = agencies;
		content->room = room;
	}
	struct agency *agency = &content->agencies[content->count];
	*agency = (struct agency){.view.type = enrolled->type};
	memcpy(agency->view.agency, enrolled->agency, strlen(enrolled->agency) + 1);
	if (!add_keys(agency, enrolled->sign_key, enrolled->seal_key, enrolled->certificate, record->at_ms, index))
		return false;
	content->count++;
	return true;
}

static bool rotate(struct content *content, const struct sluss_record *record, uint64_t index)
{
	const struct sluss_rec_keys_rotated *rotated = &record->u.keys_rotated;
	struct agency *agency = find(content, rotated->agency);
	size_t old_count = agency->view.key_count;
	if (!add_keys(agency, rotated->sign_key, rotated->seal_key, rotated->certificate, record->at_ms, index))
		return false;
	for (size_t i = 0; i < old_count; i++) {
		struct sluss_agency_keys *old = &agency->keys[i];
		bool same = memcmp(old->sign_key, rotated->sign_key, sizeof(old->sign_key)) == 0;
		if (!same && old->until_ms > rotated->old_until_ms)
			old->until_ms = rotated->old_until_ms;
		same = memcmp(old->certificate, rotated->certificate, sizeof(old->certificate)) == 0;
		if (!same && old->certificate_until_ms > rotated->old_until_ms)
			old->certificate_until_ms = rotated->old_until_ms;
	}
	return true;
}

static void revoke(struct content *content, const struct sluss_rec_key_revoked *revoked)
{
	struct agency *agency = find(content, revoked->agency);
	for (size_t i = 0; i < agency->view.key_count; i++) {
		struct sluss_agency_keys *keys = &agency->keys[i];
		if (revoked->key_id[0] != '\0' && strcmp(keys->sign_key_id, revoked->key_id) == 0)
			keys->sign_revoked = true;
		if (revoked->key_id[0] == '\0' &&
		    memcmp(keys->certificate, revoked->certificate, SLUSS_HASH_BYTES) == 0)
			keys->certificate_revoked = true;
	}
}

static bool is_ours(enum sluss_record_type type)
{
	return type == SLUSS_REC_AGENCY_ENROLLED || type == SLUSS_REC_KEYS_ROTATED || type == SLUSS_REC_KEY_REVOKED ||
	       type == SLUSS_REC_AGENCY_LEFT;
}

bool sluss_directory_apply(struct sluss_directory *directory, const struct sluss_record *record, uint64_t index)
{
	if (!is_ours(record->type))
		return true;
	pthread_rwlock_wrlock(&directory->lock);
	bool ok = accepts(&directory->content, record);
	if (ok && record->type == SLUSS_REC_AGENCY_ENROLLED)
		ok = enrol(&directory->content, record, index);
	else if (ok && record->type == SLUSS_REC_KEYS_ROTATED)
		ok = rotate(&directory->content, record, index);
	else if (ok && record->type == SLUSS_REC_KEY_REVOKED)
		revoke(&directory->content, &record->u.key_revoked);
	else if (ok)
		find(&directory->content, record->u.agency_left.agency)->view.left = true;
	pthread_rwlock_unlock(&directory->lock);
	return ok;
}

bool sluss_directory_accepts(const struct sluss_directory *directory, const struct sluss_record *record)
{
	if (!is_ours(record->type))
		return true;
	lock_to_read(directory);
	bool ok = accepts(&directory->content, record);
	unlock(directory);
	return ok;
}

// ---- questions

bool sluss_directory_agency(
    const struct sluss_directory *directory, const char *agency, struct sluss_agency_view *view_out)
{
	*view_out = (struct sluss_agency_view){0};
	lock_to_read(directory);
	const struct agency *found = find(&directory->content, agency);
	if (found != NULL)
		*view_out = found->view;
	unlock(directory);
	return found != NULL;
}

bool sluss_directory_at(const struct sluss_directory *directory, size_t position, struct sluss_agency_view *view_out)
{
	*view_out = (struct sluss_agency_view){0};
	lock_to_read(directory);
	bool found = position < directory->content.count;
	if (found)
		*view_out = directory->content.agencies[position].view;
	unlock(directory);
	return found;
}

bool sluss_directory_keys(
    const struct sluss_directory *directory, const char *agency, size_t position, struct sluss_agency_keys *keys_out)
{
	*keys_out = (struct sluss_agency_keys){0};
	lock_to_read(directory);
	const struct agency *owner = find(&directory->content, agency);
	bool found = owner != NULL && position < owner->view.key_count;
	if (found)
		*keys_out = owner->keys[position];
	unlock(directory);
	return found;
}

bool sluss_directory_signer(
    const struct sluss_directory *directory, const char *key_id, struct sluss_signer *signer_out)
{
	*signer_out = (struct sluss_signer){0};
	lock_to_read(directory);
	struct agency *agency = NULL;
	const struct sluss_agency_keys *keys = find_key(&directory->content, key_id, &agency);
	if (keys != NULL) {
		*signer_out = (struct sluss_signer){.from_ms = keys->from_ms,
		    .until_ms = keys->until_ms,
		    .revoked = keys->sign_revoked || agency->view.left};
		memcpy(signer_out->agency, agency->view.agency, sizeof(signer_out->agency));
		memcpy(signer_out->sign_key, keys->sign_key, sizeof(signer_out->sign_key));
	}
	unlock(directory);
	return keys != NULL;
}

bool sluss_directory_certificate(const struct sluss_directory *directory, const uint8_t fingerprint[SLUSS_HASH_BYTES],
    int64_t now_ms, char agency_out[SLUSS_AGENCY_MAX + 1], enum sluss_agency_type *type_out)
{
	agency_out[0] = '\0';
	*type_out = SLUSS_AGENCY_NONE;
	lock_to_read(directory);
	struct agency *agency = NULL;
	const struct sluss_agency_keys *keys = find_certificate(&directory->content, fingerprint, &agency);
	bool good =
	    keys != NULL && !keys->certificate_revoked && now_ms < keys->certificate_until_ms && !agency->view.left;
	if (good) {
		memcpy(agency_out, agency->view.agency, SLUSS_AGENCY_MAX + 1);
		*type_out = agency->view.type;
	}
	unlock(directory);
	return good;
}

void sluss_directory_each_revoked(const struct sluss_directory *directory,
    void (*each)(void *context, const uint8_t fingerprint[SLUSS_HASH_BYTES]), void *context)
{
	lock_to_read(directory);
	for (size_t i = 0; i < directory->content.count; i++) {
		const struct agency *agency = &directory->content.agencies[i];
		for (size_t k = 0; k < agency->view.key_count; k++)
			if (agency->view.left || agency->keys[k].certificate_revoked)
				each(context, agency->keys[k].certificate);
	}
	unlock(directory);
}
