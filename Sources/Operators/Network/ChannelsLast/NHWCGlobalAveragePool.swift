public import HoneIR
import HoneKernels

/// `GlobalAveragePool` of `[N, …, C]`.
public struct NHWCGlobalAveragePool: ExecutableOp, CompositeOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let type = try call.tensor(0)
    guard let shape = type.shape else { return [.tensor(type)] }
    guard shape.count >= 3 else { throw GraphError(.type, "has no spatial axis: \(type)") }
    return [.tensor(type.element, shape.prefix(1) + shape.dropFirst().dropLast().map { _ in 1 } + shape.suffix(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let element = try Pooling.Element(averaging: try call.element(0))
    guard !sizes.contains(0) else { throw GraphError(.unsupported, "has no kernel for empty operands") }
    let positions = sizes.dropFirst().dropLast().product
    if element == .float32, let plan = GlobalAverage(batch: sizes[0], positions: positions, channels: sizes.last!) {
      let sums = Kernel.Stage(tasks: plan.sumTaskCount) { frame, tasks in
        plan.sum(tasks: tasks, x: frame.operand(0), sums: frame.workspace!.assumingMemoryBound(to: Float.self))
      }
      return Kernel { frame in
        plan.mean(sums: frame.workspace!.assumingMemoryBound(to: Float.self), y: frame.result())
      }
      .after([sums], workspace: plan.sumByteCount)
    }
    return pooling(Pooling(globalPool(sizes), kind: .average(countsPadding: true), element: element))
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    [try NHWC.apply(GlobalAveragePool(), operands, in: &g)]
  }
}

/// The geometry of pooling all positions of `[N, …, C]`.
func globalPool(_ sizes: [Int]) -> ConvolutionShape {
  let channels = sizes[sizes.count - 1]
  let positions = sizes.dropFirst().dropLast().reduce(1, *)
  return ConvolutionShape(
    batch: sizes[0], inputChannels: channels, outputChannels: channels, groups: channels, input: [positions],
    kernel: [positions])
}

extension NHWCGlobalAveragePool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let (sizes, result) = (try g.sizes(of: x), try g.sizes(of: dy))
    let share = try g.apply(Mul(), dy, g.number(Double(result.product) / Double(max(sizes.product, 1)), like: dy))
    return [try g.apply(Expand(), share, g.constant(.integers(sizes)))]
  }
}
