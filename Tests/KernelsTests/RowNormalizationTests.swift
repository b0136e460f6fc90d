import HoneKernels
import Testing

struct RowNormalizationTests {
  @Test(arguments: InstructionSet.available, [RowNormalization.Kind.layer, .rootMeanSquare, .instance(channels: 3)])
  func `normalization matches the definition`(set: InstructionSet, kind: RowNormalization.Kind) {
    for (rows, columns) in [(1, 1), (6, 5), (9, 64), (6, 100), (300, 129), (3, 1000)] {
      var random = Random(UInt64(columns))
      let x = Guarded(random.floats(rows * columns, 2...5)), residual = Guarded(random.floats(rows * columns))
      let parameters = kind == .instance(channels: 3) ? 3 : columns
      let scale = Guarded(random.floats(parameters)), bias = Guarded(random.floats(parameters))
      let y = Guarded([Float](repeating: .nan, count: x.count)), sum = Guarded([Float](repeating: .nan, count: x.count))
      let mean = Guarded([Float](repeating: .nan, count: rows)),
        inverse = Guarded([Float](repeating: .nan, count: rows))
      let plan = RowNormalization(rows: rows, columns: columns, kind: kind, epsilon: 1e-3, instructionSet: set)
      let cut = plan.taskCount / 2
      for tasks in [cut..<plan.taskCount, 0..<cut] {
        plan.run(
          tasks: tasks, x: x.pointer, y: y.pointer,
          operands: .init(
            scale: scale.pointer, bias: bias.pointer, residual: residual.pointer, sum: sum.pointer,
            mean: mean.pointer, inverseDeviation: inverse.pointer))
      }
      var expected: [Double] = []
      for row in 0..<rows {
        let values = (0..<columns).map { Double(x.pointer[row * columns + $0] + residual.pointer[row * columns + $0]) }
        let center = kind == .rootMeanSquare ? 0 : values.reduce(0, +) / Double(columns)
        let variance = values.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(columns)
        let deviation = (variance + 1e-3).squareRoot()
        for (column, value) in values.enumerated() {
          let parameter = kind == .instance(channels: 3) ? row % 3 : column
          expected.append(
            (value - center) / deviation * Double(scale.pointer[parameter]) + Double(bias.pointer[parameter]))
        }
        #expect(abs(Double(mean.pointer[row]) - center) < 1e-5)
        #expect(abs(Double(inverse.pointer[row]) * deviation - 1) < 1e-5)
      }
      #expect(distance(y.array, expected) < 2e-5)
      #expect(sum.array == (0..<x.count).map { x.pointer[$0] + residual.pointer[$0] })
    }
  }
}
