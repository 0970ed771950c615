// SPDX-License-Identifier: EUPL-1.2
// ExchangeService: its rows.
#include "exchange.h"

static const struct sluss_service rows[] = {
    {.method = SLUSS_METHOD_EXCHANGE_SEND,
	.statement = &sluss__v1__envelope__descriptor,
	.prepare = exchange_send_prepare,
	.execute = exchange_send,
	.flags = SLUSS_SERVICE_OWN_REPEAT},
    {.method = SLUSS_METHOD_EXCHANGE_SEND_BATCH,
	.statement = &sluss__v1__send_batch_statement__descriptor,
	.prepare = exchange_send_batch_prepare,
	.execute = exchange_send_batch,
	.finish = exchange_send_batch_finish,
	.flags = SLUSS_SERVICE_REPEATABLE | SLUSS_SERVICE_OWN_CLOCK},
    {.method = SLUSS_METHOD_EXCHANGE_EVALUATE,
	.statement = &sluss__v1__envelope__descriptor,
	.prepare = exchange_evaluate_prepare,
	.execute = exchange_evaluate,
	.flags = SLUSS_SERVICE_REPEATABLE},
    {.method = SLUSS_METHOD_EXCHANGE_PUT_CHUNK, .prepare = exchange_put_chunk_prepare, .execute = exchange_put_chunk},
    {.method = SLUSS_METHOD_EXCHANGE_GET_UPLOAD, .execute = exchange_get_upload},
    {.method = SLUSS_METHOD_EXCHANGE_GET_CHUNK, .execute = exchange_get_chunk},
    {.method = SLUSS_METHOD_EXCHANGE_FETCH, .execute = exchange_fetch},
    {.method = SLUSS_METHOD_EXCHANGE_ACKNOWLEDGE,
	.statement = &sluss__v1__acknowledge_delivery__descriptor,
	.execute = exchange_acknowledge},
    {.method = SLUSS_METHOD_EXCHANGE_GET_STATUS, .execute = exchange_get_status, .finish = exchange_get_status_finish},
};

const struct sluss_service_list sluss_svc_exchange = {rows, sizeof(rows) / sizeof(rows[0])};
