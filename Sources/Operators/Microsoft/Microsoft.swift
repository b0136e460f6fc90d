public import HoneIR

/// Operators of the domain `com.microsoft`, as ONNX Runtime defines them.
public enum Microsoft {}

/// An operator of the domain `com.microsoft`.
public protocol MicrosoftOp: Op {}
extension MicrosoftOp {
  public static var domain: String { "com.microsoft" }
}

/// An operator that import replaces by standard ones.
public protocol ReplacedOp: UpgradableOp {}
extension ReplacedOp {
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    throw GraphError(.unsupported, "\(qualifiedName) exists in files only")
  }
}

extension NodeDraft {
  /// Replaces the node by `op` on the same operands.
  mutating func replace(by op: any Op, in graph: inout Graph) throws(GraphError) {
    replacement = try graph.apply(op, operands, resultCount: resultCount, named: name)
  }
}
