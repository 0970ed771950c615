// SPDX-License-Identifier: EUPL-1.2
// Which service serves which method.
#include "request.h"

static const struct sluss_service_list *const lists[] = {&sluss_svc_exchange, &sluss_svc_withdraw, &sluss_svc_case,
    &sluss_svc_consent_record, &sluss_svc_statutory, &sluss_svc_directory, &sluss_svc_admin, &sluss_svc_audit,
    &sluss_svc_session, &sluss_svc_login, &sluss_svc_log_file, &sluss_svc_erase, &sluss_svc_backup, &sluss_svc_person,
    &sluss_svc_audit_timeline, &sluss_svc_consent_copy, &sluss_svc_recall, &sluss_svc_replay};

const struct sluss_service *sluss_service_of(uint32_t method)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t k = 0; k < lists[i]->count; k++)
			if ((uint32_t)lists[i]->rows[k].method == method)
				return &lists[i]->rows[k];
	return NULL;
}
