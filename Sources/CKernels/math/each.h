#pragma once
// Several vectors at once, `n` of them, a constant: each step is taken for all before the next, so that none waits for
// its own result.
#define EACH_VECTOR(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)
enum { each_most = HAS_AVX2 && !HAS_AVX512 ? 4 : 8 };
