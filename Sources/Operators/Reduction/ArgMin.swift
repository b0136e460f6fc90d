import HoneIR

/// The index of the smallest element along an axis.
public struct ArgMin: ExtremeIndexOp {
  public var axis = 0
  public var keepdims = true
  public var select_last_index = false
  public init() {}
  public static let isMaximum = false
}
