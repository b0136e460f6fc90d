import HoneIR
import HoneOperators

extension GradientCase {
  private static func unary(_ op: any DifferentiableOp, _ range: ClosedRange<Double> = -2...2) -> GradientCase {
    GradientCase(op, .random([3, 7], range))
  }
  private static func with<O: DifferentiableOp>(_ op: O, _ change: (inout O) -> Void) -> O {
    var op = op
    change(&op)
    return op
  }
  private static let condition = Tensor([true, false, true], shape: [3])

  /// The family of mathematics.
  static let math: [GradientCase] =
    [
      unary(Abs()), unary(Acos(), -0.9...0.9), unary(Acosh(), 1.2...4), unary(Asin(), -0.9...0.9), unary(Asinh()),
      unary(Atan()), unary(Atanh(), -0.9...0.9), unary(Ceil()), unary(Celu()), unary(with(Celu()) { $0.alpha = 0.5 }),
      unary(Cos()), unary(Cosh()), unary(Elu()), unary(with(Elu()) { $0.alpha = -0.5 }), unary(Erf()), unary(Exp()),
      unary(Floor()), unary(Gelu()), unary(with(Gelu()) { $0.approximate = .tanh }),
      unary(with(HardSigmoid()) { $0.alpha = 0.3 }), unary(HardSwish(), -4...4), unary(LeakyRelu()),
      unary(with(LeakyRelu()) { $0.alpha = -0.2 }), unary(Log(), 0.3...3), unary(Mish()), unary(Neg()),
      unary(Reciprocal(), 0.5...2), unary(Relu()), unary(Round()), unary(Selu()),
      unary(with(Selu()) { $0.gamma = -1 }), unary(with(Shrink()) { $0.bias = 0.25 }), unary(Sigmoid()), unary(Sign()),
      unary(Sin()), unary(Sinh()), unary(Softplus()), unary(Softsign()), unary(Sqrt(), 0.3...3),
      unary(with(Swish()) { $0.alpha = 1.5 }), unary(Tan(), -1...1), unary(Tanh()), unary(ThresholdedRelu()),
      unary(IsInf()), unary(IsNaN()), unary(Identity()), unary(Cast(to: .int32)), unary(Cast(to: .float64)),
      GradientCase(Not(), .constant(condition)), GradientCase(BitwiseNot(), .constant(.integers([1, 2]))),
    ] + binary + choices

  private static let binary: [GradientCase] = [
    GradientCase(Add(), .random([2, 3]), .random([3])), GradientCase(Sub(), .random([2, 1]), .random([2, 3])),
    GradientCase(Mul(), .random([2, 3]), .random([1])),
    GradientCase(Div(), .random([2, 3]), .random([2, 1], 0.5...2)),
    GradientCase(Pow(), .random([2, 3], 0.5...2), .random([3])),
    GradientCase(Pow(), .random([2, 3]), .constant(Tensor([2.0], shape: []))),
    GradientCase(Pow(), .random([2, 3], 0.5...2), .constant(.integers([3]))),
    GradientCase(Mod(), .random([2, 3], 2.6...2.9), .random([3], 1.1...1.2)),
    GradientCase(with(Mod()) { $0.fmod = true }, .random([2, 3], -2.9 ... -2.6), .random([3], 1.1...1.2)),
    GradientCase(Max(), .random([2, 3]), .random([3]), .random([2, 1])),
    GradientCase(Min(), .random([2, 3]), .random([3]), .random([1])),
    GradientCase(Mean(), .random([2, 3]), .random([3]), .random([2, 1])),
    GradientCase(Sum(), .random([2, 3]), .random([3]), .random([2, 1])), GradientCase(Sum(), .random([2, 3])),
    GradientCase(PRelu(), .random([2, 3, 4]), .random([3, 1])),
  ]

  private static let choices: [GradientCase] =
    [
      GradientCase(Where(), .constant(condition), .random([2, 3]), .random([2, 1])),
      GradientCase(
        Clip(), .random([20]), .constant(Tensor([-0.3], shape: [])), .constant(Tensor([0.6], shape: []))),
      GradientCase(Clip(), .random([20]), .absent, .constant(Tensor([0.2], shape: []))),
      GradientCase(Clip(), .random([20]), .random([], -0.5 ... -0.4), .random([], 0.4...0.5)),
    ]
    + ([Equal(), Greater(), GreaterOrEqual(), Less(), LessOrEqual()] as [any DifferentiableOp]).map {
      GradientCase($0, .random([4]), .random([4]))
    }
}
