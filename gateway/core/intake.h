// SPDX-License-Identifier: EUPL-1.2
// The intake: core's only thread that touches descriptors of others. Reads frames from web, edge, the parent and the
// admin socket, hands requests to the workers and words to the writer, and sends what comes back.
#ifndef SLUSS_CORE_INTAKE_H
#define SLUSS_CORE_INTAKE_H

#include "core.h"
#include "queue.h"
#include "workers.h"

struct sluss_intake;

// `queue` is what comes back (its event_fd is polled); it, the workers and the writer's queue must outlive the intake.
// Takes over the descriptors of config. NULL: could not start.
SLUSS_MUST_CHECK struct sluss_intake *sluss_intake_new(
    const struct sluss_core_config *config, struct sluss_queue *queue, struct sluss_queue *to_writer);
void sluss_intake_free(struct sluss_intake **intake);

// Runs on the calling thread until the writer has stopped. True: in order.
bool sluss_intake_run(struct sluss_intake *intake, struct sluss_workers *workers);

#endif
