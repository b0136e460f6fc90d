#define DEPTHWISE DepthwiseF32
#define SUFFIX(name) CAT(name##_f32, ISA)
#define ELEMENT float
#define LOAD vload_some
#define STORE vstore_some
#define HALF 0
#define RESIDUAL(e) (e)->residual
#include "depthwise_real.h"
