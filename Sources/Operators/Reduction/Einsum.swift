public import HoneIR
import HoneKernels

/// Products of operands summed over the labels that the output lacks
public struct Einsum: ExecutableOp, RequiringOp {
  public var equation = ""
  public init() {}
  public static var since: Int { 12 }
  public static let required = ["equation"]

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count > 0 else { throw GraphError(.arity, "needs an operand") }
    let element = try call.element(0)
    var shapes: [[Dimension]] = []
    for i in 0..<call.count {
      guard try call.element(i) == element else { throw GraphError(.type, "element types of operands differ") }
      guard let shape = try call.shape(i) else { return [.tensor(element, nil)] }
      shapes.append(shape)
    }
    let parsed = try EinsumEquation(equation, ranks: shapes.map(\.count))
    var sizes: [Int: Dimension] = [:]
    for label in Set(parsed.operands.flatMap { $0 }) {
      let all = parsed.places(of: label).map { [shapes[$0.operand][$0.axis]] }
      sizes[label] = try broadcast(all)![0]
    }
    return [.tensor(element, parsed.output.map { sizes[$0]! })]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try kernel(call, Float.self)
    case .float64: return try kernel(call, Double.self)
    case .float16, .bfloat16:
      return try converted(call, to: .float32) { call throws(GraphError) in try kernel(call, Float.self) }
    case .int8: return try kernel(call, Int8.self)
    case .int16: return try kernel(call, Int16.self)
    case .int32: return try kernel(call, Int32.self)
    case .int64: return try kernel(call, Int64.self)
    case .uint8: return try kernel(call, UInt8.self)
    case .uint16: return try kernel(call, UInt16.self)
    case .uint32: return try kernel(call, UInt32.self)
    case .uint64: return try kernel(call, UInt64.self)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  private func kernel<T: Accumulable>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    var shapes: [[Int]] = []
    for i in 0..<call.count { shapes.append(try call.sizes(i)) }
    let contraction = Contraction(try EinsumEquation(equation, ranks: shapes.map(\.count)), shapes)
    if let product = contraction.product { return product.kernel(T.self) }
    return plainKernel(contraction, T.self)
  }

  private func plainKernel<T: Accumulable>(_ contraction: Contraction, _: T.Type) -> Kernel {
    let operandCount = contraction.strides.count
    var outer: [StridedAxes] = []
    var summed: [StridedAxes] = []
    for strides in contraction.strides {
      outer.append(contraction.axes(contraction.output, strides))
      summed.append(contraction.axes(contraction.summed, strides))
    }
    let (outerAxes, summedAxes) = (outer, summed)
    let (count, steps) = (outer[0].count, summed[0].count)
    return Kernel(tasks: count) { frame, range in
      let y = frame.result(0, as: T.self)
      for task in range where count > 0 {
        var sum: T = 0
        for step in 0..<steps {
          var value: T = 1
          for i in 0..<operandCount {
            let x = frame.operand(i, as: T.self)[outerAxes[i].offset(task) + summedAxes[i].offset(step)]
            value = i == 0 ? x : T.multiplyAdd(value, x, 0)
          }
          sum = T.multiplyAdd(1, value, sum)
        }
        y[task] = sum
      }
    }
  }
}

extension Einsum: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return try node.operands.indices.map { i throws(GraphError) in try cotangent(i, node, dy, in: &g) }
  }

  /// The cotangent of operand `i`: dy and the other operands summed over what the operand lacks. Labels that it repeats are
  /// put on its diagonal by an identity matrix, labels that only it has repeat the sum.
  private func cotangent(_ i: Int, _ node: Node, _ dy: Value, in g: inout Graph) throws(GraphError) -> Value {
    var shapes: [[Int]] = []
    for operand in node.operands { shapes.append(try g.sizes(of: operand!)) }
    let parsed = try EinsumEquation(equation, ranks: shapes.map(\.count))
    let sizes = Contraction(parsed, shapes).sizes
    let element = g.tensorType(of: dy).element
    var terms = [(parsed.output, dy)]
    for (j, labels) in parsed.operands.enumerated() where j != i { terms.append((labels, node.operands[j]!)) }
    var next = (sizes.keys.max() ?? 0) + 1
    var seen: Set<Int> = []
    var target: [Int] = []
    for label in parsed.operands[i] {
      guard !seen.insert(label).inserted else {
        target.append(label)
        continue
      }
      let n = sizes[label]!
      let identity = Tensor((0..<n * n).map { $0 % (n + 1) == 0 ? 1.0 : 0 }, shape: [n, n])
      terms.append(([label, next], try g.cast(g.constant(identity), to: element)))
      target.append(next)
      next += 1
    }
    for label in seen where !terms.contains(where: { $0.0.contains(label) }) {
      let ones = Tensor([Double](repeating: 1, count: sizes[label]!), shape: [sizes[label]!])
      terms.append(([label], try g.cast(g.constant(ones), to: element)))
    }
    let product = try Einsum(attributes: ["equation": .string(try Self.equation(terms.map(\.0), target))])
    let full = try g.apply(product, terms.map { $0.1 }, resultCount: 1)[0]
    return try g.reduced(full, like: node.operands[i]!)
  }

  /// Labels as letters.
  private static func equation(_ terms: [[Int]], _ output: [Int]) throws(GraphError) -> String {
    let labels = Set(terms.flatMap(\.self)).sorted()
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    guard labels.count <= letters.count else { throw GraphError(.unsupported, "has more than 52 labels") }
    let names = Dictionary(uniqueKeysWithValues: zip(labels, letters))
    let left = terms.map { String($0.map { names[$0]! }) }
    return left.joined(separator: ",") + "->" + String(output.map { names[$0]! })
  }
}
