// SPDX-License-Identifier: EUPL-1.2
// The roles "courier" and "idp": the same program with different rows, witnesses and time-stamping authorities in one,
// identity providers in the other. They are the only processes that speak outwards for core. Each carries what core
// hands it to the URLs of its own table, which stand in the settings; core names a row, never a URL. It holds no key
// but idp the clients' secrets, reads no file but the certificates that it was handed, follows no redirect, uses no
// proxy, and believes nothing that it carries: core verifies the answers.
//
// One thread. When it dies the parent starts another; what was under way is lost, and core hears so.
#ifndef SLUSS_COURIER_H
#define SLUSS_COURIER_H

#include "sluss/types.h"
#include "sluss/v1/ipc.pb-c.h"

enum {
	SLUSS_COURIER_URL = 640,	    // octets of a URL with its NUL
	SLUSS_COURIER_AUTHORIZATION = 2048, // octets of a header with its NUL
	SLUSS_COURIER_TARGETS_MAX = 40,
	SLUSS_COURIER_CALLS_MAX = 64,	     // under way at one time
	SLUSS_COURIER_BODY_MAX = 256 * 1024, // octets, either way
	SLUSS_COURIER_TIMEOUT_MAX_MS = 60000,
};

struct sluss_courier_target {
	Sluss__V1__CourierCall__Kind kind;
	uint32_t index;
	char url[SLUSS_COURIER_URL];
	char authorization[SLUSS_COURIER_AUTHORIZATION]; // "Authorization: ..."; "" = none
};

// Descriptors are taken over and closed.
struct sluss_courier_config {
	int core_fd; // stream socket: IpcFrame
	int ca_fd;   // PEM, certificates of authorities for https; -1: https fails
	struct sluss_courier_target targets[SLUSS_COURIER_TARGETS_MAX];
	size_t target_count;
};

// Adds a row. False: the table is full or the URL too long.
SLUSS_MUST_CHECK bool sluss_courier_add(struct sluss_courier_config *config, Sluss__V1__CourierCall__Kind kind,
    uint32_t index, const char *url, size_t url_len, const char *suffix);

// The TCP port that a URL leads to.
uint16_t sluss_courier_port(const char *url);

// What must have happened before the sandbox closes. False: not possible.
SLUSS_MUST_CHECK bool sluss_courier_wake(void);

// Runs until core's channel closes (0) or something is broken (1).
int sluss_courier_main(const struct sluss_courier_config *config);

#endif
