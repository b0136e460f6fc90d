// Names and attributes of kernel bodies. Opens the target region that the including table closes. Headers of isa/ define
// ISA, TARGET and the shape of its registers:
//   LANES            fp32 elements of a vector
//   HAS_…            1 if the instructions are there; HAS_FMA for fused multiply-add
//   PANEL_VECTORS    vectors of a packed panel; PANEL_VECTORS · LANES columns
//   TILE_ROWS(nv)    rows of a tile of nv vectors
#include <math.h>
#include <string.h>

#include "CKernels.h"

#define CAT2(a, b) a##_##b
#define CAT(a, b) CAT2(a, b)
#define STR2(x) #x
#define STR(x) STR2(x)
#define KERNEL(name) static void CAT(name, ISA)
#define INLINE static inline __attribute__((always_inline, unused))

#ifndef HAS_AVX2
#define HAS_AVX2 0
#endif
#ifndef HAS_AVX512
#define HAS_AVX512 0
#endif
#ifndef HAS_VNNI
#define HAS_VNNI 0
#endif
#ifndef HAS_VBMI
#define HAS_VBMI 0
#endif
#ifndef HAS_BF16
#define HAS_BF16 0
#endif
#ifndef HAS_NEON
#define HAS_NEON 0
#endif
#ifndef HAS_DOTPROD
#define HAS_DOTPROD 0
#endif
#ifndef HAS_I8MM
#define HAS_I8MM 0
#endif

#ifdef __x86_64__
#include <immintrin.h>
#endif
#ifdef __aarch64__
#include <arm_neon.h>
#endif

#ifdef TARGET
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#endif
// Results must not depend on what the compiler chooses to contract; kernels say vfma where they want it.
#pragma STDC FP_CONTRACT OFF
