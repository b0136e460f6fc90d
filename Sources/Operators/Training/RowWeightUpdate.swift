/// An update that takes the gradient of an embedding's table by the rows that a batch reads.
///
/// Unless `gradientRows` is `all`, there is one weight `[R, …]`; its gradient is `[N, …]`, and one more operand, the last,
/// int32 `[R]`, says where in the gradient the row of the weight is, or −1.
public protocol RowWeightUpdate: WeightUpdate {
  var gradientRows: GradientRows { get set }
  /// A row whose gradient is zero stays as it is, and so do its moments.
  var leavesRowsWithoutGradient: Bool { get }
}

/// Which rows of a weight the gradient has.
public enum GradientRows: String, Codable, Hashable, Sendable {
  /// All of them.
  case all
  /// Some; the gradient of the others is zero, and they become what they become with `all`.
  case zeroElsewhere
  /// Some; the others stay as they are, with their moments, as PyTorch's SparseAdam leaves them.
  case keptElsewhere
}
