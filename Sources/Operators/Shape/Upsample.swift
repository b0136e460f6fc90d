public import HoneIR

/// The old form of `Resize`, which knew one way to map coordinates.
public struct Upsample: UpgradableOp {
  public var mode = "nearest"
  public var scales: [Float]?
  public init() {}
  public static var since: Int { 7 }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if version < 9 { node.attributeToOperand("scales", 1, in: &graph) }
    node.type = Resize.name
    modernize(&node)
  }

  /// Gives a `Resize` of opset 10 or an `Upsample` the operands and attributes of today's `Resize`.
  static func modernize(_ node: inout NodeDraft) {
    if node.operands.count == 2 { node.operands = [node.operands[0], nil, node.operands[1]] }
    let names = ["bilinear": "linear", "trilinear": "linear"]
    if let mode = node.attributes["mode"]?.string { node.attributes["mode"] = .string(names[mode] ?? mode) }
    node.attributes["coordinate_transformation_mode"] = .string(Resize.Coordinates.asymmetric.rawValue)
    node.attributes["nearest_mode"] = .string(Resize.Rounding.floor.rawValue)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    throw GraphError(.unsupported, "Upsample is read as Resize")
  }
}
