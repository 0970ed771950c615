// SPDX-License-Identifier: EUPL-1.2
// A school's list of lessons as CSV -> one AttendanceReport a pupil and week.
#ifndef SLUSS_SCHOOL_ATTENDANCE_CSV_H
#define SLUSS_SCHOOL_ATTENDANCE_CSV_H

#include "convert.h"

// Every row is a lesson of a pupil. Rows that cannot be used are reported and rejected, the others are counted; a
// report that lacks a row says so in its remark. The key of a content is the pupil as the file writes it. False: the
// file as a whole cannot be used (reported).
SLUSS_MUST_CHECK bool sluss_school_attendance(const char *octets, size_t len, const struct sluss_convert *to);

#endif
