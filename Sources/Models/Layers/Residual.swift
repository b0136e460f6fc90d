public import HoneIR
import HoneOperators

/// x + body(x), or shortcut(x) + body(x) where sizes differ (He et al., arXiv 1512.03385), then perhaps a nonlinearity.
public struct Residual: Layer {
  public var body: any Layer
  public var shortcut: (any Layer)?
  public var activation: Nonlinearity?

  public init(_ body: any Layer, shortcut: (any Layer)? = nil, activation: Nonlinearity? = nil) {
    (self.body, self.shortcut, self.activation) = (body, shortcut, activation)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let branch = try network.append(body, to: x)
    let straight = try shortcut.map { layer throws(GraphError) in try network.append(layer, to: x) } ?? x
    let sum = try network.apply(Add(), branch, straight)
    return try activation.map { layer throws(GraphError) in try network.append(layer, to: sum) } ?? sum
  }
}
