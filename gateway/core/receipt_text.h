// SPDX-License-Identifier: EUPL-1.2
// Texts for persons, from the files in texts/: templates with {names}, and words for codes. Any thread.
#ifndef SLUSS_CORE_RECEIPT_TEXT_H
#define SLUSS_CORE_RECEIPT_TEXT_H

#include "arena.h"

struct sluss_fill {
	const char *name, *value;
};

// The file of a language ("sv", "en", "ar", "so"); NULL: there is none.
const char *sluss_receipt_language(const char *language);
// The part that begins with a line "@name", with every {name} replaced; in the arena. A name that `fills` does not have
// stays as it is. NULL: no such part, or no memory.
char *sluss_receipt_fill(
    struct sluss_arena *arena, const char *file, const char *part, const struct sluss_fill *fills, size_t count);
// The word for "group.code" in the part "@words", in the arena; `otherwise` when there is none. NULL: no memory.
const char *sluss_receipt_word(
    struct sluss_arena *arena, const char *file, const char *group, const char *code, const char *otherwise);

#endif
