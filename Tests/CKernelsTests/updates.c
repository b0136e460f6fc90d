// What changes weights, and what belongs to it.
#include "test.h"

static const double tolerance = 1e-5;

// Moments as the rules expect them: the second one not negative.
static UpdateF32 update(int moments) {
  UpdateF32 u = {.n = any_size(0, 100), .scale = any_float(1) + 1.1f, .decay = coin() ? 0 : 0.1f, .rate = 0.1f};
  u.gradient = floats(u.n, 1);
  float *weight = floats(u.n, 1);
  u.weight = weight;
  u.weight_out = coin() ? weight : floats(u.n, 1);
  const float **in[] = {&u.first, &u.second, &u.third};
  float **out[] = {&u.first_out, &u.second_out, &u.third_out};
  for (int i = 0; i < moments; i++) {
    float *moment = floats(u.n, 1);
    for (size_t j = 0; j < u.n; j++) moment[j] = fabsf(moment[j]);
    *in[i] = moment;
    *out[i] = coin() ? moment : floats(u.n, 1);
  }
  return u;
}

static void expect_update(const UpdateF32 *u) {
  expect_floats(u->weight_out, u->n, tolerance);
  if (u->first) expect_floats(u->first_out, u->n, tolerance);
  if (u->second) expect_floats(u->second_out, u->n, tolerance);
  if (u->third) expect_floats(u->third_out, u->n, tolerance);
}

void test_update_sgd_f32(const KernelTable *t) {
  UpdateF32 u = update(coin());
  t->update_sgd_f32(&u, 0.9f, coin() ? 1 : 0.1f, coin());
  expect_update(&u);
}

static const MomentsF32 moments = {
    .first_taken = 0.1f, .second_kept = 0.99f, .second_added = 0.01f, .root = 0.3f, .epsilon = 1e-3f};

void test_update_adam_f32(const KernelTable *t) {
  UpdateF32 u = update(2);
  t->update_adam_f32(&u, &moments, coin() ? 1 : 0.99f);
  expect_update(&u);
}

void test_update_rmsprop_f32(const KernelTable *t) {
  int third = coin();
  UpdateF32 u = update(3);
  if (!third) u.third = NULL, u.third_out = NULL;
  // The spread s − a² stays positive.
  if (coin()) u.second = NULL, u.second_out = NULL;
  for (size_t i = 0; u.second && i < u.n; i++) ((float *)u.first)[i] += 1.5f;
  t->update_rmsprop_f32(&u, 0.9f, 0.1f, 0.9f, 1e-3f);
  expect_update(&u);
}

void test_update_adagrad_f32(const KernelTable *t) {
  UpdateF32 u = update(1);
  t->update_adagrad_f32(&u, 1e-3f);
  expect_update(&u);
}

void test_lamb_direction_f32(const KernelTable *t) {
  UpdateF32 u = update(2);
  double sums[2] = {any_float(1), any_float(1)};
  t->lamb_direction_f32(&u, &moments, 0.5f, 0.01f, sums);
  expect_floats(u.first_out, u.n, tolerance);
  expect_floats(u.second_out, u.n, tolerance);
  expect_doubles(sums, 2, tolerance);
}

void test_lamb_step_f32(const KernelTable *t) {
  UpdateF32 u = update(2);
  for (size_t i = 0; i < u.n; i++) u.second_out[i] = fabsf(u.second_out[i]);
  t->lamb_step_f32(&u, &moments, 0.5f, 0.01f);
  expect_floats(u.weight_out, u.n, 1e-4);
}

void test_blend_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *a = floats(n, 1), *b = floats(n, 1), *y = coin() ? b : floats(n, 1), kept = coin() ? 0 : any_float(1);
  if (kept == 0)
    for (size_t i = 0; i < n; i++) a[i] = NAN;
  t->blend_f32(a, b, kept, any_float(1), n, y);
  expect_floats(y, n, tolerance);
}

void test_regularize_f32(const KernelTable *t) {
  size_t n = any_size(0, 100);
  float *w = floats(n, 1), *g = floats(n, 1), *y = coin() ? g : floats(n, 1);
  if (n) w[0] = 0;
  t->regularize_f32(w, g, 0.3f, 0.2f, n, y);
  expect_floats(y, n, tolerance);
}

void test_square_sum_f32(const KernelTable *t) {
  size_t n = any_size(0, 200);
  double sum = any_float(1);
  t->square_sum_f32(floats(n, 1), n, &sum);
  expect_doubles(&sum, 1, tolerance);
}

void test_drop_f32(const KernelTable *t) {
  DropF32 d = {.n = any_size(0, 150), .scale = 1.25f};
  d.first = (uint32_t)any(0, UINT32_MAX);
  d.threshold = (uint32_t)any(0, UINT32_MAX);
  d.keys[0] = (uint32_t)any(0, UINT32_MAX);
  d.keys[1] = (uint32_t)any(0, UINT32_MAX);
  float *x = floats(d.n, 1);
  d.x = x;
  d.y = coin() ? x : floats(d.n, 1);
  t->drop_f32(&d);
  expect_bytes(d.y, d.n * 4);
}
