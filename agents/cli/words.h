// SPDX-License-Identifier: EUPL-1.2
// A line of a batch as words.
#ifndef SLUSS_CLI_WORDS_H
#define SLUSS_CLI_WORDS_H

#include "sluss/types.h"

// Splits in place as a shell does: blanks between words, 'as it is', "with \" and \\", \x for one character. Words point into `line`. Returns how many, -1 for an
// open quote or more than max words.
int cli_split_words(char *line, char **words, int max);

#endif
