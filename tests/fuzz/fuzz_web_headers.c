// SPDX-License-Identifier: EUPL-1.2
// Header lines "name: value" as a client may send them: every parser behind web_headers.
#include <stdlib.h>

#include "fuzz_web.h"

#include "web/web_headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	struct web_headers h = {0};
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		char *value = line;
		char *name = strsep(&value, ":");
		web_headers_add(&h, name, value);
		uint64_t n;
		uint8_t trace[16];
		if (value == NULL)
			continue;
		(void)web_accepts_gzip(value);
		(void)web_codec_of(value);
		(void)web_coding_of(value);
		if (web_timeout_of(value, &n) && n > UINT64_C(9999999999))
			abort();
		(void)web_length_of(value, &n);
		(void)web_trace_of(value, trace);
		struct web_session session;
		(void)web_session_of(value, &session);
		(void)sluss_method_by_path(value);
	}
	if (h.content_type != NULL && web_codec_of(h.content_type) != WEB_CODEC_NONE &&
	    strcasestr(h.content_type, "application/") == NULL)
		abort();
	free(text);
	return 0;
}
