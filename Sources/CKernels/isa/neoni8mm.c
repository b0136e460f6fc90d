// The NEON table with `usmmla` in the integer products.
#ifdef __aarch64__
#define ISA neoni8mm
#define TARGET "dotprod,i8mm"
#define HAS_NEON 1
#define HAS_DOTPROD 1
#define HAS_I8MM 1
#define HAS_FMA 1
#define LANES 4
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/gemm_i8.h"
#include "../gemm/gemm_i8_mmla.h"
#define PROBE probe_int8
#define DEPTH 8
#include "../probe/probe_mmla.h"
#pragma clang attribute pop

const KernelTable table_neoni8mm = {
    .isa = "neoni8mm",
    .gemm_i8 = gemm_mmla_neoni8mm,
    .probe_int8 = probe_int8_neoni8mm,
};
#endif
