import HoneIR
import HoneKernels

/// The term beta·c of a float32 product, in a form that the product's epilogue adds.
struct GemmAddend: Sendable {
  private enum Form {
    case absent, perColumn, perRow, full, scalar
  }
  private let form: Form
  private let count: Int
  private let beta: Float
  /// Elements of c as stored.
  private let stored: Int
  /// c times beta, where c is constant.
  private let constant: Tensor?

  init(_ call: Call, strides: StridedProduct.Matrix?, m: Int, n: Int, beta: Float) throws(GraphError) {
    self.beta = beta
    guard let strides else {
      (form, count, stored, constant) = (.absent, 0, 0, nil)
      return
    }
    if strides.row == 0 && (strides.column != 0 || n == 1) {
      (form, count) = (.perColumn, n)
    } else if strides.column == 0 && (strides.row != 0 || m == 1) {
      (form, count) = (.perRow, m)
    } else if strides.row == 0 {
      (form, count) = (.scalar, n)
    } else {
      (form, count) = (.full, m * n)
    }
    stored = form == .scalar ? 1 : count
    if beta != 1, let known = call.known(2) {
      constant = try call.weights.packed(known, layout: "times \(beta)") { tensor throws(GraphError) in
        Tensor(tensor.floats.map { $0 * beta }, shape: tensor.sizes)
      }
    } else {
      constant = nil
    }
  }

  var scratchByteCount: Int {
    form == .absent || (form != .scalar && (beta == 1 || constant != nil)) ? 0 : count * MemoryLayout<Float>.stride
  }

  func operands(_ frame: borrowing Frame, scratch: UnsafeMutableRawPointer) -> EpilogueOperands {
    if form == .absent { return EpilogueOperands() }
    var c = frame.operand(2, as: Float.self)
    constant?.withBytes { c = $0.baseAddress!.assumingMemoryBound(to: Float.self) }
    let factor = constant == nil ? beta : 1
    if scratchByteCount > 0 {
      let copy = scratch.assumingMemoryBound(to: Float.self)
      for i in 0..<count { copy[i] = c[form == .scalar ? 0 : i] * factor }
      c = UnsafePointer(copy)
    }
    switch form {
    case .absent: return EpilogueOperands()
    case .perColumn, .scalar: return EpilogueOperands(bias: c)
    case .perRow: return EpilogueOperands(rowBias: c)
    case .full: return EpilogueOperands(residual: c)
    }
  }
}
