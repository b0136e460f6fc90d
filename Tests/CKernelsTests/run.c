// Compares every kernel of every table with the portable one. Prints a line for each, and exits 1 if one failed.
#include "run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
  const char *name;
  void (*body)(const KernelTable *);
} Test;

static const Test tests[] = {
#define X(name, args) {#name, test_##name},
    KERNELS(X)
#undef X
};
static const Test others[] = {{"movement", test_movement}, {"threads", test_threads}};

enum { cases = 48 };

static sigjmp_buf back;
static volatile sig_atomic_t running;

static void trapped(int number) {
  if (running) siglongjmp(back, number);
  _exit(3);
}

static const char *trap_name(int number) {
  if (number == SIGILL) return "an instruction that this machine lacks";
  return number == SIGFPE ? "a trap in arithmetic" : "reads or writes beside its operands";
}

// One run of a body; what traps is told in `fault`.
static void attempt(const Test *test, const KernelTable *table, uint64_t seed, enum Side side, char *fault,
                    size_t size) {
  int number = sigsetjmp(back, 1);
  if (number == 0) {
    running = 1;
    operands_begin(seed, side);
    test->body(table);
    running = 0;
    if (!operands_end() && !*fault) snprintf(fault, size, "writes beside its operands");
  } else {
    running = 0;
    operands_end();
    if (!*fault) snprintf(fault, size, "%s", trap_name(number));
  }
}

static int run(const Test *test, const KernelTable *table, const KernelTable *portable) {
  Findings f = {0};
  uint64_t seed = 0;
  for (; seed < cases && !*f.fault; seed++) {
    record_begin();
    attempt(test, portable, seed, side_after, f.fault, sizeof f.fault);
    for (int side = side_after; side <= side_before; side++, f.runs++) {
      check_begin(&f);
      attempt(test, table, seed, (enum Side)side, f.fault, sizeof f.fault);
      if (!*f.fault) check_end();
    }
  }
  printf("%-14s %-28s ", table->isa, test->name);
  if (*f.fault) printf("FAILED in case %d: %s\n", (int)seed - 1, f.fault);
  else if (f.error > 0) printf("ok  error %.1e of %.1e\n", f.error, f.allowed);
  else if (f.digest) printf("ok  same bits %016llx\n", (unsigned long long)f.digest);
  else printf("ok\n");
  fflush(stdout);
  return !*f.fault;
}

// Runs all tests, or those of kernels whose names contain the argument.
int main(int count, char **arguments) {
  const char *filter = count > 1 ? arguments[1] : "";
  struct sigaction action = {.sa_handler = trapped, .sa_flags = SA_NODEFER};
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);

  const KernelTable *tables[16];
  size_t table_count = kernel_tables(tables, 16), passed = 0, failed = 0;
  const KernelTable *portable = tables[table_count - 1];
  // The portable table is compared with itself: its own accesses are checked on both sides.
  for (size_t i = table_count; i-- > 0;)
    for (size_t k = 0; k < kernel_count(); k++) {
      if (strcmp(kernel_origin(tables[i], k), tables[i]->isa) != 0 || !strstr(tests[k].name, filter)) continue;
      if (run(&tests[k], tables[i], portable)) passed++;
      else failed++;
    }
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    if (!strstr(others[k].name, filter)) continue;
    if (run(&others[k], portable, portable)) passed++;
    else failed++;
  }
  printf("%zu passed, %zu failed\n", passed, failed);
  return failed != 0;
}
