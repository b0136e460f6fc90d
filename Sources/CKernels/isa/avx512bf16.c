// The AVX-512 table with `vdpbf16ps` in the bfloat16 kernels.
#ifdef __x86_64__
#define ISA avx512bf16
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,avx512bf16,fma,f16c"
#define HAS_AVX2 1
#define HAS_AVX512 1
#define HAS_VNNI 1
#define HAS_BF16 1
#define HAS_FMA 1
#define LANES 16
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/gemm_bf16.h"
#include "../convolution/depthwise_bf16.h"
#include "../probe/probe_bf16.h"
#pragma clang attribute pop

const KernelTable table_avx512bf16 = {
    .isa = "avx512bf16",
    .gemm_bf16 = gemm_bf16_avx512bf16,
    .depthwise_bf16 = depthwise_bf16_avx512bf16,
    .probe_bf16 = probe_bf16_avx512bf16,
};
#endif
