import HoneIR
import Testing

@testable import HoneOperators

struct StagedElementsTests {
  /// A kernel that reads what its stage left in the workspace: y = x + Σ x.
  @Test func stagesRunBeforeTheKernel() throws {
    let type = TensorType(.float16, [5])
    // 1 … 5.
    let x = Tensor(.float16, [5], bytes: [0x3C00, 0x4000, 0x4200, 0x4400, 0x4500].flatMap { [0, UInt8($0 >> 8)] })
    var call = Call([Operand(.tensor(type), known: x)])
    call.results = [.tensor(type)]
    let staged = try #require(try StagedElements(call, operands: [0], computingIn: .float32))
    let sum = Kernel.Stage(tasks: 1) { frame, _ in
      let total = frame.workspace!.assumingMemoryBound(to: Float.self)
      total[0] = (0..<5).reduce(0) { $0 + frame.operand(0, as: Float.self)[$1] }
    }
    let inner = Kernel(tasks: 5) { frame, range in
      let total = frame.workspace!.assumingMemoryBound(to: Float.self)[0]
      for i in range { frame.result(0, as: Float.self)[i] = frame.operand(0, as: Float.self)[i] + total }
    }.after([sum], workspace: 4)
    let results = try staged.kernel(inner).results(of: call)
    #expect(results[0].element == .float16 && results[0].doubles == [16, 17, 18, 19, 20])
    // So do those of a kernel whose operands are known.
    let wide = Tensor([1, 2, 3, 4, 5] as [Float], shape: [5])
    var known = Call([Operand(.tensor(wide.type), known: wide)])
    known.results = [.tensor(wide.type)]
    #expect(try inner.results(of: known)[0].floats == [16, 17, 18, 19, 20])
  }
}
