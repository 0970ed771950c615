// SPDX-License-Identifier: EUPL-1.2
// The police's threat assessment as a form, saved as JSON with the form's Swedish names -> ThreatAssessment.
#ifndef SLUSS_POLICE_THREAT_FORM_H
#define SLUSS_POLICE_THREAT_FORM_H

#include "convert.h"

// Everything wrong with the form is reported with the name of its field. False: it was not handed on.
SLUSS_MUST_CHECK bool sluss_police_threat(const char *octets, size_t len, const struct sluss_convert *to);

#endif
