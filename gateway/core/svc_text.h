// SPDX-License-Identifier: EUPL-1.2
// What is filled into texts for persons (receipt_text.h): times on Stockholm's clock, numbers, agencies by the name
// that people know, words. All in the request's arena; "" when it is full. Writer thread.
#ifndef SLUSS_CORE_SVC_TEXT_H
#define SLUSS_CORE_SVC_TEXT_H

#include "log_hash.h"
#include "receipt_text.h"
#include "service.h"

// "2026-03-02 10:00".
const char *svc_text_time(struct sluss_txn *txn, int64_t at_ms);
// "2 March 2026, 10:00" in the file's language.
const char *svc_text_moment(struct sluss_txn *txn, const char *file, int64_t at_ms);
const char *svc_text_number(struct sluss_txn *txn, uint64_t number);
const char *svc_text_hash(struct sluss_txn *txn, const struct sluss_hash *hash);
// Its display name; its id when it has none.
const char *svc_text_agency(struct sluss_txn *txn, const char *agency);
// The word for "group.code"; the code itself when there is none.
const char *svc_text_word(struct sluss_txn *txn, const char *file, const char *group, const char *code);
const char *svc_text_word_of(struct sluss_txn *txn, const char *file, const char *group, unsigned code);
// `text` and `more` in one. NULL: refused, the arena is full.
char *svc_text_append(struct sluss_txn *txn, const char *text, const char *more);
// The file of the language that a request names; NULL: refused (MALFORMED `field`).
const char *svc_text_file(struct sluss_txn *txn, const char *language, const char *field);

#endif
