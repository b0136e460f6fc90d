import HoneIR

/// The shape that `shapes` broadcast to, by ONNX's (NumPy's) rule; nil if a rank is not known.
///
/// A size that may be 1 or not, a symbol against another one, is taken to be the known or the first of the two.
func broadcast(_ shapes: [[Dimension]?]) throws(GraphError) -> [Dimension]? {
  var result: [Dimension] = []
  for shape in shapes {
    guard let shape else { return nil }
    let (long, short) = shape.count > result.count ? (shape, result) : (result, shape)
    result = long
    for i in short.indices {
      let j = long.count - short.count + i
      let (a, b) = (long[j], short[i])
      if a == b || b.size == 1 { continue }
      if a.size == 1 || (a.size == nil && b.size != nil) {
        result[j] = b
      } else if a.size != nil && b.size != nil {
        let sizes = shapes.map { $0.map { "[\($0.map(\.description).joined(separator: "×"))]" } ?? "[…]" }
        throw GraphError(.type, "shapes do not broadcast: \(sizes.joined(separator: " and "))")
      }
    }
  }
  return result
}

/// Distances in elements between neighbours along each axis of a dense array.
func strides(of sizes: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: sizes.count)
  for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
  return strides
}

/// Strides for reading an array of `sizes` as if it had shape `target`: 0 along axes that repeat.
func broadcastStrides(of sizes: [Int], to target: [Int]) -> [Int] {
  let own = strides(of: sizes)
  let offset = target.count - sizes.count
  return target.indices.map { axis in axis < offset || sizes[axis - offset] == 1 ? 0 : own[axis - offset] }
}
