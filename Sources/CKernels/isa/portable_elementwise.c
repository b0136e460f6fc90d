#include "portable.h"
#include "../tables/elementwise.h"
