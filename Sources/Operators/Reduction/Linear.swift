public import HoneIR
import HoneKernels

/// y = activation(x · w + bias + residual) for constant w `[k, n]`, or `[n, k]` with `transB`, over the last axis of x.
///
/// Operands: x, w, bias, residual, and matrices like w whose columns follow those of w; the bias covers all of them. Made by lowering and never exported. x and the residual are float32, or both bfloat16 beside float32 weights and bias;
/// `to` is the result's type where it is not that of x.
public struct Linear: ExecutableOp, CompositeOp, ActivatedOp {
  public static var domain: String { NHWC.domain }
  public var activation: String?
  public var activation_params: [Float] = []
  public var alpha: Float = 1
  public var to: ElementType?
  public var transB = false
  public init() {}

  /// Whether kernels apply the activation themselves.
  public var hasKernelForActivation: Bool { (try? parsedActivation()) != nil }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...64)
    let (x, w) = (try call.tensor(0), try call.tensor(1))
    let element = to ?? x.element
    guard var shape = x.shape, shape.count > 0 else { return [.tensor(element, nil)] }
    guard w.rank == nil || w.rank == 2 else { throw GraphError(.type, "the weights must be a matrix: \(w)") }
    if let k = w.shape?[transB ? 1 : 0].size, let depth = shape.last?.size, k != depth {
      throw GraphError(.type, "inner sizes differ: \(x) · \(w)")
    }
    var columns = w.shape?[transB ? 0 : 1] ?? call.unknownSize()
    for i in 4..<max(call.count, 4) {
      let more = try call.tensor(i)
      guard let next = more.shape, next.count == 2, next[transB ? 1 : 0] == w.shape?[transB ? 1 : 0] else {
        throw GraphError(.type, "the weights must be matrices of equal depth: \(w), \(more)")
      }
      columns = columns + next[transB ? 0 : 1]
    }
    shape[shape.count - 1] = columns
    return [.tensor(element, shape)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let x = try call.sizes(0)
    var weights = [try call.requireKnown(1, "the weights")]
    for i in 4..<max(call.count, 4) { weights.append(try call.requireKnown(i, "the weights")) }
    let n = weights.reduce(0) { $0 + $1.sizes[transB ? 0 : 1] }
    let (m, k) = (x.dropLast().reduce(1, *), weights[0].sizes[transB ? 1 : 0])
    guard m * n * k > 0 else { throw GraphError(.unsupported, "has no kernel for empty operands") }
    if call.has(2), try call.sizes(2) != [n] {
      throw GraphError(.type, "the bias must be a vector of \(n): \(try call.tensor(2))")
    }
    if call.has(3), try call.tensor(3) != call.result() {
      throw GraphError(.type, "the residual must have the type of the result: \(try call.tensor(3))")
    }
    let epilogue = Epilogue(alpha: alpha, activation: try parsedActivation())
    let result = try call.result().element
    var kernel: Kernel
    switch try call.element(0) {
    case .float32 where result == .float32:
      kernel = try wideKernel(call, MatrixProduct(m: m, n: n, k: k, epilogue: epilogue), weights)
    case .bfloat16:
      let plan = BFloat16Product(m: m, n: n, k: k, cType: HalfOrFloat(result), epilogue: epilogue)
      kernel = try narrowKernel(call, plan, weights)
    case let other: throw .unsupported(other)
    }
    for i in [1] + Array(4..<max(call.count, 4)) { kernel = kernel.absorbing(i) }
    return kernel
  }

  private func wideKernel(_ call: Call, _ plan: MatrixProduct, _ weights: [Tensor]) throws(GraphError) -> Kernel {
    let packed = try packedMatrix(weights, call, k: plan.k, n: plan.n, transposed: transB)
    let (hasBias, hasResidual) = (call.has(2), call.has(3))
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      let operands = EpilogueOperands(
        bias: hasBias ? frame.operand(2, as: Float.self) : nil,
        residual: hasResidual ? frame.operand(3, as: Float.self) : nil)
      plan.run(
        tasks: range, a: frame.operand(0, as: Float.self), b: packed, c: frame.result(0, as: Float.self),
        operands: operands, scratch: frame.scratch)
    }
  }

  private func narrowKernel(_ call: Call, _ plan: BFloat16Product, _ weights: [Tensor]) throws(GraphError) -> Kernel {
    let (k, n, transB) = (plan.k, plan.n, transB)
    let layout = "bfloat16 matrix \(k)×\(n)\(transB ? "ᵀ" : "")"
    let packed = try call.weights.packed(weights, layout: layout) { tensors throws(GraphError) in
      tensors.withColumns(transposed: transB) { PackedBFloat16Matrix($0, k: k, transposed: transB) }
    }
    let (hasBias, hasResidual) = (call.has(2), call.has(3))
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      var operands = EpilogueOperands(bias: hasBias ? frame.operand(2, as: Float.self) : nil)
      if hasResidual, plan.cType == .bfloat16 { operands.narrowResidual = frame.operand(3, as: UInt16.self) }
      if hasResidual, plan.cType == .float32 { operands.residual = frame.operand(3, as: Float.self) }
      plan.run(
        tasks: range, a: frame.operandBytes(0), b: packed, c: frame.resultBytes(), operands: operands,
        scratch: frame.scratch)
    }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    let element = g.tensorType(of: try operands.required(0)).element
    let x = element == .float32 ? operands[0]! : try g.cast(operands[0]!, to: .float32)
    var all = [try operands.required(1)]
    for operand in operands.dropFirst(4) { if let operand { all.append(operand) } }
    var w = all[0]
    if all.count > 1 {
      var concat = Concat()
      concat.axis = transB ? 0 : 1
      w = try g.apply(concat, all, resultCount: 1)[0]
    }
    if transB { w = try g.matrixTranspose(w) }
    var y = try g.apply(MatMul(), x, w)
    if alpha != 1 { y = try g.apply(Mul(), y, try g.scalar(Double(alpha), like: y)) }
    if let bias = operands.optional(2) { y = try g.apply(Add(), y, bias) }
    if let residual = operands.optional(3) {
      let isWide = g.tensorType(of: residual).element == .float32
      y = try g.apply(Add(), y, isWide ? residual : g.cast(residual, to: .float32))
    }
    y = try activate(y, in: &g)
    let result = to ?? element
    return [result == .float32 ? y : try g.cast(y, to: result)]
  }
}

extension [Tensor] {
  /// Lends the addresses of matrices that stand side by side, `[k, n]` or transposed `[n, k]`, with their columns.
  func withColumns<R>(transposed: Bool, _ body: ([MatrixColumns]) -> R) -> R {
    func lend(_ rest: ArraySlice<Tensor>, _ lent: [MatrixColumns]) -> R {
      guard let tensor = rest.first else { return body(lent) }
      return tensor.withBytes { bytes in
        lend(rest.dropFirst(), lent + [MatrixColumns(bytes.baseAddress!, n: tensor.sizes[transposed ? 0 : 1])])
      }
    }
    return lend(self[...], [])
  }
}

/// The packed form of matrices that stand side by side, `[k, n]` or transposed `[n, k]` in all.
private func packedMatrix(
  _ weights: [Tensor], _ call: Call, k: Int, n: Int, transposed: Bool
) throws(GraphError) -> PackedMatrix {
  guard weights.count > 1 else { return try packedMatrix(weights[0], call, k: k, n: n, transposed: transposed) }
  return try call.weights.packed(weights, layout: "matrix \(k)×\(n)\(transposed ? "ᵀ" : "")") {
    tensors throws(GraphError) in
    tensors.withColumns(transposed: transposed) { PackedMatrix($0, k: k, transposed: transposed) }
  }
}
