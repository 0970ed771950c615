// SPDX-License-Identifier: EUPL-1.2
// A progress bar for long work, on a terminal only.
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum {
	BAR = 20, // with ten million entries a line still fits a terminal of 80 columns
	EVERY_MS = 100,
	RATE_FROM_MS = 500,
	IN_SECONDS = 100, // and more of them in minutes
	IN_MINUTES = 100 * 60,
};

// "3 s", "12 min", "5 h": rounded up, since a bar that says 0 and goes on is wrong.
static int put_time(char *line, size_t size, uint64_t seconds)
{
	if (seconds < IN_SECONDS) {
		return snprintf(line, size, "%llu s", (unsigned long long)seconds);
	}
	if (seconds < IN_MINUTES) {
		return snprintf(line, size, "%llu min", (unsigned long long)((seconds + 59) / 60));
	}
	return snprintf(line, size, "%llu h", (unsigned long long)((seconds + 3599) / 3600));
}

void cli_progress_line(
    char *line, size_t size, const char *what, uint64_t done, uint64_t total, uint64_t since, int64_t ms)
{
	int full = (int)(done >= total ? BAR : done * BAR / total);
	int len = snprintf(line, size, "%s [%.*s%.*s] %llu of %llu", what, full, "####################", BAR - full,
	    "....................", (unsigned long long)done, (unsigned long long)total);
	if (ms < RATE_FROM_MS || done <= since || len < 0 || (size_t)len >= size) {
		return; // too early to say
	}
	double rate = (double)(done - since) * 1000 / (double)ms;
	int more = snprintf(line + len, size - (size_t)len, ", %.0f/s", rate);
	if (done >= total || more < 0 || (size_t)(len + more) >= size) {
		return;
	}
	len += more;
	more = snprintf(line + len, size - (size_t)len, ", left: ");
	if (more > 0 && (size_t)(len + more) < size) {
		(void)put_time(
		    line + len + more, size - (size_t)(len + more), (uint64_t)((double)(total - done) / rate) + 1);
	}
}

void cli_progress(struct cli *cli, const char *what, uint64_t done, uint64_t total)
{
	static int64_t shown_ms, began_ms;
	static uint64_t since, before;
	struct timespec now;
	char line[200];
	if (cli->json || isatty(STDERR_FILENO) != 1) {
		return;
	}
	if (total == 0) {
		(void)fputs("\r\033[K", stderr);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (began_ms == 0 || done < before) { // another work
		began_ms = ms;
		since = done;
	}
	before = done;
	if (ms - shown_ms < EVERY_MS && done < total) {
		return;
	}
	shown_ms = ms;
	cli_progress_line(line, sizeof(line), what, done, total, since, ms - began_ms);
	(void)fprintf(stderr, "\r%s\033[K", line);
	(void)fflush(stderr);
}
