#ifdef __aarch64__
#include "neon.h"
#include "../tables/bytes.h"
#endif
