// SPDX-License-Identifier: EUPL-1.2
// Any octets as a settings file: an error or settings that survive being printed and read again.
#include "settings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sluss_settings settings;
	struct sluss_settings_error error;
	sluss_settings_default(&settings);
	if (sluss_settings_parse("fuzz", (struct sluss_bytes){data, len}, &settings, &error) != SLUSS_SETTINGS_OK)
		return 0;
	if (sluss_settings_complete(&settings, &error) != SLUSS_SETTINGS_OK)
		return 0;
	char *text = NULL;
	size_t text_len = 0;
	FILE *out = open_memstream(&text, &text_len);
	if (out == NULL || !sluss_settings_print_for_role(&settings, SLUSS_ROLE_CORE, out) || fclose(out) != 0)
		abort();
	struct sluss_settings again;
	sluss_settings_default(&again);
	if (sluss_settings_parse("again", (struct sluss_bytes){(const uint8_t *)text, text_len}, &again, &error) !=
		SLUSS_SETTINGS_OK ||
	    again.demo_clock_start != settings.demo_clock_start || strcmp(again.authority, settings.authority) != 0)
		abort();
	free(text);
	return 0;
}
