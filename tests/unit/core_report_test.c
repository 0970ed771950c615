// SPDX-License-Identifier: EUPL-1.2
// Reports attacked: somebody who knows the method and everything that is published goes through all counts that could
// have led to it, and must not find out a count that was not published, nor a sum of such counts, exactly or within
// less than five. Two simpler methods fall to the same attack.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"

// ---- what an attacker sees: the same octets for the same publication

struct seen {
	int rung;
	uint32_t cells[SLUSS_REPORT_LEAVES]; // UINT32_MAX: not published
};

typedef void method(const struct sluss_report_ladder *ladder, const uint32_t *counts, struct seen *seen);

static void ours(const struct sluss_report_ladder *ladder, const uint32_t *counts, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	seen->rung = sluss_report_rung(ladder, counts);
	for (size_t i = 0; seen->rung >= 0 && i < ladder->leaf_count; i++)
		seen->cells[ladder->group[seen->rung][i]] += counts[i];
}

// Leaves out what is under five, and nothing else.
static void primary_only(const struct sluss_report_ladder *ladder, const uint32_t *counts, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	for (size_t i = 0; i < ladder->leaf_count; i++)
		seen->cells[i] = counts[i] < 5 ? UINT32_MAX : counts[i];
}

// Leaves out one more, the smallest, where only one was left out: the textbook's complementary suppression.
static void one_more(const struct sluss_report_ladder *ladder, const uint32_t *counts, struct seen *seen)
{
	size_t hidden = 0, smallest = SLUSS_REPORT_LEAVES;
	primary_only(ladder, counts, seen);
	for (size_t i = 0; i < ladder->leaf_count; i++) {
		hidden += seen->cells[i] == UINT32_MAX;
		if (seen->cells[i] != UINT32_MAX && (smallest == SLUSS_REPORT_LEAVES || counts[i] < counts[smallest]))
			smallest = i;
	}
	if (hidden == 1 && smallest < SLUSS_REPORT_LEAVES)
		seen->cells[smallest] = UINT32_MAX;
}

// ---- all counts that add up to a total

struct world {
	struct seen seen;
	uint32_t counts[SLUSS_REPORT_LEAVES];
};

struct worlds {
	struct world *list;
	size_t count, room;
};

static void add(struct worlds *all, const struct sluss_report_ladder *ladder, method *publish, const uint32_t *counts)
{
	if (all->count == all->room) {
		all->room = all->room * 2 + 1024;
		all->list = realloc(all->list, all->room * sizeof(*all->list));
		assert_non_null(all->list);
	}
	struct world *w = &all->list[all->count++];
	memset(w, 0, sizeof(*w));
	memcpy(w->counts, counts, ladder->leaf_count * sizeof(*counts));
	publish(ladder, counts, &w->seen);
}

static void enumerate(struct worlds *all, const struct sluss_report_ladder *ladder, method *publish, uint32_t *counts,
    size_t leaf, uint32_t left)
{
	if (leaf + 1 == ladder->leaf_count) {
		counts[leaf] = left;
		add(all, ladder, publish, counts);
		return;
	}
	for (uint32_t n = 0; n <= left; n++) {
		counts[leaf] = n;
		enumerate(all, ladder, publish, counts, leaf + 1, left - n);
	}
}

static int by_seen(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct seen)); // the first member; without padding
}

// ---- the attack

// Is the sum of these leaves published, as a sum of published cells? Then it is no secret.
static bool is_published(
    const struct sluss_report_ladder *ladder, const struct seen *seen, unsigned leaves, bool grouped)
{
	unsigned whole = (1U << ladder->leaf_count) - 1;
	if (leaves == whole)
		return true; // the total
	for (size_t i = 0; i < ladder->leaf_count; i++) {
		if (!grouped) { // a cell a leaf
			if ((leaves >> i & 1) != 0 && seen->cells[i] == UINT32_MAX)
				return false;
			continue;
		}
		for (size_t k = 0; k < ladder->leaf_count; k++) // all of a group, or none of it
			if (seen->rung < 0 || (ladder->group[seen->rung][i] == ladder->group[seen->rung][k] &&
						  (leaves >> i & 1) != (leaves >> k & 1)))
				return false;
	}
	return true;
}

static uint32_t sum_of(const struct world *w, unsigned leaves)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < SLUSS_REPORT_LEAVES; i++)
		sum += (leaves >> i & 1) != 0 ? w->counts[i] : 0;
	return sum;
}

// How many sums the attacker learns within less than five, over all publications with this total.
static size_t attack(const struct sluss_report_ladder *ladder, method *publish, uint32_t total, unsigned most_leaves)
{
	struct worlds all = {.list = NULL};
	uint32_t counts[SLUSS_REPORT_LEAVES] = {0};
	size_t learnt = 0;
	enumerate(&all, ladder, publish, counts, 0, total);
	qsort(all.list, all.count, sizeof(*all.list), by_seen);
	for (size_t from = 0, until; from < all.count; from = until) {
		for (until = from; until < all.count && by_seen(&all.list[from], &all.list[until]) == 0;)
			until++;
		for (unsigned leaves = 1; leaves < 1U << ladder->leaf_count; leaves++) {
			uint32_t least = UINT32_MAX, most = 0;
			if ((unsigned)__builtin_popcount(leaves) > most_leaves ||
			    is_published(ladder, &all.list[from].seen, leaves, publish == ours))
				continue;
			for (size_t i = from; i < until; i++) {
				uint32_t sum = sum_of(&all.list[i], leaves);
				least = sum < least ? sum : least;
				most = sum > most ? sum : most;
			}
			learnt += most - least < 5;
		}
	}
	free(all.list);
	return learnt;
}

static const struct {
	uint8_t from, until;
} programmes[] = {{12, 21}, {19, 30}, {6, 21}, {0, 255}, {15, 18}, {18, 21}};

enum { PROGRAMMES = sizeof(programmes) / sizeof(programmes[0]) };

static void nothing_is_learnt(void **state)
{
	(void)state;
	for (size_t p = 0; p < PROGRAMMES; p++) {
		struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
		sluss_report_ladders(programmes[p].from, programmes[p].until, ladders);
		for (uint32_t total = 5; total <= 24; total++)
			assert_int_equal(attack(&ladders[0], ours, total, 4), 0);
		if (p > 0)
			continue; // the others are the same for all
		for (uint32_t total = 5; total <= 40; total++)
			assert_int_equal(attack(&ladders[3], ours, total, 2), 0);
		for (uint32_t total = 5; total <= 16; total++)
			assert_int_equal(attack(&ladders[1], ours, total, 3), 0);
		for (uint32_t total = 5; total <= 10; total++)
			assert_int_equal(attack(&ladders[2], ours, total, 1), 0);
	}
}

static void simpler_methods_fall(void **state)
{
	(void)state;
	struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
	sluss_report_ladders(0, 255, ladders);
	assert_true(attack(&ladders[0], primary_only, 16, 1) > 0);
	assert_true(attack(&ladders[0], one_more, 16, 1) > 0);
}

// For totals that are too large to go through: for each count that is not published there are two worlds, with nothing
// of its cell in it and with all of it, that publish the same.
static void both_worlds_look_alike(void **state)
{
	(void)state;
	uint32_t random = 12345;
	size_t rungs_seen[SLUSS_REPORT_TABLES][SLUSS_REPORT_RUNGS + 1] = {{0}};
	struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
	sluss_report_ladders(0, 255, ladders);
	for (size_t round = 0; round < 20000; round++) {
		size_t t = round % SLUSS_REPORT_TABLES;
		const struct sluss_report_ladder *ladder = &ladders[t];
		uint32_t counts[SLUSS_REPORT_LEAVES] = {0}, total = 0;
		struct seen seen, other;
		for (size_t i = 0; i < ladder->leaf_count; i++) {
			random = random * 1664525 + 1013904223;
			counts[i] = (random >> 16) % (2 + (uint32_t)(round / 4 % 24)) + (round % 3 == 0 ? 3 : 0);
			total += counts[i];
		}
		if (total < SLUSS_REPORT_LEAST)
			continue;
		ours(ladder, counts, &seen);
		rungs_seen[t][seen.rung + 1]++;
		for (size_t leaf = 0; leaf < ladder->leaf_count; leaf++) {
			uint32_t none[SLUSS_REPORT_LEAVES], whole[SLUSS_REPORT_LEAVES], cell = 0;
			size_t sibling = SLUSS_REPORT_LEAVES;
			memcpy(none, counts, sizeof(none));
			memcpy(whole, counts, sizeof(whole));
			for (size_t i = 0; i < ladder->leaf_count; i++) {
				if (seen.rung >= 0 && ladder->group[seen.rung][i] != ladder->group[seen.rung][leaf])
					continue;
				sibling = i != leaf ? i : sibling;
				cell += counts[i];
				none[i] = whole[i] = 0;
			}
			if (sibling == SLUSS_REPORT_LEAVES)
				continue; // published by itself
			none[sibling] = cell;
			whole[leaf] = cell;
			assert_true(cell >= SLUSS_REPORT_LEAST);
			ours(ladder, none, &other);
			assert_memory_equal(&seen, &other, sizeof(seen));
			ours(ladder, whole, &other);
			assert_memory_equal(&seen, &other, sizeof(seen));
		}
	}
	for (size_t t = 0; t < SLUSS_REPORT_TABLES; t++)
		for (size_t rung = 0; rung <= ladders[t].rung_count; rung++)
			assert_true(rungs_seen[t][rung] > 0);
}

// ---- ladders

// Each rung is a union of the one before, every group has a name, no number is left out.
static void ladders_are_ladders(void **state)
{
	(void)state;
	for (size_t p = 0; p < PROGRAMMES; p++) {
		struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
		sluss_report_ladders(programmes[p].from, programmes[p].until, ladders);
		for (size_t t = 0; t < SLUSS_REPORT_TABLES; t++) {
			const struct sluss_report_ladder *l = &ladders[t];
			for (size_t rung = 0; rung < l->rung_count; rung++) {
				unsigned groups = 0;
				for (size_t i = 0; i < l->leaf_count; i++) {
					groups |= 1U << l->group[rung][i];
					assert_non_null(l->names[rung][l->group[rung][i]]);
					for (size_t k = 0; rung > 0 && k < l->leaf_count; k++)
						if (l->group[rung - 1][i] == l->group[rung - 1][k])
							assert_int_equal(l->group[rung][i], l->group[rung][k]);
				}
				assert_int_equal(groups & (groups + 1), 0);
				assert_true(groups > 1); // a single cell is the total
			}
		}
	}
	struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
	sluss_report_ladders(12, 21, ladders);
	static const char *const youth[] = {"under_15", "15_to_17", "18_and_over"};
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(ladders[0].names[0][i], youth[i]);
	sluss_report_ladders(19, 30, ladders);
	assert_int_equal(ladders[0].leaf_count, 2);
	assert_string_equal(ladders[0].names[0][0], "under_21");
	assert_string_equal(ladders[0].names[0][1], "21_and_over");
	sluss_report_ladders(15, 18, ladders);
	assert_int_equal(ladders[0].rung_count, 0); // one band: nothing to say
}

// ---- the whole report

static struct sluss_report_case made(uint8_t age, int months, enum sluss_close_reason reason, bool follow_up)
{
	struct sluss_report_case c = {
	    .enrolled_ms = months < 0 ? 0 : 1000, .age = age, .reason = reason, .follow_up = follow_up};
	c.closed_ms = 2000 + (months < 0 ? 0 : months) * INT64_C(2629746000);
	return c;
}

static void reports(void **state)
{
	(void)state;
	struct sluss_report_case cases[20];
	struct sluss_report r;
	size_t count = 0;
	for (size_t i = 0; i < 4; i++)
		cases[count++] = made(15, 8, SLUSS_CLOSE_GOALS_MET, true);
	sluss_report_make(cases, count, 12, 21, &r); // four: nothing at all
	assert_false(r.published);
	assert_int_equal(r.total, 0);
	for (size_t t = 0; t < SLUSS_REPORT_TABLES; t++)
		assert_false(r.tables[t].published);
	for (size_t i = 0; i < 4; i++)
		cases[count++] = made((uint8_t)(i < 2 ? 12 : 17), 2, SLUSS_CLOSE_GOALS_MET, true);
	for (size_t i = 0; i < 8; i++)
		cases[count++] =
		    made(18, i == 0 ? -1 : 13, i % 2 == 0 ? SLUSS_CLOSE_MOVED : SLUSS_CLOSE_OWN_WISH, i > 4);
	sluss_report_make(cases, count, 12, 21, &r);
	assert_true(r.published);
	assert_int_equal(r.total, 16);
	// two under 15: minors and adults are told apart, no more
	assert_true(r.tables[0].published);
	assert_int_equal(r.tables[0].cell_count, 2);
	assert_string_equal(r.tables[0].cells[0].name, "under_18");
	assert_int_equal(r.tables[0].cells[0].count, 8);
	assert_int_equal(r.tables[0].cells[1].count, 8);
	// 1 never, 4 under three months, 4 of eight months, 7 over a year
	assert_true(r.tables[1].published);
	assert_int_equal(r.tables[1].cell_count, 2);
	assert_int_equal(r.tables[1].cells[0].count, 5);
	assert_int_equal(r.tables[1].cells[1].count, 11);
	assert_int_equal(r.tables[2].cell_count, 2);
	assert_int_equal(r.tables[2].cells[0].count, 8);
	assert_string_equal(r.tables[2].cells[1].name, "other_reasons");
	assert_int_equal(r.tables[3].cells[0].count, 11);
	assert_int_equal(r.tables[3].cells[1].count, 5);
	cases[3].age = 255; // somebody's age is not known: no ages
	sluss_report_make(cases, count, 12, 21, &r);
	assert_false(r.tables[0].published);
	assert_true(r.tables[1].published);
	sluss_report_make(NULL, 0, 12, 21, &r);
	assert_false(r.published);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ladders_are_ladders),
	    cmocka_unit_test(nothing_is_learnt),
	    cmocka_unit_test(simpler_methods_fall),
	    cmocka_unit_test(both_worlds_look_alike),
	    cmocka_unit_test(reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
