public import HoneIR

/// A graph being built out of layers, with scopes for names and a seed for weights.
///
///     var network = Network(seed: 1)
///     let image = network.input("input", [1, 28, 28])
///     let logits = try network.append(
///       Sequential {
///         Convolution2D(10, kernel: 5).named("conv1")
///         MaxPooling(2)
///         Nonlinearity.relu
///         Flattening()
///         Dense(10).named("fc")
///       }, to: image)
///     network.output(logits, "logits")
///     let graph = network.graph
///
/// Every weight depends on the seed and its own name only: the same seed gives the same bits.
public struct Network: Sendable {
  public private(set) var graph = Graph()
  /// Numbers that training adjusts; running statistics are not among them.
  public private(set) var parameterCount = 0
  /// What samples are read from.
  public private(set) var inputs: [Value] = []
  private let seed: UInt64
  private let isOutline: Bool
  private var path: [String] = []

  public init(seed: UInt64 = 0) { (self.seed, isOutline) = (seed, false) }

  private init(isOutline: Bool) { (seed, self.isOutline) = (0, isOutline) }
  /// A network whose weights are inputs of the graph instead of constants: its structure, without the memory.
  static var outline: Network { Network(isOutline: true) }
}

// MARK: Inputs and outputs
extension Network {
  /// An input of samples with `sizes`, one beside the other along the axis “batch”.
  public mutating func input(_ name: String, _ sizes: [Int], _ element: ElementType = .float32) -> Value {
    inputs.append(graph.input(name, TensorType(element, [.symbol("batch")] + sizes.map(Dimension.fixed))))
    return inputs[inputs.count - 1]
  }
  public mutating func output(_ value: Value, _ name: String) {
    graph.rename(value, to: name)
    graph.outputs.append(value)
  }
  /// This network, its graph known as `name`.
  func named(_ name: String) -> Network {
    var copy = self
    copy.graph.name = name
    return copy
  }
  /// One input “input”, one output “logits” and `layers` between.
  mutating func classifier(_ input: [Int], @LayerBuilder _ layers: () -> [any Layer]) throws(GraphError) {
    let x = self.input("input", input)
    output(try append(Sequential(layers), to: x), "logits")
  }
}

// MARK: Layers
extension Network {
  /// Appends `layer`, its weights and nodes named within `name`.
  public mutating func append(_ layer: any Layer, to x: Value, named name: String? = nil) throws(GraphError) -> Value {
    guard let name else { return try layer.append(to: &self, x) }
    return try locating("layer ‘\(name)’") { () throws(GraphError) in
      path.append(name)
      defer { path.removeLast() }
      return try layer.append(to: &self, x)
    }
  }

  /// What `body` appends is named within `name`.
  public mutating func scoped<R>(
    _ name: String, _ body: (inout Network) throws(GraphError) -> R
  ) throws(GraphError) -> R {
    path.append(name)
    defer { path.removeLast() }
    return try body(&self)
  }

  /// Applies `op`; the node is named by the scope and `name`.
  public mutating func apply(_ op: any Op, _ operands: Value?..., named name: String = "") throws(GraphError) -> Value {
    try apply(op, operands, resultCount: 1, named: name)[0]
  }
  public mutating func apply(
    _ op: any Op, _ operands: [Value?], resultCount: Int, named name: String = ""
  ) throws(GraphError) -> [Value] {
    try graph.apply(op, operands, resultCount: resultCount, named: scopedName(name.isEmpty ? op.name : name))
  }

  private func scopedName(_ name: String) -> String { (path + [name]).joined(separator: ".") }
}

// MARK: Weights
extension Network {
  /// A weight that training adjusts.
  public mutating func parameter(
    _ name: String, _ sizes: [Int], _ initialization: Initialization, fans: Fans
  ) -> Value {
    parameterCount += sizes.reduce(1, *)
    return weight(name, sizes, initialization, fans)
  }
  /// Running numbers that training keeps up without gradients.
  public mutating func statistic(_ name: String, _ sizes: [Int], _ value: Float) -> Value {
    weight(name, sizes, .constant(value), Fans(incoming: 1, outgoing: 1))
  }
  /// A number that belongs to the structure: a shape, a bound, a scale.
  public mutating func constant(_ tensor: Tensor, _ name: String) -> Value {
    graph.constant(tensor, scopedName(name))
  }

  private mutating func weight(
    _ name: String, _ sizes: [Int], _ initialization: Initialization, _ fans: Fans
  ) -> Value {
    let name = scopedName(name)
    guard !isOutline else { return graph.input(name, TensorType(.float32, sizes)) }
    return graph.constant(
      initialization.tensor(sizes, fans: fans, RandomSequence(seed: seed, name: name)), name)
  }
}

// MARK: Sizes
extension Network {
  public func rank(of x: Value) throws(GraphError) -> Int {
    guard let rank = graph.tensorType(of: x).rank else { throw GraphError(.type, "the rank of an operand is unknown") }
    return rank
  }
  /// The size of axis `axis`, which must be known.
  public func size(of x: Value, axis: Int) throws(GraphError) -> Int {
    let type = graph.tensorType(of: x)
    guard let shape = type.shape, shape.indices.contains(axis), let size = shape[axis].size else {
      throw GraphError(.type, "\(type) has no known size along axis \(axis)")
    }
    return size
  }
}
