// SPDX-License-Identifier: EUPL-1.2
// Where to look: which log entries are about a case, and which cases a person is or was part of. A fold over the log;
// it decides nothing, it spares a person's or an auditor's list the reading of the whole log. Four octets an entry.
// Threads: the writer's.
#ifndef SLUSS_CORE_CASE_INDEX_H
#define SLUSS_CORE_CASE_INDEX_H

#include "policy/record.h"
#include "policy/state.h"

struct sluss_case_index;

// `hash_key`: as of the world's other tables. NULL: no memory.
SLUSS_MUST_CHECK struct sluss_case_index *sluss_case_index_new(const uint8_t hash_key[16]);
void sluss_case_index_free(struct sluss_case_index **index);

// Folds the record with this place in the log in; `state` has folded it already. A message with a section about another
// case's subject is an entry of that case, too, and so is what becomes of it. False: no memory.
SLUSS_MUST_CHECK bool sluss_case_index_apply(
    struct sluss_case_index *index, const struct sluss_state *state, const struct sluss_record *record, uint64_t place);

// Reads a case's entries, newest first. Good until the next apply.
struct sluss_case_cursor {
	const struct sluss_case_index *index;
	uint32_t block;
	uint32_t left; // in the block
};
// From the newest entry before place `before` (UINT64_MAX: the newest of all).
void sluss_case_entries(const struct sluss_case_index *index, const struct sluss_id *case_id, uint64_t before,
    struct sluss_case_cursor *cursor_out);
// False: no more.
SLUSS_MUST_CHECK bool sluss_case_entry_next(struct sluss_case_cursor *cursor, uint64_t *place_out);

// The n-th case (0 up) that the person was ever named in, as subject or guardian; false past the end. Whether they
// still are, the state knows.
SLUSS_MUST_CHECK bool sluss_person_case(
    const struct sluss_case_index *index, const struct sluss_id *person, size_t n, struct sluss_id *case_out);

#endif
