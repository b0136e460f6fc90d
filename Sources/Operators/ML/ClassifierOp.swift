import HoneIR

/// The names of classes.
enum ClassLabels: Sendable {
  case integers([Int])
  case strings([String])

  init(_ integers: [Int], _ strings: [String]) { self = strings.isEmpty ? .integers(integers) : .strings(strings) }
  var count: Int {
    switch self {
    case .integers(let x): x.count
    case .strings(let x): x.count
    }
  }
  var element: ElementType {
    switch self {
    case .integers: .int64
    case .strings: .string
    }
  }
}

/// An operator that gives the class of each row, and the scores of all classes.
protocol ClassifierOp: ExecutableOp, EvaluatedOp {
  var labels: ClassLabels { get }
  /// Columns of the scores.
  var scoreCount: Int { get }
  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel
}

extension ClassifierOp {
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let count = try FeatureRows.count(call)
    let types: [ValueType] = [.tensor(labels.element, [count]), .tensor(.float32, [count, .fixed(scoreCount)])]
    return Array(types.prefix(call.resultCount))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard case .integers(let labels) = labels else { throw GraphError(.dataDependent, "string labels are evaluated") }
    let (count, features) = try FeatureRows.sizes(call)
    let model = try model(call.element(0), features: features)
    let rows = try FeatureRows(call.element(0), as: model.rowElement, rows: count, features: features)
    let hasScores = call.resultCount > 1
    return Kernel(tasks: rows.blockCount, scratch: model.scratchByteCount(rows)) { frame, range in
      let target: UnsafeMutablePointer<Float>? = hasScores && frame.hasResult(1) ? frame.result(1) : nil
      let classes = frame.result(0, as: Int64.self)
      for task in range where task < rows.blockCount {
        model.score(rows, frame.operandBytes(0), rows.block(task), into: target, frame.scratch) { row, i in
          classes[row] = Int64(labels.count > 1 && i < labels.count ? labels[i] : i)
        }
      }
    }
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0).aligned()
    let (count, features) = try FeatureRows.sizes(Call([Operand(.tensor(input.type))]))
    let model = try model(input.element, features: features)
    let rows = try FeatureRows(input.element, as: model.rowElement, rows: count, features: features)
    var chosen = [Int](repeating: 0, count: count)
    let scores = Tensor(uninitialized: TensorType(.float32, [count, model.scoreCount])) { bytes in
      withUnsafeTemporaryAllocation(byteCount: model.scratchByteCount(rows), alignment: 64) { scratch in
        input.withBytes { source in
          guard let base = source.baseAddress else { return }
          for task in 0..<rows.blockCount {
            model.score(
              rows, base, rows.block(task), into: bytes.baseAddress!.assumingMemoryBound(to: Float.self),
              scratch.baseAddress!
            ) { chosen[$0] = $1 }
          }
        }
      }
    }
    let classes: Tensor
    switch labels {
    case .integers(let names):
      classes = Tensor(chosen.map { Int64(names.count > 1 && $0 < names.count ? names[$0] : $0) }, shape: [count])
    case .strings(let names):
      classes = Tensor(strings: chosen.map { $0 < names.count ? names[$0] : "\($0)" }, shape: [count])
    }
    return Array([.tensor(classes), .tensor(scores)].prefix(context.resultCount))
  }
}
