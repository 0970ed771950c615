// SPDX-License-Identifier: EUPL-1.2
// What the services of sessions share: opening one after its owner was proved, and the view of one. Writer thread.
#ifndef SLUSS_CORE_SVC_SESSION_H
#define SLUSS_CORE_SVC_SESSION_H

#include "service.h"
#include "sessions.h"
#include "sluss/v1/session.pb-c.h"

// Whether this person's login is locked: the subject of a case with that mark.
bool svc_login_locked(const struct sluss_txn *txn, const struct sluss_id *person);

// Proved: `session` has owner, key and issuer. Draws its id, writes the LOGIN record with the salted hash of
// `evidence`, keeps evidence and public key in a side table, answers FinishLoginResponse, and leaves it in
// txn->prepared for svc_session_finish, which opens it after the commit. Or refuses.
void svc_session_begin(struct sluss_txn *txn, const struct sluss_session *session, struct sluss_bytes evidence);
void svc_session_finish(struct sluss_txn *txn);

// A letter of the role idp came; or idp has ended.
struct sluss_letter;
struct sluss_writer;
void svc_login_hear(struct sluss_writer *writer, const struct sluss_letter *letter);
void svc_login_lost(struct sluss_writer *writer);

#endif
