#include "portable.h"
#include "../tables/row.h"
