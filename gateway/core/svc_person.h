// SPDX-License-Identifier: EUPL-1.2
// What the files of PersonService share: who the person is to a case, and what may be seen.
//
// A subject sees all cases of their own. A registered guardian sees a case as long as guardians have a say in it (so
// not when the subject is of age, nor when an assessment lets the subject decide alone); the coordinator can limit that
// view. A login that is locked sees nothing.
#ifndef SLUSS_CORE_SVC_PERSON_H
#define SLUSS_CORE_SVC_PERSON_H

#include "case_index.h"
#include "service.h"
#include "sessions.h"
#include "sluss/v1/person.pb-c.h"

struct svc_person_case {
	struct sluss_case_view view;
	bool guardian; // acting as one
	bool limited;  // the guardian's whole view of this case is limited
	struct sluss_required required;
	bool is_required; // this person must agree
};

// Whether the person has a part in the case now that lets them see it.
bool svc_person_part(const struct sluss_txn *txn, const struct sluss_id *case_id, struct svc_person_case *case_out);
// The person's login is not locked. Refuses LOGIN_REFUSED.
SLUSS_MUST_CHECK bool svc_person_admitted(struct sluss_txn *txn);
// The case named in a request, of this person. Refuses MALFORMED, UNKNOWN_CASE.
SLUSS_MUST_CHECK bool svc_person_need_case(
    struct sluss_txn *txn, const char *text, struct sluss_id *id_out, struct svc_person_case *case_out);

// Every look of a person at a list stands in the log. False: refused.
SLUSS_MUST_CHECK bool svc_person_looked(struct sluss_txn *txn, const char *what, const struct sluss_id *case_id);

// Reads PersonWithdrawRequest and asks whether it may be. Refuses.
SLUSS_MUST_CHECK bool svc_person_read_withdrawal(
    struct sluss_txn *txn, struct sluss_rec_withdrawal *record_out, struct svc_person_case *case_out);

// The services.
void svc_person_overview(struct sluss_txn *txn);
void svc_person_disclosures(struct sluss_txn *txn);
void svc_person_recalls(struct sluss_txn *txn);
void svc_person_preview(struct sluss_txn *txn);
void svc_person_give(struct sluss_txn *txn);
void svc_person_refuse(struct sluss_txn *txn);
void svc_person_withdraw(struct sluss_txn *txn);
void svc_person_receipt(struct sluss_txn *txn);
void svc_person_notices(struct sluss_txn *txn);

// The number on a receipt, for people: the year of the act and the entry's place in the log. NULL: no memory.
char *svc_person_receipt_number(struct sluss_txn *txn, uint64_t index, int64_t at_ms);
// The name of a person of the case; "" when it was erased. NULL: refused.
char *svc_person_name(struct sluss_txn *txn, const struct sluss_id *id);

// The text of a question in the language of `file` (receipt_text.h): all that is asked, for this person. Ends with a
// line feed. NULL: refused.
char *svc_person_question(
    struct sluss_txn *txn, const char *file, const struct svc_person_case *part, const struct sluss_grant_view *grant);
const char *svc_person_question_version(struct sluss_txn *txn, const char *file);
// The text that the request says was shown is the one that the grants of `act` have now. Refuses MALFORMED.
SLUSS_MUST_CHECK bool svc_person_shown(struct sluss_txn *txn, const Sluss__V1__PersonActRequest *request,
    const struct sluss_rec_grant_status *act, const struct svc_person_case *part);

// The record of an opened recall names only messages that are kept from this guardian's view.
bool svc_person_recall_hidden(
    const struct sluss_txn *txn, const struct svc_person_case *part, const struct sluss_rec_recall_opened *opened);
// The categories of the grants, each once, in the arena; NULL: refused.
char **svc_person_categories(
    struct sluss_txn *txn, const struct sluss_id *grants, size_t grant_count, size_t *count_out);

#endif
