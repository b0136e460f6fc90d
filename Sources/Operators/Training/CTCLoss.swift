import Foundation
public import HoneIR

/// −log Σ p(path) over the paths that read as the labels once repetitions and blanks are gone, by forward and backward sums
/// of logarithms (Graves and others, ICML 2006).
///
/// Operands: log probabilities (batch × time × classes, float32), labels (batch × longest, int64), and, if given, the
/// labels' and the inputs' lengths (int64 per sample). Results: one loss per sample, and its gradient with respect to the
/// log probabilities. A sample whose labels fit no path has an infinite loss, or 0 if asked for, and no gradient.
public struct CTCLoss: ExecutableOp {
  public var blank = 0
  public var zeroes_infinity = false
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    let scores = try call.tensor(0)
    guard scores.element == .float32, let shape = scores.shape, shape.count == 3 else {
      throw GraphError(.type, "log probabilities must be float32 of batch × time × classes, are \(scores)")
    }
    for i in 1..<call.count where call.has(i) {
      guard try call.element(i) == .int64, try call.tensor(i).rank == (i == 1 ? 2 : 1) else {
        throw GraphError(
          .type, "labels are int64 of batch × longest, lengths int64 per sample; operand \(i) is \(try call.tensor(i))")
      }
    }
    return [ValueType]([.tensor(.float32, [shape[0]]), .tensor(scores)].prefix(call.resultCount))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, labels) = (try call.sizes(0), try call.sizes(1))
    guard blank >= 0, blank < sizes[2], labels[0] == sizes[0] else {
      throw GraphError(.type, "labels \(labels) or blank \(blank) do not fit \(sizes)")
    }
    for i in 2..<max(call.count, 2) where call.has(i) {
      guard try call.sizes(i) == [sizes[0]] else { throw GraphError(.type, "there must be one length per sample") }
    }
    let (hasLabelLengths, hasInputLengths) = (call.has(2), call.has(3))
    let lattice = CTCLattice(time: sizes[1], classes: sizes[2], longest: labels[1], blank: blank)
    let zeroes = zeroes_infinity
    return Kernel(tasks: sizes[0], scratch: lattice.scratchByteCount) { frame, range in
      for i in range where i < sizes[0] {
        let size = sizes[1] * sizes[2]
        let count = hasLabelLengths ? Int(frame.operand(2, as: Int64.self)[i]) : labels[1]
        let time = hasInputLengths ? Int(frame.operand(3, as: Int64.self)[i]) : sizes[1]
        let gradient = frame.hasResult(1) ? frame.result(1, as: Float.self) + i * size : nil
        let names = frame.operand(1, as: Int64.self) + i * labels[1]
        guard count >= 0, count <= labels[1], time >= 0, time <= sizes[1],
          (0..<count).allSatisfy({ names[$0] >= 0 && names[$0] < Int64(sizes[2]) && names[$0] != Int64(blank) })
        else { return frame.fail(.indexOutOfRange) }
        let loss = lattice.run(
          frame.operand(0, as: Float.self) + i * size, labels: names, count: count, time: time, gradient: gradient,
          scratch: frame.scratch.assumingMemoryBound(to: Double.self))
        frame.result(0, as: Float.self)[i] = loss.isFinite || !zeroes ? Float(loss) : 0
      }
    }
  }
}

extension CTCLoss: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0], node.results.count > 1 else { return [] }
    let batch = try g.sizes(of: node.result)[0]
    return [try g.apply(Mul(), node.results[1], g.shaped(dy, [batch, 1, 1]))]
  }
}

/// The paths through one sample: position 2k + 1 of 2·count + 1 is label k, even ones are blanks.
private struct CTCLattice: Sendable {
  let time, classes, longest, blank: Int
  private var width: Int { 2 * longest + 1 }
  var scratchByteCount: Int { 2 * max(time, 1) * width * MemoryLayout<Double>.stride }

  func run(
    _ logarithms: UnsafePointer<Float>, labels: UnsafePointer<Int64>, count: Int, time: Int,
    gradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Double>
  ) -> Double {
    let length = 2 * count + 1
    gradient?.update(repeating: 0, count: self.time * classes)
    guard time > 0 else { return count == 0 ? 0 : .infinity }
    let (forward, backward) = (scratch, scratch + self.time * width)
    func label(_ s: Int) -> Int { s % 2 == 0 ? blank : Int(labels[s / 2]) }
    func emitted(_ t: Int, _ s: Int) -> Double { Double(logarithms[t * classes + label(s)]) }
    /// A path may pass over the blank before position s.
    func skips(_ s: Int) -> Bool { s % 2 == 1 && s >= 2 && label(s) != label(s - 2) }

    for t in 0..<time {
      for s in 0..<length {
        var sum = t == 0 ? (s < 2 ? 0 : -Double.infinity) : forward[(t - 1) * width + s]
        if t > 0, s >= 1 { sum = Self.add(sum, forward[(t - 1) * width + s - 1]) }
        if t > 0, skips(s) { sum = Self.add(sum, forward[(t - 1) * width + s - 2]) }
        forward[t * width + s] = sum + emitted(t, s)
      }
    }
    let last = forward + (time - 1) * width
    let total = length > 1 ? Self.add(last[length - 1], last[length - 2]) : last[0]
    guard let gradient, total.isFinite else { return -total }

    // What follows position s after time t.
    for t in stride(from: time - 1, through: 0, by: -1) {
      for s in 0..<length {
        guard t < time - 1 else {
          backward[t * width + s] = s >= length - 2 ? 0 : -.infinity
          continue
        }
        let next = backward + (t + 1) * width
        var sum = next[s] + emitted(t + 1, s)
        if s + 1 < length { sum = Self.add(sum, next[s + 1] + emitted(t + 1, s + 1)) }
        if s + 2 < length, skips(s + 2) { sum = Self.add(sum, next[s + 2] + emitted(t + 1, s + 2)) }
        backward[t * width + s] = sum
      }
      for s in 0..<length {
        let share = exp(forward[t * width + s] + backward[t * width + s] - total)
        gradient[t * classes + label(s)] -= Float(share)
      }
    }
    return -total
  }

  /// log(eᵃ + eᵇ)
  private static func add(_ a: Double, _ b: Double) -> Double {
    let (high, low) = (max(a, b), min(a, b))
    return low == -.infinity ? high : high + log1p(exp(low - high))
  }
}
