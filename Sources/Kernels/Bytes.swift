internal import CKernels

/// An affine grid of 8-bit integers: q is worth (q − zero) · scale.
public struct ByteGrid: Sendable, Hashable {
  public var type: ByteType
  public var scale: Float
  /// In the type itself.
  public var zero: Int32

  public init(type: ByteType, scale: Float, zero: Int32) { (self.type, self.scale, self.zero) = (type, scale, zero) }

  /// The range of q − zero.
  var limits: ClosedRange<Float> {
    let least: Int32 = type.isSigned ? -128 : 0
    return Float(least - zero)...Float(least + 255 - zero)
  }
}

/// Operations on bytes that stand for real numbers.
extension InstructionSet {
  /// y[i] = table[x[i]], by bit patterns; x and y may be the same memory.
  public func lookUp(
    _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, count: Int, table bytes: UnsafePointer<UInt8>
  ) {
    table.pointee.look_up(x, y, count, bytes)
  }

  /// y = saturate(round(x / scale) + zero), halves to even.
  public func quantize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutableRawPointer, count: Int, scale: Float, zero: Int32, _ type: ByteType
  ) {
    let bytes = y.assumingMemoryBound(to: UInt8.self)
    table.pointee.quantize(x, bytes, count, scale, zero, type.isSigned ? 1 : 0)
  }

  /// y = (x − zero) · scale
  public func dequantize(
    _ x: UnsafeRawPointer, _ y: UnsafeMutablePointer<Float>, count: Int, scale: Float, zero: Int32, _ type: ByteType
  ) {
    let bytes = x.assumingMemoryBound(to: UInt8.self)
    table.pointee.dequantize(bytes, y, count, scale, zero, type.isSigned ? 1 : 0)
  }

  /// The least and the greatest of `count` values and of `range`.
  public func extremes(
    _ x: UnsafePointer<Float>, count: Int, _ range: (low: Float, high: Float)
  ) -> (low: Float, high: Float) {
    var (low, high) = range
    table.pointee.extremes(x, count, &low, &high)
    return (low, high)
  }

  /// The u8 grid that covers `count` values and 0, as `DynamicQuantizeLinear` chooses it.
  public func dynamicGrid(_ x: UnsafePointer<Float>, count: Int) -> (scale: Float, zero: Int32) {
    let (low, high) = extremes(x, count: count, (0, 0))
    let scale = high == low ? 1 : (high - low) / 255
    let zero = max(0, min(255, -low / scale)).rounded(.toNearestOrEven)
    return (scale, zero.isNaN ? 0 : Int32(zero))
  }

  /// Two halves of shuffled channels, of elements of `width` bytes: a and b, `channels` per position and `stride` from one
  /// position to the next, in turns, or the even and the odd ones of both. A half that is nil is not made.
  public func shuffleSplit(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, stride: Int, first: UnsafeMutableRawPointer?,
    second: UnsafeMutableRawPointer?, positions: Int, channels: Int, apart: Bool, width: Int
  ) {
    var arguments = ShuffleSplit(
      a: a.assumingMemoryBound(to: UInt8.self), b: b.assumingMemoryBound(to: UInt8.self),
      y: first?.assumingMemoryBound(to: UInt8.self), z: second?.assumingMemoryBound(to: UInt8.self),
      positions: positions, channels: channels, stride: stride, width: width, apart: apart ? 1 : 0)
    table.pointee.shuffle_split(&arguments)
  }

  /// Elements of `width` bytes of each position from [groups][depth] to [depth][groups].
  public func shuffleChannels(
    _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, positions: Int, groups: Int, depth: Int, width: Int
  ) {
    table.pointee.shuffle_channels(
      x.assumingMemoryBound(to: UInt8.self), y.assumingMemoryBound(to: UInt8.self), positions, groups, depth, width)
  }
}

/// A plan for a quantized sum or product of two quantized tensors that broadcast.
public struct ByteCombination: Sendable {
  public enum Function: Sendable { case add, mul }

  public let instructionSet: InstructionSet
  private let loop: ElementwiseLoop
  private let function: Function
  private let a: ByteGrid
  private let b: ByteGrid
  /// Products take the operand that repeats as the second one.
  private let isSwapped: Bool
  private let y: ByteGrid

  /// `sizes` are those of y, `strides` those of a and b in elements, 0 along axes that repeat.
  public init(
    _ function: Function, _ a: ByteGrid, _ b: ByteGrid, _ y: ByteGrid, sizes: [Int], strides: [[Int]],
    instructionSet: InstructionSet = .current
  ) {
    func reach(_ strides: [Int]) -> Int { zip(sizes, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } }
    isSwapped = function == .mul && reach(strides[0]) < reach(strides[1])
    (self.function, self.y, self.instructionSet) = (function, y, instructionSet)
    (self.a, self.b) = isSwapped ? (b, a) : (a, b)
    loop = ElementwiseLoop(sizes: sizes, strides: isSwapped ? strides.reversed() : strides)
  }

  public var taskCount: Int { loop.taskCount }

  /// Runs `tasks`; y may be the memory of an operand that nowhere repeats.
  public func run(
    tasks: Range<Int>, a first: UnsafeRawPointer, b second: UnsafeRawPointer, y to: UnsafeMutableRawPointer
  ) {
    let isProduct = function == .mul
    let (first, second) = isSwapped ? (second, first) : (first, second)
    var arguments = CombineBytes(
      a: first.assumingMemoryBound(to: UInt8.self), b: second.assumingMemoryBound(to: UInt8.self),
      y: to.assumingMemoryBound(to: UInt8.self), loop: loop.rowLoop(0, 1), a_signed: a.type.isSigned ? 1 : 0,
      b_signed: b.type.isSigned ? 1 : 0, y_signed: y.type.isSigned ? 1 : 0, a_zero: a.zero, b_zero: b.zero,
      y_zero: y.zero, a_scale: isProduct ? a.scale * b.scale / y.scale : a.scale / y.scale,
      b_scale: b.scale / y.scale, is_product: isProduct ? 1 : 0)
    let bases = (arguments.a, arguments.b, arguments.y)
    loop.forEachRun(tasks) { offsets, start, rows, length in
      (arguments.a, arguments.b, arguments.y) = (bases.0 + offsets[0], bases.1 + offsets[1], bases.2 + start)
      (arguments.loop.rows, arguments.loop.n) = (rows, length)
      instructionSet.table.pointee.combine_bytes(&arguments)
    }
  }
}
