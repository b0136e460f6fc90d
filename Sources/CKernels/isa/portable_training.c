#include "portable.h"
#include "../tables/training.h"
