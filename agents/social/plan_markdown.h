// SPDX-License-Identifier: EUPL-1.2
// An action plan written as Markdown by a form that people fill in -> ActionPlan. agents/social/README.md describes the
// form.
#ifndef SLUSS_SOCIAL_PLAN_MARKDOWN_H
#define SLUSS_SOCIAL_PLAN_MARKDOWN_H

#include "convert.h"

// A line that the form does not have is refused with its number. False: the plan was not handed on.
SLUSS_MUST_CHECK bool sluss_social_plan(const char *octets, size_t len, const struct sluss_convert *to);

#endif
