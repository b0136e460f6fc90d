// How tests are run.
#pragma once
#include "test.h"

/// Where an operand touches the page that traps.
enum Side { side_after, side_before };

/// Frees all operands and begins the random numbers of `seed`.
void operands_begin(uint64_t seed, enum Side side);
/// Whether what lies beside the operands is as it was.
int operands_end(void);

/// What a test has shown.
typedef struct {
  size_t runs;
  /// The error, relative to the expected number or absolute below 1, that came closest to what was allowed there.
  double error, allowed;
  /// Of all results that must have the same bits; 0 if there were none.
  uint64_t digest;
  char fault[160];
} Findings;

void record_begin(void);
void check_begin(Findings *findings);
/// Whether a check is going on, not a recording.
int is_checking(void);
/// Ends a check: nothing that was recorded may be left.
void check_end(void);
