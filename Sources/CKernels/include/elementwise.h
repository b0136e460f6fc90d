#pragma once
#include <stddef.h>
#include <stdint.h>

#define ELEMENTWISE_KERNELS(X)
