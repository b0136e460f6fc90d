// The AVX-512 table with `vpermi2b` in kernels that look up bytes.
#ifdef __x86_64__
#define ISA avx512vbmi
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,avx512vbmi,fma,f16c"
#define HAS_AVX2 1
#define HAS_AVX512 1
#define HAS_VNNI 1
#define HAS_VBMI 1
#define HAS_FMA 1
#define LANES 16
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
#include "../kernels.h"
#include "../vector.h"

#include "../bytes/look_up.h"
#pragma clang attribute pop

const KernelTable table_avx512vbmi = {
    .isa = "avx512vbmi",
    .look_up = look_up_avx512vbmi,
};
#endif
