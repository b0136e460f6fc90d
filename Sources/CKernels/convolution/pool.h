#if HAS_AVX512
// Maxima of bytes, 64 at once.
static __attribute__((noinline)) void CAT(pool_maximum_bytes, ISA)(const Pool *q) {
  Pool k = *q;
  __m512i flip = _mm512_set1_epi8((char)(k.type == pool_s8 ? 0x80 : 0));
  for (size_t c = 0; c < k.channels; c += 64) {
    __mmask64 mask = k.channels - c >= 64 ? ~0ull : (1ull << (k.channels - c)) - 1;
    const int32_t *offsets = k.offsets;
    uint8_t *y = (uint8_t *)k.y + c;
    for (size_t p = 0; p < k.pixels; p++, offsets += k.taps, y += k.y_stride) {
      __m512i best = _mm512_setzero_si512();
      for (size_t t = 0; t < k.taps; t++) {
        if (offsets[t] < 0) continue;
        __m512i x = _mm512_maskz_loadu_epi8(mask, (const uint8_t *)k.x + offsets[t] + c);
        best = _mm512_max_epu8(best, _mm512_xor_si512(x, flip));
      }
      _mm512_mask_storeu_epi8(y, mask, _mm512_xor_si512(best, flip));
    }
  }
}
#endif

// Extremes or sums of fp32 over many vectors at once, so that whole lines are read one after the other.
INLINE void pool_vectors_f32(const Pool *q, size_t p, size_t c, int vectors, int averages) {
  const int32_t *offsets = q->offsets + p * q->taps;
  const float *x = (const float *)q->x + c;
  vf sums[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) sums[i] = (vf)(averages ? 0.0f : -__builtin_inff());
  for (size_t t = 0; t < q->taps; t++) {
    if (offsets[t] < 0) continue;
#pragma clang loop unroll(full)
    for (int i = 0; i < vectors; i++) {
      vf v = vload(x + offsets[t] + i * LANES);
      sums[i] = averages ? sums[i] + v : sums[i] > v ? sums[i] : v;
    }
  }
  float *y = (float *)q->y + (ptrdiff_t)p * q->y_stride + c;
#pragma clang loop unroll(full)
  for (int i = 0; i < vectors; i++) vstore(y + i * LANES, averages ? sums[i] * q->reciprocals[p] : sums[i]);
}

// The channels of one position that fill vectors; returns how many those are.
INLINE size_t pool_whole_f32(const Pool *q, size_t p, int averages) {
  size_t c = 0;
  for (; c + 4 * LANES <= q->channels; c += 4 * LANES) pool_vectors_f32(q, p, c, 4, averages);
  for (; c + 2 * LANES <= q->channels; c += 2 * LANES) pool_vectors_f32(q, p, c, 2, averages);
  for (; c + LANES <= q->channels; c += LANES) pool_vectors_f32(q, p, c, 1, averages);
  return c;
}

KERNEL(pool_maximum)(const Pool *q) {
#if HAS_AVX512
  if (q->type == pool_u8 || q->type == pool_s8) {
    CAT(pool_maximum_bytes, ISA)(q);
    return;
  }
#endif
  for (size_t p = 0; p < q->pixels; p++) {
    const int32_t *offsets = q->offsets + p * q->taps;
    for (size_t c = q->type == pool_f32 ? pool_whole_f32(q, p, 0) : 0; c < q->channels; c += LANES) {
      size_t n = q->channels - c;
      if (q->type == pool_f32) {
        vf best = (vf)-__builtin_inff();
        for (size_t t = 0; t < q->taps; t++) {
          if (offsets[t] < 0) continue;
          vf x = vload_n((const float *)q->x + offsets[t] + c, n);
          best = best > x ? best : x;
        }
        vstore_n((float *)q->y + (ptrdiff_t)p * q->y_stride + c, best, n);
      } else if (q->type == pool_bf16) {
        vf best = (vf)-__builtin_inff();
        for (size_t t = 0; t < q->taps; t++) {
          if (offsets[t] < 0) continue;
          vf x = vload_half((const uint16_t *)q->x + offsets[t] + c, n);
          best = best > x ? best : x;
        }
        vstore_half((uint16_t *)q->y + (ptrdiff_t)p * q->y_stride + c, vnarrow(best), n);
      } else {
        vi best = (vi)(q->type == pool_u8 ? 0 : -128);
        for (size_t t = 0; t < q->taps; t++) {
          if (offsets[t] < 0) continue;
          vi x = vload_bytes((const uint8_t *)q->x + offsets[t] + c, n, q->type == pool_s8);
          best = best > x ? best : x;
        }
        vstore_bytes((uint8_t *)q->y + (ptrdiff_t)p * q->y_stride + c, best, n);
      }
    }
  }
}

KERNEL(pool_average)(const Pool *q) {
  float least = (float)((q->type == pool_s8 ? -128 : 0) - q->y_zero);
  Quantizer quantizer = {vset(least), vset(least + 255), (vf)1.0f, q->y_zero};
  for (size_t p = 0; p < q->pixels; p++) {
    const int32_t *offsets = q->offsets + p * q->taps;
    for (size_t c = q->type == pool_f32 ? pool_whole_f32(q, p, 1) : 0; c < q->channels; c += LANES) {
      size_t n = q->channels - c;
      if (q->type == pool_f32) {
        vf sum = (vf)0.0f;
        for (size_t t = 0; t < q->taps; t++)
          if (offsets[t] >= 0) sum += vload_n((const float *)q->x + offsets[t] + c, n);
        vstore_n((float *)q->y + (ptrdiff_t)p * q->y_stride + c, sum * q->reciprocals[p], n);
      } else if (q->type == pool_bf16) {
        vf sum = (vf)0.0f;
        for (size_t t = 0; t < q->taps; t++)
          if (offsets[t] >= 0) sum += vload_half((const uint16_t *)q->x + offsets[t] + c, n);
        vstore_half((uint16_t *)q->y + (ptrdiff_t)p * q->y_stride + c, vnarrow(sum * q->reciprocals[p]), n);
      } else {
        int is_signed = q->type == pool_s8;
        vi sum = (vi)0;
        for (size_t t = 0; t < q->taps; t++)
          if (offsets[t] >= 0)
            sum += vload_bytes((const uint8_t *)q->x + offsets[t] + c, n, is_signed) - q->x_zero;
        vf mean = vfrom(sum) * (q->reciprocals[p] * q->scale);
        vi y = vquantize(mean, &quantizer);
        vstore_bytes((uint8_t *)q->y + (ptrdiff_t)p * q->y_stride + c, y, n);
      }
    }
  }
}
