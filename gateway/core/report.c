// SPDX-License-Identifier: EUPL-1.2
#include "report.h"

// ---- ladders

enum age { UNDER_15, FROM_15, FROM_18, FROM_21, AGES };

// Numbers of the leaves of the ages that a programme has; leaves beyond its ends count in the outermost.
struct age_leaves {
	uint8_t leaf[AGES];
	size_t count;
	bool minors, adults;
};

static struct age_leaves leaves_of(uint8_t from_age, uint8_t until_age)
{
	static const uint8_t begins[AGES + 1] = {0, 15, 18, 21, 255};
	struct age_leaves l = {.count = 0};
	for (size_t a = 0; a < AGES; a++) {
		bool possible = from_age < begins[a + 1] && until_age > begins[a];
		l.leaf[a] = l.count == 0 ? 0 : (uint8_t)(possible ? l.count : l.count - 1);
		l.count += possible;
		l.minors |= possible && a < FROM_18;
		l.adults |= possible && a >= FROM_18;
	}
	return l;
}

static void age_ladder(const struct age_leaves *l, struct sluss_report_ladder *ladder)
{
	static const char *const middle[AGES] = {"under_15", "15_to_17", "18_to_20", "21_and_over"};
	static const char *const last[AGES] = {"under_15", "15_and_over", "18_and_over", "21_and_over"};
	static const char *const first[AGES] = {"under_15", "under_18", "under_21", "21_and_over"};
	*ladder = (struct sluss_report_ladder){.name = "ages", .leaf_count = l->count};
	for (size_t a = 0; a < AGES; a++) {
		uint8_t leaf = l->leaf[a];
		bool is_first = leaf == 0, is_last = leaf + 1u == l->count;
		// The first band of a leaf names it, unless open ends make another name true.
		bool begins = a == 0 || l->leaf[a - 1] != leaf;
		if (is_first && l->count > 1 && l->leaf[a] == 0)
			ladder->names[0][0] = first[a];
		else if (begins)
			ladder->names[0][leaf] = is_last ? last[a] : middle[a];
		ladder->group[0][leaf] = leaf;
		if (begins || is_first)
			ladder->group[1][leaf] = a >= FROM_18 && l->minors;
	}
	ladder->rung_count = l->count > 1;
	if (l->count > 2 && l->minors && l->adults) {
		ladder->rung_count = 2;
		ladder->names[1][0] = "under_18";
		ladder->names[1][1] = "18_and_over";
	}
}

static const struct sluss_report_ladder time_in_group = {
    .name = "months_in_group",
    .leaf_count = 6,
    .rung_count = 3,
    .group = {{0, 1, 2, 3, 4, 5}, {0, 1, 1, 2, 2, 2}, {0, 0, 0, 1, 1, 1}},
    .names = {{"never_enrolled", "under_3", "3_to_5", "6_to_8", "9_to_12", "13_and_over"},
	{"never_enrolled", "under_6", "6_and_over"}, {"under_6_or_never_enrolled", "6_and_over"}},
};

// Leaves in the order of enum sluss_close_reason.
static const struct sluss_report_ladder reasons = {
    .name = "reasons_for_closing",
    .leaf_count = 11,
    .rung_count = 3,
    .group = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {0, 1, 2, 4, 2, 3, 3, 4, 4, 4, 4}, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    .names = {{"goals_met", "own_wish", "crime_goes_on", "wrong_programme", "placed_or_imprisoned", "moved",
		  "transferred", "safety", "age", "died", "other"},
	{"goals_met", "own_wish", "crime_goes_on_or_placed", "moved_or_transferred", "other_reasons"},
	{"goals_met", "other_reasons"}},
};

static const struct sluss_report_ladder follow_up = {
    .name = "follow_up",
    .leaf_count = 2,
    .rung_count = 1,
    .group = {{0, 1}},
    .names = {{"opted_in", "not_opted_in"}},
};

void sluss_report_ladders(
    uint8_t from_age, uint8_t until_age, struct sluss_report_ladder ladders_out[SLUSS_REPORT_TABLES])
{
	struct age_leaves l = leaves_of(from_age, until_age);
	age_ladder(&l, &ladders_out[0]);
	ladders_out[1] = time_in_group;
	ladders_out[2] = reasons;
	ladders_out[3] = follow_up;
}

// ---- publishing

static size_t sum_groups(const struct sluss_report_ladder *ladder, size_t rung, const uint32_t *counts,
    uint32_t sums_out[SLUSS_REPORT_LEAVES])
{
	size_t groups = 0;
	for (size_t i = 0; i < SLUSS_REPORT_LEAVES; i++)
		sums_out[i] = 0;
	for (size_t leaf = 0; leaf < ladder->leaf_count; leaf++) {
		size_t group = ladder->group[rung][leaf];
		sums_out[group] += counts[leaf];
		groups = group + 1 > groups ? group + 1 : groups;
	}
	return groups;
}

int sluss_report_rung(const struct sluss_report_ladder *ladder, const uint32_t *counts)
{
	uint32_t sums[SLUSS_REPORT_LEAVES];
	for (size_t rung = 0; rung < ladder->rung_count; rung++) {
		size_t groups = sum_groups(ladder, rung, counts, sums);
		bool all = true;
		for (size_t g = 0; g < groups; g++)
			all = all && sums[g] >= SLUSS_REPORT_LEAST;
		if (all)
			return (int)rung;
	}
	return -1;
}

static void publish(
    const struct sluss_report_ladder *ladder, const uint32_t *counts, bool complete, struct sluss_report_table *table)
{
	uint32_t sums[SLUSS_REPORT_LEAVES];
	int rung = complete ? sluss_report_rung(ladder, counts) : -1;
	*table = (struct sluss_report_table){.name = ladder->name, .published = rung >= 0};
	if (rung < 0)
		return;
	table->cell_count = sum_groups(ladder, (size_t)rung, counts, sums);
	for (size_t g = 0; g < table->cell_count; g++) {
		table->cells[g].name = ladder->names[rung][g];
		table->cells[g].count = sums[g];
	}
}

// ---- counting

static size_t age_of(uint8_t age)
{
	return age < 15 ? UNDER_15 : age < 18 ? FROM_15 : age < 21 ? FROM_18 : FROM_21;
}

// Months as a twelfth of the mean year: the bands are wide.
static size_t time_of(const struct sluss_report_case *c)
{
	int64_t month_ms = INT64_C(2629746000);
	int64_t months = c->closed_ms < c->enrolled_ms ? 0 : (c->closed_ms - c->enrolled_ms) / month_ms;
	if (c->enrolled_ms == 0)
		return 0;
	return months < 3 ? 1 : months < 6 ? 2 : months < 9 ? 3 : months < 13 ? 4 : 5;
}

void sluss_report_make(const struct sluss_report_case *cases, size_t count, uint8_t from_age, uint8_t until_age,
    struct sluss_report *report_out)
{
	uint32_t counts[SLUSS_REPORT_TABLES][SLUSS_REPORT_LEAVES] = {{0}};
	struct sluss_report_ladder ladders[SLUSS_REPORT_TABLES];
	struct age_leaves ages = leaves_of(from_age, until_age);
	bool ages_known = true;
	*report_out = (struct sluss_report){.published = count >= SLUSS_REPORT_LEAST};
	sluss_report_ladders(from_age, until_age, ladders);
	for (size_t i = 0; i < count; i++) {
		const struct sluss_report_case *c = &cases[i];
		bool named = c->reason > SLUSS_CLOSE_NONE && c->reason < SLUSS_CLOSE_REASONS;
		ages_known = ages_known && c->age != 255;
		counts[0][ages.leaf[age_of(c->age)]]++;
		counts[1][time_of(c)]++;
		counts[2][(named ? c->reason : SLUSS_CLOSE_OTHER) - 1]++;
		counts[3][c->follow_up ? 0 : 1]++;
	}
	for (size_t t = 0; t < SLUSS_REPORT_TABLES; t++) {
		if (report_out->published)
			publish(&ladders[t], counts[t], t != 0 || ages_known, &report_out->tables[t]);
		else
			report_out->tables[t].name = ladders[t].name;
	}
	report_out->total = report_out->published ? (uint32_t)count : 0;
}
