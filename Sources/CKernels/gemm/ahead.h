#pragma once
// Memory that a product fetches into the second-level cache while it sums: `lines` cache lines with every run of steps, evenly,
// for what is on its way takes the places of what the sums wait for.
typedef struct {
  const char *next;
  size_t lines;
} Ahead;

enum { ahead_line = 64 };

INLINE void fetch_ahead(Ahead *ahead) {
  for (size_t i = 0; i < ahead->lines; i++, ahead->next += ahead_line) __builtin_prefetch(ahead->next, 0, 2);
}

// What is not on its way yet.
typedef struct {
  const char *next, *end;
} AheadRest;

INLINE AheadRest ahead_of(const void *next, size_t bytes) { return (AheadRest){next, (const char *)next + bytes}; }

// The part that one of `tiles` tiles to come fetches in its `runs` runs of steps, with each at most so many lines.
INLINE Ahead ahead_part(AheadRest *rest, size_t runs, size_t tiles, size_t most_lines) {
  Ahead part = {rest->next, 0};
  if (rest->next >= rest->end || runs == 0) return part;
  part.lines = ((size_t)(rest->end - rest->next) / ahead_line + runs * tiles - 1) / (runs * tiles);
  if (part.lines > most_lines) part.lines = most_lines;
  rest->next += part.lines * runs * ahead_line;
  return part;
}
