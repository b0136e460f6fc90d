import HoneKernels

func benchmarkBFloat16(_ peak: PeakProbe) {
  for (m, n, k) in productSizes {
    let a = floats(m * k), b = floats(k * n), c = floats(m * n), bias = floats(n)
    let packed = PackedBFloat16Matrix(b, k: k, n: n)
    for (name, aType) in [("bf16", HalfOrFloat.bfloat16), ("f32", .float32)] {
      let plan = BFloat16Product(m: m, n: n, k: k, aType: aType, epilogue: Epilogue(activation: .relu))
      let memory = scratch(plan.scratchByteCount)
      Measurement("\(name)·bf16 → bf16 \(m)×\(n)×\(k)") {
        plan.run(
          tasks: 0..<plan.taskCount, a: a, b: packed, c: c, operands: EpilogueOperands(bias: bias), scratch: memory)
      }.report(operations: 2 * Double(m) * Double(n) * Double(k), peak: peak.bfloat16)
      memory.deallocate()
    }
    [a, b, c, bias].forEach { $0.deallocate() }
  }
}

func benchmarkAttention(_ peak: PeakProbe) {
  for (heads, positions, width) in [(12, 128, 64), (12, 384, 64), (8, 1024, 64), (16, 197, 64)] {
    let count = heads * positions * width
    let q = floats(count), k = floats(count), v = floats(count), y = floats(count)
    let strides = ScaledDotProductAttention.Strides.positionMajor(heads: heads, positions: positions, width: width)
    let plan = ScaledDotProductAttention(
      batch: 1, heads: heads, queries: positions, keys: positions, width: width, q: strides, k: strides, v: strides,
      y: strides)
    let memory = scratch(plan.scratchByteCount)
    Measurement("attention \(heads) heads, \(positions) positions") {
      plan.run(tasks: 0..<plan.taskCount, q: q, k: k, v: v, y: y, scratch: memory)
    }.report(operations: 4 * Double(heads * positions) * Double(positions * width), peak: peak.float32)
    [q, k, v, y].forEach { $0.deallocate() }
    memory.deallocate()
  }
}

func benchmarkRecurrent() {
  for hidden in [128, 512] {
    let gates = floats(4 * hidden), cell = floats(hidden), h = floats(hidden)
    let step = LSTMCell(hidden: hidden)
    Measurement("LSTM gates, hidden \(hidden)") {
      step.run(
        rows: 1, gates: .init(gates, stride: 4 * hidden), cellBefore: .init(cell, stride: hidden),
        cell: .init(cell, stride: hidden), h: .init(h, stride: hidden))
    }.report(bytes: 4 * Double(7 * hidden))
    [gates, cell, h].forEach { $0.deallocate() }
  }
}
