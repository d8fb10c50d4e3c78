// What it does and by which variables is said in include/fault_injector.h.
#define _GNU_SOURCE
#include "fault_injector.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The call of libc that ours comes before.
#define NEXT(name)                       \
  static __typeof__(&name) next_##name;  \
  if (!next_##name) next_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                   \
  if (!next_##name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name)

enum action { none, kill_before, kill_after, kill_half, fail, half, send_signal, wait_first };

static struct {
  const char *path, *calls, *gate, *log;
  enum action action;
  long first, count, free_bytes, threads;
  int number;  // errno, signal or milliseconds
  struct { double after, offset; } jumps[8];
  int jump_count;
  struct timespec start;
} fault;

static atomic_long counted, started;

// The paths of open descriptors that count.
enum { descriptors = 4096 };
static char *paths[descriptors];

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static void choose_action(const char *text) {
  static const struct { const char *name; enum action action; int number; } actions[] = {
    {"none", none, 0}, {"kill-before", kill_before, 0}, {"kill-after", kill_after, 0}, {"kill-half", kill_half, 0},
    {"half", half, ENOSPC}, {"EIO", fail, EIO}, {"ENOSPC", fail, ENOSPC}, {"EROFS", fail, EROFS},
    {"EDQUOT", fail, EDQUOT}, {"EACCES", fail, EACCES},
  };
  for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(text, actions[i].name) == 0) {
      fault.action = actions[i].action;
      fault.number = actions[i].number;
      return;
    }
  }
  if (sscanf(text, "signal-%d", &fault.number) == 1) fault.action = send_signal;
  else if (sscanf(text, "sleep-%d", &fault.number) == 1) fault.action = wait_first;
  else {
    fprintf(stderr, "fault injector: FAULT_ACTION '%s' is unknown\n", text);
    abort();
  }
}

__attribute__((constructor)) static void begin(void) {
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &fault.start);
  const char *action = getenv("FAULT_ACTION"), *jumps = getenv("FAULT_CLOCK");
  if (action) choose_action(action);
  fault.calls = getenv("FAULT_CALLS");
  fault.gate = getenv("FAULT_WHILE");
  fault.log = getenv("FAULT_LOG");
  fault.first = number("FAULT_AT", 1);
  fault.count = number("FAULT_COUNT", 1);
  fault.free_bytes = number("FAULT_FREE", -1);
  fault.threads = number("FAULT_THREADS", -1);
  while (jumps && fault.jump_count < 8) {
    double after, offset;
    if (sscanf(jumps, "%lf:%lf", &after, &offset) != 2) break;
    fault.jumps[fault.jump_count].after = after;
    fault.jumps[fault.jump_count++].offset = offset;
    jumps = strchr(jumps, ',');
    if (jumps) jumps++;
  }
  fault.path = getenv("FAULT_PATH");
}

static bool is_counted(const char *path) { return fault.path && path && strstr(path, fault.path); }

static bool is_in_force(void) {
  struct stat status;
  return !fault.gate || syscall(SYS_newfstatat, AT_FDCWD, fault.gate, &status, 0) == 0;
}

static bool is_listed(const char *call) {
  if (!fault.calls) return true;
  size_t length = strlen(call);
  for (const char *at = fault.calls; (at = strstr(at, call)); at += length) {
    if ((at == fault.calls || at[-1] == ',') && (at[length] == 0 || at[length] == ',')) return true;
  }
  return false;
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static void log_call(long index, const char *call, const char *path) {
  if (!fault.log) return;
  char line[4400];
  int length = snprintf(line, sizeof line, "%ld %s %.4200s\n", index, call, path);
  int file = (int)syscall(SYS_openat, AT_FDCWD, fault.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, line, (size_t)length);
  syscall(SYS_close, file);
}

// What is to be done to a call, after everything that comes before it has been done.
static enum action arrive(const char *call, const char *path) {
  if (!is_counted(path) || !is_listed(call)) return none;
  int before = errno;
  long index = atomic_fetch_add(&counted, 1) + 1;
  log_call(index, call, path);
  errno = before;
  bool is_hit = index >= fault.first && (fault.count == 0 || index < fault.first + fault.count);
  if (!is_hit || !is_in_force()) { errno = before; return none; }
  enum action action = fault.action;
  bool is_write = strcmp(call, "write") == 0;
  if (action == kill_half && !is_write) action = kill_before;
  if (action == half && (!is_write || index > fault.first)) action = fail;
  if (action == kill_before) die();
  if (action == send_signal) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), fault.number);
  if (action == wait_first) {
    struct timespec rest = {fault.number / 1000, fault.number % 1000 * 1000000L};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {}
  }
  if (action == fail) errno = fault.number;
  else errno = before;
  return action;
}

static const char *path_of(int descriptor) {
  return descriptor >= 0 && descriptor < descriptors ? paths[descriptor] : NULL;
}

static void keep(int descriptor, const char *path) {
  if (descriptor < 0 || descriptor >= descriptors) return;
  free(paths[descriptor]);
  paths[descriptor] = path ? strdup(path) : NULL;
}

// A call with a path or descriptor: fails, or is made by `expression`, and then ends the process if it must.
#define THROUGH(call, place, expression)              \
  do {                                                \
    enum action action = arrive(call, place);         \
    if (action == fail) return -1;                    \
    __typeof__(expression) result = (expression);     \
    if (action == kill_after) die();                  \
    return result;                                    \
  } while (0)

// MARK: Opening and closing

static bool is_for_writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT); }

#define OPEN(name, parameters, arguments)                                                   \
  int name parameters {                                                                     \
    NEXT(name);                                                                        \
    mode_t mode = 0;                                                                        \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                  \
      va_list more;                                                                         \
      va_start(more, flags);                                                                \
      mode = va_arg(more, mode_t);                                                          \
      va_end(more);                                                                         \
    }                                                                                       \
    bool counts = is_counted(path);                                                         \
    enum action action = is_for_writing(flags) ? arrive("open", path) : none;               \
    if (action == fail) return -1;                                                          \
    int descriptor = next_##name arguments;                                                 \
    if (action == kill_after) die();                                                        \
    if (descriptor >= 0) {                                                                  \
      int before = errno;                                                                   \
      keep(descriptor, counts ? path : NULL);                                               \
      errno = before;                                                                       \
    }                                                                                       \
    return descriptor;                                                                      \
  }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

int mkstemp(char *path) {
  NEXT(mkstemp);
  enum action action = arrive("open", path);
  if (action == fail) return -1;
  int descriptor = next_mkstemp(path);
  if (action == kill_after) die();
  if (descriptor >= 0) keep(descriptor, is_counted(path) ? path : NULL);
  return descriptor;
}

int close(int descriptor) {
  NEXT(close);
  const char *path = path_of(descriptor);
  if (!path) return next_close(descriptor);
  enum action action = arrive("close", path);
  int failure = errno;
  keep(descriptor, NULL);
  // A descriptor is gone even when closing it fails.
  int result = next_close(descriptor);
  if (action == kill_after) die();
  if (action != fail) return result;
  errno = failure;
  return -1;
}

// MARK: Contents

ssize_t write(int descriptor, const void *bytes, size_t size) {
  NEXT(write);
  const char *path = path_of(descriptor);
  enum action action = path ? arrive("write", path) : none;
  if (action == fail) return -1;
  bool is_cut = (action == half || action == kill_half) && size > 1;
  ssize_t result = next_write(descriptor, bytes, is_cut ? size / 2 : size);
  if (action == kill_after || action == kill_half) die();
  return result;
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
  NEXT(writev);
  THROUGH("write", path_of(descriptor), next_writev(descriptor, pieces, count));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
  NEXT(pwrite);
  THROUGH("write", path_of(descriptor), next_pwrite(descriptor, bytes, size, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
  NEXT(pwrite64);
  THROUGH("write", path_of(descriptor), next_pwrite64(descriptor, bytes, size, offset));
}

int fsync(int descriptor) {
  NEXT(fsync);
  THROUGH("fsync", path_of(descriptor), next_fsync(descriptor));
}

int fdatasync(int descriptor) {
  NEXT(fdatasync);
  THROUGH("fsync", path_of(descriptor), next_fdatasync(descriptor));
}

int ftruncate(int descriptor, off_t size) {
  NEXT(ftruncate);
  THROUGH("truncate", path_of(descriptor), next_ftruncate(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
  NEXT(ftruncate64);
  THROUGH("truncate", path_of(descriptor), next_ftruncate64(descriptor, size));
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
  NEXT(fallocate);
  THROUGH("truncate", path_of(descriptor), next_fallocate(descriptor, mode, offset, size));
}

int truncate(const char *path, off_t size) {
  NEXT(truncate);
  THROUGH("truncate", path, next_truncate(path, size));
}

// MARK: Names

int rename(const char *from, const char *to) {
  NEXT(rename);
  THROUGH("rename", to, next_rename(from, to));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  NEXT(renameat);
  THROUGH("rename", to, next_renameat(from_folder, from, to_folder, to));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  NEXT(renameat2);
  THROUGH("rename", to, next_renameat2(from_folder, from, to_folder, to, flags));
}

int link(const char *from, const char *to) {
  NEXT(link);
  THROUGH("rename", to, next_link(from, to));
}

int unlink(const char *path) {
  NEXT(unlink);
  THROUGH("unlink", path, next_unlink(path));
}

int remove(const char *path) {
  NEXT(remove);
  THROUGH("unlink", path, next_remove(path));
}

// Relative names are counted by the path of their folder, as far as that is open here.
int unlinkat(int folder, const char *path, int flags) {
  NEXT(unlinkat);
  const char *call = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
  THROUGH(call, is_counted(path) ? path : path_of(folder), next_unlinkat(folder, path, flags));
}

int rmdir(const char *path) {
  NEXT(rmdir);
  THROUGH("rmdir", path, next_rmdir(path));
}

int mkdir(const char *path, mode_t mode) {
  NEXT(mkdir);
  THROUGH("mkdir", path, next_mkdir(path, mode));
}

int mkdirat(int folder, const char *path, mode_t mode) {
  NEXT(mkdirat);
  THROUGH("mkdir", path, next_mkdirat(folder, path, mode));
}

// MARK: Free space

#define FREE(name, type)                                                                               \
  static void less_##name(struct type *status) {                                                       \
    status->f_bavail = status->f_bfree = (fsblkcnt_t)fault.free_bytes / (status->f_bsize ? status->f_bsize : 1); \
  }                                                                                                    \
  int name(const char *path, struct type *status) {                                                    \
    NEXT(name);                                                                                   \
    int result = next_##name(path, status);                                                            \
    if (result == 0 && fault.free_bytes >= 0 && is_counted(path) && is_in_force()) less_##name(status); \
    return result;                                                                                     \
  }

FREE(statvfs, statvfs)
FREE(statvfs64, statvfs64)
FREE(statfs, statfs)
FREE(statfs64, statfs64)

// MARK: Threads

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *value) {
  NEXT(pthread_create);
  if (fault.threads >= 0 && atomic_fetch_add(&started, 1) >= fault.threads) return EAGAIN;
  return next_pthread_create(thread, how, run, value);
}

// MARK: The clock of the day

static double offset_now(void) {
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  double elapsed = (double)(now.tv_sec - fault.start.tv_sec) + 1e-9 * (double)(now.tv_nsec - fault.start.tv_nsec);
  double offset = 0;
  for (int i = 0; i < fault.jump_count; i++) {
    if (elapsed >= fault.jumps[i].after) offset = fault.jumps[i].offset;
  }
  return offset;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  NEXT(clock_gettime);
  int result = next_clock_gettime(clock, now);
  if (result == 0 && fault.jump_count && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += (time_t)offset_now();
  }
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}
