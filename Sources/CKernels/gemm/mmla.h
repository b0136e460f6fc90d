// Sums by instructions that multiply two rows of A with two columns of B, eight bytes of depth of each, into 2 × 2.
// A packed panel holds four bytes of depth of four columns in a vector; two of them interleave to two pairs of columns.
// `Sum` is the vector of sums and `mmla` the instruction; what includes this has both.

// The last 1 to 7 bytes of each row, padded with zeros.
static __attribute__((noinline)) void CAT(mmla_rest, ISA)(const char *const a[], size_t from, size_t count, int rows,
                                                          char *rest) {
  memset(rest, 0, 8 * (size_t)rows);
  for (int r = 0; r < rows; r++) memcpy(rest + 8 * r, a[r] + from, count);
}

// Eight bytes of two rows.
INLINE vi mmla_rows(const char *upper, const char *lower) {
  typedef int64_t Two __attribute__((ext_vector_type(2)));
  int64_t words[2];
  memcpy(&words[0], upper, 8);
  memcpy(&words[1], lower, 8);
  return __builtin_bit_cast(vi, ((Two){words[0], words[1]}));
}

// Adds the products of pairs of rows with `nv` vectors of columns; sum 2 · (pair · nv + vector) is that of the first
// two columns of a vector. `second` is NULL where the depth ends with `first`.
INLINE void mmla_step(Sum acc[], const vi a[], const int32_t *first, const int32_t *second, int pairs, int nv) {
#pragma clang loop unroll(full)
  for (int j = 0; j < nv; j++) {
    vi low = vloadi(first + j * LANES), high = second ? vloadi(second + j * LANES) : (vi)0;
    vi left = __builtin_shufflevector(low, high, 0, 4, 1, 5), right = __builtin_shufflevector(low, high, 2, 6, 3, 7);
#pragma clang loop unroll(full)
    for (int p = 0; p < pairs; p++) {
      acc[2 * (p * nv + j)] = mmla(acc[2 * (p * nv + j)], a[p], left);
      acc[2 * (p * nv + j) + 1] = mmla(acc[2 * (p * nv + j) + 1], a[p], right);
    }
  }
}

// Sums of one piece of the rows, `size` bytes deep; `flip` changes the bytes of A. Returns where the next piece of B
// begins.
INLINE const int32_t *mmla_piece(Sum acc[], const char *const a[], const int32_t *b, size_t size, int32_t flip,
                                 int rows, int nv, int split) {
  const int pairs = (rows + 1) / 2, step = nv * LANES;
  vi av[3], mask = vseti(flip);
  size_t p = 0;
  for (; p + 8 * (size_t)split <= size; p += 8 * (size_t)split) {
#pragma clang loop unroll(full)
    for (int s = 0; s < split; s++, b += 2 * step) {
      // A last row without a partner is its own.
#pragma clang loop unroll(full)
      for (int i = 0; i < pairs; i++)
        av[i] = mmla_rows(a[2 * i] + p + 8 * s, a[2 * i + 1 < rows ? 2 * i + 1 : 2 * i] + p + 8 * s) ^ mask;
      mmla_step(acc + 2 * s * pairs * nv, av, b, b + step, pairs, nv);
    }
  }
  for (; p < size; p += 8) {
    char rest[6 * 8];
    size_t count = size - p < 8 ? size - p : 8;
    CAT(mmla_rest, ISA)(a, p, count, rows, rest);
#pragma clang loop unroll(full)
    for (int i = 0; i < pairs; i++)
      av[i] = mmla_rows(rest + 16 * i, rest + (2 * i + 1 < rows ? 16 * i + 8 : 16 * i)) ^ mask;
    mmla_step(acc, av, b, count > 4 ? b + step : NULL, pairs, nv);
    b += count > 4 ? 2 * step : step;
  }
  return b;
}

// Sums of rows row..<row + rows, rows ≤ 6, as `nv` vectors of columns each; elements of A are `width` bytes wide.
INLINE void mmla_sums(Sum sums[], const RowSource *s, size_t row, const void *panel, size_t width, int32_t flip,
                      int rows, int nv, int split) {
  const int count = 2 * ((rows + 1) / 2) * nv;
  Sum acc[24];
#pragma clang loop unroll(full)
  for (int i = 0; i < count * split; i++) acc[i] = (Sum)0;
  const char *base = s->base, *a[6];
  const int32_t *b = panel;
  if (!s->offsets) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) a[r] = base + (ptrdiff_t)(row + (size_t)r) * s->stride * (ptrdiff_t)width;
    mmla_piece(acc, a, b, s->depth * width, flip, rows, nv, split);
  } else {
    const int32_t *offsets = s->offsets + (ptrdiff_t)row * s->offset_stride;
    for (size_t t = 0; t < s->taps; t++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t offset = offsets[r * s->offset_stride + (ptrdiff_t)t];
        a[r] = offset < 0 ? (const char *)s->padding : base + (ptrdiff_t)offset * (ptrdiff_t)width;
      }
      b = mmla_piece(acc, a, b, s->depth * width, flip, rows, nv, split);
    }
  }
#pragma clang loop unroll(full)
  for (int i = count; i < count * split; i++) acc[i % count] += acc[i];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int j = 0; j < nv; j++) {
      Sum left = acc[2 * (r / 2 * nv + j)], right = acc[2 * (r / 2 * nv + j) + 1];
      if (r % 2 == 0) sums[r * nv + j] = __builtin_shufflevector(left, right, 0, 1, 4, 5);
      else sums[r * nv + j] = __builtin_shufflevector(left, right, 2, 3, 6, 7);
    }
}

// Partial sums that hide the latency of small tiles.
#define MMLA_SPLIT(nv, rows) (((rows) + 1) / 2 * (nv) * 4 <= 12 ? 4 : ((rows) + 1) / 2 * (nv) * 2 <= 12 ? 2 : 1)
#define MMLA_TILES(nv) TILE(nv, 1) TILE(nv, 2) TILE(nv, 3) TILE(nv, 4) TILE(nv, 5) TILE(nv, 6)
#define MMLA_NAMES(nv) {NAME(nv, 1), NAME(nv, 2), NAME(nv, 3), NAME(nv, 4), NAME(nv, 5), NAME(nv, 6)}
