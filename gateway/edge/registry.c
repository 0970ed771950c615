// SPDX-License-Identifier: EUPL-1.2
// A chained hash table of certificates. An entry lives as long as it has connections or is revoked. Fingerprints are
// SHA-256 values of certificates that our own authority signed: their octets are as good as a hash of them.
#include "edge/registry.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	BUCKETS = 4096,
};

struct entry {
	struct entry *next;
	uint8_t fingerprint[SLUSS_HASH_BYTES];
	uint32_t connections;
	bool revoked;
};

struct edge_registry {
	pthread_mutex_t lock;
	uint32_t connections_per_certificate;
	struct entry *buckets[BUCKETS];
};

struct edge_registry *edge_registry_new(uint32_t connections_per_certificate)
{
	struct edge_registry *registry = calloc(1, sizeof(*registry));
	if (registry == NULL)
		return NULL;
	if (pthread_mutex_init(&registry->lock, NULL) != 0) {
		free(registry);
		return NULL;
	}
	registry->connections_per_certificate = connections_per_certificate;
	return registry;
}

void edge_registry_free(struct edge_registry **registry)
{
	if (*registry == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((*registry)->buckets[i] != NULL) {
			struct entry *entry = (*registry)->buckets[i];
			(*registry)->buckets[i] = entry->next;
			free(entry);
		}
	}
	(void)pthread_mutex_destroy(&(*registry)->lock);
	free(*registry);
	*registry = NULL;
}

// Where the entry hangs, or where it would be appended.
static struct entry **find(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	struct entry **at = &registry->buckets[(fingerprint[0] | (fingerprint[1] << 8)) % BUCKETS];
	while (*at != NULL && memcmp((*at)->fingerprint, fingerprint, SLUSS_HASH_BYTES) != 0)
		at = &(*at)->next;
	return at;
}

static struct entry *find_or_add(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	struct entry **at = find(registry, fingerprint);
	if (*at == NULL) {
		*at = calloc(1, sizeof(**at));
		if (*at != NULL)
			memcpy((*at)->fingerprint, fingerprint, SLUSS_HASH_BYTES);
	}
	return *at;
}

static void forget_if_unused(struct entry **at)
{
	struct entry *entry = *at;
	if (entry->connections > 0 || entry->revoked)
		return;
	*at = entry->next;
	free(entry);
}

enum edge_registry_result edge_registry_join(
    struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	enum edge_registry_result result = EDGE_REGISTRY_OK;
	(void)pthread_mutex_lock(&registry->lock);
	struct entry *entry = find_or_add(registry, fingerprint);
	if (entry == NULL)
		result = EDGE_REGISTRY_NO_MEMORY;
	else if (entry->revoked)
		result = EDGE_REGISTRY_REVOKED;
	else if (entry->connections >= registry->connections_per_certificate)
		result = EDGE_REGISTRY_FULL;
	else
		entry->connections++;
	(void)pthread_mutex_unlock(&registry->lock);
	return result;
}

void edge_registry_leave(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	(void)pthread_mutex_lock(&registry->lock);
	struct entry **at = find(registry, fingerprint);
	if (*at != NULL && (*at)->connections > 0) {
		(*at)->connections--;
		forget_if_unused(at);
	}
	(void)pthread_mutex_unlock(&registry->lock);
}

bool edge_registry_revoke(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	(void)pthread_mutex_lock(&registry->lock);
	struct entry *entry = find_or_add(registry, fingerprint);
	if (entry != NULL)
		entry->revoked = true;
	(void)pthread_mutex_unlock(&registry->lock);
	return entry != NULL;
}

bool edge_registry_is_revoked(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES])
{
	(void)pthread_mutex_lock(&registry->lock);
	struct entry **at = find(registry, fingerprint);
	bool revoked = *at != NULL && (*at)->revoked;
	(void)pthread_mutex_unlock(&registry->lock);
	return revoked;
}
