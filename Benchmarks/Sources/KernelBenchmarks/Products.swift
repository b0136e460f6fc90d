import HoneKernels

let productSizes = [
  (1024, 1024, 1024), (512, 512, 512), (256, 256, 256), (128, 768, 768), (128, 3072, 768), (128, 768, 3072),
  (384, 768, 768), (196, 256, 1024), (3136, 64, 64), (49, 512, 4608), (64, 64, 64), (1, 1024, 1024), (1, 4096, 4096),
  (4, 1024, 1024),
]

func benchmarkProducts(_ peak: PeakProbe) {
  for (m, n, k) in productSizes {
    let a = floats(m * k), b = floats(k * n), c = floats(m * n), bias = floats(n)
    let operations = 2 * Double(m) * Double(n) * Double(k)
    let plan = MatrixProduct(m: m, n: n, k: k, epilogue: Epilogue(activation: .relu))
    let packed = PackedMatrix(b, k: k, n: n)
    Measurement("fp32 \(m)×\(n)×\(k) packed") {
      plan.run(
        tasks: 0..<plan.taskCount, a: a, b: packed, c: c, operands: EpilogueOperands(bias: bias), scratch: nil)
    }.report(operations: operations, peak: peak.float32)
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false)] where m > 1 {
      let plan = MatrixProduct(m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
      let memory = scratch(plan.scratchByteCount)
      Measurement("fp32 \(m)×\(n)×\(k) \(transposeA ? "Aᵀ" : "A")·\(transposeB ? "Bᵀ" : "B")") {
        plan.run(tasks: 0..<plan.taskCount, a: a, b: b, c: c, scratch: memory)
      }.report(operations: operations, peak: peak.float32)
      memory.deallocate()
    }
    [a, b, c, bias].forEach { $0.deallocate() }
  }
}

func benchmarkIntegerProducts(_ peak: PeakProbe) {
  for (m, n, k) in productSizes {
    let a = bytes(m * k), b = bytes(k * n), c = floats(m * n), bias = floats(n), scale = floats(n)
    let operations = 2 * Double(m) * Double(n) * Double(k)
    let packed = PackedIntegerMatrix(b, k: k, n: n)
    let kinds: [(String, ByteType, IntegerEpilogue)] = [
      ("u8 → i32", .uint8, IntegerEpilogue(result: .int32)),
      (
        "u8 → u8", .uint8,
        IntegerEpilogue(result: .quantized(.uint8, scale: 1, zero: 128), activation: .relu, scalePerColumn: true)
      ),
      ("s8 → f32", .int8, IntegerEpilogue(result: .float32, scalePerColumn: true)),
    ]
    for (name, type, epilogue) in kinds {
      let plan = IntegerMatrixProduct(m: m, n: n, k: k, aType: type, epilogue: epilogue)
      Measurement("\(name) \(m)×\(n)×\(k)") {
        plan.run(
          tasks: 0..<plan.taskCount, a: a, aZero: .all(3), b: packed, c: c,
          operands: IntegerEpilogueOperands(scale: scale, bias: bias))
      }.report(operations: operations, peak: peak.int8)
    }
    [c, bias, scale].forEach { $0.deallocate() }
    [a, b].forEach { $0.deallocate() }
  }
}
