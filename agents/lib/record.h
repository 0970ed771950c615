// SPDX-License-Identifier: EUPL-1.2
// Does a log entry say what was asked? A receipt proves that an entry stands in the log; whoever sits between us and the log could still answer with the receipt of another
// entry. So the entry is read and compared with what we signed. No state, any thread.
#ifndef SLUSS_AGENTS_RECORD_H
#define SLUSS_AGENTS_RECORD_H

#include "sluss/statement.h"
#include "sluss/v1/directory.pb-c.h"

// Is `entry` the record of this signed statement or envelope? `octets` are the octets that were signed. False also for a statement type that makes no record.
SLUSS_MUST_CHECK bool sluss_record_fits(struct sluss_bytes entry, const ProtobufCMessage *statement, struct sluss_bytes octets);

// Does `entry` bind these keys to this agency (its enrolment, or a rotation)?
SLUSS_MUST_CHECK bool sluss_record_binds_keys(struct sluss_bytes entry, const char *agency_id, const Sluss__V1__AgencyKeys *keys);

#endif
