#include "../math/bfloat16.h"

#define DEPTHWISE DepthwiseBF16
#define SUFFIX(name) CAT(name##_bf16, ISA)
#define ELEMENT uint16_t
#define LOAD vload_half
#define STORE(p, v, n) vstore_half(p, vnarrow(v), n)
#define HALF 1
#define RESIDUAL(e) (e)->residual_half
#include "depthwise_real.h"
