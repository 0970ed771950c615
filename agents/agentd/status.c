// SPDX-License-Identifier: EUPL-1.2
// `sluss-agentd --status`: asks the running agent over its socket what waits and why.
#include "status.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>

struct answer {
	char *text;
	size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	enum { MOST = 16 << 20 };
	struct answer *a = arg;
	size_t len = size * count;
	char *longer = len > MOST - a->len ? NULL : realloc(a->text, a->len + len + 1);
	if (longer == NULL)
		return 0;
	memcpy(longer + a->len, data, len);
	a->text = longer;
	a->len += len;
	a->text[a->len] = '\0';
	return len;
}

static json_t *ask(const char *socket_path, const char **why_out)
{
	struct answer a = {.text = NULL};
	static char problem[CURL_ERROR_SIZE];
	CURL *curl = curl_easy_init();
	json_t *tree = NULL;
	*why_out = "no memory";
	if (curl != NULL && curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_URL, "http://agent/v1/queue") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem) == CURLE_OK) {
		CURLcode code = curl_easy_perform(curl);
		*why_out = code == CURLE_OK ? "its answer cannot be read" : problem;
		tree = code == CURLE_OK && a.text != NULL ? json_loads(a.text, 0, NULL) : NULL;
	}
	curl_easy_cleanup(curl);
	free(a.text);
	return tree;
}

static const char *text_of(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));
	return text == NULL ? "" : text;
}

static long long number_of(const json_t *tree, const char *key)
{
	return (long long)json_integer_value(json_object_get(tree, key));
}

static void print_counts(FILE *out, const char *title, const json_t *counts)
{
	const char *state;
	json_t *count;
	fprintf(out, "%s", title);
	json_object_foreach((json_t *)(uintptr_t)counts, state, count)
	{
		if (json_integer_value(count) > 0)
			fprintf(out, "  %s %lld", state, (long long)json_integer_value(count));
	}
	fputc('\n', out);
}

static void print_links(FILE *out, const json_t *links)
{
	const char *doing;
	json_t *link;
	json_object_foreach((json_t *)(uintptr_t)links, doing, link)
	{
		if (!json_is_true(json_object_get(link, "works")))
			fprintf(out, "gateway, %s: fails since %s, next try in %lld ms: %s\n", doing,
			    text_of(link, "since"), number_of(link, "nextTryMs"), text_of(link, "why"));
	}
}

static void print_waiting(FILE *out, const json_t *waiting)
{
	size_t i;
	json_t *m;
	json_array_foreach(waiting, i, m)
	{
		const json_t *why = json_object_get(m, "why");
		fprintf(out, "%s  case %s  %s since %s  attempts %lld%s%s%s%s\n", text_of(m, "messageId"),
		    text_of(m, "case"), text_of(m, "state"), text_of(m, "queuedAt"), number_of(m, "attempts"),
		    json_is_null(why) ? "" : "  ", text_of(why, "reason"), json_is_null(why) ? "" : " ",
		    text_of(why, "explanation"));
	}
}

bool agentd_status_print(const char *socket_path, bool as_json, FILE *out, FILE *err)
{
	const char *why = NULL;
	json_t *tree = ask(socket_path, &why);
	if (tree == NULL) {
		fprintf(err, "sluss-agentd: the agent at %s does not answer: %s\n", socket_path, why);
		return false;
	}
	if (as_json) {
		(void)json_dumpf(tree, out, JSON_INDENT(2));
		fputc('\n', out);
	} else {
		const json_t *counts = json_object_get(tree, "counts");
		fprintf(out, "agency %s, officer %s\n", text_of(tree, "agency"), text_of(tree, "officer"));
		print_counts(out, "out:", json_object_get(counts, "out"));
		print_counts(out, "in: ", json_object_get(counts, "in"));
		fprintf(out, "to be acknowledged %lld, open recalls %lld\n", number_of(counts, "notAcknowledgedYet"),
		    number_of(counts, "openRecalls"));
		print_links(out, json_object_get(tree, "gateway"));
		print_waiting(out, json_object_get(tree, "waiting"));
	}
	json_decref(tree);
	return ferror(out) == 0;
}
