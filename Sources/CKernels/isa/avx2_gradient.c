#ifdef __x86_64__
#include "avx2.h"
#include "../tables/gradient.h"
#endif
