// The AVX-512 table with `tdpbusd` in the integer products.
#ifdef __x86_64__
#define ISA avx512amx
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,avx512vbmi,amx-tile,amx-int8,fma,f16c"
#define HAS_AVX2 1
#define HAS_AVX512 1
#define HAS_VNNI 1
#define HAS_VBMI 1
#define HAS_FMA 1
#define LANES 16
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/gemm_i8.h"
#include "../gemm/gemm_amx.h"
#pragma clang attribute pop

const KernelTable table_avx512amx = {
    .isa = "avx512amx",
    .integer_rows = 32,
    .gemm_i8 = gemm_amx_avx512amx,
};
#endif
