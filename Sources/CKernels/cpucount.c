// CPUs this process may use.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "include/threadpool.h"

#ifdef __linux__
enum { path_limit = 1024 };

// CPUs of a quota and period in microseconds, rounded up; 0 when unlimited.
static size_t quota_cpus(long long quota, long long period) {
  return quota > 0 && period > 0 ? (size_t)((quota + period - 1) / period) : 0;
}

static long long read_number(const char *directory, const char *name) {
  char path[path_limit + 64];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  long long value = -1;
  if (fscanf(file, "%lld", &value) != 1) value = -1;
  fclose(file);
  return value;
}

static size_t quota_v1(const char *directory) {
  return quota_cpus(read_number(directory, "cpu.cfs_quota_us"), read_number(directory, "cpu.cfs_period_us"));
}

static size_t quota_v2(const char *directory) {
  char path[path_limit + 64];
  snprintf(path, sizeof path, "%s/cpu.max", directory);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  long long quota = 0, period = 0;
  int found = fscanf(file, "%lld %lld", &quota, &period);
  fclose(file);
  return found == 2 ? quota_cpus(quota, period) : 0;
}

// The tightest quota of `group` and the groups around it.
static size_t tightest(const char *root, const char *group, size_t (*quota)(const char *)) {
  char path[path_limit];
  snprintf(path, sizeof path, "%s%s", root, group);
  size_t least = 0;
  for (;;) {
    size_t cpus = quota(path);
    if (cpus && (!least || cpus < least)) least = cpus;
    if (strlen(path) <= strlen(root)) return least;
    *strrchr(path, '/') = 0;
  }
}

static int has_cpu_controller(const char *controllers) {
  for (const char *c = controllers; c; c = strchr(c, ',')) {
    if (*c == ',') c++;
    if (strncmp(c, "cpu", 3) == 0 && (c[3] == 0 || c[3] == ',')) return 1;
  }
  return 0;
}

static size_t cgroup_cpus(void) {
  FILE *file = fopen("/proc/self/cgroup", "r");
  if (!file) return 0;
  char line[path_limit];
  size_t least = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':');
    if (!controllers) continue;
    char *group = strchr(++controllers, ':');
    if (!group) continue;
    *group++ = 0;
    size_t cpus = 0;
    if (*controllers == 0) cpus = tightest("/sys/fs/cgroup", group, quota_v2);
    else if (has_cpu_controller(controllers)) cpus = tightest("/sys/fs/cgroup/cpu", group, quota_v1);
    if (cpus && (!least || cpus < least)) least = cpus;
  }
  fclose(file);
  return least;
}

static size_t affinity_cpus(void) {
  for (int capacity = 1024; capacity <= 1 << 16; capacity *= 2) {
    cpu_set_t *set = CPU_ALLOC((size_t)capacity);
    if (!set) return 0;
    size_t size = CPU_ALLOC_SIZE((size_t)capacity);
    int failed = sched_getaffinity(0, size, set);
    size_t cpus = failed ? 0 : (size_t)CPU_COUNT_S(size, set);
    CPU_FREE(set);
    if (!failed) return cpus;
  }
  return 0;
}
#endif

size_t threadpool_cpu_count(void) {
#ifdef __linux__
  size_t cpus = affinity_cpus(), quota = cgroup_cpus();
  if (!cpus) cpus = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
  if (quota && quota < cpus) cpus = quota;
#else
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  size_t cpus = online > 0 ? (size_t)online : 1;
#endif
  return cpus ? cpus : 1;
}
