import HoneKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rules of optimizers, on every instruction set, beside the same rules in double precision.
struct WeightUpdatesTests {
  static let counts = [1, 3, 7, 8, 15, 16, 17, 31, 33, 64, 101]

  /// A weight with gradient and three moments, each between unreadable pages, and where the results go.
  private struct Case {
    let weight, gradient, first, second, third: Guarded<Float>
    let results: [Guarded<Float>]
    let isInPlace: Bool

    init(_ count: Int, isInPlace: Bool) {
      var random = Random(UInt64(count))
      let side: Guarded<Float>.Side = isInPlace ? .before : .after
      weight = Guarded(random.floats(count), side)
      gradient = Guarded(random.floats(count), side)
      first = Guarded(random.floats(count, 0.1...1), side)
      // The mean of squares is no less than the square of the mean.
      second = Guarded(random.floats(count, 0...0.3), side)
      third = Guarded(random.floats(count), side)
      results = (0..<4).map { _ in Guarded([Float](repeating: .nan, count: count), side) }
      self.isInPlace = isInPlace
    }

    /// The span of the weight and its first `moments` moments.
    func span(moments: Int) -> WeightSpan {
      let (weight, first, second, third) = (weight.pointer, first.pointer, second.pointer, third.pointer)
      var span = WeightSpan(
        count: self.weight.count, gradient: UnsafePointer(gradient.pointer), weight: UnsafePointer(weight),
        newWeight: isInPlace ? weight : results[0].pointer)
      (span.scale, span.decay, span.rate) = (0.75, 0.125, 0.0625)
      if moments > 0 {
        (span.moments.0, span.newMoments.0) = (UnsafePointer(first), isInPlace ? first : results[1].pointer)
      }
      if moments > 1 {
        (span.moments.1, span.newMoments.1) = (UnsafePointer(second), isInPlace ? second : results[2].pointer)
      }
      if moments > 2 {
        (span.moments.2, span.newMoments.2) = (UnsafePointer(third), isInPlace ? third : results[3].pointer)
      }
      return span
    }

    /// What lies where results go: the weight, then moments.
    var found: [[Float]] { (isInPlace ? [weight, first, second, third] : results).map(\.array) }
  }

  /// What a rule makes of (weight, gradient, moments), all as numbers: the new weight and moments.
  private typealias Rule = (Double, Double, [Double]) -> [Double]

  private func check(
    _ name: String, _ moments: Int, decays: Bool = true, tolerance: Double = 2e-6, _ run: (WeightSpan) -> Void,
    _ rule: Rule
  ) {
    for count in Self.counts {
      for isInPlace in [false, true] {
        let test = Case(count, isInPlace: isInPlace)
        var span = test.span(moments: moments)
        if !decays { span.decay = 0 }
        let before = [test.weight, test.first, test.second, test.third].map(\.array)
        let gradients = test.gradient.array
        run(span)
        let expected = (0..<count).map { i -> [Double] in
          let w = Double(before[0][i])
          let g = Double(gradients[i]) * 0.75 + (decays ? 0.125 * w : 0)
          return rule(w, g, (1...3).map { Double(before[$0][i]) })
        }
        for part in 0...moments {
          #expect(
            distance(test.found[part], expected.map { $0[part] }) < tolerance, "\(name) \(count) \(part) \(isInPlace)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func `steps down the gradient`(set: InstructionSet) {
    check("plain", 0) {
      WeightUpdates.descend($0, kept: 0, taken: 1, isNesterov: false, on: set)
    } _: { w, g, _ in
      [w - 0.0625 * g]
    }
    for isNesterov in [false, true] {
      check("momentum", 1) {
        WeightUpdates.descend($0, kept: 0.5, taken: 0.75, isNesterov: isNesterov, on: set)
      } _: { w, g, m in
        let v = 0.5 * m[0] + 0.75 * g
        return [w - 0.0625 * (isNesterov ? g + 0.5 * v : v), v]
      }
    }
  }

  private static let moments = AdamMoments(beta1: 0.75, beta2: 0.875, epsilon: 0.01, power1: 0.5625, power2: 0.765625)

  @Test(arguments: InstructionSet.available, [false, true]) func `Adam`(set: InstructionSet, decays: Bool) {
    check("Adam", 2, decays: decays) {
      WeightUpdates.adam($0, Self.moments, shrink: 0.9375, on: set)
    } _: { w, g, m in
      let mean = 0.75 * m[0] + 0.25 * g
      let square = 0.875 * m[1] + 0.125 * g * g
      return [
        0.9375 * w - 0.0625 * mean / (square.squareRoot() / (1 - 0.765625).squareRoot() + Double(Float(0.01))), mean,
        square,
      ]
    }
  }

  @Test(arguments: InstructionSet.available) func `RMSProp, plain, centred and with momentum`(set: InstructionSet) {
    let epsilon = Double(Float(0.01))
    check("plain", 1, tolerance: 4e-6) {
      WeightUpdates.rmsprop($0, kept: 0.75, added: 0.25, momentum: 0, epsilon: 0.01, on: set)
    } _: { w, g, m in
      let s = 0.75 * m[0] + 0.25 * g * g
      return [w - 0.0625 * g / (s.squareRoot() + epsilon), s]
    }
    for moments in [2, 3] {
      check("centred", moments, tolerance: 1e-5) {
        WeightUpdates.rmsprop($0, kept: 0.75, added: 0.25, momentum: 0.5, epsilon: 0.01, on: set)
      } _: { w, g, m in
        let s = 0.75 * m[0] + 0.25 * g * g, a = 0.75 * m[1] + 0.25 * g
        var step = g / ((s - a * a).squareRoot() + epsilon)
        if moments > 2 { step += 0.5 * m[2] }
        return [w - 0.0625 * step, s, a, step]
      }
    }
    check("momentum", 3, tolerance: 4e-6) {
      var span = $0
      (span.moments.1, span.newMoments.1) = (nil, nil)
      WeightUpdates.rmsprop(span, kept: 0.75, added: 0.25, momentum: 0.5, epsilon: 0.01, on: set)
      // Nothing is written to the moment that is absent.
      if let old = $0.moments.1, let new = $0.newMoments.1 {
        for i in 0..<$0.count { new[i] = old[i] }
      }
    } _: { w, g, m in
      let s = 0.75 * m[0] + 0.25 * g * g
      let step = g / (s.squareRoot() + epsilon) + 0.5 * m[2]
      return [w - 0.0625 * step, s, m[1], step]
    }
  }

  @Test(arguments: InstructionSet.available) func `Adagrad`(set: InstructionSet) {
    check("Adagrad", 1) {
      WeightUpdates.adagrad($0, epsilon: 0.01, on: set)
    } _: { w, g, m in
      let s = m[0] + g * g
      return [w - 0.0625 * g / (s.squareRoot() + Double(Float(0.01))), s]
    }
  }

  /// The direction's norm must not see lanes behind the end, where an epsilon of 0 makes 0/0.
  @Test(arguments: InstructionSet.available, [0.0, 0.01]) func `LAMB`(set: InstructionSet, epsilon: Double) {
    let moments = AdamMoments(beta1: 0.75, beta2: 0.875, epsilon: epsilon, power1: 0.5625, power2: 0.765625)
    for count in Self.counts {
      let test = Case(count, isInPlace: false)
      var span = test.span(moments: 2)
      var sums = [0.5, 0.25]
      WeightUpdates.lambDirection(span, moments, decay: 0.125, sums: &sums, on: set)
      span.rate = 0.03125
      WeightUpdates.lambStep(span, moments, decay: 0.125, on: set)
      var expected: [[Double]] = [[], [], []]
      var norms = [0.5, 0.25]
      for i in 0..<count {
        let w = Double(test.weight.pointer[i]), g = Double(test.gradient.pointer[i]) * 0.75
        let mean = 0.75 * Double(test.first.pointer[i]) + 0.25 * g
        let square = 0.875 * Double(test.second.pointer[i]) + 0.125 * g * g
        let root = square.squareRoot() / (1 - 0.765625).squareRoot() + Double(Float(epsilon))
        let direction = mean / (1 - 0.5625) / root + 0.125 * w
        norms[0] += w * w
        norms[1] += direction * direction
        for (part, number) in [w - 0.03125 * direction, mean, square].enumerated() { expected[part].append(number) }
      }
      for part in 0..<3 { #expect(distance(test.found[part], expected[part]) < 1e-5, "\(count) \(part)") }
      for part in 0..<2 { #expect(abs(sums[part] - norms[part]) < 1e-5 * norms[part], "\(count) \(part)") }
    }
  }

  @Test(arguments: InstructionSet.available) func `blends, regularizes and sums squares`(set: InstructionSet) {
    for count in Self.counts {
      for side in [Guarded<Float>.Side.before, .after] {
        var random = Random(UInt64(count))
        var numbers = random.floats(count)
        numbers[count / 2] = 0
        let a = Guarded(numbers, side), b = Guarded(random.floats(count), side)
        let y = Guarded([Float](repeating: .nan, count: count), side)
        let pairs = zip(a.array, b.array).map { (Double($0), Double($1)) }
        WeightUpdates.blend(a.pointer, b.pointer, kept: 0.75, taken: 0.25, count: count, into: y.pointer, on: set)
        #expect(distance(y.array, pairs.map { 0.75 * $0 + 0.25 * $1 }) < 1e-6)
        WeightUpdates.regularize(
          a.pointer, b.pointer, square: 0.5, absolute: 0.25, count: count, into: y.pointer, on: set)
        #expect(
          distance(y.array, pairs.map { $1 + 0.5 * $0 + ($0 > 0 ? 0.25 : $0 < 0 ? -0.25 : 0) }) < 1e-6, "\(count)")
        let sum = pairs.reduce(0) { $0 + $1.0 * $1.0 }
        #expect(abs(WeightUpdates.squareSum(a.pointer, count: count, on: set) - sum) <= 1e-6 * sum)
        // What is not kept is not read.
        let nothing = Guarded([Float](repeating: .nan, count: count), side)
        WeightUpdates.blend(nothing.pointer, b.pointer, kept: 0, taken: 0.5, count: count, into: y.pointer, on: set)
        #expect(y.array == b.array.map { $0 * 0.5 })
      }
    }
  }
}
