import HoneIR
import HoneOperators

extension PullbackCase {
  private static func unary(_ op: any DifferentiableOp, _ range: ClosedRange<Double> = -2...2) -> PullbackCase {
    PullbackCase(op, .random([3, 7], range))
  }
  private static func with<O: DifferentiableOp>(_ op: O, _ change: (inout O) -> Void) -> O {
    var op = op
    change(&op)
    return op
  }
  private static let condition = Tensor([true, false, true], shape: [3])

  /// The family of mathematics.
  static let math: [PullbackCase] =
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
      PullbackCase(Not(), .constant(condition)), PullbackCase(BitwiseNot(), .constant(.integers([1, 2]))),
    ] + binary + choices

  private static let binary: [PullbackCase] = [
    PullbackCase(Add(), .random([2, 3]), .random([3])), PullbackCase(Sub(), .random([2, 1]), .random([2, 3])),
    PullbackCase(Mul(), .random([2, 3]), .random([1])),
    PullbackCase(Div(), .random([2, 3]), .random([2, 1], 0.5...2)),
    PullbackCase(Pow(), .random([2, 3], 0.5...2), .random([3])),
    PullbackCase(Pow(), .random([2, 3]), .constant(Tensor([2.0], shape: []))),
    PullbackCase(Pow(), .random([2, 3], 0.5...2), .constant(.integers([3]))),
    PullbackCase(Mod(), .random([2, 3], 2.6...2.9), .random([3], 1.1...1.2)),
    PullbackCase(with(Mod()) { $0.fmod = true }, .random([2, 3], -2.9 ... -2.6), .random([3], 1.1...1.2)),
    PullbackCase(Max(), .random([2, 3]), .random([3]), .random([2, 1])),
    PullbackCase(Min(), .random([2, 3]), .random([3]), .random([1])),
    PullbackCase(Mean(), .random([2, 3]), .random([3]), .random([2, 1])),
    PullbackCase(Sum(), .random([2, 3]), .random([3]), .random([2, 1])), PullbackCase(Sum(), .random([2, 3])),
    PullbackCase(PRelu(), .random([2, 3, 4]), .random([3, 1])),
  ]

  private static let choices: [PullbackCase] =
    [
      PullbackCase(Where(), .constant(condition), .random([2, 3]), .random([2, 1])),
      PullbackCase(
        Clip(), .random([20]), .constant(Tensor([-0.3], shape: [])), .constant(Tensor([0.6], shape: []))),
      PullbackCase(Clip(), .random([20]), .absent, .constant(Tensor([0.2], shape: []))),
      PullbackCase(Clip(), .random([20]), .random([], -0.5 ... -0.4), .random([], 0.4...0.5)),
    ]
    + ([Equal(), Greater(), GreaterOrEqual(), Less(), LessOrEqual()] as [any DifferentiableOp]).map {
      PullbackCase($0, .random([4]), .random([4]))
    }
}
