public import HoneIR
import HoneKernels

/// `Attention` whose queries, keys and values are columns of wider operands, `[batch, length, columns]`, which may be one and
/// the same: nobody has to take them apart.
///
/// Operands: those with q, k and v, and a mask. Made by lowering and never exported.
public struct JointAttention: RowKernelOp {
  public static var domain: String { NHWC.domain }
  /// The first columns of q, k and v.
  public var columns = [0, 0, 0]
  /// Columns of a head of q and k, and of v.
  public var head_sizes = [1, 1]
  public var is_causal = false
  public var kv_num_heads = 1
  public var q_num_heads = 1
  public var scale: Float?
  public var softcap: Float = 0
  public var left_window_size = -1
  public var right_window_size = -1
  public init() {}

  /// `attention` of columns that begin at `columns`, in heads of `headSizes`.
  public init(_ attention: Attention, columns: [Int], headSizes: [Int]) {
    (self.columns, head_sizes, is_causal) = (columns, headSizes, attention.is_causal)
    (q_num_heads, kv_num_heads) = (attention.q_num_heads ?? 1, attention.kv_num_heads ?? 1)
    (scale, softcap) = (attention.scale, attention.softcap)
    (left_window_size, right_window_size) = (attention.left_window_size, attention.right_window_size)
  }

  private var attention: Attention {
    var attention = Attention()
    (attention.q_num_heads, attention.kv_num_heads, attention.is_causal) = (q_num_heads, kv_num_heads, is_causal)
    (attention.scale, attention.softcap) = (scale, softcap)
    (attention.left_window_size, attention.right_window_size) = (left_window_size, right_window_size)
    return attention
  }
  private func layoutColumns() throws(GraphError) -> AttentionColumns {
    guard columns.count == 3, head_sizes.count == 2 else {
      throw GraphError(.attribute, "needs 3 columns and 2 sizes of heads, has \(columns) and \(head_sizes)")
    }
    return AttentionColumns(first: columns, headSize: head_sizes[0], valueHeadSize: head_sizes[1])
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...4)
    let (q, sizes) = (try call.tensor(0), try layoutColumns())
    guard let shape = q.shape else { return [.tensor(q)] }
    guard shape.count == 3 else { throw GraphError(.type, "needs 3 axes: \(q)") }
    return [.tensor(q.with(shape: [shape[0], shape[1], Dimension(q_num_heads * sizes.valueHeadSize)]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let attention = attention
    let layout = try AttentionLayout(call, attention, layoutColumns())
    if let kernel = try attention.narrowKernel(call, layout) { return kernel }
    return try rowKernel(call)
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let attention = attention
    return try attention.kernel(call, AttentionLayout(call, attention, layoutColumns()), as: T.self)
  }
}
