#pragma once
#include <stddef.h>
#include <stdint.h>

#define REDUCE_KERNELS(X)
