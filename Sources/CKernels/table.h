// Compiles every kernel body for one instruction set. The including file defines ISA, TARGET and the shape of its registers:
//   LANES            fp32 elements of a vector
//   HAS_FMA          1 if fused multiply-add is an instruction
//   PANEL_VECTORS    vectors of a packed panel; PANEL_VECTORS · LANES columns
//   TILE_ROWS(nv)    rows of a tile of nv vectors
#include "kernels.h"
#include "vector.h"

#include "math/functions.h"
#include "gemm/epilogue_f32.h"
#include "gemm/gemm_f32.h"
#include "gemm/epilogue_i8.h"
#include "gemm/gemm_i8.h"
#include "gemm/pack.h"
#include "convolution/depthwise_f32.h"
#include "convolution/depthwise_i8.h"
#include "convolution/pool.h"
#include "layout/transpose.h"
#include "elementwise/all.h"
#include "reduce/reduce_f32.h"
#include "rows/softmax.h"
#include "rows/recurrent.h"
#include "reduce/softmax_f32.h"
#include "reduce/normalize_f32.h"
#include "statistics/histogram.h"
#include "probe/probe.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table, ISA) = {
    .isa = STR(ISA),
    .lanes = LANES,
    .panel_columns = PANEL_VECTORS * LANES,
    .tile_rows = TILE_ROWS(PANEL_VECTORS),
    KERNELS(X)};
#undef X
