// The NEON table with `sdot` in the integer kernels.
#ifdef __aarch64__
#define ISA neondot
#define TARGET "dotprod"
#define HAS_NEON 1
#define HAS_DOTPROD 1
#define HAS_FMA 1
#define LANES 4
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/gemm_i8.h"
#include "../probe/probe_i8.h"
#pragma clang attribute pop

const KernelTable table_neondot = {
    .isa = "neondot",
    .gemm_i8 = gemm_i8_neondot,
    .probe_int8 = probe_int8_neondot,
};
#endif
