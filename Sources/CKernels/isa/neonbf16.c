// The NEON table with `bfmmla` in the bfloat16 products.
#ifdef __aarch64__
#define ISA neonbf16
#define TARGET "bf16"
#define HAS_NEON 1
#define HAS_BF16 1
#define HAS_FMA 1
#define LANES 4
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/gemm_bf16_mmla.h"
#include "../convolution/depthwise_bf16.h"
#define PROBE probe_bf16
#define DEPTH 4
#include "../probe/probe_mmla.h"
#pragma clang attribute pop

const KernelTable table_neonbf16 = {
    .isa = "neonbf16",
    .gemm_bf16 = gemm_bf16_neonbf16,
    .depthwise_bf16 = depthwise_bf16_neonbf16,
    .probe_bf16 = probe_bf16_neonbf16,
};
#endif
