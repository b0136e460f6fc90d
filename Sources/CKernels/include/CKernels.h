// SIMD micro-kernels and the thread pool. Plain C types only, so that importing this module stays cheap.
#pragma once
#include "kernel_table.h"
#include "movement.h"
#include "threadpool.h"
