import HoneKernels
import Testing

/// Cotangents of what was pooled, on every instruction set, beside the definition.
struct PoolingGradientTests {
  /// Windows that overlap, that leave pixels out, and numbers of channels that fill no vector.
  static let shapes =
    PoolingTests.shapes + [
      ConvolutionShape(inputChannels: 1, outputChannels: 1, input: [5, 5], kernel: [2, 2], strides: [3, 3]),
      ConvolutionShape(
        batch: 3, inputChannels: 17, outputChannels: 17, input: [6, 6], kernel: [3, 3], padsBegin: [1, 1]),
      ConvolutionShape(inputChannels: 33, outputChannels: 33, input: [8], kernel: [3], strides: [2]),
    ]

  private struct Run {
    let x, y, dy: Guarded<Float>
    let expected: [Double]
  }

  /// Operands, and every window's cotangent given to the pixels that `shares` names with what part of it.
  private func run(_ s: ConvolutionShape, ties: Bool, _ shares: ([Float]) -> [Double]) -> Run {
    var random = Random(UInt64(s.inputChannels))
    let count = PoolingTests.count(s)
    // Few different numbers make ties.
    let x = Guarded(random.floats(count.x).map { ties ? ($0 * 2).rounded() : $0 })
    let dy = Guarded(random.floats(count.y))
    var y: [Float] = []
    var expected = [Double](repeating: 0, count: count.x)
    for index in 0..<count.y {
      let (row, channel) = index.quotientAndRemainder(dividingBy: s.outputChannels)
      let (image, pixel) = row.quotientAndRemainder(dividingBy: s.outputPixels)
      let places = (0..<s.taps).compactMap { inputPixel(s, pixel, $0) }
        .map { (image * s.inputPixels + $0) * s.inputStride + channel }
      let window = places.map { x.pointer[$0] }
      y.append(window.max()!)
      for (place, share) in zip(places, shares(window)) { expected[place] += share * Double(dy.pointer[index]) }
    }
    return Run(x: x, y: Guarded(y), dy: dy, expected: expected)
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `the first of the largest gets a maximum's cotangent`(set: InstructionSet, s: ConvolutionShape) {
    for (ties, threads) in [(false, 1), (true, 1), (true, 3)] {
      let run = run(s, ties: ties) { window in
        let best = window.firstIndex(of: window.max()!)!
        return window.indices.map { $0 == best ? 1 : 0 }
      }
      let dx = Guarded([Float](repeating: .nan, count: run.expected.count))
      let plan = PoolingGradient(s, kind: .maximum, threads: threads, instructionSet: set)
      for task in (0..<plan.taskCount).reversed() {
        plan.run(tasks: task..<task + 1, dy: run.dy.pointer, x: run.x.pointer, y: run.y.pointer, dx: dx.pointer)
      }
      #expect(distance(dx.array, run.expected) < 1e-6)
    }
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `all of a window share an average's cotangent`(set: InstructionSet, s: ConvolutionShape) {
    for (countsPadding, threads) in [(false, 1), (true, 1), (false, 3)] {
      let run = run(s, ties: false) { window in
        window.map { _ in 1 / Double(countsPadding ? s.taps : window.count) }
      }
      let reciprocals = (0..<s.outputPixels).map { pixel -> Float in
        let inside = (0..<s.taps).count { inputPixel(s, pixel, $0) != nil }
        return 1 / Float(countsPadding ? s.taps : inside)
      }
      let dx = Guarded([Float](repeating: .nan, count: run.expected.count))
      let plan = PoolingGradient(
        s, kind: .average(reciprocals: reciprocals), threads: threads, instructionSet: set)
      plan.run(tasks: 0..<plan.taskCount, dy: run.dy.pointer, x: nil, y: nil, dx: dx.pointer)
      #expect(distance(dx.array, run.expected) < 1e-6)
    }
  }
}
