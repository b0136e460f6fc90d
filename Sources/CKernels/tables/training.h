// The training kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../training/cross_f32.h"
#include "../training/depthwise.h"
#include "../training/columns.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_training, ISA) = {
    .isa = STR(ISA),
    TRAINING_KERNELS(X)
};
#undef X
