// SPDX-License-Identifier: EUPL-1.2
// A skip list: ordered, short, and as fast in the middle as at the end.
#include "store_map.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	HEIGHT_MAX = 20,
};

struct node {
	struct store_map_entry entry;
	uint8_t *octets; // key, then value
	unsigned height;
	struct node *next[];
};

struct store_map {
	struct node *head; // no entry of its own
	uint64_t dice;
};

int store_map_compare(struct sluss_bytes a, struct sluss_bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static struct node *node_new(unsigned height)
{
	struct node *node = calloc(1, sizeof(*node) + height * sizeof(node->next[0]));
	if (node != NULL)
		node->height = height;
	return node;
}

static void node_free(struct node *node)
{
	if (node->octets != NULL) {
		sodium_memzero(node->octets, node->entry.key.len + node->entry.value.len);
		free(node->octets);
	}
	free(node);
}

struct store_map *store_map_new(void)
{
	struct store_map *map = calloc(1, sizeof(*map));
	if (map == NULL)
		return NULL;
	map->head = node_new(HEIGHT_MAX);
	map->dice = 88172645463325252ULL;
	if (map->head == NULL) {
		free(map);
		return NULL;
	}
	return map;
}

void store_map_clear(struct store_map *map)
{
	struct node *node = map->head->next[0];
	while (node != NULL) {
		struct node *next = node->next[0];
		node_free(node);
		node = next;
	}
	memset(map->head->next, 0, HEIGHT_MAX * sizeof(map->head->next[0]));
}

void store_map_free(struct store_map **map)
{
	if (*map == NULL)
		return;
	store_map_clear(*map);
	free((*map)->head);
	free(*map);
	*map = NULL;
}

// A height: each further level half as likely (xorshift; needs no secrecy).
static unsigned throw_dice(struct store_map *map)
{
	map->dice ^= map->dice << 13;
	map->dice ^= map->dice >> 7;
	map->dice ^= map->dice << 17;
	unsigned height = 1;
	for (uint64_t bits = map->dice; height < HEIGHT_MAX && (bits & 1) != 0; bits >>= 1)
		height++;
	return height;
}

// Finds, on each level, the last node before `key`.
static void find_before(const struct store_map *map, struct sluss_bytes key, bool after, struct node **before_out)
{
	struct node *node = map->head;
	for (unsigned level = HEIGHT_MAX; level-- > 0;) {
		struct node *next;
		while ((next = node->next[level]) != NULL) {
			int order = store_map_compare(next->entry.key, key);
			if (order > 0 || (order == 0 && !after))
				break;
			node = next;
		}
		before_out[level] = node;
	}
}

const struct store_map_entry *store_map_seek(const struct store_map *map, struct sluss_bytes key, bool after)
{
	struct node *before[HEIGHT_MAX];
	find_before(map, key, after, before);
	return before[0]->next[0] == NULL ? NULL : &before[0]->next[0]->entry;
}

bool store_map_put(struct store_map *map, struct sluss_bytes key, struct sluss_bytes value, bool gone)
{
	struct node *before[HEIGHT_MAX];
	uint8_t *octets = malloc(key.len + value.len + 1);
	struct node *node = node_new(throw_dice(map));
	if (octets == NULL || node == NULL) {
		free(octets);
		free(node);
		return false;
	}
	if (key.len > 0)
		memcpy(octets, key.data, key.len);
	if (value.len > 0)
		memcpy(octets + key.len, value.data, value.len);
	node->octets = octets;
	node->entry.key = (struct sluss_bytes){octets, key.len};
	node->entry.value = (struct sluss_bytes){octets + key.len, value.len};
	node->entry.gone = gone;
	store_map_remove(map, node->entry.key);
	find_before(map, node->entry.key, false, before);
	for (unsigned level = 0; level < node->height; level++) {
		node->next[level] = before[level]->next[level];
		before[level]->next[level] = node;
	}
	return true;
}

void store_map_remove(struct store_map *map, struct sluss_bytes key)
{
	struct node *before[HEIGHT_MAX];
	find_before(map, key, false, before);
	struct node *node = before[0]->next[0];
	if (node == NULL || store_map_compare(node->entry.key, key) != 0)
		return;
	for (unsigned level = 0; level < node->height; level++)
		before[level]->next[level] = node->next[level];
	node_free(node);
}
