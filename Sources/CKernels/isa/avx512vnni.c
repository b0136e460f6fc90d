// The AVX-512 table with `vpdpbusd` in the integer kernels.
#ifdef __x86_64__
#define ISA avx512vnni
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,fma,f16c"
#define HAS_AVX2 1
#define HAS_AVX512 1
#define HAS_VNNI 1
#define HAS_FMA 1
#define LANES 16
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/gemm_i8.h"
#include "../convolution/depthwise_i8.h"
#include "../probe/probe_i8.h"
#pragma clang attribute pop

const KernelTable table_avx512vnni = {
    .isa = "avx512vnni",
    .gemm_i8 = gemm_i8_avx512vnni,
    .depthwise_i8 = depthwise_i8_avx512vnni,
    .probe_int8 = probe_int8_avx512vnni,
};
#endif
