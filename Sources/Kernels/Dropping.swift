internal import CKernels

/// Elements set to 0 at random, as dropout does: which ones depends on keys and on their place alone.
public struct Dropping: Sendable {
  public let scale: Float
  private let threshold: UInt32

  /// Drops with probability `ratio`, and multiplies what is left by 1/(1 − ratio).
  public init(ratio: Float) {
    let ratio = min(max(Double(ratio), 0), 1)
    scale = ratio < 1 ? Float(1 / (1 - ratio)) : 0
    threshold = UInt32(clamping: Int64((ratio * 0x1p32).rounded()))
  }

  /// `count` elements, the first of them element `first` under `keys`.
  public func run(
    _ x: UnsafePointer<Float>, count: Int, first: Int = 0, keys: (UInt32, UInt32), into y: UnsafeMutablePointer<Float>
  ) {
    var arguments = DropF32(
      x: x, y: y, n: count, first: UInt32(truncatingIfNeeded: first), threshold: threshold, keys: keys, scale: scale)
    InstructionSet.current.table.pointee.drop_f32(&arguments)
  }
}
