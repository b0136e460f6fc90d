/// Any optimizer, as files of options name it.
public struct OptimizerChoice: Codable, Sendable {
  public var optimizer: any Optimizer
  public init(_ optimizer: any Optimizer) { self.optimizer = optimizer }

  /// Every optimizer with its usual options.
  public static var standards: [any Optimizer] {
    [
      AdagradOptimizer(), AdamOptimizer(), AdamWOptimizer(), LAMBOptimizer(), LARSOptimizer(), LBFGSOptimizer(),
      RMSPropOptimizer(), SGDOptimizer(),
    ]
  }

  public init(from decoder: any Decoder) throws {
    optimizer = try NamedOptions.decode(Self.standards.map { ($0.name, $0) }, "optimizer", from: decoder)
  }
  public func encode(to encoder: any Encoder) throws {
    try NamedOptions.encode(optimizer, name: optimizer.name, to: encoder)
  }
}
