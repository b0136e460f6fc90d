#ifdef __aarch64__
#include "neon.h"
#include "../tables/convolution.h"
#endif
