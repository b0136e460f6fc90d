// The convolution kernels of one instruction set.
#include "../kernels.h"
#include "../vector.h"

#include "../math/activations.h"
#include "../gemm/epilogue_i8.h"
#include "../convolution/depthwise_f32.h"
#include "../convolution/depthwise_bf16.h"
#include "../convolution/depthwise_i8.h"
#include "../convolution/pool.h"
#include "../convolution/pool_gradient.h"
#include "../convolution/winograd.h"

#ifdef TARGET
#pragma clang attribute pop
#endif

#define X(name, args) .name = CAT(name, ISA),
const KernelTable CAT(table_convolution, ISA) = {
    .isa = STR(ISA),
    CONVOLUTION_KERNELS(X)
};
#undef X
