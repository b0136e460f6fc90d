#ifdef __aarch64__
#include "neon.h"
#include "../tables/row.h"
#endif
