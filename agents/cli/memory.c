// SPDX-License-Identifier: EUPL-1.2
// Memory of one command: everything goes when it ends.
#include <stdarg.h>
#include <stdlib.h>

#include "cli.h"

static void *must(void *data)
{
	if (data == NULL) {
		(void)fputs("sluss: out of memory\n", stderr);
		exit(CLI_INTERNAL);
	}
	return data;
}

void cli_own(struct cli *cli, void *data, void (*release)(void *data))
{
	if (cli->owned_count == cli->owned_room) {
		cli->owned_room = cli->owned_room * 2 + 64;
		cli->owned = must(realloc(cli->owned, cli->owned_room * sizeof(*cli->owned)));
	}
	cli->owned[cli->owned_count++] = (struct cli_owned){data, release};
}

void *cli_alloc(struct cli *cli, size_t size)
{
	void *data = must(calloc(1, size == 0 ? 1 : size));
	cli_own(cli, data, free);
	return data;
}

char *cli_copy(struct cli *cli, const char *text, size_t len)
{
	char *copy = cli_alloc(cli, len + 1);
	memcpy(copy, text, len);
	return copy;
}

char *cli_format(struct cli *cli, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
	}
	va_end(args);
	cli_own(cli, must(text), free);
	return text;
}

static void release_message(void *message)
{
	protobuf_c_message_free_unpacked(message, NULL);
}

void cli_own_message(struct cli *cli, void *message)
{
	if (message != NULL) {
		cli_own(cli, message, release_message);
	}
}

void cli_append(struct cli *cli, void *list_field, size_t *count_field, void *item)
{
	void **list = NULL;
	memcpy(&list, list_field, sizeof(list));
	void **longer = cli_alloc(cli, (*count_field + 1) * sizeof(*longer));
	if (*count_field > 0) {
		memcpy(longer, list, *count_field * sizeof(*longer));
	}
	longer[*count_field] = item;
	(*count_field)++;
	memcpy(list_field, &longer, sizeof(longer));
}

void cli_release(struct cli *cli, size_t mark)
{
	while (cli->owned_count > mark) {
		struct cli_owned *last = &cli->owned[--cli->owned_count];
		last->release(last->data);
	}
}

void cli_finish(struct cli *cli)
{
	cli_release(cli, 0);
	free(cli->owned);
	json_decref(cli->result);
	json_decref(cli->error);
	cli->owned = NULL;
	cli->owned_room = 0;
	cli->result = NULL;
	cli->error = NULL;
}
