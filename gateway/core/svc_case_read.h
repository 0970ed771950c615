// SPDX-License-Identifier: EUPL-1.2
// Persons and members as statements about cases name them: read, checked, and put where they belong.
#ifndef SLUSS_CORE_SVC_CASE_READ_H
#define SLUSS_CORE_SVC_CASE_READ_H

#include "service.h"
#include "sluss/v1/case.pb-c.h"

// In the request's arena.
struct svc_persons {
	struct sluss_person *persons;
	bool *known; // registered already: the row is left as it is
	size_t count;
};

struct svc_members {
	struct sluss_member *members;
	size_t count;
};

// Reads persons at `field` ("subject" or "guardians", the latter with positions). A person id that is registered already must come with the birth date that stands there
// or none: nobody changes who somebody is, or how old, by opening a case. False: refused.
SLUSS_MUST_CHECK bool svc_read_persons(struct sluss_txn *txn, size_t count, Sluss__V1__Person *const *from, const char *field, size_t max,
    struct svc_persons *persons_out);

// No person stands twice, and the subject is not a guardian. False: refused.
SLUSS_MUST_CHECK bool svc_distinct(struct sluss_txn *txn, const struct sluss_person *subject, const struct svc_persons *guardians);

// Puts those into the register that are not there; with `age` also their age band into the log. False: refused.
SLUSS_MUST_CHECK bool svc_register(struct sluss_txn *txn, const struct svc_persons *persons, bool age);

// Reads members: enrolled agencies, no agency or officer twice, the caller among them, `coordinators` contact officers of the caller. False: refused.
SLUSS_MUST_CHECK bool svc_read_members(struct sluss_txn *txn, size_t count, Sluss__V1__Member *const *from, size_t coordinator_count,
    char *const *coordinators, struct svc_members *members_out);

// What a kept text is; part of its key.
enum svc_text {
	SVC_TEXT_NONE = 0,
	SVC_TEXT_ASSESSMENT = 1, // reasons of an assessment of maturity; by statement id
	SVC_TEXT_NECESSITY = 2,  // of a statutory request; by its id
	SVC_TEXT_DEFERRAL = 3,   // why the person is told later; by the request's id
	SVC_TEXT_VIEW_LIMIT = 4, // why a disclosure is kept from a guardian's view; by the statement's id and its place (svc_case.c)
};

enum { SLUSS_SIDE_TEXT = 110 }; // kind (one octet), id -> salt[16], encrypted text

// Keeps a free text encrypted and erasable, and says the salted hash that the log carries: SHA-256("sluss-text-v1" || salt[16] || text). False: refused.
SLUSS_MUST_CHECK bool svc_keep_text(
    struct sluss_txn *txn, enum svc_text kind, const struct sluss_id *id, const char *text, uint8_t hash_out[SLUSS_HASH_BYTES]);

#endif
