// SPDX-License-Identifier: EUPL-1.2
#ifndef SLUSS_ROLE_IDP_H
#define SLUSS_ROLE_IDP_H

#include "courier/courier.h"
#include "settings.h"

// The rows of the role idp: token endpoint and keys of each issuer, with the client's secret read from its file. Before
// the sandbox shuts. False: the event log says what is wrong.
SLUSS_MUST_CHECK bool sluss_role_idp_targets(
    const struct sluss_settings *settings, struct sluss_courier_config *config);

#endif
