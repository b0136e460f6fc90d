import HoneKernels
import Testing

struct BFloat16PackingTests {
  @Test(arguments: InstructionSet.available, [HalfOrFloat.bfloat16, .float32])
  func `products with operands packed at run time match those of rounded operands`(
    set: InstructionSet, type: HalfOrFloat
  ) {
    for (m, n, k) in [(1, 1, 1), (2, 17, 5), (7, 63, 33), (13, 65, 3), (50, 200, 131), (61, 48, 300), (3, 70, 128)] {
      for isTransposed in [false, true] {
        var random = Random(UInt64(m + n + k))
        let a = Guarded(random.floats(m * k).map(bfloat16)), numbers = random.floats(k * n)
        let bias = Guarded(random.floats(n))
        let floats = Guarded(numbers), halves = Guarded(numbers.map(bfloat16))
        let b = type == .float32 ? UnsafeRawPointer(floats.pointer) : UnsafeRawPointer(halves.pointer)
        let c = Guarded([Float](repeating: .nan, count: m * n))
        let plan = BFloat16Product(
          m: m, n: n, k: k, cType: .float32, epilogue: Epilogue(alpha: 0.5), instructionSet: set)
        let packing = plan.packing
        let packed = Guarded([UInt8](repeating: 0xff, count: packing.byteCount))
        ConvolutionTests.run(taskCount: packing.taskCount, scratchByteCount: packing.scratchByteCount) {
          packing.pack(
            tasks: $0, from: .init(b, type, rowStride: isTransposed ? 1 : n, columnStride: isTransposed ? k : 1),
            into: packed.pointer, scratch: $1)
        }
        ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) {
          plan.run(
            tasks: $0, a: a.pointer, packed: packed.pointer, c: c.pointer,
            operands: EpilogueOperands(bias: bias.pointer), scratch: $1)
        }
        let expected = MatrixProductTests.reference(
          m, n, k, a: { float(a.pointer[$0 * k + $1]) },
          b: { float(bfloat16(numbers[isTransposed ? $1 * k + $0 : $0 * n + $1])) }
        ) { _, j, sum in sum / 2 + Double(bias.pointer[j]) }
        #expect(distance(c.array, expected) < 1e-5, "\(m)×\(n)×\(k)")
      }
    }
  }
}
