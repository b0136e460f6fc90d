public import HoneIR
import HoneKernels

/// A step of an optimizer for several weights at once, fused and in place; fp32 only, never exported.
///
/// Operands are the learning rate (a scalar), the step's number (int64, from 1), a factor, then groups of one tensor per
/// weight: the weights, their gradients, and each kind of moment. Results are the groups without the gradients. Gradients
/// are multiplied by the factor first. A factor or rate that is not finite leaves everything as it was.
public protocol WeightUpdate: ExecutableOp {
  /// What the learning rate of each weight is multiplied by.
  var rates: [Float] { get set }
  /// The weight decay of each weight.
  var decays: [Float] { get set }
  /// How many moments a weight has.
  var momentCount: Int { get }
}

extension WeightUpdate {
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let hasRows = (self as? any RowWeightUpdate).map { $0.gradientRows != .all } ?? false
    let count = call.count - 3 - (hasRows ? 1 : 0)
    guard count > 0, count % (2 + momentCount) == 0 else {
      throw GraphError(
        .arity, "takes rate, step, factor and a multiple of \(2 + momentCount) tensors, has \(call.count) operands")
    }
    let weightCount = count / (2 + momentCount)
    guard rates.count == weightCount, decays.count == weightCount else {
      throw GraphError(.attribute, "\(rates.count) rates and \(decays.count) decays for \(weightCount) weights")
    }
    for i in 0..<weightCount {
      let type = try call.tensor(3 + i)
      guard type.element == .float32 else { throw GraphError(.unsupported, "weights are float32, one is \(type)") }
      for group in (hasRows ? 2 : 1)..<(2 + momentCount) where try call.tensor(3 + group * weightCount + i) != type {
        throw GraphError(.type, "weight \(i) is \(type), not \(try call.tensor(3 + group * weightCount + i))")
      }
    }
    if hasRows { try checkRows(call, weightCount) }
    var types: [ValueType] = []
    for group in [0] + Array(2..<(2 + momentCount)) {
      for i in 0..<weightCount { types.append(.tensor(try call.tensor(3 + group * weightCount + i))) }
    }
    return types
  }

  /// One weight, whose gradient has some of its rows, and where they are.
  private func checkRows(_ call: Call, _ weightCount: Int) throws(GraphError) {
    let (weight, gradient) = (try call.sizes(3), try call.tensor(4))
    guard weightCount == 1, let row = weight.first, gradient.element == .float32, let rows = gradient.sizes,
      rows.dropFirst() == weight.dropFirst(), rows.count == weight.count,
      try call.tensor(call.count - 1) == TensorType(.int32, [row])
    else {
      throw GraphError(
        .type, "\(gradient) at \(try call.tensor(call.count - 1)) are not rows of the gradient of \(weight)")
    }
  }

  /// A kernel that calls `rule` with the step's number and spans that cover all weights.
  func kernel(_ call: Call, _ rule: @escaping @Sendable (Int, WeightSpan) -> Void) throws(GraphError) -> Kernel {
    if let op = self as? any RowWeightUpdate, op.gradientRows != .all {
      let leavesOthers = op.gradientRows == .keptElsewhere || op.leavesRowsWithoutGradient
      let layout = try UpdateLayout(call, self, chunkSize: UpdateLayout.zeroCount)
      return try layout.kernelOfRows(call, leavesOthers: leavesOthers, rule)
    }
    let layout = try UpdateLayout(call, self)
    return Kernel(tasks: layout.chunks.count, overwrites: layout.overwrites) { frame, range in
      for task in range where task < layout.chunks.count {
        let span = layout.span(task, frame)
        if span.scale.isFinite, span.rate.isFinite {
          rule(layout.step(frame), span)
        } else {
          layout.keep(span)
        }
      }
    }
  }
}

/// Where the operands and results of an update lie, and how its elements are divided into tasks.
struct UpdateLayout: Sendable {
  struct Chunk {
    let weight: Int
    let range: Range<Int>
  }
  let weightCount: Int
  let momentCount: Int
  let chunks: [Chunk]
  let rates: [Float]
  let decays: [Float]
  private static let chunkSize = 16384

  init(_ call: Call, _ op: some WeightUpdate, chunkSize: Int = chunkSize) throws(GraphError) {
    weightCount = op.rates.count
    momentCount = op.momentCount
    (rates, decays) = (op.rates, op.decays)
    var counts: [Int] = []
    for i in 0..<weightCount { counts.append(try call.sizes(3 + i).reduce(1, *)) }
    chunks = Self.chunks(counts, chunkSize)
  }

  static func chunks(_ counts: [Int], _ chunkSize: Int = chunkSize) -> [Chunk] {
    counts.enumerated().flatMap { i, count in
      stride(from: 0, to: count, by: chunkSize).map { Chunk(weight: i, range: $0..<min($0 + chunkSize, count)) }
    }
  }

  /// Weights and moments are written where they lie.
  var overwrites: [Int: Int] {
    var overwrites: [Int: Int] = [:]
    for i in 0..<weightCount {
      overwrites[i] = 3 + i
      for moment in 0..<momentCount {
        overwrites[(1 + moment) * weightCount + i] = 3 + (2 + moment) * weightCount + i
      }
    }
    return overwrites
  }

  func step(_ frame: borrowing Frame) -> Int { Int(frame.operand(1, as: Int64.self)[0]) }
  /// What gradients are multiplied by; not finite if nothing must change.
  func factor(_ frame: borrowing Frame) -> Float {
    let factor = frame.operand(2, as: Float.self)[0]
    return frame.operand(0, as: Float.self)[0].isFinite ? factor : .nan
  }

  func span(_ task: Int, _ frame: borrowing Frame) -> WeightSpan {
    span(chunks[task].weight, chunks[task].range, frame)
  }

  /// Elements `range` of weight `i`.
  func span(_ i: Int, _ range: Range<Int>, _ frame: borrowing Frame) -> WeightSpan {
    let start = range.lowerBound
    func operand(_ group: Int) -> UnsafePointer<Float> { frame.operand(3 + group * weightCount + i) + start }
    func result(_ group: Int) -> UnsafeMutablePointer<Float> { frame.result(group * weightCount + i) + start }
    var span = WeightSpan(count: range.count, gradient: operand(1), weight: operand(0), newWeight: result(0))
    if momentCount > 0 { (span.moments.0, span.newMoments.0) = (operand(2), result(1)) }
    if momentCount > 1 { (span.moments.1, span.newMoments.1) = (operand(3), result(2)) }
    if momentCount > 2 { (span.moments.2, span.newMoments.2) = (operand(4), result(3)) }
    (span.scale, span.decay) = (factor(frame), decays[i])
    span.rate = frame.operand(0, as: Float.self)[0] * rates[i]
    return span
  }

  /// Everything stays as it was.
  func keep(_ span: WeightSpan) {
    func copy(_ source: UnsafePointer<Float>?, _ target: UnsafeMutablePointer<Float>?) {
      guard let source, let target, source != UnsafePointer(target) else { return }
      target.update(from: source, count: span.count)
    }
    copy(span.weight, span.newWeight)
    copy(span.moments.0, span.newMoments.0)
    copy(span.moments.1, span.newMoments.1)
    copy(span.moments.2, span.newMoments.2)
  }
}

extension Float {
  /// The number that was meant: 0.999, not the float next to it.
  var decimal: Double { Double(description) ?? Double(self) }
}
