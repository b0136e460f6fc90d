#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Work of one region: called once on each of `count` threads, `worker` in 0..<count; 0 is the caller.
typedef void (*ThreadPoolBody)(void *_Nullable context, size_t worker, size_t count);

/// CPUs this process may use: the affinity mask, bounded by the cgroup quota (rounded up), at least 1.
size_t threadpool_cpu_count(void);

/// Runs `body` on `count` threads including the caller and returns when all have finished.
/// Flushes denormals in every thread meanwhile. Regions of different callers queue; a region inside a region runs alone.
void threadpool_run(size_t count, ThreadPoolBody body, void *_Nullable context);

/// Microseconds that idle workers spin before they sleep.
void threadpool_set_spin(uint32_t microseconds);

/// A reusable barrier. Zero-initialize; everybody passes the same `count`.
typedef struct {
  uint32_t arrived, apart[31];
  uint32_t generation, behind[31];
} SpinBarrier;

void spin_barrier_wait(SpinBarrier *barrier, size_t count);

/// Turns flushing of denormals on in this thread; returns what to restore.
uint64_t denormals_flush(void);
void denormals_restore(uint64_t state);

#pragma clang assume_nonnull end
