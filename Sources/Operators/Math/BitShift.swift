public import HoneIR
public import HoneKernels

/// y = a shifted by b bits; right shifts of negative numbers fill with ones.
public struct BitShift: BinaryOp, RequiringOp {
  public enum Direction: String, Sendable, Codable { case left = "LEFT", right = "RIGHT" }
  public var direction = Direction.left
  public init() {}
  public static var since: Int { 11 }
  public static var required: [String] { ["direction"] }
  public var function: BinaryFunction { direction == .left ? .shiftLeft : .shiftRight }
}
