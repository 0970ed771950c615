// SPDX-License-Identifier: EUPL-1.2
// Inside of the interface for case systems, shared by its files.
#ifndef SLUSS_AGENTD_API_H
#define SLUSS_AGENTD_API_H

#include "server.h"

// The tree is taken over. `api_error`: {"error": {code, field, explanation}}.
void api_json(struct agentd_reply *reply, unsigned status, json_t *tree);
void api_error(struct agentd_reply *reply, unsigned status, const char *code, const char *field, const char *text);
// What a store's answer that is not OK means for who asked.
void api_store_error(struct agentd_reply *reply, enum agentd_result result);
// A number of the query, `standard` when it is not there; above `max` is max. False: not a number (answered).
bool api_number(const struct agentd_request *request, const char *name, uint64_t standard, uint64_t max, uint64_t *out,
    struct agentd_reply *reply);
// Milliseconds as RFC 3339; NULL for 0.
json_t *api_time(int64_t ms);

// api_out.c
void api_send(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply);
void api_file(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply);
void api_message(struct agentd *agent, const struct sluss_id *id, struct agentd_reply *reply);
void api_queue(struct agentd *agent, struct agentd_reply *reply);
void api_health(struct agentd *agent, struct agentd_reply *reply);
void api_metrics(struct agentd *agent, struct agentd_reply *reply);

// api_in.c
void api_inbox(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply);
void api_delivery(struct agentd *agent, const struct sluss_id *id, struct agentd_reply *reply);
void api_delivery_file(
    struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, struct agentd_reply *reply);
void api_handled(struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, bool rejected,
    struct agentd_reply *reply);
void api_notices(struct agentd *agent, const struct agentd_request *request, struct agentd_reply *reply);
void api_recalls(struct agentd *agent, struct agentd_reply *reply);
void api_answer_recall(
    struct agentd *agent, const struct agentd_request *request, const struct sluss_id *id, struct agentd_reply *reply);

#endif
