import HoneKernels
import Testing

struct EpilogueTests {
  static let activations: [Activation] = [
    .none, .relu, .clip(min: -0.5, max: 6), .leakyRelu(slope: 0.1), .sigmoid, .tanh, .gelu, .geluTanh, .silu,
    .hardSigmoid(alpha: 0.2, beta: 0.5), .hardSwish,
  ]

  @Test(arguments: InstructionSet.available, activations)
  func `activations match their definitions`(set: InstructionSet, activation: Activation) {
    let x = (-3000...3000).map { Float($0) * 0.01 } + [0, -0.0, 1e-30, -1e-30, 88, -88, 200, -200]
    var y = [Float](repeating: .nan, count: x.count)
    let one = PackedMatrix([Float(1)], k: 1, n: 1, instructionSet: set)
    let plan = MatrixProduct(
      m: x.count, n: 1, k: 1, epilogue: Epilogue(activation: activation), instructionSet: set)
    plan.run(tasks: 0..<plan.taskCount, a: x, b: one, c: &y, scratch: nil)
    // Those in cubic segments are a little further away.
    let isSegmented = [.gelu, .geluTanh, .silu].contains(activation)
    #expect(distance(y, x.map { activation(Double($0)) }) < (isSegmented ? 1e-6 : 3e-7))
  }

  @Test(arguments: InstructionSet.available, activations)
  func `NaN stays NaN`(set: InstructionSet, activation: Activation) {
    let x: [Float] = [.nan]
    var y: [Float] = [0]
    let one = PackedMatrix([Float(1)], k: 1, n: 1, instructionSet: set)
    let plan = MatrixProduct(m: 1, n: 1, k: 1, epilogue: Epilogue(activation: activation), instructionSet: set)
    plan.run(tasks: 0..<1, a: x, b: one, c: &y, scratch: nil)
    #expect(y[0].isNaN)
  }
}
