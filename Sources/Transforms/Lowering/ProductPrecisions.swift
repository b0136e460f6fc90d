/// Which products of a graph that trains have operands of bfloat16.
public struct ProductPrecisions: Sendable, Hashable {
  public struct Product: Sendable, Hashable {
    public var name: String
    public var operatorName: String
    public var multiplyAccumulates: Int

    public init(name: String, operatorName: String, multiplyAccumulates: Int) {
      (self.name, self.operatorName, self.multiplyAccumulates) = (name, operatorName, multiplyAccumulates)
    }
  }

  public private(set) var narrow: [Product] = []
  /// Those that stay fp32: they have no such form, or are too small to gain from it.
  public private(set) var wide: [Product] = []

  public init() {}

  mutating func add(_ product: Product, isNarrow: Bool) {
    if isNarrow { narrow.append(product) } else { wide.append(product) }
  }

  /// The share of multiply–adds that have bfloat16 operands.
  public var narrowShare: Double {
    func sum(_ products: [Product]) -> Double { products.reduce(0) { $0 + Double($1.multiplyAccumulates) } }
    return sum(narrow) / max(sum(narrow) + sum(wide), 1)
  }

  /// In one line.
  public var summary: String {
    let percent = (narrowShare * 1000).rounded(.down) / 10
    return
      "\(narrow.count) of \(narrow.count + wide.count) products multiply bfloat16, \(percent) % of the multiply-adds"
  }

  /// A line per product, the largest first.
  public var details: [String] {
    func lines(_ products: [Product], _ precision: String) -> [(Int, String)] {
      products.map {
        (
          $0.multiplyAccumulates,
          "\(precision)  \($0.operatorName) ‘\($0.name)’, \($0.multiplyAccumulates) multiply-adds"
        )
      }
    }
    return (lines(narrow, "bf16") + lines(wide, "fp32")).sorted { $0.0 > $1.0 }.map(\.1)
  }
}
