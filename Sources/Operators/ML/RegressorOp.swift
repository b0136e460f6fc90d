import HoneIR

/// An operator that gives numbers for each row.
protocol RegressorOp: ExecutableOp {
  /// Numbers for one row.
  var targetCount: Int { get }
  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel
}

extension RegressorOp {
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(.float32, [try FeatureRows.count(call), .fixed(targetCount)])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (count, features) = try FeatureRows.sizes(call)
    let model = try model(call.element(0), features: features)
    let rows = try FeatureRows(call.element(0), as: model.rowElement, rows: count, features: features)
    return Kernel(tasks: rows.blockCount, scratch: model.scratchByteCount(rows)) { frame, range in
      for task in range where task < rows.blockCount {
        model.score(rows, frame.operandBytes(0), rows.block(task), into: frame.result(), frame.scratch) { _, _ in }
      }
    }
  }
}
