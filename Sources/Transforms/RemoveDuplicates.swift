import HoneIR
import HoneOperators

/// Computes nothing twice and keeps no constant twice.
public struct RemoveDuplicates: RewritePass {
  /// Larger constants, in bytes, are left alone: weights that are shared cannot be folded into.
  public var limit = Int.max
  public init() {}
  public init(limit: Int) { self.limit = limit }

  public var rewrites: [Rewrite] {
    let limit = limit
    return [
      .step("equal constants → one") { (graph: inout Graph) in graph.mergeConstants(limit) },
      .step("equal nodes → one") { (graph: inout Graph) in graph.mergeNodes() },
    ]
  }
}

extension Graph {
  private struct Signature: Hashable {
    var op: AnyHashable
    var operands: [Value?]
    var resultCount: Int
  }
  private struct Content: Hashable {
    var type: TensorType
    var sample: [UInt64]
  }

  fileprivate mutating func mergeNodes() -> Int {
    var known: [Signature: Node] = [:]
    var count = 0
    for node in sorted() {
      // Training drops elements at random where `Dropout` stands, each time others.
      guard let node = self[node.id], !(node.op is any RandomOp), !(node.op is any RegionOp), !(node.op is Dropout)
      else { continue }
      var operands = node.operands
      if node.op is any CommutativeOp, operands.count == 2, let a = operands[0], let b = operands[1], b < a {
        operands = [b, a]
      }
      let signature = Signature(op: AnyHashable(node.op), operands: operands, resultCount: node.results.count)
      guard let first = known[signature] else {
        known[signature] = node
        continue
      }
      guard zip(node.results, first.results).allSatisfy({ canReplace($0, with: $1) }) else { continue }
      for (duplicate, original) in zip(node.results, first.results) { replace(duplicate, with: original) }
      count += 1
    }
    return count
  }

  fileprivate mutating func mergeConstants(_ limit: Int) -> Int {
    var known: [Content: [(Value, Tensor)]] = [:]
    var seen = Set<Value>()
    var count = 0
    for node in sorted() {
      for case let operand? in node.operands where seen.insert(operand).inserted {
        guard let tensor = constant(operand), !isOutput(operand), tensor.byteCount <= limit else { continue }
        let content = Content(type: tensor.type, sample: tensor.sample)
        if let (original, _) = known[content]?.first(where: { $0.1.isIdentical(to: tensor) }) {
          replace(operand, with: original)
          count += 1
        } else {
          known[content, default: []].append((operand, tensor))
        }
      }
    }
    return count
  }
}

extension Tensor {
  /// Some elements that tell most tensors apart.
  fileprivate var sample: [UInt64] {
    if element == .string { return strings.prefix(4).map { UInt64(bitPattern: Int64($0.hashValue)) } }
    let step = max(elementCount / 61, 1)
    return stride(from: 0, to: elementCount, by: step).map { double(at: $0).bitPattern }
  }
}
