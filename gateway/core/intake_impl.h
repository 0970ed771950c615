// SPDX-License-Identifier: EUPL-1.2
// What the intake's files share: intake.c (the loop), intake_frames.c (what comes in), intake_answers.c (what goes
// out).
#ifndef SLUSS_CORE_INTAKE_IMPL_H
#define SLUSS_CORE_INTAKE_IMPL_H

#include "wire.h"
#include "intake.h"
#include "request.h"

enum {
	INTAKE_ADMINS = 16,	       // connections to the admin socket at one time
	INTAKE_OCTETS_MAX = 256 << 20, // octets of requests under way
};

// What an epoll event is about. An admin connection is TAG_ADMIN + its place.
enum tag {
	TAG_NONE = 0,
	TAG_QUEUE,
	TAG_CONTROL,
	TAG_WEB,
	TAG_EDGE,
	TAG_COURIER,
	TAG_IDP,
	TAG_ADMIN_LISTEN,
	TAG_ADMIN,
};

struct admin {
	struct sluss_wire channel;
	uint64_t id; // never used twice: an answer finds its connection or nobody
};

struct sluss_intake {
	struct sluss_core_config config;
	struct sluss_queue *queue, *to_writer;
	struct sluss_workers *workers;
	int epoll_fd;
	struct sluss_wire control, web, edge, courier, idp;
	uint64_t generation; // of web and edge
	int admin_listen_fd;
	struct admin admins[INTAKE_ADMINS];
	uint64_t last_admin;
	size_t under_way; // requests that core has
	size_t octets_under_way;
	bool stopping, stopped, failed;
	// Requests of one round of reading, for one push.
	struct sluss_item *first, *last;
	size_t count;
};

// ---- intake_frames.c

// A frame from web or an admin connection (`channel` 0 is web). False: no honest peer sends this; close the channel.
SLUSS_MUST_CHECK bool intake_frame_request(struct sluss_intake *intake, struct sluss_bytes frame, uint64_t channel);
SLUSS_MUST_CHECK bool intake_frame_edge(struct sluss_intake *intake, struct sluss_bytes frame);
SLUSS_MUST_CHECK bool intake_frame_control(struct sluss_intake *intake, struct sluss_bytes frame);
// `tag` is TAG_COURIER or TAG_IDP: neither answers for the other.
SLUSS_MUST_CHECK bool intake_frame_courier(struct sluss_intake *intake, uint64_t tag, struct sluss_bytes frame);
// Hands the requests of this round to the workers.
void intake_hand_over(struct sluss_intake *intake);

// ---- intake_answers.c

// Everything that waits in the queue goes to its channel.
void intake_answers(struct sluss_intake *intake);
// Sends one answer (the request is freed).
void intake_answer(struct sluss_intake *intake, struct sluss_request *request);
void intake_control(struct sluss_intake *intake, Sluss__V1__Control__Action action);

// ---- intake.c

void intake_front_lost(struct sluss_intake *intake);
void intake_front_new(struct sluss_intake *intake, int web_fd, int edge_fd);
// Courier or idp, by its tag.
void intake_courier_lost(struct sluss_intake *intake, uint64_t tag);
void intake_courier_new(struct sluss_intake *intake, uint64_t tag, int fd);
void intake_stop(struct sluss_intake *intake);

#endif
