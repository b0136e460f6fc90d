#pragma once
#define ISA avx2
#define TARGET "avx2,fma,f16c"
#define HAS_AVX2 1
#define HAS_FMA 1
#define LANES 8
#define PANEL_VECTORS 2
#define TILE_ROWS(nv) ((nv) == 2 ? 6 : 8)
