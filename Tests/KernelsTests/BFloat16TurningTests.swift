import HoneKernels
import Testing

struct BFloat16TurningTests {
  @Test(arguments: InstructionSet.available)
  func `rows become columns`(set: InstructionSet) {
    for (rows, columns) in [(1, 1), (3, 70), (64, 64), (65, 5), (130, 129)] {
      let x = Guarded((0..<rows * columns).map { UInt16(truncatingIfNeeded: $0 &* 31) })
      let plan = BFloat16Turning(rows: rows, columns: columns, instructionSet: set)
      let y = Guarded([UInt8](repeating: 0xff, count: plan.byteCount))
      let scratch = Guarded([UInt8](repeating: 0xff, count: plan.scratchByteCount))
      plan.run(x.pointer, into: y.pointer, scratch: scratch.pointer)
      let turned = UnsafeRawPointer(y.pointer)
      #expect(
        (0..<columns).allSatisfy { j in
          (0..<rows).allSatisfy { i in
            turned.load(fromByteOffset: (j * plan.stride + i) * 2, as: UInt16.self) == x.pointer[i * columns + j]
          }
        }, "\(rows) × \(columns)")
    }
  }
}
