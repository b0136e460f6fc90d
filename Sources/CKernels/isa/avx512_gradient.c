#ifdef __x86_64__
#include "avx512.h"
#include "../tables/gradient.h"
#endif
