#include "portable.h"
#include "../tables/gradient.h"
