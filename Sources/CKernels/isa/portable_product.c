#include "portable.h"
#include "../tables/product.h"
