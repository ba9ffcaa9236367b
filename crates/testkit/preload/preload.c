/* Stands between a program and the kernel (LD_PRELOAD) and breaks its disk and its clock on command. For tests only.
 *
 * LASTMILE_PRELOAD_CONTROL   file with one `struct control`, mapped shared: the test writes to it while the program runs
 * LASTMILE_PRELOAD_FOLDER    the disk that is broken: files below this folder, by absolute path
 * LASTMILE_PRELOAD_UNSYNCED  folder that gets, per file, what a power cut would need to take back (see `note_before`)
 *
 * Only what reaches the kernel through libc's exported names is seen: Rust's std and SQLite do, raw system calls do not.
 * Names are durable at once; what a rename or unlink replaces is forgotten.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The same layout as in preload.rs. */
struct control {
    int64_t clock_offset_us; /* added to CLOCK_REALTIME */
    uint32_t write_errno;    /* 0: writes work */
    uint32_t sync_errno;
    uint32_t rename_errno;
    uint32_t one_in; /* only each so-many-th chance fails; 0 and 1: each */
    uint32_t torn;   /* half of a failing write reaches the file */
    uint32_t seed;
    uint64_t failed_writes, failed_syncs, failed_renames;
    uint64_t writes, syncs;
};

/* One file of the broken disk, shared by its descriptors. */
struct file {
    dev_t dev;
    ino_t ino;     /* 0: gone */
    off_t synced;  /* its size at the last sync */
    int dirty;     /* written since */
    int notes;     /* descriptor of its notes, -1 without */
    struct file *next;
};

#define DESCRIPTORS 65536
#define PAGE 4096

static struct control nothing, *control = &nothing;
static char folder[PATH_MAX], unsynced[PATH_MAX];
static size_t folder_length;
static struct file *files, *of_descriptor[DESCRIPTORS];
static uint32_t chance;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("LASTMILE_PRELOAD_CONTROL"), *disk = getenv("LASTMILE_PRELOAD_FOLDER");
    const char *notes = getenv("LASTMILE_PRELOAD_UNSYNCED");
    int descriptor = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (descriptor >= 0) {
        void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (mapped != MAP_FAILED)
            control = mapped;
        syscall(SYS_close, descriptor);
    }
    if (disk)
        snprintf(folder, sizeof folder, "%s/", disk);
    folder_length = strlen(folder);
    if (notes)
        snprintf(unsynced, sizeof unsynced, "%s", notes);
    chance = control->seed | 1;
}

/* Whether this chance of a failure is taken, and as which error. */
static int fails(uint32_t error, uint64_t *count)
{
    if (!error)
        return 0;
    chance ^= chance << 13;
    chance ^= chance >> 17;
    chance ^= chance << 5;
    if (control->one_in > 1 && chance % control->one_in)
        return 0;
    ++*count;
    return (int)error;
}

static int here(int at, const char *path)
{
    return folder_length && (at == AT_FDCWD || path[0] == '/') && !strncmp(path, folder, folder_length);
}

static struct file *known(int descriptor)
{
    struct file *file = descriptor >= 0 && descriptor < DESCRIPTORS ? of_descriptor[descriptor] : NULL;
    return file && file->ino ? file : NULL;
}

/* The file behind a new descriptor; none for folders and the like. */
static void learn(int descriptor)
{
    struct stat now;
    if (descriptor < 0 || descriptor >= DESCRIPTORS || fstat(descriptor, &now) || !S_ISREG(now.st_mode))
        return;
    struct file *file = files;
    while (file && !(file->ino == now.st_ino && file->dev == now.st_dev))
        file = file->next;
    if (!file && (file = calloc(1, sizeof *file))) {
        *file = (struct file){now.st_dev, now.st_ino, now.st_size, 0, -1, files};
        files = file;
    }
    of_descriptor[descriptor] = file;
}

static void forget(const struct stat *gone)
{
    for (struct file *file = files; file; file = file->next)
        if (file->ino == gone->st_ino && file->dev == gone->st_dev) {
            if (file->notes >= 0) {
                syscall(SYS_ftruncate, file->notes, (off_t)0);
                syscall(SYS_close, file->notes);
            }
            file->ino = 0;
        }
}

static void put(struct file *file, const void *bytes, size_t length)
{
    if (syscall(SYS_write, file->notes, bytes, length) != (long)length)
        abort();
}

/* Before the first change after a sync: the size then. Before any change of synced bytes: the whole pages as they are.
 * Notes are: u64 size, then any number of {u64 offset, u64 length, bytes}; the first note of a page counts. */
static void note_before(int descriptor, struct file *file, off_t from, off_t to)
{
    if (!unsynced[0])
        return;
    if (file->notes < 0) {
        char path[PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/%llu", unsynced, (unsigned long long)file->ino);
        file->notes = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        if (file->notes < 0)
            abort();
    }
    if (!file->dirty) {
        struct stat now;
        if (!fstat(descriptor, &now))
            file->synced = now.st_size;
        uint64_t size = (uint64_t)file->synced;
        put(file, &size, sizeof size);
        file->dirty = 1;
    }
    from -= from % PAGE;
    to += (PAGE - to % PAGE) % PAGE;
    if (to > file->synced)
        to = file->synced;
    /* through a descriptor of its own: the program's may be for writing only */
    if (from >= to)
        return;
    char path[64], page[PAGE];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int reader = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (reader < 0)
        abort();
    for (; from < to; from += PAGE) {
        long length = syscall(SYS_pread64, reader, page, (size_t)(to - from < PAGE ? to - from : PAGE), from);
        if (length <= 0)
            break;
        uint64_t head[2] = {(uint64_t)from, (uint64_t)length};
        put(file, head, sizeof head);
        put(file, page, (size_t)length);
    }
    syscall(SYS_close, reader);
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
    if (!here(at, path))
        return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&one_at_a_time);
    int descriptor = (int)syscall(SYS_openat, at, path, flags & ~O_TRUNC, mode);
    int error = errno;
    if (descriptor >= 0) {
        learn(descriptor);
        struct file *file = known(descriptor);
        if (flags & O_TRUNC && file) {
            note_before(descriptor, file, 0, LONG_MAX - PAGE);
            syscall(SYS_ftruncate, descriptor, (off_t)0);
        }
    }
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return descriptor;
}

#define MODE(last)                                  \
    mode_t mode = 0;                                \
    if (flags & (O_CREAT | O_TMPFILE)) {            \
        va_list more;                               \
        va_start(more, last);                       \
        mode = (mode_t)va_arg(more, int);           \
        va_end(more);                               \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        of_descriptor[descriptor] = NULL;
    return (int)syscall(SYS_close, descriptor);
}

/* At offset -1: where the descriptor stands. */
static ssize_t written(int descriptor, const void *bytes, size_t length, off_t offset)
{
    struct file *file = known(descriptor);
    if (!file)
        return offset < 0 ? syscall(SYS_write, descriptor, bytes, length)
                          : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    pthread_mutex_lock(&one_at_a_time);
    ++control->writes;
    off_t from = offset;
    if (offset < 0) {
        int append = (int)(syscall(SYS_fcntl, descriptor, F_GETFL) & O_APPEND);
        from = syscall(SYS_lseek, descriptor, (off_t)0, append ? SEEK_END : SEEK_CUR);
    }
    int error = fails(control->write_errno, &control->failed_writes);
    if (error && control->torn)
        length /= 2;
    long count = 0;
    if (!error || control->torn) {
        note_before(descriptor, file, from, from + (off_t)length);
        count = offset < 0 ? syscall(SYS_write, descriptor, bytes, length)
                           : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    }
    if (!error)
        error = count < 0 ? errno : 0;
    pthread_mutex_unlock(&one_at_a_time);
    if (!error)
        return count;
    errno = error;
    return -1;
}

ssize_t write(int descriptor, const void *bytes, size_t length) { return written(descriptor, bytes, length, -1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t at) { return written(descriptor, bytes, length, at); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t at) { return written(descriptor, bytes, length, at); }

/* One piece of several is an allowed answer. */
ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    if (!known(descriptor) || count < 1)
        return syscall(SYS_writev, descriptor, pieces, count);
    return written(descriptor, pieces[0].iov_base, pieces[0].iov_len, -1);
}

static int cut_off(int descriptor, off_t length)
{
    struct file *file = known(descriptor);
    if (!file)
        return (int)syscall(SYS_ftruncate, descriptor, length);
    pthread_mutex_lock(&one_at_a_time);
    int error = fails(control->write_errno, &control->failed_writes);
    if (!error) {
        note_before(descriptor, file, length, LONG_MAX - PAGE);
        error = syscall(SYS_ftruncate, descriptor, length) ? errno : 0;
    }
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return error ? -1 : 0;
}

int ftruncate(int descriptor, off_t length) { return cut_off(descriptor, length); }
int ftruncate64(int descriptor, off64_t length) { return cut_off(descriptor, length); }

static int synced(int descriptor, long call)
{
    struct file *file = known(descriptor);
    if (!file)
        return (int)syscall(call, descriptor);
    pthread_mutex_lock(&one_at_a_time);
    ++control->syncs;
    int error = fails(control->sync_errno, &control->failed_syncs);
    if (!error)
        error = syscall(call, descriptor) ? errno : 0;
    if (!error && file->dirty) {
        syscall(SYS_ftruncate, file->notes, (off_t)0);
        file->dirty = 0;
    }
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return error ? -1 : 0;
}

int fsync(int descriptor) { return synced(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return synced(descriptor, SYS_fdatasync); }

static int renamed(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
    if (!here(to_at, to))
        return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&one_at_a_time);
    int error = fails(control->rename_errno, &control->failed_renames);
    if (!error) {
        struct stat before;
        int replaces = !fstatat(to_at, to, &before, AT_SYMLINK_NOFOLLOW);
        error = syscall(SYS_renameat2, from_at, from, to_at, to, flags) ? errno : 0;
        if (!error && replaces)
            forget(&before);
    }
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return error ? -1 : 0;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) { return renamed(from_at, from, to_at, to, flags); }

static int removed(int at, const char *path, int flags)
{
    struct stat before;
    pthread_mutex_lock(&one_at_a_time);
    int ours = here(at, path) && !(flags & AT_REMOVEDIR) && !fstatat(at, path, &before, AT_SYMLINK_NOFOLLOW);
    int error = syscall(SYS_unlinkat, at, path, flags) ? errno : 0;
    if (!error && ours)
        forget(&before);
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return error ? -1 : 0;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }

static int is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    int64_t offset = __atomic_load_n(&control->clock_offset_us, __ATOMIC_RELAXED);
    if (failed || !offset || !is_wall(clock))
        return failed;
    int64_t micros = now->tv_sec * 1000000LL + now->tv_nsec / 1000 + offset;
    now->tv_sec = micros / 1000000 - (micros % 1000000 < 0);
    now->tv_nsec = (micros - now->tv_sec * 1000000LL) * 1000 + now->tv_nsec % 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec wall;
    if (clock_gettime(CLOCK_REALTIME, &wall))
        return -1;
    *now = (struct timeval){wall.tv_sec, wall.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *told)
{
    struct timespec wall = {0, 0};
    clock_gettime(CLOCK_REALTIME, &wall);
    if (told)
        *told = wall.tv_sec;
    return wall.tv_sec;
}
