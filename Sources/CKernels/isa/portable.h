#pragma once
#define ISA portable
#define HAS_FMA 0
#define LANES 4
#define PANEL_VECTORS 2
#define TILE_ROWS(nv) 4
