// SPDX-License-Identifier: EUPL-1.2
// Shared by the fuzz targets of gateway/web: the first octet of an input chooses the message type.
#ifndef SLUSS_FUZZ_WEB_H
#define SLUSS_FUZZ_WEB_H

#include "ipc/methods.h"
#include "sluss/v1/consent.pb-c.h"
#include "sluss/v1/exchange.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline const ProtobufCMessageDescriptor *sluss_fuzz_type(uint8_t choice)
{
	static const ProtobufCMessageDescriptor *const types[] = {
	    &sluss__v1__send_request__descriptor,      // 0
	    &sluss__v1__fetch_request__descriptor,     // 1
	    &sluss__v1__grant__descriptor,	       // 2
	    &sluss__v1__section_header__descriptor,    // 3
	    &sluss__v1__evaluate_response__descriptor, // 4
	    &sluss__v1__record_consent__descriptor,    // 5
	    &sluss__v1__envelope__descriptor,	       // 6
	};
	const struct sluss_method_info *method = sluss_method_by_id(choice);
	return choice < 16 || method == NULL ? types[choice % 7] : method->request;
}

#endif
