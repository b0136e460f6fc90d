public import HoneIR

/// Layers one after the other. Those without a name are known by their position: `features.0.weight`.
public struct Sequential: Layer {
  public var layers: [any Layer]

  public init(_ layers: [any Layer]) { self.layers = layers }
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var x = x
    for (i, layer) in layers.enumerated() {
      x = layer is NamedLayer ? try layer.append(to: &network, x) : try network.append(layer, to: x, named: "\(i)")
    }
    return x
  }
}

/// Lists layers, with conditions and loops.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
