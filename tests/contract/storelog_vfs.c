// SPDX-License-Identifier: EUPL-1.2
// The disk that forgets. Each of the store's files (database, write-ahead log) has an image of what is surely on disk,
// and a list of what was written since the last sync. A file that was created but whose folder was not synced may also
// be missing; we take the folder as synced, as the store does it itself.
#include "storelog_vfs.h"

#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct change {
	struct change *next;
	bool truncation;
	size_t offset; // of a truncation: the new size
	size_t len;
	uint8_t octets[];
};

struct image {
	char name[256]; // "" when the place is free
	uint8_t *octets;
	size_t len;
	struct change *first;
	struct change **last;
};

struct shim {
	sqlite3_file base; // must be first
	struct image *image;
	sqlite3_file *real; // behind this struct
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	pthread_mutex_t mutex;
	struct image images[4];
	uint64_t calls, syncs, fail_at;
	bool dead;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER};

// ---- images

static void image_resize(struct image *image, size_t len)
{
	image->octets = realloc(image->octets, len + 1);
	if (len > image->len)
		memset(image->octets + image->len, 0, len - image->len);
	image->len = len;
}

static void image_apply(struct image *image, const struct change *change, size_t len)
{
	if (change->truncation) {
		image_resize(image, change->offset);
		return;
	}
	if (change->offset + len > image->len)
		image_resize(image, change->offset + len);
	memcpy(image->octets + change->offset, change->octets, len);
}

static void image_drop_changes(struct image *image)
{
	while (image->first != NULL) {
		struct change *next = image->first->next;
		free(image->first);
		image->first = next;
	}
	image->last = &image->first;
}

static void image_sync(struct image *image)
{
	for (const struct change *change = image->first; change != NULL; change = change->next)
		image_apply(image, change, change->len);
	image_drop_changes(image);
}

static void image_add(struct image *image, bool truncation, size_t offset, const void *octets, size_t len)
{
	struct change *change = malloc(sizeof(*change) + len);
	*change = (struct change){.truncation = truncation, .offset = offset, .len = len};
	if (len > 0)
		memcpy(change->octets, octets, len);
	*image->last = change;
	image->last = &change->next;
}

static struct image *image_of(const char *name)
{
	struct image *free_one = NULL;
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(disk.images[i].name, name) == 0)
			return &disk.images[i];
		if (disk.images[i].name[0] == '\0' && free_one == NULL)
			free_one = &disk.images[i];
	}
	if (free_one != NULL) {
		(void)snprintf(free_one->name, sizeof(free_one->name), "%s", name);
		free_one->last = &free_one->first;
	}
	return free_one;
}

static void image_forget(struct image *image)
{
	image_drop_changes(image);
	free(image->octets);
	*image = (struct image){.last = &image->first};
}

// ---- the file

static struct shim *shim_of(sqlite3_file *file)
{
	return (struct shim *)file;
}

// Counts a call that changes the disk; true when it has to fail. The mutex is held.
static bool struck(void)
{
	disk.calls++;
	return disk.fail_at != 0 && (disk.calls == disk.fail_at || (disk.dead && disk.calls > disk.fail_at));
}

static int shim_close(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xClose(shim_of(file)->real);
}

static int shim_read(sqlite3_file *file, void *octets, int len, sqlite3_int64 offset)
{
	return shim_of(file)->real->pMethods->xRead(shim_of(file)->real, octets, len, offset);
}

static int shim_write(sqlite3_file *file, const void *octets, int len, sqlite3_int64 offset)
{
	struct shim *shim = shim_of(file);
	pthread_mutex_lock(&disk.mutex);
	bool fails = struck();
	if (!fails)
		image_add(shim->image, false, (size_t)offset, octets, (size_t)len);
	int code = fails ? SQLITE_IOERR_WRITE : shim->real->pMethods->xWrite(shim->real, octets, len, offset);
	pthread_mutex_unlock(&disk.mutex);
	return code;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct shim *shim = shim_of(file);
	pthread_mutex_lock(&disk.mutex);
	bool fails = struck();
	if (!fails)
		image_add(shim->image, true, (size_t)size, NULL, 0);
	int code = fails ? SQLITE_IOERR_TRUNCATE : shim->real->pMethods->xTruncate(shim->real, size);
	pthread_mutex_unlock(&disk.mutex);
	return code;
}

static int shim_sync(sqlite3_file *file, int flags)
{
	struct shim *shim = shim_of(file);
	pthread_mutex_lock(&disk.mutex);
	bool fails = struck();
	disk.syncs++;
	if (!fails)
		image_sync(shim->image);
	pthread_mutex_unlock(&disk.mutex);
	(void)flags; // the real sync costs time and proves nothing here
	return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size_out)
{
	return shim_of(file)->real->pMethods->xFileSize(shim_of(file)->real, size_out);
}

static int shim_lock(sqlite3_file *file, int lock)
{
	return shim_of(file)->real->pMethods->xLock(shim_of(file)->real, lock);
}

static int shim_unlock(sqlite3_file *file, int lock)
{
	return shim_of(file)->real->pMethods->xUnlock(shim_of(file)->real, lock);
}

static int shim_reserved(sqlite3_file *file, int *answer_out)
{
	return shim_of(file)->real->pMethods->xCheckReservedLock(shim_of(file)->real, answer_out);
}

static int shim_control(sqlite3_file *file, int what, void *argument)
{
	return shim_of(file)->real->pMethods->xFileControl(shim_of(file)->real, what, argument);
}

static int shim_sector(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xSectorSize(shim_of(file)->real);
}

static int shim_device(sqlite3_file *file)
{
	return shim_of(file)->real->pMethods->xDeviceCharacteristics(shim_of(file)->real);
}

static int shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return shim_of(file)->real->pMethods->xShmMap(shim_of(file)->real, page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return shim_of(file)->real->pMethods->xShmLock(shim_of(file)->real, offset, count, flags);
}

static void shim_shm_barrier(sqlite3_file *file)
{
	shim_of(file)->real->pMethods->xShmBarrier(shim_of(file)->real);
}

static int shim_shm_unmap(sqlite3_file *file, int remove)
{
	return shim_of(file)->real->pMethods->xShmUnmap(shim_of(file)->real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

// ---- the VFS

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *flags_out)
{
	(void)vfs;
	if (name == NULL || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return disk.real->xOpen(disk.real, name, file, flags, flags_out);
	struct shim *shim = shim_of(file);
	shim->real = (sqlite3_file *)(shim + 1);
	pthread_mutex_lock(&disk.mutex);
	shim->image = image_of(name);
	pthread_mutex_unlock(&disk.mutex);
	int code =
	    shim->image == NULL ? SQLITE_CANTOPEN : disk.real->xOpen(disk.real, name, shim->real, flags, flags_out);
	shim->base.pMethods = code == SQLITE_OK ? &methods : NULL;
	return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	pthread_mutex_lock(&disk.mutex);
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(disk.images[i].name, name) == 0)
			image_forget(&disk.images[i]);
	}
	pthread_mutex_unlock(&disk.mutex);
	return disk.real->xDelete(disk.real, name, sync);
}

void storelog_vfs_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	assert_non_null(disk.real);
	disk.vfs = *disk.real;
	disk.vfs.zName = "forgetful";
	disk.vfs.pNext = NULL;
	disk.vfs.szOsFile = (int)sizeof(struct shim) + disk.real->szOsFile;
	disk.vfs.xOpen = shim_open;
	disk.vfs.xDelete = shim_delete;
	assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

void storelog_vfs_plan(uint64_t fail_at, bool dead)
{
	pthread_mutex_lock(&disk.mutex);
	disk.calls = 0;
	disk.syncs = 0;
	disk.fail_at = fail_at;
	disk.dead = dead;
	pthread_mutex_unlock(&disk.mutex);
}

uint64_t storelog_vfs_calls(void)
{
	pthread_mutex_lock(&disk.mutex);
	uint64_t calls = disk.calls;
	pthread_mutex_unlock(&disk.mutex);
	return calls;
}

uint64_t storelog_vfs_syncs(void)
{
	pthread_mutex_lock(&disk.mutex);
	uint64_t syncs = disk.syncs;
	pthread_mutex_unlock(&disk.mutex);
	return syncs;
}

void storelog_vfs_forget(void)
{
	for (size_t i = 0; i < 4; i++)
		image_forget(&disk.images[i]);
	storelog_vfs_plan(0, false);
}

// ---- power

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

// A copy of what is synced, and of the rest what the seed says.
static void remains_of(const struct image *image, uint32_t *seed, uint32_t mode, struct image *out)
{
	*out = (struct image){0};
	image_resize(out, image->len);
	if (image->len > 0)
		memcpy(out->octets, image->octets, image->len);
	for (const struct change *change = image->first; change != NULL && mode != 0; change = change->next) {
		uint32_t fate = mode == 1 ? 1 : next_random(seed) % 3;
		size_t sectors = change->len / 512;
		if (fate == 1)
			image_apply(out, change, change->len);
		else if (fate == 2 && sectors > 1)
			image_apply(out, change, 512 * (next_random(seed) % sectors));
	}
}

void storelog_vfs_cut_power(const struct storelog_folder *to, uint32_t seed)
{
	uint32_t random = seed * 2654435761u + 1;
	pthread_mutex_lock(&disk.mutex);
	for (size_t i = 0; i < 4; i++) {
		const struct image *image = &disk.images[i];
		const char *ending = strrchr(image->name, '-');
		char name[256];
		struct image left;
		if (image->name[0] == '\0')
			continue;
		remains_of(image, &random, seed, &left);
		(void)snprintf(
		    name, sizeof(name), "%s%s", to->file, ending != NULL && strcmp(ending, "-wal") == 0 ? "-wal" : "");
		FILE *file = fopen(name, "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(left.octets, 1, left.len, file), left.len);
		assert_int_equal(fclose(file), 0);
		free(left.octets);
	}
	pthread_mutex_unlock(&disk.mutex);
}
