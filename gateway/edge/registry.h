// SPDX-License-Identifier: EUPL-1.2
// Which client certificates are connected how often, and which are revoked. Shared by edge's threads; every call takes
// the registry's own lock.
#ifndef SLUSS_EDGE_REGISTRY_H
#define SLUSS_EDGE_REGISTRY_H

#include "sluss/types.h"

struct edge_registry;

enum edge_registry_result {
	EDGE_REGISTRY_OK = 0,
	EDGE_REGISTRY_FULL, // as many connections as one certificate may have
	EDGE_REGISTRY_REVOKED,
	EDGE_REGISTRY_NO_MEMORY,
};

// NULL: no memory. The caller frees it after all connections have left.
struct edge_registry *edge_registry_new(uint32_t connections_per_certificate);
void edge_registry_free(struct edge_registry **registry);

// Counts one more connection of a certificate; on OK edge_registry_leave must follow once.
SLUSS_MUST_CHECK enum edge_registry_result edge_registry_join(
    struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES]);
void edge_registry_leave(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES]);

// Refuses the certificate from now on. False: no memory; nothing was noted.
SLUSS_MUST_CHECK bool edge_registry_revoke(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES]);
bool edge_registry_is_revoked(struct edge_registry *registry, const uint8_t fingerprint[SLUSS_HASH_BYTES]);

#endif
