import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

@Suite struct FuseActivationsTests {
  private let conv = configured(Conv()) { $0.kernel_shape = [1, 1] }
  private func layer(_ g: inout Graph) throws -> Value { try g.apply(conv, g.x(1, 2, 4, 4), g.weights(2, 2, 1, 1)) }

  @Test func convolutions() throws {
    try Example { g in try g.apply(Relu(), layer(&g)) }
      .becomes(["y = FusedConv(x, w) activation: \"Relu\", kernel_shape: [1, 1]"], by: FuseActivations())
    try Example { g in try g.apply(Clip(), layer(&g), g.number(0), g.number(6)) }
      .becomes(["y = FusedConv(x, w) activation: \"Clip\", activation_params: [0.0, 6.0], kernel_shape: [1, 1]"], by: FuseActivations())
    // ONNX Runtime's layers do not know it.
    try Example { g in try g.apply(Elu(), layer(&g)) }.isLeftAlone(by: FuseActivations())
    // The layer is read before the activation too.
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Mul(), y, g.apply(Relu(), y))
    }.isLeftAlone(by: FuseActivations())
  }

  @Test func residuals() throws {
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Relu(), g.apply(Add(), y, g.x(1, 2, 4, 4, named: "z")))
    }.becomes(["y = FusedConv(x, w, –, z) activation: \"Relu\", kernel_shape: [1, 1]"], by: FuseActivations())
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Add(), g.x(1, 2, 4, 4, named: "z"), y)
    }.becomes(["y = FusedConv(x, w, –, z) kernel_shape: [1, 1]"], by: FuseActivations())
    // The residual is broadcast.
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Add(), y, g.x(1, 2, 1, 1, named: "z"))
    }.isLeftAlone(by: FuseActivations())
  }

  @Test func products() throws {
    try Example { g in try g.apply(Tanh(), g.apply(Gemm(), g.x(2, 3), g.weights(3, 4))) }
      .becomes(["y = FusedGemm(x, w) activation: \"Tanh\""], by: FuseActivations())
    try Example { g in try g.apply(Clip(), g.apply(Gemm(), g.x(2, 3), g.weights(3, 4)), g.number(0), g.number(6)) }
      .isLeftAlone(by: FuseActivations())
  }
}

@Suite struct FuseTransformersTests {
  @Test func quickGelu() throws {
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Mul(), g.apply(Sigmoid(), x), x)
    }.becomes(["y = QuickGelu(x) alpha: 1.0"], by: FuseTransformers())
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Mul(), x, g.apply(Sigmoid(), g.apply(Mul(), x, g.number(1.5))))
    }.becomes(["y = QuickGelu(x) alpha: 1.5"], by: FuseTransformers())
    try Example { g in try g.apply(Mul(), g.x(2, 3), g.apply(Sigmoid(), g.x(2, 3, named: "z"))) }.isLeftAlone(by: FuseTransformers())
  }
}
