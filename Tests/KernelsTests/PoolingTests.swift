import HoneKernels
import Testing

struct PoolingTests {
  static let shapes: [ConvolutionShape] = [
    ConvolutionShape(
      batch: 2, inputChannels: 21, outputChannels: 21, input: [9, 10], kernel: [3, 3], strides: [2, 2],
      padsBegin: [1, 1]),
    ConvolutionShape(inputChannels: 64, outputChannels: 64, input: [7, 7], kernel: [7, 7]),
    ConvolutionShape(inputChannels: 5, outputChannels: 5, input: [17], kernel: [4], strides: [3], padsBegin: [1]),
    ConvolutionShape(
      inputChannels: 130, outputChannels: 130, input: [3, 4, 5], kernel: [2, 2, 2], padsBegin: [1, 0, 1]),
  ]

  static func window<Element>(_ s: ConvolutionShape, _ x: UnsafePointer<Element>, _ index: Int) -> [Element] {
    let (row, channel) = index.quotientAndRemainder(dividingBy: s.outputChannels)
    let (image, pixel) = row.quotientAndRemainder(dividingBy: s.outputPixels)
    return (0..<s.taps).compactMap { inputPixel(s, pixel, $0) }
      .map { x[(image * s.inputPixels + $0) * s.inputStride + channel] }
  }

  static func count(_ s: ConvolutionShape) -> (x: Int, y: Int) {
    (s.batch * s.inputPixels * s.inputChannels, s.batch * s.outputPixels * s.outputChannels)
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `fp32 pooling matches the definition`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(1)
    for kind in [Pooling.Kind.maximum, .average(countsPadding: false), .average(countsPadding: true)] {
      let x = Guarded(random.floats(Self.count(s).x)), y = Guarded([Float](repeating: .nan, count: Self.count(s).y))
      let plan = Pooling(s, kind: kind, instructionSet: set)
      plan.run(tasks: 0..<plan.taskCount, x: x.pointer, y: y.pointer)
      let expected = (0..<y.count).map { index -> Double in
        let window = Self.window(s, x.pointer, index).map(Double.init)
        return switch kind {
        case .maximum: window.max()!
        case .average(let countsPadding): window.reduce(0, +) / Double(countsPadding ? s.taps : window.count)
        }
      }
      #expect(distance(y.array, expected) < 1e-6)
    }
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `bfloat16 pooling matches the definition`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(4)
    for kind in [Pooling.Kind.maximum, .average(countsPadding: false)] {
      let x = Guarded(random.floats(Self.count(s).x).map(bfloat16))
      let y = Guarded([UInt16](repeating: 0x7fc0, count: Self.count(s).y))
      let plan = Pooling(s, kind: kind, element: .bfloat16, instructionSet: set)
      plan.run(tasks: 0..<plan.taskCount, x: x.pointer, y: y.pointer)
      let expected = (0..<y.count).map { index -> Double in
        let window = Self.window(s, x.pointer, index).map { Double(float($0)) }
        return kind == .maximum ? window.max()! : window.reduce(0, +) / Double(window.count)
      }
      #expect(distance(y.array.map(float), expected) < 4e-3)
    }
  }

  @Test(arguments: InstructionSet.available, shapes)
  func `quantized pooling is exact`(set: InstructionSet, s: ConvolutionShape) {
    var random = Random(2)
    for type in [ByteType.uint8, .int8] {
      let x = Guarded(random.bytes(Self.count(s).x)), y = Guarded([UInt8](repeating: 0, count: Self.count(s).y))
      let maximum = Pooling(s, kind: .maximum, element: .quantized(type), instructionSet: set)
      maximum.run(tasks: 0..<maximum.taskCount, x: x.pointer, y: y.pointer)
      for index in 0..<y.count {
        let best = Self.window(s, x.pointer, index).map { IntegerMatrixProductTests.value($0, type) }.max()!
        #expect(y.pointer[index] == UInt8(truncatingIfNeeded: best))
      }
      let mean = Pooling(
        s, kind: .average(countsPadding: false), element: .quantized(type, xZero: 3, scale: 0.5, yZero: 7),
        instructionSet: set)
      mean.run(tasks: 0..<mean.taskCount, x: x.pointer, y: y.pointer)
      for index in 0..<y.count {
        let window = Self.window(s, x.pointer, index).map { IntegerMatrixProductTests.value($0, type) - 3 }
        let scaled = Float(window.reduce(0, +)) * (1 / Float(window.count) * 0.5)
        let low: Float = type == .int8 ? -128 : 0
        let q = min(max(scaled.rounded(.toNearestOrEven) + 7, low), low + 255)
        #expect(y.pointer[index] == UInt8(truncatingIfNeeded: Int(q)))
      }
    }
  }
}
