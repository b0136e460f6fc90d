#pragma once
#include <stdint.h>

/// Calls of malloc and its kin by any thread of this program since it began, or -1 where they cannot be counted.
int64_t allocation_count(void);
