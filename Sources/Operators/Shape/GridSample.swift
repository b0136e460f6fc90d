public import HoneIR

/// The operand sampled at positions between −1 and 1 along each spatial axis: y[n, c, p] = x[n, c, grid[n, p]].
public struct GridSample: ExecutableOp, UpgradableOp {
  public enum Mode: String, Codable, Sendable { case linear, nearest, cubic }
  public enum Padding: String, Codable, Sendable { case zeros, border, reflection }
  public var align_corners = false
  public var mode = Mode.linear
  public var padding_mode = Padding.zeros
  public init() {}
  public static var since: Int { 16 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 20, let mode = node.attributes["mode"]?.string else { return }
    let names = ["bilinear": "linear", "bicubic": "cubic"]
    node.attributes["mode"] = .string(names[mode] ?? mode)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let x = try call.tensor(0)
    guard let shape = x.shape, let grid = try call.shape(1) else { return [.tensor(x.with(shape: nil))] }
    guard shape.count == grid.count, shape.count >= 3, (grid.last!.size ?? shape.count - 2) == shape.count - 2 else {
      throw GraphError(.type, "the grid \(try call.tensor(1)) does not fit \(x)")
    }
    return [.tensor(x.with(shape: [try unified(shape[0], grid[0]), shape[1]] + grid[1...].dropLast()))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (x, grid) = (try call.element(0), try call.element(1))
    let wide = grid == .float64 || x.interpolationType == .float64
    if let staged = try StagedElements(call, operands: [0, 1], computingIn: wide ? .float64 : .float32) {
      return staged.kernel(try kernel(staged.call))
    }
    return wide ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let (x, y) = (try call.sizes(0), try call.resultSizes())
    let sampler = try GridSampler<T>(self, Array(x[2...]))
    let (points, length, channels) = (y[2...].reduce(1, *), x[2...].reduce(1, *), x[1])
    let rank = x.count - 2
    let part = 256
    let parts = (points + part - 1) / part
    return Kernel(tasks: x[0] * parts, scratch: sampler.scratchByteCount) { frame, range in
      for task in range where task < x[0] * parts {
        let (batch, first) = (task / parts, task % parts * part)
        let grid = frame.operand(1, as: T.self) + batch * points * rank
        for point in first..<min(first + part, points) {
          let samples = sampler.locate(grid + point * rank, in: frame.scratch)
          for channel in 0..<channels {
            let plane = frame.operand(0, as: T.self) + (batch * channels + channel) * length
            var sum: T = 0
            for sample in samples { sum += sample.weight * plane[sample.offset] }
            frame.result(as: T.self)[(batch * channels + channel) * points + point] = sum
          }
        }
      }
    }
  }
}

/// Turns positions into the elements around them and their weights.
struct GridSampler<T: BinaryFloatingPoint & Sendable>: Sendable {
  struct Sample {
    var offset: Int
    var weight: T
  }
  private let op: GridSample
  private let sizes: [Int]
  private let taps: Int
  private let sampleLimit: Int
  private static var axisLimit: Int { 5 }

  init(_ op: GridSample, _ sizes: [Int]) throws(GraphError) {
    guard sizes.count <= Self.axisLimit else {
      throw GraphError(.unsupported, "GridSample over \(sizes.count) spatial axes")
    }
    guard !sizes.contains(0) else { throw GraphError(.type, "an empty image \(sizes) cannot be sampled") }
    (self.op, self.sizes) = (op, sizes)
    taps = op.mode == .nearest ? 1 : op.mode == .linear ? 2 : 4
    sampleLimit = sizes.reduce(1) { count, _ in count * (op.mode == .nearest ? 1 : op.mode == .linear ? 2 : 4) }
  }

  var scratchByteCount: Int { sampleLimit * MemoryLayout<Sample>.stride }

  /// The samples whose weighted sum is the value at `position`, innermost coordinate first. Those outside have no weight.
  /// The weights are those of the value's derivative by the coordinate along spatial axis `derivative`, if it is given.
  func locate(_ position: UnsafePointer<T>, in scratch: UnsafeMutableRawPointer, derivative: Int? = nil)
    -> UnsafeMutableBufferPointer<Sample>
  {
    let samples = scratch.bindMemory(to: Sample.self, capacity: sampleLimit)
    samples[0] = Sample(offset: 0, weight: 1)
    var count = 1
    for (axis, size) in sizes.enumerated() {
      let normal = position[sizes.count - 1 - axis]
      let x = coordinate(normal, size)
      let slope = axis == derivative ? slope(normal, size) : 0
      let first = op.mode == .nearest ? Int(x) : Int(x.rounded(.down)) - (op.mode == .cubic ? 1 : 0)
      let fraction = x - x.rounded(.down)
      // Every sample so far splits into one per tap, written from the back so that none is lost.
      for i in (0..<count).reversed() {
        let sample = samples[i]
        for tap in 0..<taps {
          let index = inside(first + tap, size)
          let own = axis == derivative ? slope * weightSlope(tap, fraction) : self.weight(tap, fraction)
          let weight = index == nil ? 0 : sample.weight * own
          samples[i * taps + tap] = Sample(offset: sample.offset * size + (index ?? 0), weight: weight)
        }
      }
      count *= taps
    }
    return UnsafeMutableBufferPointer(start: samples, count: count)
  }

  /// The coordinate in elements, folded into the image as the padding asks. A cubic filter that reaches over the border
  /// keeps its place, and each of its taps finds the border by itself.
  private func coordinate(_ normal: T, _ size: Int) -> T {
    var x = op.align_corners ? (normal + 1) / 2 * T(size - 1) : ((normal + 1) * T(size) - 1) / 2
    if !(abs(x) < 1e9) { x = x > 0 ? 1e9 : -1e9 }
    if op.mode == .nearest { x = x.rounded(.toNearestOrEven) }
    let (low, high) = bounds(size)
    guard x < low || x > high else { return x }
    switch op.padding_mode {
    case .zeros: return x
    case .border: return op.mode == .cubic ? x : min(max(x, 0), T(size - 1))
    case .reflection: return reflected(x, low, high)
    }
  }

  /// How fast the coordinate in elements changes with the one between −1 and 1.
  private func slope(_ normal: T, _ size: Int) -> T {
    let scale = op.align_corners ? T(size - 1) / 2 : T(size) / 2
    let x = op.align_corners ? (normal + 1) / 2 * T(size - 1) : ((normal + 1) * T(size) - 1) / 2
    guard abs(x) < 1e9 else { return 0 }
    let (low, high) = bounds(size)
    guard op.padding_mode != .border else { return op.mode == .cubic || x > 0 && x < T(size - 1) ? scale : 0 }
    guard op.padding_mode == .reflection, x < low || x > high else { return scale }
    guard high > low else { return 0 }
    let turns = ((x < low ? low - x : x - high) / (high - low)).rounded(.down)
    return (turns / 2).rounded(.down) * 2 == turns ? -scale : scale
  }

  private func bounds(_ size: Int) -> (T, T) { op.align_corners ? (0, T(size - 1)) : (-0.5, T(size) - 0.5) }

  private func reflected(_ x: T, _ low: T, _ high: T) -> T {
    let span = high - low
    guard span > 0 else { return low }
    let distance = x < low ? low - x : x - high
    let turns = (distance / span).rounded(.down)
    let rest = distance - turns * span
    let isEven = (turns / 2).rounded(.down) * 2 == turns
    return (x < low) == isEven ? low + rest : high - rest
  }

  /// The element that index `i` shows; nil outside.
  private func inside(_ i: Int, _ size: Int) -> Int? {
    if i >= 0 && i < size { return i }
    switch op.padding_mode {
    case .zeros: return nil
    case .border: return min(max(i, 0), size - 1)
    case .reflection:
      let (low, high) = bounds(size)
      return min(max(Int(reflected(T(i), low, high)), 0), size - 1)
    }
  }

  private func weight(_ tap: Int, _ fraction: T) -> T {
    switch op.mode {
    case .nearest: 1
    case .linear: tap == 0 ? 1 - fraction : fraction
    case .cubic: T(CubicFilter(a: -0.75)(Double(fraction) - Double(tap - 1)))
    }
  }

  private func weightSlope(_ tap: Int, _ fraction: T) -> T {
    switch op.mode {
    case .nearest: 0
    case .linear: tap == 0 ? -1 : 1
    case .cubic: T(CubicFilter(a: -0.75).derivative(Double(fraction) - Double(tap - 1)))
    }
  }
}

extension GridSample: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let operands = [dy, node.operands[0], node.operands[1]]
    return try g.apply(GridSampleGradient(self), operands, resultCount: 2)
  }
}
