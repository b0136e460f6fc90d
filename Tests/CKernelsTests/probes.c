// Probes of the peak run, and count what they did.
#include "test.h"

static void expect_probe(void (*probe)(size_t, double *)) {
  double one = 0, many = 0;
  probe(1, &one);
  probe(100, &many);
  expect(one > 0 && many == 100 * one, "the operations are miscounted");
}
void test_probe_f32(const KernelTable *t) { expect_probe(t->probe_f32); }
void test_probe_bf16(const KernelTable *t) { expect_probe(t->probe_bf16); }
void test_probe_int8(const KernelTable *t) { expect_probe(t->probe_int8); }
