import HoneIR

/// How many inputs an output of a layer sums up, and how many outputs an input reaches.
public struct Fans: Sendable, Hashable {
  public var incoming: Int
  public var outgoing: Int
  public init(incoming: Int, outgoing: Int) { (self.incoming, self.outgoing) = (incoming, outgoing) }
  /// Of weights `[outputs, inputs, …]`, the further axes being a window.
  init(_ sizes: [Int]) {
    let window = sizes.dropFirst(2).reduce(1, *)
    self.init(incoming: sizes[1] * window, outgoing: sizes[0] * window)
  }
}

/// How weights start.
public enum Initialization: Sendable, Hashable {
  /// U(−1/√incoming, 1/√incoming): what `torch.nn` does to weights (Kaiming uniform with a = √5) and biases.
  case standard
  case constant(Float)
  case uniform(Float)
  case normal(deviation: Float)
  /// Normal, drawn again where farther than two deviations from zero.
  case truncatedNormal(deviation: Float)
  /// N(0, 2/incoming) (He et al., arXiv 1502.01852).
  case kaimingNormal
  /// N(0, 2/outgoing).
  case kaimingNormalOutgoing
  /// U(±√(6/(incoming + outgoing))) (Glorot and Bengio 2010).
  case xavierUniform

  public static let zeros = Initialization.constant(0)

  /// The share of normal numbers below −2 deviations.
  private static let beyondTwoDeviations = 0.022750131948179195

  func tensor(_ sizes: [Int], fans: Fans, _ random: RandomSequence) -> Tensor {
    switch self {
    case .standard: Self.uniform(sizes, 1 / Double(fans.incoming).squareRoot(), random)
    case .constant(let value): Tensor([Float](repeating: value, count: sizes.reduce(1, *)), shape: sizes)
    case .uniform(let bound): Self.uniform(sizes, Double(bound), random)
    case .normal(let deviation): Self.normal(sizes, Double(deviation), random)
    case .truncatedNormal(let deviation):
      Self.normal(sizes, Double(deviation), leavingOut: Self.beyondTwoDeviations, random)
    case .kaimingNormal: Self.normal(sizes, (2 / Double(fans.incoming)).squareRoot(), random)
    case .kaimingNormalOutgoing: Self.normal(sizes, (2 / Double(fans.outgoing)).squareRoot(), random)
    case .xavierUniform:
      Self.uniform(sizes, (6 / Double(fans.incoming + fans.outgoing)).squareRoot(), random)
    }
  }

  private static func uniform(_ sizes: [Int], _ bound: Double, _ random: RandomSequence) -> Tensor {
    filled(sizes) { i in (2 * random.uniform(i) - 1) * bound }
  }

  /// Of all numbers, the share `cut` on either side is left out.
  private static func normal(
    _ sizes: [Int], _ deviation: Double, leavingOut cut: Double = 0, _ random: RandomSequence
  ) -> Tensor {
    filled(sizes) { i in RandomSequence.normalQuantile(cut + random.uniform(i) * (1 - 2 * cut)) * deviation }
  }

  private static func filled(_ sizes: [Int], _ value: (Int) -> Double) -> Tensor {
    let count = sizes.reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(count)
    var i = 0
    while i < count {
      values.append(Float(value(i)))
      i &+= 1
    }
    return Tensor(values, shape: sizes)
  }
}
