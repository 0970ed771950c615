// SPDX-License-Identifier: EUPL-1.2
// The setting `issuer`, taken apart. Any thread; no state.
#ifndef SLUSS_SETTINGS_ISSUER_H
#define SLUSS_SETTINGS_ISSUER_H

#include "core/issuer.h"
#include "settings.h"

// Reads one value. False: why_out says what was expected.
SLUSS_MUST_CHECK bool sluss_settings_issuer(const char *text, struct sluss_issuer *issuer_out, const char **why_out);

// All of a file that was read, in its order; how many.
size_t sluss_settings_issuers(
    const struct sluss_settings *settings, struct sluss_issuer issuers_out[SLUSS_ISSUERS_MAX]);

// Part number `index` of an issuer that decides who gets in, with its name in the settings; a part that was not given
// is skipped by its empty value. False: there are not so many.
SLUSS_MUST_CHECK bool sluss_settings_issuer_part(
    const struct sluss_issuer *issuer, size_t index, const char **key_out, const char **value_out);

#endif
