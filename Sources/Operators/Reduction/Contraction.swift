import HoneIR
import HoneKernels

/// A summation of products over labelled axes of concrete size.
struct Contraction: Sendable {
  var output: [Int]
  var summed: [Int]
  var sizes: [Int: Int] = [:]
  /// Distance between neighbours along each label, for each operand; labels that an operand lacks or repeats over are absent or 0.
  var strides: [[Int: Int]] = []

  init(_ equation: EinsumEquation, _ shapes: [[Int]]) {
    (output, summed) = (equation.output, equation.summed)
    for (labels, shape) in zip(equation.operands, shapes) {
      var own: [Int: Int] = [:]
      for (axis, label) in labels.enumerated() {
        let stride = HoneOperators.strides(of: shape)[axis]
        own[label, default: 0] += shape[axis] == 1 ? 0 : stride
        if shape[axis] != 1 || sizes[label] == nil { sizes[label] = shape[axis] }
      }
      strides.append(own)
    }
  }

  func axes(_ labels: [Int], _ strides: [Int: Int]) -> StridedAxes {
    StridedAxes(sizes: labels.map { sizes[$0]! }, strides: labels.map { strides[$0] ?? 0 })
  }

  /// The summation as products of matrices, if it is one.
  var product: StridedProduct? {
    guard strides.count == 2 else { return nil }
    let outputStrides = HoneOperators.strides(of: output.map { sizes[$0]! })
    let (a, b) = (strides[0], strides[1])
    let c = Dictionary(uniqueKeysWithValues: zip(output, outputStrides))
    let isIn = { (strides: [Int: Int], label: Int) in (strides[label] ?? 0) != 0 }
    let labels = output.filter { sizes[$0]! != 1 }
    let inner = summed.filter { sizes[$0]! != 1 }
    guard inner.allSatisfy({ isIn(a, $0) && isIn(b, $0) }) else { return nil }
    guard let depth = merged(inner, [a, b]), depth.rest.isEmpty else { return nil }
    let rows = labels.filter { isIn(a, $0) && !isIn(b, $0) }
    let columns = labels.filter { isIn(b, $0) && !isIn(a, $0) }
    guard let m = merged(rows, [a, c]), let n = merged(columns, [b, c]) else { return nil }
    var product = StridedProduct(m: m.size, n: n.size, k: depth.size)
    product.a = .init(row: m.strides[0], column: depth.strides[0])
    product.b = .init(row: depth.strides[1], column: n.strides[0])
    product.c = .init(row: m.strides[1], column: n.strides[1])
    let batch = labels.filter { isIn(a, $0) == isIn(b, $0) } + m.rest + n.rest
    let (left, right, result) = (axes(batch, a), axes(batch, b), axes(batch, c))
    let indices = 0..<left.count
    product.batch = MatrixProduct.Batch(
      a: indices.map { left.offset($0) }, b: indices.map { right.offset($0) }, c: indices.map { result.offset($0) })
    return product
  }

  /// The last of `labels` that are one axis in all arrays, and the labels before them.
  private func merged(_ labels: [Int], _ arrays: [[Int: Int]]) -> (size: Int, strides: [Int], rest: [Int])? {
    guard let last = labels.last else { return (1, arrays.map { _ in 1 }, []) }
    var size = sizes[last]!
    let strides = arrays.map { $0[last] ?? 0 }
    var rest = labels.dropLast()
    while let label = rest.last {
      let fits = zip(arrays, strides).allSatisfy { ($0[label] ?? 0) == $1 * size }
      guard fits else { break }
      size *= sizes[label]!
      rest.removeLast()
    }
    return (size, strides, Array(rest))
  }
}
