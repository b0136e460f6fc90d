// The kernels for quantized elements of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../gemm/finish_bytes.h"
#include "../bytes/look_up.h"
#include "../bytes/convert.h"
#include "../bytes/combine.h"
#include "../bytes/shuffle.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_bytes, ISA) = {
    .isa = STR(ISA),
    BYTE_KERNELS(X)
};
#undef X
