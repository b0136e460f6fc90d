import HoneKernels
import Testing

/// Batch normalization over rows and its gradients, against formulas in double.
struct ColumnNormalizationTests {
  static func normalized(
    _ x: [Float], _ weight: [Float], _ bias: [Float], _ residual: [Float]?, _ rows: Int, _ columns: Int
  ) -> [Double] {
    var z = [Double](repeating: 0, count: x.count)
    for c in 0..<columns {
      let values = (0..<rows).map { Double(x[$0 * columns + c]) }
      let mean = values.reduce(0, +) / Double(rows)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      for r in 0..<rows {
        let i = r * columns + c
        z[i] = (values[r] - mean) * inverse * Double(weight[c]) + Double(bias[c]) + Double(residual?[i] ?? 0)
      }
    }
    return z
  }

  @Test(arguments: InstructionSet.available, [(37, 5), (900, 64), (300, 83), (2000, 130)])
  func `normalization and gradients match their formulas`(set: InstructionSet, size: (rows: Int, columns: Int)) {
    let (rows, columns) = size
    var random = Random(UInt64(rows + columns))
    let count = rows * columns
    for hasResidual in [false, true] {
      let x = Guarded(random.floats(count, 2...5)), dy = Guarded(random.floats(count))
      let residual = hasResidual ? Guarded(random.floats(count)) : nil
      let weight = Guarded(random.floats(columns, 0.5...2)), bias = Guarded(random.floats(columns))
      // Rounding decides on which side of a bound such values lie.
      let isNear = Self.normalized(x.array, weight.array, bias.array, residual?.array, rows, columns).map { z in
        min(abs(z + 0.5), abs(z - 1.5)) < 1e-4
      }
      for i in 0..<count where isNear[i] { dy.pointer[i] = 0 }
      let plan = ColumnNormalization(
        rows: rows, columns: columns, epsilon: 1e-5, low: -0.5, high: 1.5, instructionSet: set)
      let workspace = Guarded([UInt8](repeating: 0xff, count: plan.workspaceByteCount))
      let shared = UnsafeMutableRawPointer(workspace.pointer)
      let y = Guarded([Float](repeating: 7, count: count)), dx = Guarded([Float](repeating: 7, count: count))
      let dResidual = Guarded([Float](repeating: 7, count: count))
      let vectors = (0..<4).map { _ in Guarded([Float](repeating: 7, count: columns)) }
      var variances = [Float](repeating: 0, count: columns)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: 0) { tasks, _ in
        plan.moments(tasks: tasks, x: x.pointer, workspace: shared)
      }
      plan.join(
        tasks: 0..<plan.joinTaskCount, workspace: shared, weight: weight.pointer, bias: bias.pointer,
        mean: vectors[0].pointer,
        inverse: vectors[1].pointer
      ) { c, _, variance in variances[c] = variance }
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: 0) { tasks, _ in
        plan.scale(tasks: tasks, x: x.pointer, residual: residual?.pointer, workspace: shared, y: y.pointer)
      }
      let operands = ColumnNormalization.Operands(
        x: x.pointer, dy: dy.pointer, weight: weight.pointer, bias: bias.pointer, mean: vectors[0].pointer,
        inverse: vectors[1].pointer, residual: residual.map { UnsafePointer($0.pointer) })
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
        plan.gradientSums(tasks: $0, operands, workspace: shared, scratch: $1)
      }
      plan.joinGradients(
        tasks: 0..<plan.joinTaskCount, operands, workspace: shared, dWeight: vectors[2].pointer,
        dBias: vectors[3].pointer)
      ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
        plan.gradient(
          tasks: $0, operands, workspace: shared, dx: dx.pointer, dResidual: dResidual.pointer, scratch: $1)
      }
      var expected = (y: [Double](repeating: 0, count: count), dx: [Double](repeating: 0, count: count))
      var expectedResidual = [Double](repeating: 0, count: count)
      var (expectedWeight, expectedBias, expectedVariance): ([Double], [Double], [Double]) = ([], [], [])
      for c in 0..<columns {
        let at = (0..<rows).map { $0 * columns + c }
        let values = at.map { Double(x.pointer[$0]) }
        let mean = values.reduce(0, +) / Double(rows)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
        let inverse = 1 / (variance + 1e-5).squareRoot()
        let normal = values.map { ($0 - mean) * inverse }
        var dz: [Double] = []
        for (r, i) in at.enumerated() {
          let z =
            normal[r] * Double(weight.pointer[c]) + Double(bias.pointer[c]) + Double(residual?.pointer[i] ?? 0)
          expected.y[i] = min(max(z, -0.5), 1.5)
          dz.append(z > -0.5 && z < 1.5 ? Double(dy.pointer[i]) : 0)
          expectedResidual[i] = dz[r]
        }
        let sum = dz.reduce(0, +), product = zip(dz, normal).reduce(0) { $0 + $1.0 * $1.1 }
        for (r, i) in at.enumerated() {
          expected.dx[i] =
            Double(weight.pointer[c]) * inverse * (dz[r] - sum / Double(rows) - normal[r] * product / Double(rows))
        }
        expectedWeight.append(product)
        expectedBias.append(sum)
        expectedVariance.append(variance)
      }
      #expect(distance(y.array, expected.y) < 1e-5)
      #expect(distance(dx.array, expected.dx) < 1e-4)
      #expect(distance(vectors[2].array, expectedWeight) < 1e-4)
      #expect(distance(vectors[3].array, expectedBias) < 1e-4)
      #expect(distance(variances, expectedVariance) < 1e-5)
      if hasResidual { #expect(distance(dResidual.array, expectedResidual) < 1e-5) }
    }
  }
}
