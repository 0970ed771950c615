// SPDX-License-Identifier: EUPL-1.2
// An export from anybody. The first octet says what the rest is: a file in place of one of the export's (bundle,
// checkpoint with its signature lines, witnesses, quorum, key, timestamp, tile), or octets that are changed in the
// entries of a right log, which is then published and signed anew, so that the replay meets what no gateway wrote.
// Never a crash, never a leak, always an answer.
#include <stdlib.h>

#include "forge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const one[] = {"soc-1"}, *const attendance[] = {"school_attendance"};

static void play(struct forge *forge)
{
	struct forge_message message;
	forge_open(forge);
	forge_world(forge, true);
	forge_draft(forge, &message, 1, one, 1, attendance);
	if (!forge_send(forge, &message))
		abort();
	forge_fetch(forge, &message, "soc-1");
	forge_draft(forge, &message, 1, one, 1, attendance);
	if (!forge_send(forge, &message))
		abort();
	(void)forge_withdraw(forge, "school_attendance", &message);
}

// Entry, position in it, what to put there: back to front the same call undoes it.
static void change(struct forge *forge, const uint8_t *data, size_t len)
{
	for (; len >= 4; data += 4, len -= 4) {
		struct sluss_bytes *entry = &forge->entries[data[0] % forge->entry_count];
		((uint8_t *)(uintptr_t)entry->data)[(size_t)(data[1] << 8 | data[2]) % entry->len] ^= data[3];
	}
}

// Puts the octets in place of the file whose path begins so, or beside the others.
static void replace(struct forge *forge, const char *path, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < forge->file_count; i++) {
		if (strncmp(forge->files[i].path, path, strlen(path)) == 0) {
			forge_add_file(forge, forge->files[i].path, data, len);
			return;
		}
	}
	forge_add_file(forge, path, data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const files[] = {"tile/entries/000.p/", "checkpoint", "keys/witnesses", "keys/quorum",
	    "keys/log.vkey", "timestamps/5.tsr", "tile/0/000.p/", "checkpoints/5", "keys/tsa.pem"};
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	static struct forge_findings findings;
	static struct forge forge;
	if (forge.entry_count == 0)
		play(&forge);
	if (len == 0)
		return 0;
	unsigned what = data[0] % (FILES + 1);
	if (what == FILES)
		change(&forge, data + 1, len - 1);
	forge_publish(&forge);
	if (what < FILES)
		replace(&forge, files[what], data + 1, len - 1);
	forge_verify(&forge, NULL, &findings);
	if (findings.outcome == SLUSS_AUDIT_OUTCOME_NONE)
		abort();
	if (what == FILES)
		change(&forge, data + 1, len - 1);
	while (forge.file_count > 0)
		forge_remove_file(&forge, forge.files[0].path);
	return 0;
}
