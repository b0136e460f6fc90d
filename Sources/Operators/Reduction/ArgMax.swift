import HoneIR

/// The index of the largest element along an axis.
public struct ArgMax: ExtremeIndexOp {
  public var axis = 0
  public var keepdims = true
  public var select_last_index = false
  public init() {}
  public static let isMaximum = true
}
