// SPDX-License-Identifier: EUPL-1.2
#include "web/web_headers.h"

#include <strings.h>

#include "web/json.h"

// Keeps a header that may come only once.
static void once(struct web_headers *h, const char **slot, const char *name, const char *value)
{
	if (*slot != NULL)
		h->twice = name;
	*slot = value != NULL ? value : "";
}

static bool is(const char *name, const char *lower)
{
	return strcasecmp(name, lower) == 0;
}

void web_headers_add(struct web_headers *h, const char *name, const char *value)
{
	switch (strlen(name)) { // most headers of a request are none of ours: their length says so
	case 4:
		if (is(name, "host"))
			once(h, &h->host, "Host", value);
		break;
	case 6:
		if (is(name, "expect"))
			once(h, &h->expect, "Expect", value);
		break;
	case 11:
		if (is(name, "traceparent"))
			h->traceparent = h->traceparent != NULL ? "" : value; // two are as good as none
		break;
	case 12:
		if (is(name, "content-type"))
			once(h, &h->content_type, "Content-Type", value);
		break;
	case 13:
		if (is(name, "sluss-session"))
			once(h, &h->session, "Sluss-Session", value);
		break;
	case 14:
		if (is(name, "content-length"))
			once(h, &h->content_length, "Content-Length", value);
		break;
	case 15:
		if (is(name, "accept-encoding") && value != NULL) {
			h->accept_encoding = value;
			h->accepts_gzip = h->accepts_gzip || web_accepts_gzip(value);
		}
		break;
	case 16:
		if (is(name, "content-encoding"))
			once(h, &h->content_encoding, "Content-Encoding", value);
		break;
	case 17:
		if (is(name, "transfer-encoding"))
			once(h, &h->transfer_encoding, "Transfer-Encoding", value);
		break;
	case 18:
		if (is(name, "connect-timeout-ms"))
			once(h, &h->connect_timeout, "Connect-Timeout-Ms", value);
		break;
	case 24:
		if (is(name, "connect-protocol-version"))
			once(h, &h->connect_version, "Connect-Protocol-Version", value);
		break;
	default:
		break;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

// A token between blanks, up to a separator or the end. Moves *p behind the separator, or to the end.
static struct sluss_bytes piece(const char **p, char separator)
{
	const char *start = *p;
	while (is_blank(*start))
		start++;
	const char *end = start;
	while (*end != '\0' && *end != separator)
		end++;
	*p = *end == '\0' ? end : end + 1;
	while (end > start && is_blank(end[-1]))
		end--;
	return (struct sluss_bytes){.data = (const uint8_t *)start, .len = (size_t)(end - start)};
}

static bool same(struct sluss_bytes text, const char *lower)
{
	return text.len == strlen(lower) && strncasecmp((const char *)text.data, lower, text.len) == 0;
}

enum web_codec web_codec_of(const char *content_type)
{
	if (content_type == NULL)
		return WEB_CODEC_NONE;
	const char *p = content_type;
	struct sluss_bytes type = piece(&p, ';');
	enum web_codec codec = same(type, "application/proto")	? WEB_CODEC_PROTO
			       : same(type, "application/json") ? WEB_CODEC_JSON
								: WEB_CODEC_NONE;
	while (*p != '\0') {
		struct sluss_bytes parameter = piece(&p, ';');
		if (parameter.len >= 8 && strncasecmp((const char *)parameter.data, "charset=", 8) == 0 &&
		    !same(parameter, "charset=utf-8") && !same(parameter, "charset=\"utf-8\""))
			return WEB_CODEC_NONE;
	}
	return codec;
}

const char *web_codec_name(enum web_codec codec)
{
	return codec == WEB_CODEC_PROTO ? "application/proto" : "application/json";
}

enum web_coding web_coding_of(const char *content_encoding)
{
	if (content_encoding == NULL)
		return WEB_CODING_IDENTITY;
	const char *p = content_encoding;
	struct sluss_bytes coding = piece(&p, '\0');
	if (coding.len == 0 || same(coding, "identity"))
		return WEB_CODING_IDENTITY;
	return same(coding, "gzip") ? WEB_CODING_GZIP : WEB_CODING_UNKNOWN;
}

static bool digits(const char *text, size_t max_digits, uint64_t *value_out)
{
	uint64_t value = 0;
	size_t n = 0;
	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		if (n == max_digits)
			return false;
		value = value * 10 + (uint64_t)(text[n] - '0');
	}
	*value_out = value;
	return n > 0 && text[n] == '\0';
}

bool web_timeout_of(const char *text, uint64_t *ms_out)
{
	return digits(text, 10, ms_out);
}

bool web_length_of(const char *text, uint64_t *length_out)
{
	return digits(text, 19, length_out);
}

// "q=0", "q=0.0" and so on: not acceptable (RFC 9110 section 12.4.2).
static bool is_zero_weight(struct sluss_bytes parameter)
{
	if (parameter.len < 3 || (parameter.data[0] | 0x20) != 'q' || parameter.data[1] != '=')
		return false;
	for (size_t i = 2; i < parameter.len; i++)
		if (parameter.data[i] != '0' && parameter.data[i] != '.')
			return false;
	return true;
}

bool web_accepts_gzip(const char *accept_encoding)
{
	bool any = false;
	for (const char *p = accept_encoding; *p != '\0';) {
		struct sluss_bytes item = piece(&p, ',');
		const uint8_t *end = item.data + item.len, *semicolon = memchr(item.data, ';', item.len);
		struct sluss_bytes coding = {
		    .data = item.data, .len = (size_t)((semicolon != NULL ? semicolon : end) - item.data)};
		while (coding.len > 0 && is_blank((char)coding.data[coding.len - 1]))
			coding.len--;
		bool refused = false;
		if (semicolon != NULL) {
			for (semicolon++; semicolon < end && is_blank((char)*semicolon); semicolon++)
				;
			refused =
			    is_zero_weight((struct sluss_bytes){.data = semicolon, .len = (size_t)(end - semicolon)});
		}
		if (same(coding, "gzip") || same(coding, "x-gzip"))
			return !refused;
		if (same(coding, "*"))
			any = !refused;
	}
	return any;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1; // upper case is not valid here
}

// len octets as lower-case hexadecimal digits. *nonzero_out: not all zero.
static bool hex_octets(const char **p, size_t len, uint8_t *out, bool *nonzero_out)
{
	bool nonzero = false;
	for (size_t i = 0; i < len; i++, *p += 2) {
		int high = hex((*p)[0]);
		int low = high < 0 ? -1 : hex((*p)[1]);
		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
		nonzero = nonzero || out[i] != 0;
	}
	*nonzero_out = nonzero;
	return true;
}

bool web_trace_of(const char *traceparent, uint8_t trace_id_out[16])
{
	const char *p = traceparent;
	uint8_t version, parent[8], flags;
	bool nonzero, trace_nonzero, parent_nonzero;
	if (p == NULL || !hex_octets(&p, 1, &version, &nonzero) || *p++ != '-' || version == 0xff)
		return false;
	if (!hex_octets(&p, 16, trace_id_out, &trace_nonzero) || *p++ != '-')
		return false;
	if (!hex_octets(&p, 8, parent, &parent_nonzero) || *p++ != '-')
		return false;
	if (!hex_octets(&p, 1, &flags, &nonzero))
		return false;
	// Later versions may add fields behind another dash.
	bool ends = version == 0 ? *p == '\0' : *p == '\0' || *p == '-';
	return ends && trace_nonzero && parent_nonzero;
}

// Exactly `octets` octets of base64url (json.h's reader takes the standard alphabet as well).
static bool read_base64url(const char *text, size_t len, uint8_t *out, size_t octets)
{
	size_t got = 0;
	if (len != (octets * 8 + 5) / 6 || memchr(text, '+', len) != NULL || memchr(text, '/', len) != NULL)
		return false;
	return sluss_base64_decode(text, len, out, &got) && got == octets;
}

static bool read_counter(const char *text, size_t len, uint64_t *counter_out)
{
	uint64_t value = 0;
	if (len == 0 || len > 19 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*counter_out = value;
	return true;
}

bool web_session_of(const char *text, struct web_session *session_out)
{
	uint8_t id[48], signature[96]; // the decoder may need a little more than the result
	const char *first = strchr(text, '.');
	const char *second = first == NULL ? NULL : strchr(first + 1, '.');
	if (second == NULL || !read_base64url(text, (size_t)(first - text), id, sizeof(session_out->id)) ||
	    !read_counter(first + 1, (size_t)(second - first - 1), &session_out->counter) ||
	    !read_base64url(second + 1, strlen(second + 1), signature, sizeof(session_out->signature)))
		return false;
	memcpy(session_out->id, id, sizeof(session_out->id));
	memcpy(session_out->signature, signature, sizeof(session_out->signature));
	return true;
}
