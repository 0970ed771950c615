// SPDX-License-Identifier: EUPL-1.2
// A progress bar for long work, on a terminal only.
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { BAR = 30, EVERY_MS = 100 };

void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total)
{
	static int64_t shown_ms;
	struct timespec now;
	if (cli->json || isatty(STDERR_FILENO) != 1) {
		return;
	}
	if (total == 0) {
		(void)fputs("\r\033[K", stderr);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (ms - shown_ms < EVERY_MS && done < total) {
		return;
	}
	shown_ms = ms;
	int full = (int)(done >= total ? BAR : done * BAR / total);
	(void)fprintf(stderr, "\r%s [%.*s%.*s] %llu of %llu", what, full, "##############################", BAR - full, "..............................",
	    (unsigned long long)done, (unsigned long long)total);
	(void)fflush(stderr);
}
