public import HoneIR

/// y = x and a mask of trues, unless training mode is asked for, in which elements are dropped at random
public struct Dropout: ExecutableOp, CompositeOp, UpgradableOp {
  public var seed: Int?
  public init() {}
  public static var since: Int { 12 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...3)
    let x = try call.tensor(0)
    return [ValueType](([.tensor(x), .tensor(x.with(.bool))] as [ValueType]).prefix(call.resultCount))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try droppedShare(call) == 0 else {
      throw GraphError(.unsupported, "elements are dropped at random by the expansion")
    }
    guard call.resultCount > 1 else { return .view }
    let x = try call.result()
    let (byteCount, count) = (x.byteCount!, x.elementCount!)
    return Kernel(overwrites: [0: 0]) { frame in
      if frame.resultBytes() != frame.operandBytes(0) {
        frame.resultBytes().copyMemory(from: frame.operandBytes(0), byteCount: byteCount)
      }
      if frame.hasResult(1) { frame.result(1, as: UInt8.self).update(repeating: 1, count: count) }
    }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    let x = try operands.required(0)
    let ratio = try droppedShare(call)
    guard ratio == 0 else {
      return Array(try g.apply(RandomDropout(ratio: ratio, seed: seed), [x], resultCount: 2).prefix(call.resultCount))
    }
    let y = try g.apply(Identity(), x)
    guard call.resultCount > 1 else { return [y] }
    return [y, try g.apply(Expand(), g.constant(.scalar(true)), g.apply(Shape(), x))]
  }

  /// The probability with which elements are dropped: 0 unless training.
  private func droppedShare(_ call: Call) throws(GraphError) -> Float {
    guard call.has(2) else { return 0 }
    // Both are asked for before either is needed, so that one round of planning gives both.
    let (given, training) = (call.known(1), call.known(2))
    guard let training else { throw GraphError(.dataDependent, "training mode (operand 2) depends on data") }
    guard training.bools.contains(true) else { return 0 }
    guard let ratio = call.has(1) ? given?.doubles.first : 0.5 else {
      throw GraphError(.dataDependent, "the ratio (operand 1) depends on data")
    }
    return Float(ratio)
  }

  /// Before opset 12 the ratio was an attribute, before 10 the mask had the type of the data, before 7 attribute
  /// `is_test` told whether to train.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 12 else { return }
    node.attributes["consumed_inputs"] = nil
    let ratio = node.attributes.removeValue(forKey: "ratio")?.float ?? 0.5
    let isTest = node.attributes.removeValue(forKey: "is_test")?.int ?? 0
    if version < 7, isTest == 0 {
      node.operands = [node.operands[0], graph.constant(.scalar(ratio)), graph.constant(.scalar(true))]
    }
    guard version < 10, node.resultCount > 1, let x = node.operands[0] else { return }
    let results = try graph.apply(Dropout(), node.operands, resultCount: 2, named: node.name)
    node.replacement = [results[0], try graph.apply(Cast(to: graph.tensorType(of: x).element), results[1])]
  }
}
