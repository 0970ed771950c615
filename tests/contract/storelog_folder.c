// SPDX-License-Identifier: EUPL-1.2
// Folders for stores.
#include "storelog_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void storelog_folder_make(struct storelog_folder *folder)
{
	const char *base = getenv("TMPDIR");
	(void)snprintf(folder->path, sizeof(folder->path), "%s/sluss-store-XXXXXX", base == NULL ? "/tmp" : base);
	assert_non_null(mkdtemp(folder->path));
	(void)snprintf(folder->file, sizeof(folder->file), "%s/sluss.db", folder->path);
	(void)snprintf(folder->url, sizeof(folder->url), "sqlite:%s", folder->file);
}

void storelog_folder_remove(const struct storelog_folder *folder)
{
	DIR *list = opendir(folder->path);
	struct dirent *entry;
	char name[512];
	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s/%s", folder->path, entry->d_name);
		if (entry->d_name[0] != '.')
			(void)unlink(name);
	}
	(void)closedir(list);
	assert_int_equal(rmdir(folder->path), 0);
}

// The whole of a file, or NULL when there is none.
static uint8_t *read_file(const char *name, size_t *len_out)
{
	FILE *file = fopen(name, "rb");
	struct stat about;
	if (file == NULL)
		return NULL;
	assert_int_equal(fstat(fileno(file), &about), 0);
	*len_out = (size_t)about.st_size;
	uint8_t *octets = malloc(*len_out + 1);
	assert_non_null(octets);
	*len_out = fread(octets, 1, *len_out, file);
	(void)fclose(file);
	return octets;
}

void storelog_folder_copy(const struct storelog_folder *from, const struct storelog_folder *to)
{
	static const char *const endings[] = {"", "-wal"};
	for (size_t i = 0; i < 2; i++) {
		char name[256];
		size_t len = 0;
		(void)snprintf(name, sizeof(name), "%s%s", from->file, endings[i]);
		uint8_t *octets = read_file(name, &len);
		if (octets == NULL)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s", to->file, endings[i]);
		FILE *file = fopen(name, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(octets, 1, len, file), len);
		assert_int_equal(fclose(file), 0);
		free(octets);
	}
}

size_t storelog_folder_search(const struct storelog_folder *folder, const uint8_t *octets, size_t len)
{
	DIR *list = opendir(folder->path);
	struct dirent *entry;
	char name[512];
	size_t found = 0;
	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		size_t file_len = 0;
		(void)snprintf(name, sizeof(name), "%s/%s", folder->path, entry->d_name);
		uint8_t *file = entry->d_name[0] == '.' ? NULL : read_file(name, &file_len);
		const uint8_t *at = file;
		while (at != NULL && (at = memmem(at, file_len - (size_t)(at - file), octets, len)) != NULL) {
			found++;
			at += len;
		}
		free(file);
	}
	(void)closedir(list);
	return found;
}

size_t storelog_folder_size(const struct storelog_folder *folder, const char *ending)
{
	char name[256];
	struct stat about;
	(void)snprintf(name, sizeof(name), "%s%s", folder->file, ending);
	return stat(name, &about) == 0 ? (size_t)about.st_size : 0;
}
