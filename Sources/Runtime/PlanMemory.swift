/// The memory that a plan needs to run.
public struct PlanMemory: Sendable, Hashable {
  /// Values and workspaces share one arena, each for as long as it is used.
  public let arenaByteCount: Int
  /// Most bytes of values between inputs and outputs that are there at the same time: activations, and in training the
  /// gradients of activations and weights.
  public let valueByteCount: Int
  /// Most bytes that the threads of one kernel share while it runs: weights packed anew, partial sums.
  public let workspaceByteCount: Int
  /// Most bytes that one thread of one kernel takes for itself.
  public let scratchByteCount: Int
  /// Most bytes of rows that one thread keeps between steps that run band by band.
  public let windowByteCount: Int
  /// Bytes of all states: weights in training, moments, statistics.
  public let stateByteCount: Int
}
