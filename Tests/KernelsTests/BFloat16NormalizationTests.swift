import HoneKernels
import Testing

struct BFloat16NormalizationTests {
  @Test(arguments: InstructionSet.available, [1, 7, 16, 65, 768])
  func `rows match the definition`(set: InstructionSet, count: Int) {
    for isRootMeanSquare in [false, true] { check(set, count, isRootMeanSquare) }
  }

  private func check(_ set: InstructionSet, _ count: Int, _ isRootMeanSquare: Bool) {
    let rows = 5, epsilon = 1e-5
    var random = Random(UInt64(count))
    let x = Guarded(random.floats(rows * count, -3...5).map(bfloat16))
    let skip = Guarded(random.floats(rows * count).map(bfloat16)), bias = Guarded(random.floats(count))
    let scale = Guarded(random.floats(count)), shift = Guarded(random.floats(count))
    let plan = BFloat16Normalization(
      rows: rows, count: count, epsilon: Float(epsilon), isRootMeanSquare: isRootMeanSquare, instructionSet: set)
    for adds in [false, true] {
      let y = Guarded([UInt16](repeating: 0x7fc0, count: rows * count))
      let sum = Guarded([UInt16](repeating: 0x7fc0, count: rows * count))
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
        plan.run(
          tasks: tasks, x: x.pointer, skip: adds ? UnsafePointer(skip.pointer) : nil,
          bias: adds ? UnsafePointer(bias.pointer) : nil, scale: scale.pointer, shift: shift.pointer, y: y.pointer,
          sum: adds ? sum.pointer : nil, scratch: scratch)
      }
      var expected: [Double] = []
      for row in 0..<rows {
        let values = (0..<count).map { i in
          let added = adds ? Double(float(skip.pointer[row * count + i])) + Double(bias.pointer[i]) : 0
          return Double(float(x.pointer[row * count + i])) + added
        }
        if adds { #expect(distance((0..<count).map { float(sum.pointer[row * count + $0]) }, values) < 4e-3) }
        let mean = isRootMeanSquare ? 0 : values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        expected += values.indices.map {
          (values[$0] - mean) / (variance + epsilon).squareRoot() * Double(scale.pointer[$0])
            + Double(shift.pointer[$0])
        }
      }
      #expect(distance(y.array.map(float), expected) < 4e-3)
    }
  }
}
