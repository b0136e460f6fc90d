#ifdef __aarch64__
#include "neon.h"
#include "../tables/elementwise.h"
#endif
