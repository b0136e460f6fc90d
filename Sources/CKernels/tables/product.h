// The product kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_f32.h"
#include "../gemm/gemm_f32.h"
#include "../gemm/narrow_f32.h"
#include "../gemm/outer_f32.h"
#include "../gemm/stationary_f32.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/gemm_i8.h"
#include "../gemm/gemm_bf16.h"
#include "../gemm/wide_bf16.h"
#include "../gemm/pack.h"
#include "../gemm/pack_bf16.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_product, ISA) = {
    .isa = STR(ISA),
    .lanes = LANES,
    .panel_columns = PANEL_VECTORS * LANES,
    .tile_rows = TILE_ROWS(PANEL_VECTORS),
    .bf16_depth = 2,
    .integer_rows = 12,
    GEMM_KERNELS(X)
};
#undef X
