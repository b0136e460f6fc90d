import HoneKernels
import Testing

struct InstructionSetTests {
  @Test func `the portable set is always there, and last`() {
    #expect(InstructionSet.available.last?.name == "portable")
    #expect(InstructionSet.available.contains(.current))
  }

  @Test func `each set names the origin of each kernel`() {
    let names = Set(InstructionSet.available.map(\.name))
    for set in InstructionSet.available {
      #expect(set.kernels.contains { $0.name == "gemm_f32" })
      #expect(set.kernels.allSatisfy { names.contains($0.origin) })
    }
  }
}
