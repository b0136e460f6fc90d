#include "portable.h"
#include "../tables/bytes.h"
