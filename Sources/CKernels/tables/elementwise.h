// The elementwise kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../elementwise/all.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_elementwise, ISA) = {
    .isa = STR(ISA),
    ELEMENTWISE_KERNELS(X)
};
#undef X
