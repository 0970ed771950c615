// SPDX-License-Identifier: EUPL-1.2
#include "svc_witnesses.h"

#include "svc_common.h"

bool svc_witnesses(struct sluss_txn *txn, const struct sluss_notary_health *health,
    Sluss__V1__WitnessHealth ***list_out, size_t *count_out)
{
	const struct sluss_keeper *keeper = health->keeper;
	Sluss__V1__WitnessHealth **list = sluss_arena_array(txn->arena, keeper->config.count, sizeof(*list));
	for (size_t i = 0; list != NULL && i < keeper->config.count; i++) {
		const struct sluss_keeper_witness *witness = &keeper->witnesses[i];
		list[i] = sluss_arena_alloc(txn->arena, sizeof(**list));
		if (list[i] == NULL)
			return false;
		sluss__v1__witness_health__init(list[i]);
		list[i]->name = sluss_arena_text(txn->arena, keeper->config.witnesses[i].name);
		list[i]->state =
		    sluss_arena_text(txn->arena, witness->state == NULL ? "not asked yet" : witness->state);
		list[i]->size = witness->cosigned;
		if (list[i]->name == NULL || list[i]->state == NULL ||
		    (witness->cosigned_s > 0 && (list[i]->at = svc_time(txn, witness->cosigned_s * 1000)) == NULL))
			return false;
	}
	*list_out = list;
	*count_out = keeper->config.count;
	return list != NULL;
}
