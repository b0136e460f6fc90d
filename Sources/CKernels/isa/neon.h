#pragma once
#define ISA neon
#define HAS_NEON 1
#define HAS_FMA 1
#define LANES 4
#define PANEL_VECTORS 4
#define TILE_ROWS(nv) ((nv) == 4 ? 6 : 8)
