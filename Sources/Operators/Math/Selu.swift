public import HoneIR
public import HoneKernels

/// y = gamma · (x where x > 0, else alpha · (eˣ − 1))
public struct Selu: UnaryOp {
  public var alpha: Float = 1.673_263_2
  public var gamma: Float = 1.050_701
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .selu }
  public var parameters: (p: Float, q: Float) { (alpha, gamma) }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
    guard version < 6 else { return }
    node.attributes.merge(["alpha": .float(1.6732), "gamma": .float(1.0507)]) { given, _ in given }
  }
}
