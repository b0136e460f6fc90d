public import HoneIR

/// A piece of a network: appends standard ONNX operators and their freshly initialized weights to a graph.
///
/// Sizes of operands are read off the graph, so a layer is told only what it makes.
public protocol Layer: Sendable {
  /// Appends the layer, reading `x`; its weights are named within the network's current scope.
  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value
}

extension Layer {
  /// This layer under a name of its own instead of its position.
  public func named(_ name: String) -> NamedLayer { NamedLayer(name: name, layer: self) }
  /// This layer without a scope of its own: what it holds is named within what surrounds it.
  public var unscoped: NamedLayer { NamedLayer(name: nil, layer: self) }
}

/// A layer whose weights and nodes are found under `name`, as in `conv1.weight`; without one, beside those around it.
public struct NamedLayer: Layer {
  public let name: String?
  public let layer: any Layer

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    try network.append(layer, to: x, named: name)
  }
}
