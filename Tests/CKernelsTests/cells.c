// Steps of recurrent cells, in use and in training, and the rows of attention.
#include "test.h"

static const double tolerance = 1e-5;

void test_softmax_weights_f32(const KernelTable *t) {
  SoftmaxWeights s = {.rows = any_size(1, 8), .columns = any_size(1, 100), .scale = any_float(1)};
  s.x_stride = (ptrdiff_t)(s.columns + any_size(0, 3));
  size_t count = extent(s.rows, (size_t)s.x_stride, s.columns);
  s.x = floats(count, 5);
  s.reciprocals = floats(s.rows, 1);
  if (coin()) {
    s.mask_stride = coin() ? 0 : (ptrdiff_t)(s.columns + any_size(0, 3));
    size_t masks = extent(s.rows, (size_t)s.mask_stride, s.columns);
    float *mask = floats(masks, 1);
    for (size_t i = 0; i < masks; i++)
      if (!any(0, 3) || s.columns < 4) mask[i] = -INFINITY;
    s.mask = mask;
  } else if (s.scale < 0) {
    s.scale = -s.scale;
  }
  t->softmax_weights_f32(&s);
  expect_floats(s.x, count, tolerance);
  expect_floats(s.reciprocals, s.rows, tolerance);
}

static void gates_of(int32_t *activations, float *p0, float *p1, int count) {
  static const int32_t common[] = {activation_sigmoid, activation_tanh, activation_tanh};
  int is_common = coin();
  for (int i = 0; i < count; i++) {
    activations[i] = is_common ? common[i] : (int32_t)any(activation_none, activation_hard_swish);
    p0[i] = activations[i] == activation_clip ? -0.5f : 0.2f;
    p1[i] = 0.5f;
  }
}

void test_lstm_step_f32(const KernelTable *t) {
  LstmStep s = {.rows = any_size(1, 4), .hidden = any_size(1, 40), .clip = coin() ? INFINITY : 0.7f};
  s.input_forget = coin();
  size_t h = s.hidden;
  s.gates_stride = (ptrdiff_t)(4 * h + any_size(0, 3));
  s.gates = floats(extent(s.rows, (size_t)s.gates_stride, 4 * h), 2);
  if (coin()) {
    s.gates2_stride = (ptrdiff_t)(4 * h + any_size(0, 3));
    s.gates2 = floats(extent(s.rows, (size_t)s.gates2_stride, 4 * h), 2);
  }
  if (coin()) s.peepholes = floats(3 * h, 1);
  s.cell_before_stride = s.cell_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.h_stride = (ptrdiff_t)(h + any_size(0, 3));
  size_t cells = extent(s.rows, (size_t)s.cell_stride, h), results = extent(s.rows, (size_t)s.h_stride, h);
  float *cell = floats(cells, 1);
  s.cell_before = cell;
  s.cell = coin() ? cell : floats(cells, 1);
  s.h = floats(results, 1);
  gates_of(s.activations, s.p0, s.p1, 3);
  t->lstm_step_f32(&s);
  expect_floats(s.cell, cells, tolerance);
  expect_floats(s.h, results, tolerance);
}

static GruStep gru(size_t *count) {
  GruStep s = {.rows = any_size(1, 4), .hidden = any_size(1, 40), .clip = coin() ? INFINITY : 0.7f};
  size_t h = s.hidden;
  s.x_stride = (ptrdiff_t)(3 * h + any_size(0, 3));
  s.h_stride = (ptrdiff_t)(3 * h + any_size(0, 3));
  s.before_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.y_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.x = floats(extent(s.rows, (size_t)s.x_stride, 3 * h), 2);
  s.h = floats(extent(s.rows, (size_t)s.h_stride, 3 * h), 2);
  s.before = floats(extent(s.rows, (size_t)s.before_stride, h), 1);
  *count = extent(s.rows, (size_t)s.y_stride, h);
  s.y = floats(*count, 1);
  s.z = floats(s.rows * h, 1);
  s.reset = floats(s.rows * h, 1);
  gates_of(s.activations, s.p0, s.p1, 2);
  return s;
}

void test_gru_step_f32(const KernelTable *t) {
  size_t count;
  GruStep s = gru(&count);
  t->gru_step_f32(&s);
  expect_floats(s.y, count, tolerance);
}
void test_gru_reset_f32(const KernelTable *t) {
  size_t count;
  GruStep s = gru(&count);
  t->gru_reset_f32(&s);
  expect_floats(s.z, s.rows * s.hidden, tolerance);
  expect_floats(s.reset, s.rows * s.hidden, tolerance);
}
void test_gru_update_f32(const KernelTable *t) {
  size_t count;
  GruStep s = gru(&count);
  t->gru_update_f32(&s);
  expect_floats(s.y, count, tolerance);
}

// Biases and weights of `lines` lines of `vectors` gates, by vectors of units: weights [line][gate][unit].
static float *panel_part(const KernelTable *t, const float *weights, float *panels, ptrdiff_t panel_stride,
                         size_t lines, size_t vectors, size_t hidden) {
  for (size_t unit = 0; unit < hidden; unit++)
    for (size_t l = 0; l < lines; l++)
      for (size_t g = 0; g < vectors; g++) {
        float *panel = panels + (ptrdiff_t)(unit / t->lanes) * panel_stride;
        panel[(l * vectors + g) * t->lanes + unit % t->lanes] = weights[(l * vectors + g) * hidden + unit];
      }
  return panels + lines * vectors * t->lanes;
}

static void expect_cell_training(const KernelTable *t, int is_lstm) {
  CellTraining s = {.inputs = any_size(1, 20), .hidden = any_size(1, 40), .rows = any_size(1, 14)};
  size_t h = s.hidden, k = s.inputs + h;
  s.a_stride = (ptrdiff_t)(k + any_size(0, 3));
  s.a = floats(extent(s.rows, (size_t)s.a_stride, k), 1);
  s.cell_before_stride = (ptrdiff_t)(h + any_size(0, 3));
  if (is_lstm) s.cell_before = floats(extent(s.rows, (size_t)s.cell_before_stride, h), 1);
  size_t saved = (is_lstm ? 5 : 4) * h;
  s.saved_stride = (ptrdiff_t)(saved + any_size(0, 3));
  s.h_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.y_stride = (ptrdiff_t)(h + any_size(0, 3));
  size_t saved_count = extent(s.rows, (size_t)s.saved_stride, saved), h_count = extent(s.rows, (size_t)s.h_stride, h);
  size_t y_count = extent(s.rows, (size_t)s.y_stride, h);
  s.saved = floats(saved_count, 1);
  s.h = floats(h_count, 1);
  s.y = floats(y_count, 1);
  const float *biases = floats(4 * h, 1), *weights = floats(k * (is_lstm ? 4 : 3) * h, 0.3f);
  s.panel_stride = (ptrdiff_t)((4 + k * (is_lstm ? 4 : 3)) * t->lanes);
  float *panels = NEW(float, (size_t)s.panel_stride * (up(h, t->lanes) / t->lanes));
  s.panels = panels;
  panels = panel_part(t, biases, panels, s.panel_stride, 1, 4, h);
  panel_part(t, weights, panels, s.panel_stride, k, is_lstm ? 4 : 3, h);
  if (is_lstm) t->lstm_training_f32(&s);
  else t->gru_training_f32(&s);
  expect_floats(s.saved, saved_count, tolerance);
  expect_floats(s.h, h_count, tolerance);
  expect_floats(s.y, y_count, tolerance);
}
void test_lstm_training_f32(const KernelTable *t) { expect_cell_training(t, 1); }
void test_gru_training_f32(const KernelTable *t) { expect_cell_training(t, 0); }

static void expect_cell_gradient(const KernelTable *t, int is_lstm) {
  CellGradient s = {.rows = any_size(1, 5), .hidden = any_size(1, 90)};
  size_t h = s.hidden, gates = (is_lstm ? 4 : 3) * h, saved = (is_lstm ? 5 : 4) * h;
  s.saved_stride = (ptrdiff_t)(saved + any_size(0, 3));
  s.before_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.dh_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.dy_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.dc_stride = (ptrdiff_t)(h + any_size(0, 3));
  s.gates_stride = (ptrdiff_t)(gates + any_size(0, 3));
  s.saved = floats(extent(s.rows, (size_t)s.saved_stride, saved), 1);
  s.before = floats(extent(s.rows, (size_t)s.before_stride, h), 1);
  s.dh = floats(extent(s.rows, (size_t)s.dh_stride, h), 1);
  if (coin()) s.dy = floats(extent(s.rows, (size_t)s.dy_stride, h), 1);
  size_t dc = extent(s.rows, (size_t)s.dc_stride, h), count = extent(s.rows, (size_t)s.gates_stride, gates);
  s.dc = floats(dc, 1);
  s.gates = floats(count, 1);
  if (!is_lstm) s.state_gates = floats(count, 1);
  if (is_lstm) t->lstm_gradient_f32(&s);
  else t->gru_gradient_f32(&s);
  expect_floats(s.dc, dc, tolerance);
  expect_floats(s.gates, count, tolerance);
  if (!is_lstm) expect_floats(s.state_gates, count, tolerance);
}
void test_lstm_gradient_f32(const KernelTable *t) { expect_cell_gradient(t, 1); }
void test_gru_gradient_f32(const KernelTable *t) { expect_cell_gradient(t, 0); }
