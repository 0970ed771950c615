// SPDX-License-Identifier: EUPL-1.2
// The pages: read from a folder, found by path, served with their headers on the public port only.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/web_pages.h"
#include "web_harness.h"

static char folder[] = "/tmp/sluss-pages-XXXXXX";

static void put(const char *name, const char *text, size_t times)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < times; i++)
		assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void gone(const char *name)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(remove(path), 0);
}

static int make_folder(void **state)
{
	(void)state;
	char assets[128];
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(assets, sizeof(assets), "%s/assets", folder);
	if (mkdir(assets, 0700) != 0)
		return 1;
	put("index.html", "<!doctype html>", 1);
	put("assets/app-1.js", "export const a = 1;\n", 500);
	put("assets/style-1.css", "body{}", 1);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	gone("index.html");
	gone("assets/app-1.js");
	gone("assets/style-1.css");
	gone("assets");
	return rmdir(folder);
}

static void test_load(void **state)
{
	(void)state;
	const char *why = "";
	struct web_pages *pages = web_pages_load(folder, &why);
	assert_non_null(pages);
	assert_null(why);
	const struct web_page *page = web_pages_find(pages, "/");
	assert_string_equal(page->type, "text/html; charset=utf-8");
	assert_ptr_equal(web_pages_find(pages, "/login/return"), page);
	page = web_pages_find(pages, "/assets/app-1.js");
	assert_int_equal(page->len, 10000);
	assert_true(page->compressed_len > 0 && page->compressed_len < 1000);
	assert_null(web_pages_find(pages, "/index.html"));
	assert_null(web_pages_find(pages, "/assets/"));
	assert_null(web_pages_find(pages, "/assets/../index.html"));
	assert_null(web_pages_find(NULL, "/"));
	web_pages_free(&pages);
	assert_null(pages);
}

static void test_faults(void **state)
{
	(void)state;
	const char *why = NULL;
	put("assets/secret.key", "x", 1);
	assert_null(web_pages_load(folder, &why));
	assert_string_equal(why, "assets/ has a file that cannot be read, is of an unknown kind, or is one too many");
	gone("assets/secret.key");
	put("assets/empty.js", "", 1);
	assert_null(web_pages_load(folder, NULL));
	gone("assets/empty.js");
	assert_null(web_pages_load("/nowhere/at/all", &why));
	assert_string_equal(why, "the folder cannot be opened");
}

static struct web_reply *get(struct web_test *web, enum sluss_port port, const char *path, const char *headers)
{
	char request[256];
	int fd = web_test_connect(web, port, port == SLUSS_PORT_AGENCY);
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
	web_test_send(fd, request, (size_t)n);
	struct web_reply *reply = web_test_reply(fd);
	close(fd);
	return reply;
}

static void test_served(void **state)
{
	(void)state;
	struct web_pages *pages = web_pages_load(folder, NULL);
	assert_non_null(pages);
	struct web_test *web = web_test_start_with(NULL, pages);
	struct web_reply *reply = get(web, SLUSS_PORT_PUBLIC, "/?code=1&state=2", "");
	assert_int_equal(reply->status, 200);
	assert_int_equal(reply->body_len, strlen("<!doctype html>"));
	assert_string_equal(web_test_header(reply, "Cache-Control"), "no-store");
	assert_string_equal(web_test_header(reply, "X-Frame-Options"), "DENY");
	assert_string_equal(web_test_header(reply, "Referrer-Policy"), "no-referrer");
	assert_non_null(strstr(web_test_header(reply, "Content-Security-Policy"), "default-src 'none'"));
	assert_null(strstr(web_test_header(reply, "Content-Security-Policy"), "unsafe"));
	free(reply);
	reply = get(web, SLUSS_PORT_PUBLIC, "/assets/app-1.js", "Accept-Encoding: gzip\r\n");
	assert_int_equal(reply->status, 200);
	assert_string_equal(web_test_header(reply, "Content-Encoding"), "gzip");
	assert_true(reply->body_len < 1000);
	free(reply);
	reply = get(web, SLUSS_PORT_AGENCY, "/", "");
	assert_int_equal(reply->status, 404);
	free(reply);
	reply = get(web, SLUSS_PORT_PUBLIC, "/assets/none.js", "");
	assert_int_equal(reply->status, 404);
	free(reply);
	web_test_stop(&web);
	web_pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_served),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
