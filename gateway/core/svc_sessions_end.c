// SPDX-License-Identifier: EUPL-1.2
// AdminService.EndSessions. What was ended stays ended, also when its records cannot be written: that is the safe side.
#include "svc_sessions_end.h"

#include <sodium.h>

#include "sessions.h"
#include "sluss/id.h"
#include "sluss/v1/admin.pb-c.h"
#include "svc_common.h"

static bool read_whose(
    struct sluss_txn *txn, const Sluss__V1__EndSessionsRequest *request, struct sluss_session *like_out)
{
	bool person = request->person_id[0] != '\0', agency = request->agency_id[0] != '\0';
	bool officer = request->officer_id[0] != '\0';
	if ((person ? 1 : 0) + (agency ? 1 : 0) + (request->everybody ? 1 : 0) != 1 || (officer && !agency)) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, NULL,
		    "Say whose: a person, an agency (and an officer there), or everybody.");
		return false;
	}
	if (person) {
		like_out->kind = SLUSS_SESSION_PERSON;
		return svc_read_id(txn, request->person_id, "person_id", &like_out->person);
	}
	if (!agency)
		return true;
	like_out->kind = SLUSS_SESSION_STAFF;
	if (!sluss_is_agency_id(request->agency_id, strlen(request->agency_id)) ||
	    (officer && !sluss_is_officer_id(request->officer_id, strlen(request->officer_id)))) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, "agency_id",
		    "An agency id, and an officer id if any, are needed here.");
		return false;
	}
	memcpy(like_out->agency, request->agency_id, strlen(request->agency_id) + 1);
	memcpy(like_out->officer, request->officer_id, strlen(request->officer_id) + 1);
	return true;
}

void svc_sessions_end(struct sluss_txn *txn)
{
	Sluss__V1__EndSessionsResponse response = SLUSS__V1__END_SESSIONS_RESPONSE__INIT;
	struct sluss_session like = {.kind = SLUSS_SESSION_NONE}, ended;
	if (!read_whose(txn, (const Sluss__V1__EndSessionsRequest *)txn->request, &like))
		return;
	while (sluss_sessions_end_one(sluss_txn_sessions(txn), &like, &ended)) {
		struct sluss_record record = {.type = SLUSS_REC_SESSION,
		    .u.session = {.person = ended.person,
			.agency = ended.agency,
			.officer = ended.officer,
			.issuer = ended.issuer,
			.ended = true}};
		crypto_hash_sha256(record.u.session.key_hash, ended.key, sizeof(ended.key));
		if (!sluss_txn_append(txn, &record, NULL))
			return;
		response.ended++;
	}
	sluss_txn_respond(txn, &response.base);
}
