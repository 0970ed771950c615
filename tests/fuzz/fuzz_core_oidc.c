// SPDX-License-Identifier: EUPL-1.2
// What an identity provider sends: key sets, token answers, ID tokens. The first octet says which. No crash, and
// nothing is ever believed: no signature here is good.
#include "oidc_token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void verify(struct sluss_bytes token)
{
	static const char set[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"d\","
				  "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
	static struct sluss_oidc_keys *keys;
	const struct sluss_oidc_expect expect = {"https://i", "c", "n", "", 1700000000};
	struct sluss_oidc_claims *claims;
	if (keys == NULL)
		keys = sluss_oidc_keys_read((struct sluss_bytes){(const uint8_t *)set, sizeof(set) - 1});
	if (keys == NULL || sluss_oidc_verify(token, keys, &expect, &claims) == SLUSS_OIDC_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char token[SLUSS_OIDC_TOKEN_MAX + 1];
	if (len == 0)
		return 0;
	struct sluss_bytes rest = {data + 1, len - 1};
	if (data[0] == 'k') {
		struct sluss_oidc_keys *keys = sluss_oidc_keys_read(rest);
		sluss_oidc_keys_free(&keys);
	} else if (data[0] == 'a') {
		if (sluss_oidc_id_token(rest, token))
			verify((struct sluss_bytes){(const uint8_t *)token, strlen(token)});
	} else {
		verify(rest);
	}
	return 0;
}
