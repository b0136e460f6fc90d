// The gradient kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../gradients/cross_f32.h"
#include "../gradients/depthwise.h"
#include "../gradients/columns.h"
#include "../gradients/drop_f32.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_gradient, ISA) = {
    .isa = STR(ISA),
    GRADIENT_KERNELS(X)
};
#undef X
