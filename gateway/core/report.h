// SPDX-License-Identifier: EUPL-1.2
// Counts for the evaluator that single out nobody. Pure: no I/O, no clock.
//
// Method (number 1). A report is about one cohort: the groups of one programme that were closed in one calendar year
// that is over. It has four tables over that cohort, each with one dimension, and the total. Nothing under five is
// published, zero included. A table is published on a ladder of groupings that stands here and does not depend on the
// counts: on the finest rung on which every cell is at least five, or not at all. So every count that is not published
// lies in a published cell (or total) of at least five together with another such count, and nothing else is known
// about it than that some cell of the finer rungs is under five: each may be anything from zero to the whole. There is
// nothing left to subtract from, within a table or between tables. Over time: a group is closed once, so cohorts are
// disjoint, and a report about a year that is over never changes; asking twice says nothing new. There are no sums over
// programmes, no shorter periods, and no counts of groups that are still open: the difference between those who began
// and those who ended would be one. Limits: what somebody already knows from elsewhere (the members of a group of five
// that a cell counts) is not protected; all of a cell may share a property (all five closed for one reason); a
// programme so small that it has under five a year gets no figures at all.
#ifndef SLUSS_CORE_REPORT_H
#define SLUSS_CORE_REPORT_H

#include "policy/record.h"

enum {
	SLUSS_REPORT_METHOD = 1,
	SLUSS_REPORT_LEAST = 5, // the smallest count that is published
	SLUSS_REPORT_LEAVES = 12,
	SLUSS_REPORT_RUNGS = 3,
};

// One closed group.
struct sluss_report_case {
	int64_t enrolled_ms; // 0: never
	int64_t closed_ms;
	uint8_t age; // at enrolment, else at the end: whole years at least; 255: not known
	enum sluss_close_reason reason;
	bool follow_up; // consent to a follow-up study was complete at some time
};

// Groupings of the leaves of one table, finest first. The groups of a rung are numbered from 0; each is a union of
// groups of the rung before.
struct sluss_report_ladder {
	const char *name;
	size_t leaf_count, rung_count;
	uint8_t group[SLUSS_REPORT_RUNGS][SLUSS_REPORT_LEAVES];
	const char *names[SLUSS_REPORT_RUNGS][SLUSS_REPORT_LEAVES]; // of the groups
};

struct sluss_report_table {
	const char *name;
	bool published;
	size_t cell_count; // 0 unless published
	struct {
		const char *name;
		uint32_t count;
	} cells[SLUSS_REPORT_LEAVES];
};

enum { SLUSS_REPORT_TABLES = 4 };

struct sluss_report {
	bool published; // the total is at least five; else nothing below is set
	uint32_t total;
	struct sluss_report_table tables[SLUSS_REPORT_TABLES]; // ages, time in group, reasons for closing, follow-up
};

// The ladders, for tests and documentation. Ages depend on whom the programme takes (until_age: from then on not any
// more), because a band that nobody can be in would keep the others back.
void sluss_report_ladders(
    uint8_t from_age, uint8_t until_age, struct sluss_report_ladder ladders_out[SLUSS_REPORT_TABLES]);

// The rung on which these counts of the leaves are published, or -1.
int sluss_report_rung(const struct sluss_report_ladder *ladder, const uint32_t *counts);

// The whole report.
void sluss_report_make(const struct sluss_report_case *cases, size_t count, uint8_t from_age, uint8_t until_age,
    struct sluss_report *report_out);

#endif
