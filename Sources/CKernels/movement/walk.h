#pragma once
#include <string.h>

#include "CKernels.h"

typedef struct {
  const char *source;
  char *destination;
  ptrdiff_t position[movement_axis_limit];
} Walker;

static inline void walker_start(Walker *w, const void *source, void *destination, MovementWalk walk) {
  w->source = source;
  w->destination = destination;
  size_t index = walk.first;
  for (size_t axis = walk.rank; axis-- > 0;) {
    const ptrdiff_t *a = walk.axes + 3 * axis;
    ptrdiff_t at = (ptrdiff_t)(index % (size_t)a[0]);
    index /= (size_t)a[0];
    w->position[axis] = at;
    w->source += at * a[1];
    w->destination += at * a[2];
  }
}

static inline void walker_advance(Walker *w, MovementWalk walk) {
  for (size_t axis = walk.rank; axis-- > 0;) {
    const ptrdiff_t *a = walk.axes + 3 * axis;
    if (++w->position[axis] < a[0]) {
      w->source += a[1];
      w->destination += a[2];
      return;
    }
    w->position[axis] = 0;
    w->source -= a[1] * (a[0] - 1);
    w->destination -= a[2] * (a[0] - 1);
  }
}
