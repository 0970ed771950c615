// SPDX-License-Identifier: EUPL-1.2
// The store in memory, everything with a key: one ordered map, whose keys begin with the table. A transaction's changes
// lie in a second map over it.
#include "store_memory_impl.h"

enum {
	KEY_MAX = 160,
	TABLE_TILE = 'T',
	TABLE_CHECKPOINT = 'C',
	TABLE_PAYLOAD = 'P',
	TABLE_DELIVERY = 'D',
	TABLE_SIDE = 'S',
};

// ---- keys: the table, then what orders it

struct key {
	uint8_t octets[KEY_MAX];
	size_t len;
};

static void key_add(struct key *key, const void *data, size_t len)
{
	memcpy(key->octets + key->len, data, len);
	key->len += len;
}

static void key_number(struct key *key, uint64_t number, unsigned octets)
{
	for (unsigned i = octets; i-- > 0;)
		key->octets[key->len++] = (uint8_t)(number >> (8 * i));
}

static struct key key_begin(uint8_t table)
{
	struct key key = {.len = 0};
	key_number(&key, table, 1);
	return key;
}

static struct sluss_bytes key_bytes(const struct key *key)
{
	return (struct sluss_bytes){key->octets, key->len};
}

static struct key payload_key(const struct sluss_id *id)
{
	struct key key = key_begin(TABLE_PAYLOAD);
	key_add(&key, id->b, sizeof(id->b));
	return key;
}

// Agencies are padded with zeros: shorter names come first, as their text does.
static struct key delivery_key(const char *agency, uint64_t sequence)
{
	struct key key = key_begin(TABLE_DELIVERY);
	char padded[SLUSS_AGENCY_MAX + 1] = {0};
	memcpy(padded, agency, strnlen(agency, SLUSS_AGENCY_MAX));
	key_add(&key, padded, sizeof(padded));
	key_number(&key, sequence, 8);
	return key;
}

static struct key side_key(uint16_t kind, struct sluss_bytes name)
{
	struct key key = key_begin(TABLE_SIDE);
	key_number(&key, kind, 2);
	if (name.len > 0)
		key_add(&key, name.data, name.len);
	return key;
}

// ---- looking and changing

// The next entry from `key` on (after: greater) as this handle sees it. The database's mutex is held.
static const struct store_map_entry *next_entry(const struct memory_store *m, struct sluss_bytes key, bool after)
{
	for (;;) {
		const struct store_map_entry *old = store_map_seek(m->db->map, key, after);
		const struct store_map_entry *new = m->changes == NULL ? NULL : store_map_seek(m->changes, key, after);
		int order = old == NULL ? 1 : new == NULL ? -1 : store_map_compare(old->key, new->key);
		if (order < 0)
			return old;
		if (new == NULL || !new->gone)
			return new;
		key = new->key; // deleted in this transaction: go on after it
		after = true;
	}
}

// The entry with exactly this key, or NULL.
static const struct store_map_entry *find(const struct memory_store *m, struct sluss_bytes key)
{
	const struct store_map_entry *entry = next_entry(m, key, false);
	return entry != NULL && store_map_compare(entry->key, key) == 0 ? entry : NULL;
}

static bool exists(struct memory_store *m, const struct key *key)
{
	pthread_mutex_lock(&m->db->mutex);
	bool there = find(m, key_bytes(key)) != NULL;
	pthread_mutex_unlock(&m->db->mutex);
	return there;
}

static enum sluss_store_result put(struct memory_store *m, const struct key *key, struct sluss_bytes value)
{
	return store_map_put(m->changes, key_bytes(key), value, false) ? SLUSS_STORE_OK : memory_full(&m->base);
}

static enum sluss_store_result erase(struct memory_store *m, const struct key *key)
{
	static const struct sluss_bytes none;
	if (!exists(m, key))
		return SLUSS_STORE_NOT_FOUND;
	return store_map_put(m->changes, key_bytes(key), none, true) ? SLUSS_STORE_OK : memory_full(&m->base);
}

static enum sluss_store_result get(struct memory_store *m, const struct key *key, struct sluss_store_blob *value_out)
{
	pthread_mutex_lock(&m->db->mutex);
	const struct store_map_entry *entry = find(m, key_bytes(key));
	enum sluss_store_result result = SLUSS_STORE_NOT_FOUND;
	if (entry != NULL)
		result = sluss_store_blob_set(value_out, entry->value.data, entry->value.len);
	pthread_mutex_unlock(&m->db->mutex);
	return result;
}

// ---- tree

static struct key tile_key(uint8_t level, uint64_t index)
{
	struct key key = key_begin(TABLE_TILE);
	key_number(&key, level, 1);
	key_number(&key, index, 8);
	return key;
}

static enum sluss_store_result memory_put_tile(struct sluss_store *store, const struct sluss_store_tile *tile)
{
	struct memory_store *m = memory_of(store);
	struct key key = tile_key(tile->level, tile->index);
	size_t len = (size_t)tile->width * SLUSS_HASH_BYTES;
	pthread_mutex_lock(&m->db->mutex);
	const struct store_map_entry *entry = find(m, key_bytes(&key));
	bool wider = entry != NULL && entry->value.len > len;
	pthread_mutex_unlock(&m->db->mutex);
	if (wider)
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "a wider tile is there already");
	return put(m, &key, (struct sluss_bytes){tile->hashes, len});
}

static enum sluss_store_result memory_get_tile(
    struct sluss_store *store, uint8_t level, uint64_t index, uint8_t *hashes_out, uint16_t *width_out)
{
	struct memory_store *m = memory_of(store);
	struct key key = tile_key(level, index);
	pthread_mutex_lock(&m->db->mutex);
	const struct store_map_entry *entry = find(m, key_bytes(&key));
	if (entry != NULL) {
		*width_out = (uint16_t)(entry->value.len / SLUSS_HASH_BYTES);
		memcpy(hashes_out, entry->value.data, entry->value.len);
	}
	pthread_mutex_unlock(&m->db->mutex);
	return entry == NULL ? SLUSS_STORE_NOT_FOUND : SLUSS_STORE_OK;
}

static enum sluss_store_result memory_put_checkpoint(struct sluss_store *store, struct sluss_bytes note)
{
	struct key key = key_begin(TABLE_CHECKPOINT);
	return put(memory_of(store), &key, note);
}

static enum sluss_store_result memory_get_checkpoint(struct sluss_store *store, struct sluss_store_blob *note_out)
{
	struct key key = key_begin(TABLE_CHECKPOINT);
	return get(memory_of(store), &key, note_out);
}

// ---- payload

static enum sluss_store_result memory_put_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_bytes payload)
{
	struct key key = payload_key(id);
	key_number(&key, part, 4);
	if (exists(memory_of(store), &key))
		return sluss_store_fail(store, SLUSS_STORE_CORRUPT, "payload part exists");
	return put(memory_of(store), &key, payload);
}

static enum sluss_store_result memory_get_payload(
    struct sluss_store *store, const struct sluss_id *id, uint32_t part, struct sluss_store_blob *payload_out)
{
	struct key key = payload_key(id);
	key_number(&key, part, 4);
	return get(memory_of(store), &key, payload_out);
}

static enum sluss_store_result memory_erase_payload(struct sluss_store *store, const struct sluss_id *id, uint32_t part)
{
	struct key key = payload_key(id);
	key_number(&key, part, 4);
	return erase(memory_of(store), &key);
}

static enum sluss_store_result memory_erase_payloads(
    struct sluss_store *store, const struct sluss_id *id, uint32_t *count_out)
{
	struct memory_store *m = memory_of(store);
	struct key key = payload_key(id);
	const struct key prefix = key;
	enum sluss_store_result result = SLUSS_STORE_OK;
	*count_out = 0;
	key_number(&key, 0, 4);
	for (bool there = true; there && result == SLUSS_STORE_OK;) {
		pthread_mutex_lock(&m->db->mutex);
		const struct store_map_entry *entry = next_entry(m, key_bytes(&key), false);
		there = entry != NULL && entry->key.len == prefix.len + 4 &&
			memcmp(entry->key.data, prefix.octets, prefix.len) == 0;
		if (there)
			memcpy(key.octets, entry->key.data, entry->key.len);
		pthread_mutex_unlock(&m->db->mutex);
		if (there) {
			result = erase(m, &key);
			*count_out += result == SLUSS_STORE_OK;
		}
	}
	return result;
}

// ---- delivery queue: agency and sequence stand in the key; message, case and state in the value

static enum sluss_store_result memory_put_delivery(
    struct sluss_store *store, const struct sluss_store_delivery *delivery)
{
	struct key key = delivery_key(delivery->agency, delivery->sequence);
	uint8_t value[2 * SLUSS_ID_BYTES + SLUSS_STORE_QUEUE_STATE_MAX];
	memcpy(value, delivery->message.b, SLUSS_ID_BYTES);
	memcpy(value + SLUSS_ID_BYTES, delivery->case_id.b, SLUSS_ID_BYTES);
	if (delivery->state.len > 0)
		memcpy(value + 2 * SLUSS_ID_BYTES, delivery->state.data, delivery->state.len);
	return put(memory_of(store), &key, (struct sluss_bytes){value, 2 * SLUSS_ID_BYTES + delivery->state.len});
}

static enum sluss_store_result memory_delete_delivery(struct sluss_store *store, const char *agency, uint64_t sequence)
{
	struct key key = delivery_key(agency, sequence);
	return erase(memory_of(store), &key);
}

// Takes a copy of the next entry whose key begins with `prefix`, from `at` on; moves `at` to it.
static bool next_copy(
    struct memory_store *m, struct key *at, bool after, const struct key *prefix, struct sluss_store_blob *value_out)
{
	pthread_mutex_lock(&m->db->mutex);
	const struct store_map_entry *entry = next_entry(m, key_bytes(at), after);
	bool found = entry != NULL && entry->key.len >= prefix->len &&
		     memcmp(entry->key.data, prefix->octets, prefix->len) == 0 &&
		     sluss_store_blob_set(value_out, entry->value.data, entry->value.len) == SLUSS_STORE_OK;
	if (found) {
		at->len = 0;
		key_add(at, entry->key.data, entry->key.len);
	}
	pthread_mutex_unlock(&m->db->mutex);
	return found;
}

static enum sluss_store_result memory_each_delivery(
    struct sluss_store *store, const char *agency, uint64_t from_sequence, sluss_store_delivery_fn *each, void *context)
{
	struct key prefix = agency == NULL ? key_begin(TABLE_DELIVERY) : delivery_key(agency, 0);
	struct key at = agency == NULL ? prefix : delivery_key(agency, from_sequence);
	if (agency != NULL)
		prefix.len -= 8;
	struct sluss_store_blob value = {0};
	bool after = false;
	while (next_copy(memory_of(store), &at, after, &prefix, &value)) {
		struct sluss_store_delivery delivery = {.agency = (const char *)at.octets + 1};
		for (size_t i = at.len - 8; i < at.len; i++)
			delivery.sequence = delivery.sequence << 8 | at.octets[i];
		memcpy(delivery.message.b, value.data, SLUSS_ID_BYTES);
		memcpy(delivery.case_id.b, value.data + SLUSS_ID_BYTES, SLUSS_ID_BYTES);
		delivery.state = (struct sluss_bytes){value.data + 2 * SLUSS_ID_BYTES, value.len - 2 * SLUSS_ID_BYTES};
		if (!each(context, &delivery))
			break;
		after = true;
	}
	sluss_store_blob_free(&value);
	return SLUSS_STORE_OK;
}

// ---- side tables

static enum sluss_store_result memory_put_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_bytes value)
{
	struct key full = side_key(kind, key);
	return put(memory_of(store), &full, value);
}

static enum sluss_store_result memory_get_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes key, struct sluss_store_blob *value_out)
{
	struct key full = side_key(kind, key);
	return get(memory_of(store), &full, value_out);
}

static enum sluss_store_result memory_erase_side(struct sluss_store *store, uint16_t kind, struct sluss_bytes key)
{
	struct key full = side_key(kind, key);
	return erase(memory_of(store), &full);
}

static enum sluss_store_result memory_each_side(
    struct sluss_store *store, uint16_t kind, struct sluss_bytes from, sluss_store_side_fn *each, void *context)
{
	static const struct sluss_bytes none;
	struct key prefix = side_key(kind, none);
	struct key at = side_key(kind, from);
	struct sluss_store_blob value = {0};
	bool after = false;
	while (next_copy(memory_of(store), &at, after, &prefix, &value)) {
		struct sluss_bytes key = {at.octets + prefix.len, at.len - prefix.len};
		if (!each(context, key, (struct sluss_bytes){value.data, value.len}))
			break;
		after = true;
	}
	sluss_store_blob_free(&value);
	return SLUSS_STORE_OK;
}

void memory_rows(struct sluss_store_ops *ops)
{
	ops->put_tile = memory_put_tile;
	ops->get_tile = memory_get_tile;
	ops->put_checkpoint = memory_put_checkpoint;
	ops->get_checkpoint = memory_get_checkpoint;
	ops->put_payload = memory_put_payload;
	ops->get_payload = memory_get_payload;
	ops->erase_payload = memory_erase_payload;
	ops->erase_payloads = memory_erase_payloads;
	ops->put_delivery = memory_put_delivery;
	ops->delete_delivery = memory_delete_delivery;
	ops->each_delivery = memory_each_delivery;
	ops->put_side = memory_put_side;
	ops->get_side = memory_get_side;
	ops->erase_side = memory_erase_side;
	ops->each_side = memory_each_side;
}
