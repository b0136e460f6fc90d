#pragma once
#define ISA avx512
#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512cd,fma,f16c"
#define HAS_AVX2 1
#define HAS_AVX512 1
#define HAS_FMA 1
#define LANES 16
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
