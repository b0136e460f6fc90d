public import HoneIR

/// A model to start from.
public struct BuiltInModel: Sendable {
  public let name: String
  /// One line: what it is and from which paper.
  public let summary: String
  /// Builds the graph with freshly initialized weights.
  public let build: @Sendable (_ options: ModelOptions) throws(GraphError) -> Graph

  public init(
    _ name: String, _ summary: String, build: @escaping @Sendable (ModelOptions) throws(GraphError) -> Graph
  ) {
    (self.name, self.summary, self.build) = (name, summary, build)
  }
}

/// What a built-in model can be asked for; nil takes the model's own default.
public struct ModelOptions: Sendable {
  /// Classes, or sizes of the output.
  public var classes: Int?
  /// Sizes of one input sample, channels first.
  public var input: [Int]?
  public var seed: UInt64 = 0
  public init() {}
}
