// SPDX-License-Identifier: EUPL-1.2
// The texts for persons: the same names and words in every language, and how they are filled in.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "receipt_text.h"

static const char *const languages[] = {"sv", "en", "ar", "so"};

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

// Every {name} of one language stands as often in each other one.
static void same_names(void **state)
{
	(void)state;
	const char *english = sluss_receipt_language("en");
	for (const char *at = english; (at = strchr(at, '{')) != NULL; at++) {
		char name[32];
		size_t len = strcspn(at, "}") + 1;
		assert_true(len < sizeof(name));
		memcpy(name, at, len);
		name[len] = '\0';
		for (size_t i = 0; i < 4; i++)
			if (count(sluss_receipt_language(languages[i]), name) != count(english, name))
				fail_msg("%s in %s", name, languages[i]);
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(count(sluss_receipt_language(languages[i]), "{"), count(english, "{"));
	assert_null(sluss_receipt_language("de"));
	assert_null(sluss_receipt_language(""));
}

// Every word of one language is there in each other one.
static void same_words(void **state)
{
	(void)state;
	const char *words = strstr(sluss_receipt_language("en"), "@words\n");
	assert_non_null(words);
	size_t lines = count(words, " = ");
	assert_true(lines > 30);
	for (size_t i = 0; i < 4; i++) {
		const char *file = sluss_receipt_language(languages[i]);
		assert_int_equal(count(strstr(file, "@words\n"), " = "), lines);
		for (const char *line = strchr(words, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
			char key[64];
			size_t len = (size_t)(strstr(line, " = ") - line);
			assert_true(len < sizeof(key));
			memcpy(key, line, len);
			key[len] = '\0';
			struct sluss_arena *arena = sluss_arena_new(4096);
			*strchr(key, '.') = '\0';
			if (strcmp(sluss_receipt_word(arena, file, key, key + strlen(key) + 1, "?"), "?") == 0)
				fail_msg("%s.%s in %s", key, key + strlen(key) + 1, languages[i]);
			sluss_arena_free(&arena);
		}
	}
}

static void filling(void **state)
{
	(void)state;
	static const char file[] = "@text\nA {a} {b}{a} {unknown} {\n@words\nx.1 = one\nx.10 = ten\nx.2 = \n";
	const struct sluss_fill fills[] = {{"a", "{b}"}, {"b", ""}};
	struct sluss_arena *arena = sluss_arena_new(4096);
	// What is put in is not looked at again.
	assert_string_equal(sluss_receipt_fill(arena, file, "text", fills, 2), "A {b} {b} {unknown} {\n");
	assert_null(sluss_receipt_fill(arena, file, "tex", fills, 2));
	assert_null(sluss_receipt_fill(arena, file, "grant", fills, 2));
	assert_string_equal(sluss_receipt_word(arena, file, "x", "1", "?"), "one");
	assert_string_equal(sluss_receipt_word(arena, file, "x", "10", "?"), "ten");
	assert_string_equal(sluss_receipt_word(arena, file, "x", "3", "?"), "?");
	sluss_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_names),
	    cmocka_unit_test(same_words),
	    cmocka_unit_test(filling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
