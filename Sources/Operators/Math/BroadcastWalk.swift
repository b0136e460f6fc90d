import HoneIR

/// The positions of operands' elements, in the order of the array that they broadcast to.
struct BroadcastWalk {
  let sizes: [Int]
  private let strides: [[Int]]

  init(_ tensors: [Tensor]) throws(GraphError) {
    let shape = try broadcast(tensors.map(\.type.shape))
    let sizes = TensorType(.bool, shape).sizes!
    self.sizes = sizes
    strides = tensors.map { broadcastStrides(of: $0.sizes, to: sizes) }
  }

  func map<T>(_ body: ([Int]) -> T) -> [T] {
    (0..<sizes.reduce(1, *)).map { index in
      var rest = index
      var positions = strides.map { _ in 0 }
      for axis in sizes.indices.reversed() {
        let (next, position) = rest.quotientAndRemainder(dividingBy: sizes[axis])
        for i in positions.indices { positions[i] += position * strides[i][axis] }
        rest = next
      }
      return body(positions)
    }
  }
}
