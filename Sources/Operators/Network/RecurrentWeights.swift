import HoneIR
import HoneKernels

/// How a recurrent operator holds the weights of its fp32 products.
enum RecurrentWeightForm: Sendable, Equatable {
  /// As the operands are, `[directions, gates·hidden, depth]`.
  case given
  /// Rounded to bfloat16. Inputs are rounded with them; states are not, and weights are widened to meet them.
  case bfloat16
  /// 8-bit operands `[directions, depth, gates·hidden]`, with scales and zero points in operands 8…11. Inputs become bytes,
  /// or pairs of them with `exactInputs`, and states, whose errors come back with every step, pairs of bytes.
  case int8(exactInputs: Bool)
}

/// Constant weights of a product with rows of fp32, packed.
enum RecurrentWeights: Sendable {
  case float32(PackedMatrix)
  case bfloat16(PackedBFloat16Matrix, roundsRows: Bool)
  case int8(PackedIntegerMatrix, scales: [Float], rows: DynamicIntegerProduct.Rows)

  /// What a product is added to.
  enum Start {
    case bias(UnsafePointer<Float>)
    case result
    case zero
  }

  /// Bytes of memory to work in, aligned to 64, for products of up to `rows` rows.
  func scratchByteCount(rows: Int) -> Int {
    switch self {
    case .float32, .bfloat16(_, roundsRows: false): 0
    case .bfloat16(let b, roundsRows: true):
      // Fewer rows may come in larger blocks.
      (1...max(rows, 1)).reduce(0) { most, m in
        max(most, BFloat16Product(m: m, n: b.n, k: b.k, aType: .float32, cType: .float32).scratchByteCount)
      }
    case .int8(let b, let scales, let kind):
      DynamicIntegerProduct(m: rows, n: b.n, k: b.k, rows: kind, scalePerColumn: scales.count > 1).scratchByteCount
    }
  }

  /// c = a · weights + start; strides count elements between rows.
  func multiply(
    _ a: UnsafePointer<Float>, stride: Int, rows: Int, into c: UnsafeMutablePointer<Float>, stride cStride: Int,
    _ start: Start, scratch: UnsafeMutableRawPointer
  ) {
    var operands = EpilogueOperands()
    switch start {
    case .bias(let bias): operands.bias = bias
    case .result: operands.residual = UnsafePointer(c)
    case .zero: break
    }
    switch self {
    case .float32(let b):
      let product = MatrixProduct(m: rows, n: b.n, k: b.k, aStride: stride, cStride: cStride)
      product.run(tasks: 0..<product.taskCount, a: a, b: b, c: c, operands: operands, scratch: nil)
    case .bfloat16(let b, roundsRows: true):
      let product = BFloat16Product(
        m: rows, n: b.n, k: b.k, aType: .float32, cType: .float32, aStride: stride, cStride: cStride)
      product.run(tasks: 0..<product.taskCount, a: a, b: b, c: c, operands: operands, scratch: scratch)
    case .bfloat16(let b, roundsRows: false):
      let product = WidenedProduct(m: rows, n: b.n, k: b.k, aStride: stride, cStride: cStride)
      product.run(tasks: 0..<product.taskCount, a: a, b: b, c: c, operands: operands)
    case .int8(let b, let scales, let kind):
      let product = DynamicIntegerProduct(
        m: rows, n: b.n, k: b.k, rows: kind, aStride: stride, cStride: cStride, scalePerColumn: scales.count > 1)
      let from: DynamicIntegerProduct.Start =
        switch start {
        case .bias(let bias): .bias(bias)
        case .result: .result
        case .zero: .zero
        }
      product.run(a: a, b: b, scales: scales, start: from, c: c, scratch: scratch)
    }
  }
}

/// Where the weights of some gates of one direction lie, and who reads them.
struct RecurrentWeightPlace {
  var operand: Int
  var direction: Int
  var gates: Range<Int>
  var depth: Int
  var sizes: RecurrentSizes

  var columns: Int { gates.count * sizes.hidden }
  private var firstColumn: Int { gates.lowerBound * sizes.hidden }
  /// Rows of the product are states of the cell, not inputs.
  private var isRecurrent: Bool { operand == 2 }

  /// Elements before the weights, which lie in rows `[gates·hidden, depth]`.
  var offset: Int { (direction * sizes.width + firstColumn) * depth }

  func packed(_ form: RecurrentWeightForm, _ call: Call) throws(GraphError) -> RecurrentWeights? {
    let constant = call.known(operand)
    guard let constant, columns > 0, depth > 0 else {
      if case .given = form { return nil }
      throw GraphError(.unsupported, "has no kernel for weights that are empty or not constant")
    }
    let (columns, depth) = (columns, depth)
    switch form {
    case .given:
      guard constant.element == .float32 else { return nil }
      let from = offset * 4
      return .float32(
        try call.weights.packed(constant, layout: "rows at \(offset), \(columns) columns") {
          tensor throws(GraphError) in
          tensor.withBytes { PackedMatrix($0.baseAddress! + from, k: depth, n: columns, transposed: true) }
        })
    case .bfloat16:
      guard constant.element == .float32 else { throw .unsupported(constant.element) }
      let from = offset * 4
      let matrix = try call.weights.packed(constant, layout: "bfloat16 rows at \(offset), \(columns) columns") {
        tensor throws(GraphError) in
        tensor.withBytes { PackedBFloat16Matrix($0.baseAddress! + from, k: depth, n: columns, transposed: true) }
      }
      return .bfloat16(matrix, roundsRows: !isRecurrent)
    case .int8(let exactInputs): return try packedIntegers(constant, call, inPairs: isRecurrent || exactInputs)
    }
  }

  private func packedIntegers(
    _ constant: Tensor, _ call: Call, inPairs: Bool
  ) throws(GraphError) -> RecurrentWeights {
    let (columns, depth, width) = (columns, depth, sizes.width)
    let type = try ByteType(constant.element)
    guard let scales = try perColumn(call, 6 + 2 * operand, \.floats) else {
      throw GraphError(.arity, "scales are missing")
    }
    let zeros = try perColumn(call, 7 + 2 * operand) { $0.integers.map(Int32.init) }
    let from = direction * depth * width + firstColumn
    let layout = "integer columns at \(from), \(columns) of them, zero points \(zeros ?? [])"
    let matrix = try call.weights.packed(constant, layout: layout) { tensor throws(GraphError) in
      tensor.withBytes {
        PackedIntegerMatrix($0.baseAddress! + from, k: depth, n: columns, type: type, zeros: zeros, stride: width)
      }
    }
    return .int8(matrix, scales: scales, rows: inPairs ? .bytePairs : .bytes)
  }

  /// One of the values of an operand `[directions]`, or those of the columns of `[directions, gates·hidden]`.
  private func perColumn<Number>(
    _ call: Call, _ operand: Int, _ values: (Tensor) -> [Number]
  ) throws(GraphError) -> [Number]? {
    guard call.has(operand) else { return nil }
    guard let known = call.known(operand) else {
      throw GraphError(.unsupported, "has no kernel for scales or zero points that are not constant")
    }
    let all = values(known)
    switch all.count {
    case sizes.directions: return [all[direction]]
    case sizes.directions * sizes.width:
      let first = direction * sizes.width + firstColumn
      return Array(all[first..<first + columns])
    default:
      throw GraphError(
        .type, "operand \(operand) has \(all.count) values for \(sizes.directions) × \(sizes.width) columns")
    }
  }
}
