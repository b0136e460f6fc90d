import HoneIR
import HoneOperators

/// Finds the constants of a model that training changes, and turns them into states.
struct LiftWeights: Sendable {
  /// In the order in which the model reads them.
  private(set) var parameters: [Parameter] = []

  /// Parameters of `model` under `rules`; weights of frozen rules are left out.
  init(_ model: Graph, _ rules: [ParameterRule], weightDecay: Float) {
    var taken = Set(model.inputs.map { model.name(of: $0) })
    var seen = Set<Value>()
    for node in model.sorted() {
      for (i, operand) in node.operands.enumerated() {
        guard let operand, let tensor = model.constant(operand), seen.insert(operand).inserted else { continue }
        guard tensor.element == .float32, let role = Self.role(of: operand, in: model) else { continue }
        let name = Self.name(model.name(of: operand), node, i, &taken)
        var parameter = Parameter(
          value: operand, name: name, tensor: tensor, role: role,
          operations: Set(model.users(of: operand).map(\.op.name)), decay: weightDecay)
        if apply(rules, to: &parameter) { parameters.append(parameter) }
      }
    }
  }

  /// Whether the parameter is trained.
  private func apply(_ rules: [ParameterRule], to parameter: inout Parameter) -> Bool {
    var isFrozen = false
    for rule in rules
    where rule.selector.selects(
      name: parameter.name, operations: parameter.operations, axisCount: parameter.tensor.sizes.count)
    {
      isFrozen = rule.isFrozen ?? isFrozen
      parameter.rate = rule.rate ?? parameter.rate
      parameter.decay = rule.weightDecay ?? parameter.decay
    }
    return !isFrozen
  }

  private static func name(_ given: String, _ node: Node, _ operand: Int, _ taken: inout Set<String>) -> String {
    let plain = node.name.isEmpty ? node.op.name : node.name
    let base = given.isEmpty ? "\(plain).\(operand)" : given
    var name = base
    var count = 1
    while !taken.insert(name).inserted {
      count += 1
      name = "\(base).\(count)"
    }
    return name
  }

  /// What a constant is to its readers; nil if it is no parameter.
  private static func role(of value: Value, in model: Graph) -> Parameter.Role? {
    var role: Parameter.Role?
    for node in model.users(of: value) {
      for (i, operand) in node.operands.enumerated() where operand == value {
        guard let found = Self.role(of: value, node, i, in: model) else { continue }
        role = role ?? found
      }
    }
    return role
  }

  private static func role(of value: Value, _ node: Node, _ operand: Int, in model: Graph) -> Parameter.Role? {
    switch node.op {
    case is BatchNormalization: return operand < 3 ? .weight : .statistic
    case is Resize, is QuantizeLinear, is DequantizeLinear, is Clip, is Dropout, is Pad, is Where, is ConstantOfShape:
      return nil
    case is Attention: return operand < 3 ? .weight : nil
    case is Gather: return operand == 0 && model.tensorType(of: value).rank ?? 0 > 1 ? .weight : nil
    case is Identity, is Reshape, is Transpose, is Unsqueeze, is Squeeze, is Flatten, is Expand, is Concat, is Slice,
      is Split:
      guard operand == 0 || node.op is Concat else { return nil }
      return node.results.lazy.compactMap { Self.role(of: $0, in: model) }.first
    default:
      let isScalar = model.tensorType(of: value).elementCount ?? 2 <= 1
      if isScalar, !(node.op is any WeightedOp), !Self.isNormalization(node.op), !Self.isBias(operand, node, model) {
        return nil
      }
      return node.op is any DifferentiableOp || node.op is any CompositeOp ? .weight : nil
    }
  }

  /// Operand `operand` is added to the one output of a product with weights.
  private static func isBias(_ operand: Int, _ node: Node, _ model: Graph) -> Bool {
    guard node.op is Add, node.operands.count == 2, let other = node.operands[1 - operand],
      model.tensorType(of: other).shape?.last?.size == 1, let product = model.producer(of: other),
      product.op is MatMul, let weights = product.operands[1]
    else { return false }
    return model.constant(weights) != nil
  }

  private static func isNormalization(_ op: any Op) -> Bool {
    op is LayerNormalization || op is InstanceNormalization || op is GroupNormalization || op is RMSNormalization
      || op is PRelu
  }
}

extension LiftWeights {
  /// A copy of the model for inputs of `types`, in which the parameters are states named after them.
  ///
  /// States of later layers come first: in their order updates are scheduled, and so gradients do not wait for each other.
  func bound(_ model: Graph, _ types: [TensorType]) throws(GraphError) -> Graph {
    var marked = model
    for (i, parameter) in parameters.enumerated() { marked.rename(parameter.value, to: Self.mark(i)) }
    let inputTypes = Dictionary(uniqueKeysWithValues: zip(model.inputs, types.map(ValueType.tensor)))
    var graph = try marked.rebuilt(inputTypes: inputTypes)
    let marks = Dictionary(uniqueKeysWithValues: parameters.indices.map { (Self.mark($0), $0) })
    var found: [Int: Value] = [:]
    for node in graph.sorted() {
      for case let operand? in node.operands where graph.constant(operand) != nil {
        if let i = marks[graph.name(of: operand)] { found[i] = operand }
      }
    }
    for (i, parameter) in parameters.enumerated().reversed() {
      guard let constant = found[i] else { continue }
      let state = graph.state(parameter.name, initial: parameter.tensor, trainable: parameter.role == .weight)
      graph.replace(constant, with: state)
    }
    return graph
  }

  private static func mark(_ i: Int) -> String { "\u{1}parameter \(i)" }
}
