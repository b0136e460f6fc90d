#include "portable.h"
#include "../tables/convolution.h"
