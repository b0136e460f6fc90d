// The row kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/dot.h"
#include "../layout/transpose.h"
#include "../reduce/reduce_f32.h"
#include "../rows/softmax.h"
#include "../rows/recurrent.h"
#include "../rows/recurrent_training.h"
#include "../reduce/softmax_f32.h"
#include "../reduce/normalize_f32.h"
#include "../reduce/gradient_f32.h"
#include "../reduce/normalize_bf16.h"
#include "../statistics/histogram.h"
#include "../training/update.h"
#include "../probe/probe.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_row, ISA) = {
    .isa = STR(ISA),
    LAYOUT_KERNELS(X)
    REDUCE_KERNELS(X)
    ROW_KERNELS(X)
    STATISTICS_KERNELS(X)
    TRAINING_KERNELS(X)
    PROBE_KERNELS(X)
};
#undef X
