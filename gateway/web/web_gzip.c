// SPDX-License-Identifier: EUPL-1.2
#include "web/web_gzip.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
	GZIP_WINDOW = 15 + 16, // 32 KiB window, gzip wrapper (zlib manual, inflateInit2)
	FIRST_OUTPUT = 4 << 10,
};

// Room for more output, at most max + 1 octets: the one more shows that the limit is passed.
static bool grow(uint8_t **buf, size_t *cap, size_t max)
{
	size_t bigger = *cap < (max + 1) / 2 ? *cap * 2 : max + 1;
	uint8_t *moved = realloc(*buf, bigger);
	if (moved == NULL)
		return false;
	*buf = moved;
	*cap = bigger;
	return true;
}

static enum web_gzip inflate_all(z_stream *z, size_t max, uint8_t **buf, size_t cap, size_t *used)
{
	for (;;) {
		size_t room = cap - *used;
		z->next_out = *buf + *used;
		z->avail_out = room > UINT32_MAX ? UINT32_MAX : (uInt)room;
		uInt offered = z->avail_out;
		int r = inflate(z, Z_NO_FLUSH);
		*used += offered - z->avail_out;
		if (*used > max)
			return WEB_GZIP_TOO_LARGE;
		if (r == Z_MEM_ERROR)
			return WEB_GZIP_NO_MEMORY;
		if (r == Z_STREAM_END) {
			if (z->avail_in == 0)
				return WEB_GZIP_OK;
			if (inflateReset(z) != Z_OK)
				return WEB_GZIP_MALFORMED;
			continue;
		}
		if (r != Z_OK && r != Z_BUF_ERROR)
			return WEB_GZIP_MALFORMED;
		if (z->avail_out > 0)
			return WEB_GZIP_MALFORMED; // it wants more input, and there is none
		if (!grow(buf, &cap, max))
			return WEB_GZIP_NO_MEMORY;
	}
}

enum web_gzip web_gunzip(const uint8_t *data, size_t len, size_t max, uint8_t **out, size_t *len_out)
{
	if (len > UINT32_MAX || max >= SIZE_MAX / 2)
		return WEB_GZIP_TOO_LARGE;
	z_stream z = {.next_in = data, .avail_in = (uInt)len};
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return WEB_GZIP_NO_MEMORY;
	size_t cap = max + 1 < FIRST_OUTPUT ? max + 1 : FIRST_OUTPUT, used = 0;
	uint8_t *buf = malloc(cap);
	enum web_gzip result = buf == NULL ? WEB_GZIP_NO_MEMORY : inflate_all(&z, max, &buf, cap, &used);
	inflateEnd(&z);
	if (result != WEB_GZIP_OK) {
		free(buf);
		return result;
	}
	*out = buf;
	*len_out = used;
	return WEB_GZIP_OK;
}

enum web_gzip web_gzip(const uint8_t *data, size_t len, uint8_t **out, size_t *len_out)
{
	if (len < 2 || len > UINT32_MAX)
		return WEB_GZIP_TOO_LARGE;
	z_stream z = {.next_in = data, .avail_in = (uInt)len};
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return WEB_GZIP_NO_MEMORY;
	uint8_t *buf = malloc(len);
	int r = Z_MEM_ERROR;
	if (buf != NULL) {
		z.next_out = buf;
		z.avail_out = (uInt)len - 1;
		r = deflate(&z, Z_FINISH);
	}
	size_t used = z.total_out;
	deflateEnd(&z);
	if (r != Z_STREAM_END) {
		free(buf);
		return buf == NULL ? WEB_GZIP_NO_MEMORY : WEB_GZIP_TOO_LARGE;
	}
	*out = buf;
	*len_out = used;
	return WEB_GZIP_OK;
}
