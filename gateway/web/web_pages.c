// SPDX-License-Identifier: EUPL-1.2
#include "web/web_pages.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/web_gzip.h"

struct web_pages {
	struct web_page pages[WEB_PAGES_MAX]; // [0] is index.html
	size_t count;
	size_t octets;
};

// By the end of the name; NULL: a kind that the pages do not have.
static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
	    {".html", "text/html; charset=utf-8"},
	    {".js", "text/javascript; charset=utf-8"},
	    {".css", "text/css; charset=utf-8"},
	    {".svg", "image/svg+xml"},
	    {".woff2", "font/woff2"},
	};
	size_t len = strlen(name);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t end = strlen(types[i].ending);
		if (len > end && strcmp(name + len - end, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

// The whole file; NULL: unreadable, empty or over the limit.
static uint8_t *read_file(int folder, const char *name, size_t max, size_t *len_out)
{
	struct stat about;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t *data = NULL;
	*len_out = 0;
	if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0 &&
	    (uint64_t)about.st_size <= max)
		data = malloc((size_t)about.st_size);
	while (data != NULL && *len_out < (size_t)about.st_size) {
		ssize_t got = read(fd, data + *len_out, (size_t)about.st_size - *len_out);
		if (got <= 0) {
			free(data);
			data = NULL;
			break;
		}
		*len_out += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	return data;
}

static bool add(struct web_pages *pages, int folder, const char *name, const char *path)
{
	struct web_page *page = &pages->pages[pages->count];
	if (pages->count == WEB_PAGES_MAX)
		return false;
	page->type = type_of(name);
	page->data = read_file(folder, name, WEB_PAGES_OCTETS_MAX - pages->octets, &page->len);
	page->path = strdup(path);
	pages->count++;
	if (page->type == NULL || page->data == NULL || page->path == NULL)
		return false;
	pages->octets += page->len;
	if (web_gzip(page->data, page->len, &page->compressed, &page->compressed_len) != WEB_GZIP_OK)
		page->compressed_len = 0; // served as it is
	return true;
}

static bool add_assets(struct web_pages *pages, int folder)
{
	int assets = openat(folder, "assets", O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
	DIR *list = assets < 0 ? NULL : fdopendir(assets);
	bool ok = list != NULL;
	for (struct dirent *entry; ok && (entry = readdir(list)) != NULL;) {
		char path[sizeof(entry->d_name) + sizeof("/assets/")];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/assets/%s", entry->d_name);
		ok = add(pages, assets, entry->d_name, path);
	}
	if (list != NULL)
		closedir(list);
	else if (assets >= 0)
		close(assets);
	return ok;
}

struct web_pages *web_pages_load(const char *path, const char **why_out)
{
	const char *why = NULL;
	struct web_pages *pages = calloc(1, sizeof(*pages));
	int folder = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (pages == NULL || folder < 0)
		why = folder < 0 ? "the folder cannot be opened" : "there is not enough memory";
	else if (!add(pages, folder, "index.html", "/"))
		why = "index.html cannot be read; build the pages first";
	else if (!add_assets(pages, folder))
		why = "assets/ has a file that cannot be read, is of an unknown kind, or is one too many";
	if (folder >= 0)
		close(folder);
	if (why_out != NULL)
		*why_out = why;
	if (why != NULL)
		web_pages_free(&pages);
	return pages;
}

void web_pages_free(struct web_pages **pages)
{
	if (*pages == NULL)
		return;
	for (size_t i = 0; i < (*pages)->count; i++) {
		free((*pages)->pages[i].path);
		free((*pages)->pages[i].data);
		free((*pages)->pages[i].compressed);
	}
	free(*pages);
	*pages = NULL;
}

const struct web_page *web_pages_find(const struct web_pages *pages, const char *path)
{
	if (pages == NULL)
		return NULL;
	if (strcmp(path, "/login/return") == 0)
		path = "/";
	for (size_t i = 0; i < pages->count; i++)
		if (strcmp(pages->pages[i].path, path) == 0)
			return &pages->pages[i];
	return NULL;
}
