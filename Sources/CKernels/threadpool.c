// Persistent workers. An idle worker spins for a bounded time and then sleeps on its condition variable.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "include/threadpool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { worker_limit = 256, clock_period = 32 };

typedef struct {
  _Alignas(128) uint32_t epoch;  // of the last region given to this worker
  uint32_t sleeping;
  pthread_mutex_t mutex;
  pthread_cond_t condition;
} Worker;

static struct {
  Worker workers[worker_limit];
  size_t started;
  uint32_t spin_nanoseconds;
  ThreadPoolBody body;
  void *context;
  size_t count;
  _Alignas(128) uint32_t pending;
} pool = {.spin_nanoseconds = 100000};

static pthread_mutex_t region_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local bool inside;

static inline void relax(void) {
#ifdef __x86_64__
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t denormals_flush(void) {
#ifdef __x86_64__
  uint32_t state = _mm_getcsr();
  _mm_setcsr(state | 0x8040);
  return state;
#elif defined(__aarch64__)
  uint64_t state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  __asm__ volatile("msr fpcr, %0" ::"r"(state | (1ull << 24)));
  return state;
#else
  return 0;
#endif
}

void denormals_restore(uint64_t state) {
#ifdef __x86_64__
  _mm_setcsr((uint32_t)state);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(state));
#else
  (void)state;
#endif
}

// Spins until *word differs from `old` or the budget is over; tells which.
static bool changes(const uint32_t *word, uint32_t old, uint64_t nanoseconds) {
  uint64_t end = 0;
  for (;;) {
    for (int i = 0; i < clock_period; i++) {
      if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old) return true;
      relax();
    }
    uint64_t t = now();
    if (end == 0) end = t + nanoseconds;
    if (t >= end) return false;
  }
}

static uint32_t next_epoch(Worker *w, uint32_t seen) {
  if (!changes(&w->epoch, seen, __atomic_load_n(&pool.spin_nanoseconds, __ATOMIC_RELAXED))) {
    pthread_mutex_lock(&w->mutex);
    __atomic_store_n(&w->sleeping, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&w->epoch, __ATOMIC_SEQ_CST) == seen) pthread_cond_wait(&w->condition, &w->mutex);
    __atomic_store_n(&w->sleeping, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&w->mutex);
  }
  return __atomic_load_n(&w->epoch, __ATOMIC_ACQUIRE);
}

static void *work(void *argument) {
  Worker *w = argument;
  size_t index = (size_t)(w - pool.workers) + 1;
  uint32_t seen = 0;
  inside = true;
  denormals_flush();
  for (;;) {
    seen = next_epoch(w, seen);
    pool.body(pool.context, index, pool.count);
    __atomic_sub_fetch(&pool.pending, 1, __ATOMIC_RELEASE);
  }
  return NULL;
}

// Threads do not survive a fork; the child starts its own.
static void forget_workers(void) {
  pool.started = 0;
  pool.pending = 0;
  pthread_mutex_init(&region_mutex, NULL);
}

static void prepare(void) { pthread_atfork(NULL, NULL, forget_workers); }

static size_t start_workers(size_t wanted) {
  while (pool.started < wanted) {
    Worker *w = &pool.workers[pool.started];
    w->epoch = 0;
    w->sleeping = 0;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->condition, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, w) != 0) break;
    pthread_detach(thread);
    pool.started++;
  }
  return pool.started < wanted ? pool.started : wanted;
}

static void wake(Worker *w) {
  __atomic_add_fetch(&w->epoch, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&w->sleeping, __ATOMIC_SEQ_CST)) {
    pthread_mutex_lock(&w->mutex);
    pthread_cond_signal(&w->condition);
    pthread_mutex_unlock(&w->mutex);
  }
}

// Spins for the budget at a time and lets others run in between.
static void await_change(const uint32_t *word, uint32_t old) {
  while (!changes(word, old, __atomic_load_n(&pool.spin_nanoseconds, __ATOMIC_RELAXED))) sched_yield();
}

static void await_workers(void) {
  uint32_t left;
  while ((left = __atomic_load_n(&pool.pending, __ATOMIC_ACQUIRE)) != 0) await_change(&pool.pending, left);
}

void threadpool_run(size_t count, ThreadPoolBody body, void *context) {
  uint64_t state = denormals_flush();
  if (count <= 1 || inside) {
    body(context, 0, 1);
    denormals_restore(state);
    return;
  }
  pthread_once(&once, prepare);
  pthread_mutex_lock(&region_mutex);
  inside = true;
  size_t helpers = start_workers((count < worker_limit ? count : worker_limit) - 1);
  pool.body = body;
  pool.context = context;
  pool.count = helpers + 1;
  __atomic_store_n(&pool.pending, (uint32_t)helpers, __ATOMIC_RELAXED);
  for (size_t i = 0; i < helpers; i++) wake(&pool.workers[i]);
  body(context, 0, helpers + 1);
  await_workers();
  inside = false;
  pthread_mutex_unlock(&region_mutex);
  denormals_restore(state);
}

void threadpool_set_spin(uint32_t microseconds) {
  uint64_t nanoseconds = (uint64_t)microseconds * 1000;
  __atomic_store_n(&pool.spin_nanoseconds, nanoseconds < UINT32_MAX ? (uint32_t)nanoseconds : UINT32_MAX,
                   __ATOMIC_RELAXED);
}

void spin_barrier_wait(SpinBarrier *barrier, size_t count) {
  uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == count) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_RELEASE);
    return;
  }
  await_change(&barrier->generation, generation);
}
