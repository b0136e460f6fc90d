#ifdef __aarch64__
#include "neon.h"
#include "../tables/gradient.h"
#endif
