typedef struct {
  uint64_t parts[2];
} Bytes16;

#define SELECT(name, type, hint)                                                                                          \
  static void CAT(name, ISA)(const uint8_t *c, const type *a, const type *b, type *y, const RowLoop *loop) {          \
    size_t n = loop->n;                                                                                               \
    for (size_t r = 0; r < loop->rows;                                                                                \
         r++, c += loop->step[0], a += loop->step[1], b += loop->step[2], y += n) {                                   \
      if (loop->repeat & repeat_first) {                                                                              \
        const type *x = *c ? a : b;                                                                                   \
        if (loop->repeat & (*c ? repeat_second : repeat_third)) {                                                     \
          for (size_t i = 0; i < n; i++) y[i] = *x;                                                                   \
        } else if (x != y) {                                                                                          \
          memcpy(y, x, n * sizeof(type));                                                                             \
        }                                                                                                             \
      } else if (loop->repeat == 0) {                                                                                 \
        _Pragma(hint) for (size_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : b[i];      \
      } else if (loop->repeat == repeat_second) {                                                                     \
        type x = *a;                                                                                                  \
        _Pragma(hint) for (size_t i = 0; i < n; i++) y[i] = c[i] ? x : b[i];         \
      } else if (loop->repeat == repeat_third) {                                                                      \
        type z = *b;                                                                                                  \
        _Pragma(hint) for (size_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : z;         \
      } else {                                                                                                        \
        type x = *a, z = *b;                                                                                          \
        _Pragma(hint) for (size_t i = 0; i < n; i++) y[i] = c[i] ? x : z;            \
      }                                                                                                               \
    }                                                                                                                 \
  }
SELECT(select_8, uint8_t, "clang loop vectorize(assume_safety)")
SELECT(select_16, uint16_t, "clang loop vectorize(assume_safety)")
SELECT(select_32, uint32_t, "clang loop vectorize(assume_safety)")
SELECT(select_64, uint64_t, "clang loop vectorize(assume_safety)")
SELECT(select_128, Bytes16, "clang loop vectorize(disable)")
#undef SELECT

KERNEL(select)(size_t width, const uint8_t *condition, const void *a, const void *b, void *y, const RowLoop *loop) {
  switch (width) {
    case 1: CAT(select_8, ISA)(condition, a, b, y, loop); break;
    case 2: CAT(select_16, ISA)(condition, a, b, y, loop); break;
    case 4: CAT(select_32, ISA)(condition, a, b, y, loop); break;
    case 8: CAT(select_64, ISA)(condition, a, b, y, loop); break;
    case 16: CAT(select_128, ISA)(condition, a, b, y, loop); break;
  }
}
