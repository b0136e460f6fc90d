#ifdef __aarch64__
#include "neon.h"
#include "../tables/training.h"
#endif
