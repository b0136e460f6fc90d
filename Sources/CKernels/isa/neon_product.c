#ifdef __aarch64__
#include "neon.h"
#include "../tables/product.h"
#endif
