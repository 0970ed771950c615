// SPDX-License-Identifier: EUPL-1.2
// What an auditor's verification costs: audit_bench [RECORDS]. Makes exports of RECORDS and four times as many
// (messages sent, released, acknowledged), and prints, in one run on one core: records a second that are hashed twice
// (SHA-256), records a second verified with replay, and without; the ratio; and the memory of each, which must not grow
// with the log.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "forge.h"
#include "log_checkpoint.h"
#include "log_hash.h"
#include "log_tile.h"
#include "log_tree.h"

enum { BUNDLE_MAX = 256 * (2 + SLUSS_BUNDLE_ENTRY_MAX) };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// ---- making an export, a bundle at a time

struct making {
	struct forge forge;
	struct sluss_tree *tree;
	const char *folder;
	uint8_t *bundle;
	uint64_t done, octets;
	struct {
		struct sluss_tile_name name;
		uint8_t hashes[256 * SLUSS_HASH_BYTES];
	} partial[8]; // the newest of each level, while it is not full
};

static void write_file(const struct making *m, const char *path, const void *data, size_t len)
{
	char name[1024];
	(void)snprintf(name, sizeof(name), "%s/%s", m->folder, path);
	for (char *slash = strchr(name + strlen(m->folder) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0755) != 0 && errno != EEXIST)
			die(name);
		*slash = '/';
	}
	FILE *file = fopen(name, "wb");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		die(name);
}

static bool no_tile(void *context, uint8_t level, uint64_t index, uint16_t width, uint8_t *hashes_out)
{
	(void)context, (void)level, (void)index, (void)width, (void)hashes_out;
	return false;
}

static void write_partial(struct making *m, unsigned level)
{
	char path[SLUSS_TILE_PATH_MAX];
	if (m->partial[level].name.width == 0)
		return;
	if (!sluss_tile_path_format(&m->partial[level].name, path, sizeof(path)))
		die("path");
	write_file(m, path, m->partial[level].hashes, (size_t)m->partial[level].name.width * SLUSS_HASH_BYTES);
	m->partial[level].name.width = 0;
}

// The forge's first `count` entries become a bundle and leave its memory.
static void flush_bundle(struct making *m, size_t count)
{
	char path[SLUSS_TILE_PATH_MAX];
	size_t len = 0;
	const struct sluss_tree_tile *tiles;
	size_t tile_count;
	struct sluss_tile_name name = {
	    .level = SLUSS_TILE_LEVEL_ENTRIES, .index = m->done / 256, .width = (uint16_t)count};
	sluss_tree_begin(m->tree);
	for (size_t i = 0; i < count; i++) {
		struct sluss_hash leaf;
		sluss_hash_leaf(m->forge.entries[i].data, m->forge.entries[i].len, &leaf);
		if (sluss_tree_append(m->tree, &leaf) != SLUSS_TREE_OK)
			die("tree");
		len += sluss_bundle_put(m->forge.entries[i], m->bundle + len, BUNDLE_MAX - len);
		m->octets += m->forge.entries[i].len;
	}
	if (sluss_tree_finish(m->tree, &tiles, &tile_count) != SLUSS_TREE_OK)
		die("tree");
	for (size_t i = 0; i < tile_count; i++) {
		struct sluss_tile_name tile = {
		    .level = tiles[i].level, .index = tiles[i].index, .width = tiles[i].width};
		m->partial[tile.level].name = tile;
		memcpy(m->partial[tile.level].hashes, tiles[i].hashes, (size_t)tile.width * SLUSS_HASH_BYTES);
		if (tile.width == 256)
			write_partial(m, tile.level);
	}
	sluss_tree_accept(m->tree);
	if (!sluss_tile_path_format(&name, path, sizeof(path)))
		die("path");
	write_file(m, path, m->bundle, len);
	m->done += count;
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)m->forge.entries[i].data);
	m->forge.entry_count -= count;
	memmove(m->forge.entries, m->forge.entries + count, m->forge.entry_count * sizeof(*m->forge.entries));
}

static void play_on(struct making *m, uint64_t records)
{
	static const char *const school[] = {"soc-1"}, *const attendance[] = {"school_attendance"};
	while (m->done + m->forge.entry_count < records) {
		struct forge_message message;
		forge_draft(&m->forge, &message, 1, school, 1, attendance);
		if (!forge_send(&m->forge, &message))
			die("denied");
		forge_fetch(&m->forge, &message, "soc-1");
		forge_acknowledge(&m->forge, &message, "soc-1");
		forge_pass(&m->forge, 10);
		while (m->forge.entry_count >= 256)
			flush_bundle(m, 256);
	}
}

static uint64_t make_export(
    const char *folder, uint64_t records, char key_out[SLUSS_NOTE_LINE_MAX], uint64_t *octets_out)
{
	struct making *m = calloc(1, sizeof(*m));
	char note[1024];
	struct sluss_hash root;
	if (m == NULL)
		die("memory");
	m->folder = folder;
	m->bundle = malloc(BUNDLE_MAX);
	forge_open(&m->forge);
	if (m->bundle == NULL || sluss_tree_open(0, no_tile, NULL, &m->tree) != SLUSS_TREE_OK)
		die("memory");
	forge_world(&m->forge, false);
	play_on(m, records);
	if (m->forge.entry_count > 0)
		flush_bundle(m, m->forge.entry_count);
	for (unsigned level = 0; level < 8; level++)
		write_partial(m, level);
	sluss_tree_root(m->tree, &root);
	size_t len = sluss_checkpoint_sign(&m->forge.key, m->forge.secret, m->done, &root, note, sizeof(note));
	write_file(m, "checkpoint", note, len);
	forge_publish(&m->forge); // policy
	for (size_t i = 0; i < m->forge.file_count; i++) {
		if (strncmp(m->forge.files[i].path, "policies/", 9) == 0)
			write_file(m, m->forge.files[i].path, m->forge.files[i].data, m->forge.files[i].len);
	}
	(void)snprintf(key_out, SLUSS_NOTE_LINE_MAX, "%s", m->forge.key_text);
	*octets_out = m->octets;
	sluss_tree_close(&m->tree);
	forge_close(&m->forge);
	uint64_t done = m->done;
	free(m->bundle);
	free(m);
	return done;
}

// ---- measuring

// Each record hashed twice, bundle by bundle, as they lie in the folder.
static double hash_twice(const char *folder, uint64_t size)
{
	struct sluss_audit_source source = sluss_audit_folder(&folder);
	uint8_t *bundle = malloc(BUNDLE_MAX);
	double spent = 0;
	uint8_t sum = 0;
	for (uint64_t n = 0; n * 256 < size; n++) {
		char path[SLUSS_TILE_PATH_MAX];
		size_t len = 0;
		struct sluss_tile_name name = {.level = SLUSS_TILE_LEVEL_ENTRIES,
		    .index = n,
		    .width = sluss_tile_width(SLUSS_TILE_LEVEL_ENTRIES, n, size)};
		if (bundle == NULL || !sluss_tile_path_format(&name, path, sizeof(path)) ||
		    source.read(source.context, path, bundle, BUNDLE_MAX, &len) != SLUSS_AUDIT_READ_OK)
			die(path);
		struct sluss_bytes rest = {bundle, len}, entry;
		double begin = seconds();
		while (sluss_bundle_next(&rest, &entry)) {
			struct sluss_hash hash;
			sluss_hash_leaf(entry.data, entry.len, &hash);
			sum ^= hash.b[0];
			sluss_hash_leaf(entry.data, entry.len, &hash);
			sum ^= hash.b[1];
		}
		spent += seconds() - begin;
	}
	free(bundle);
	(void)fprintf(stderr, "%s", sum == 1 ? "" : ""); // so that nothing is left out
	return (double)size / spent;
}

struct measure {
	double per_second;
	long rss_kib;
};

// In a process of its own, so that its memory is its own.
static struct measure verify(const char *folder, const char *key, bool no_replay)
{
	int ends[2];
	struct measure measure = {0};
	if (pipe(ends) != 0)
		die("pipe");
	pid_t child = fork();
	if (child == 0) {
		struct sluss_audit_report report;
		struct rusage usage;
		struct sluss_audit_source source = sluss_audit_folder(&folder);
		const struct sluss_audit_options options = {.log_key = key, .quorum = -1, .no_replay = no_replay};
		double begin = seconds();
		if (sluss_audit_verify(&source, &options, &report) != SLUSS_AUDIT_CLEAN)
			_exit(1);
		measure.per_second = (double)report.size / (seconds() - begin);
		(void)getrusage(RUSAGE_SELF, &usage);
		measure.rss_kib = usage.ru_maxrss;
		_exit(write(ends[1], &measure, sizeof(measure)) == (ssize_t)sizeof(measure) ? 0 : 1);
	}
	int status = 0;
	(void)close(ends[1]);
	if (child < 0 || read(ends[0], &measure, sizeof(measure)) != (ssize_t)sizeof(measure) ||
	    waitpid(child, &status, 0) != child || status != 0) {
		(void)fprintf(stderr, "audit_bench: %s does not verify\n", folder);
		exit(1);
	}
	(void)close(ends[0]);
	return measure;
}

int main(int argc, char **argv)
{
	uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000;
	char folder[] = "/tmp/sluss-audit-bench-XXXXXX", key[SLUSS_NOTE_LINE_MAX], command[128];
	struct measure replay[2] = {{0}};
	if (mkdtemp(folder) == NULL)
		die("mkdtemp");
	for (unsigned i = 0; i < 2; i++) {
		char part[128];
		uint64_t octets = 0;
		(void)snprintf(part, sizeof(part), "%s/%u", folder, i);
		if (mkdir(part, 0755) != 0)
			die(part);
		uint64_t size = make_export(part, i == 0 ? records : 4 * records, key, &octets);
		double hashed = hash_twice(part, size);
		struct measure plain = verify(part, key, true);
		replay[i] = verify(part, key, false);
		printf("records %llu (%.0f octets each): hashed twice %.0f/s, verified %.0f/s, with replay %.0f/s = "
		       "%.2f of hashing twice; "
		       "memory %ld KiB, with replay %ld KiB\n",
		    (unsigned long long)size, (double)octets / (double)size, hashed, plain.per_second,
		    replay[i].per_second, replay[i].per_second / hashed, plain.rss_kib, replay[i].rss_kib);
		(void)fflush(stdout);
	}
	printf("memory with replay, four times the records: %.2f times\n",
	    (double)replay[1].rss_kib / (double)replay[0].rss_kib);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (getenv("SLUSS_KEEP") != NULL)
		return printf("kept: %s, key %s\n", folder, key) < 0;
	return system(command) == 0 ? 0 : 1;
}
