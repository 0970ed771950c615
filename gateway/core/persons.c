// SPDX-License-Identifier: EUPL-1.2
// The register of persons: rows in the store, birth dates and due times in memory.
#include "persons.h"

#include <sodium.h>
#include <stdlib.h>

#include "persons_row.h"

struct entry {
	struct sluss_id id;
	struct sluss_date birth;
	int64_t due_ms;
	size_t heap_place; // in `heap`
};

struct sluss_persons {
	struct sluss_persons_keys *keys; // sodium_malloc
	struct entry *entries;
	size_t count, cap;
	size_t *slots; // open addressing by id: entry number + 1, 0 is free
	size_t slot_count;
	size_t *heap; // entry numbers, the earliest due first
};

struct sluss_persons *sluss_persons_new(const uint8_t *data_key)
{
	struct sluss_persons *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->keys = sluss_persons_keys_new(data_key);
	if (p->keys == NULL)
		sluss_persons_free(&p);
	return p;
}

void sluss_persons_free(struct sluss_persons **persons)
{
	struct sluss_persons *p = *persons;
	if (p == NULL)
		return;
	sodium_free(p->keys);
	if (p->entries != NULL)
		sodium_memzero(p->entries, p->cap * sizeof(*p->entries));
	free(p->entries);
	free(p->slots);
	free(p->heap);
	free(p);
	*persons = NULL;
}

// ---- the table in memory

// Ids are random (the registering agency chose them, though: a clumsy or hostile choice costs time, so all octets count).
static size_t slot_of(const struct sluss_persons *p, const struct sluss_id *id)
{
	uint8_t hash[crypto_shorthash_BYTES];
	crypto_shorthash(hash, id->b, sizeof(id->b), p->keys->table_key);
	uint64_t n;
	memcpy(&n, hash, sizeof(n));
	size_t at = (size_t)n & (p->slot_count - 1);
	while (p->slots[at] != 0 && !sluss_id_equal(&p->entries[p->slots[at] - 1].id, id))
		at = (at + 1) & (p->slot_count - 1);
	return at;
}

static struct entry *find(const struct sluss_persons *p, const struct sluss_id *id)
{
	if (p->slot_count == 0)
		return NULL;
	size_t at = p->slots[slot_of(p, id)];
	return at == 0 ? NULL : &p->entries[at - 1];
}

static bool rehash(struct sluss_persons *p, size_t slot_count)
{
	size_t *slots = calloc(slot_count, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(p->slots);
	p->slots = slots;
	p->slot_count = slot_count;
	for (size_t i = 0; i < p->count; i++)
		p->slots[slot_of(p, &p->entries[i].id)] = i + 1;
	return true;
}

static bool grow(struct sluss_persons *p)
{
	size_t cap = p->cap == 0 ? 64 : p->cap * 2;
	if (p->count < p->cap)
		return true;
	struct entry *entries = calloc(cap, sizeof(*entries));
	size_t *heap = calloc(cap, sizeof(*heap));
	if (entries == NULL || heap == NULL) {
		free(entries);
		free(heap);
		return false;
	}
	if (p->count > 0) {
		memcpy(entries, p->entries, p->count * sizeof(*entries));
		memcpy(heap, p->heap, p->count * sizeof(*heap));
		sodium_memzero(p->entries, p->count * sizeof(*entries));
	}
	free(p->entries);
	free(p->heap);
	p->entries = entries;
	p->heap = heap;
	p->cap = cap;
	return rehash(p, cap * 2);
}

static void heap_set(struct sluss_persons *p, size_t place, size_t entry)
{
	p->heap[place] = entry;
	p->entries[entry].heap_place = place;
}

static void heap_settle(struct sluss_persons *p, size_t place)
{
	size_t entry = p->heap[place];
	int64_t due = p->entries[entry].due_ms;
	while (place > 0 && p->entries[p->heap[(place - 1) / 2]].due_ms > due) {
		heap_set(p, place, p->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;
		if (child >= p->count)
			break;
		if (child + 1 < p->count && p->entries[p->heap[child + 1]].due_ms < p->entries[p->heap[child]].due_ms)
			child++;
		if (p->entries[p->heap[child]].due_ms >= due)
			break;
		heap_set(p, place, p->heap[child]);
		place = child;
	}
	heap_set(p, place, entry);
}

static bool remember(struct sluss_persons *p, const struct sluss_id *id, const struct sluss_date *birth)
{
	struct entry *known = find(p, id);
	if (known != NULL) {
		known->birth = *birth;
		return true;
	}
	if (!grow(p))
		return false;
	size_t n = p->count++;
	p->entries[n] = (struct entry){.id = *id, .birth = *birth, .due_ms = INT64_MAX, .heap_place = n};
	p->heap[n] = n;
	p->slots[slot_of(p, id)] = n + 1;
	return true;
}

// ---- rows

struct loading {
	struct sluss_persons *persons;
	enum sluss_store_result result;
};

static bool load_row(void *context, struct sluss_bytes key, struct sluss_bytes value)
{
	struct loading *loading = context;
	struct sluss_person person;
	struct sluss_id id;
	if (key.len != sizeof(id.b)) {
		loading->result = SLUSS_STORE_CORRUPT;
		return false;
	}
	memcpy(id.b, key.data, sizeof(id.b));
	if (!sluss_persons_row_open(loading->persons->keys, &id, value, &person))
		loading->result = SLUSS_STORE_CORRUPT;
	else if (!remember(loading->persons, &id, &person.birth))
		loading->result = SLUSS_STORE_FULL;
	sodium_memzero(&person, sizeof(person));
	return loading->result == SLUSS_STORE_OK;
}

enum sluss_store_result sluss_persons_load(struct sluss_persons *persons, struct sluss_store *store)
{
	struct loading loading = {.persons = persons, .result = SLUSS_STORE_OK};
	persons->count = 0;
	if (persons->slots != NULL)
		memset(persons->slots, 0, persons->slot_count * sizeof(*persons->slots));
	enum sluss_store_result r =
	    sluss_store_each_side(store, SLUSS_SIDE_PERSON, (struct sluss_bytes){NULL, 0}, load_row, &loading);
	return r != SLUSS_STORE_OK ? r : loading.result;
}

static struct sluss_bytes id_key(const struct sluss_id *id)
{
	return (struct sluss_bytes){id->b, sizeof(id->b)};
}

enum sluss_store_result sluss_persons_put(
    struct sluss_persons *persons, struct sluss_store *store, struct sluss_person *person)
{
	uint8_t row[SLUSS_PERSONS_ROW_MAX];
	randombytes_buf(person->salt, sizeof(person->salt));
	size_t row_len = sluss_persons_row_seal(persons->keys, person, row);
	if (row_len == 0)
		return SLUSS_STORE_INVALID;
	enum sluss_store_result r =
	    sluss_store_put_side(store, SLUSS_SIDE_PERSON, id_key(&person->id), (struct sluss_bytes){row, row_len});
	if (r == SLUSS_STORE_OK && person->pin[0] != '\0') {
		uint8_t hash[SLUSS_HASH_BYTES];
		sluss_persons_pin_hash(persons->keys, person->pin, hash);
		r = sluss_store_put_side(
		    store, SLUSS_SIDE_PERSON_PIN, (struct sluss_bytes){hash, sizeof(hash)}, id_key(&person->id));
	}
	if (r == SLUSS_STORE_OK && !remember(persons, &person->id, &person->birth))
		r = SLUSS_STORE_FULL;
	return r;
}

enum sluss_store_result sluss_persons_get(
    struct sluss_persons *persons, struct sluss_store *store, const struct sluss_id *id, struct sluss_person *person_out)
{
	struct sluss_store_blob row = {0};
	enum sluss_store_result r = sluss_store_get_side(store, SLUSS_SIDE_PERSON, id_key(id), &row);
	if (r == SLUSS_STORE_OK &&
	    !sluss_persons_row_open(persons->keys, id, (struct sluss_bytes){row.data, row.len}, person_out))
		r = SLUSS_STORE_CORRUPT;
	sluss_store_blob_free(&row);
	return r;
}

enum sluss_store_result sluss_persons_find(
    struct sluss_persons *persons, struct sluss_store *store, const char *pin, struct sluss_id *id_out)
{
	uint8_t hash[SLUSS_HASH_BYTES];
	struct sluss_store_blob id = {0};
	sluss_persons_pin_hash(persons->keys, pin, hash);
	enum sluss_store_result r =
	    sluss_store_get_side(store, SLUSS_SIDE_PERSON_PIN, (struct sluss_bytes){hash, sizeof(hash)}, &id);
	if (r == SLUSS_STORE_OK && id.len != sizeof(id_out->b))
		r = SLUSS_STORE_CORRUPT;
	if (r == SLUSS_STORE_OK)
		memcpy(id_out->b, id.data, sizeof(id_out->b));
	sluss_store_blob_free(&id);
	return r;
}

enum sluss_store_result sluss_persons_erase(
    struct sluss_persons *persons, struct sluss_store *store, const struct sluss_id *id)
{
	struct sluss_person person;
	enum sluss_store_result r = sluss_persons_get(persons, store, id, &person);
	if (r == SLUSS_STORE_OK && person.pin[0] != '\0') {
		uint8_t hash[SLUSS_HASH_BYTES];
		sluss_persons_pin_hash(persons->keys, person.pin, hash);
		r = sluss_store_erase_side(store, SLUSS_SIDE_PERSON_PIN, (struct sluss_bytes){hash, sizeof(hash)});
		if (r == SLUSS_STORE_NOT_FOUND) // another person was registered under the same number since
			r = SLUSS_STORE_OK;
	}
	sodium_memzero(&person, sizeof(person));
	if (r == SLUSS_STORE_OK)
		r = sluss_store_erase_side(store, SLUSS_SIDE_PERSON, id_key(id));
	struct entry *known = find(persons, id);
	if (r == SLUSS_STORE_OK && known != NULL) {
		known->birth = (struct sluss_date){0};
		sluss_persons_set_due(persons, id, INT64_MAX);
	}
	return r;
}

bool sluss_persons_birth(const struct sluss_persons *persons, const struct sluss_id *id, struct sluss_date *birth_out)
{
	const struct entry *known = find(persons, id);
	if (known == NULL || known->birth.year == 0)
		return false;
	*birth_out = known->birth;
	return true;
}

// ---- free text

void sluss_persons_seal_text(
    const struct sluss_persons *persons, struct sluss_bytes key, struct sluss_bytes text, uint8_t *sealed_out)
{
	enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
	randombytes_buf(sealed_out, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
	    sealed_out + NONCE, NULL, text.data, text.len, key.data, key.len, NULL, sealed_out, persons->keys->text_key);
}

bool sluss_persons_open_text(
    const struct sluss_persons *persons, struct sluss_bytes key, struct sluss_bytes sealed, uint8_t *text_out)
{
	enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
	return sealed.len >= SLUSS_PERSONS_SEAL_EXTRA &&
	    crypto_aead_xchacha20poly1305_ietf_decrypt(text_out, NULL, NULL, sealed.data + NONCE, sealed.len - NONCE, key.data, key.len,
	        sealed.data, persons->keys->text_key) == 0;
}

// ---- birthdays

void sluss_persons_set_due(struct sluss_persons *persons, const struct sluss_id *id, int64_t due_ms)
{
	struct entry *known = find(persons, id);
	if (known == NULL)
		return;
	known->due_ms = due_ms;
	heap_settle(persons, known->heap_place);
}

int64_t sluss_persons_next_due(const struct sluss_persons *persons)
{
	return persons->count == 0 ? INT64_MAX : persons->entries[persons->heap[0]].due_ms;
}

bool sluss_persons_due(const struct sluss_persons *persons, int64_t now_ms, struct sluss_id *id_out)
{
	if (persons->count == 0 || persons->entries[persons->heap[0]].due_ms > now_ms)
		return false;
	*id_out = persons->entries[persons->heap[0]].id;
	return true;
}

void sluss_persons_each(struct sluss_persons *persons,
    void (*each)(void *context, const struct sluss_id *id, const struct sluss_date *birth), void *context)
{
	for (size_t i = 0; i < persons->count; i++)
		if (persons->entries[i].birth.year != 0)
			each(context, &persons->entries[i].id, &persons->entries[i].birth);
}
