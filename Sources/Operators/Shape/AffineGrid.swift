public import HoneIR

/// Sampling positions: an affine map of each batch applied to a regular grid over −1…1.
public struct AffineGrid: ExecutableOp {
  public var align_corners = false
  public init() {}
  public static var since: Int { 20 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let theta = try call.tensor(0)
    guard let size = call.symbolic(1) else {
      let count = try call.vectorLength(1)
      return [
        .tensor(theta.with(shape: try call.unknownShape(asLongAs: 1).map { $0.dropLast() + [Dimension(count! - 2)] }))
      ]
    }
    guard size.count == 4 || size.count == 5 else { throw GraphError(.type, "size \(size) is neither 2-D nor 3-D") }
    return [.tensor(theta.with(shape: [size[0]] + size[2...] + [Dimension(size.count - 2)]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  /// Coordinates along each axis of a grid of `sizes`, x first.
  private func coordinates<T: BinaryFloatingPoint>(_ sizes: [Int], _: T.Type) -> [[T]] {
    sizes[1..<sizes.count - 1].reversed().map { count -> [T] in
      (0..<count).map { i -> T in
        let (step, steps) = align_corners ? (2 * i, count - 1) : (2 * i + 1, count)
        return steps == 0 ? 0 : T(step) / T(steps) - 1
      }
    }
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.resultSizes()
    let rank = sizes.count - 2
    guard try call.sizes(0) == [sizes[0], rank, rank + 1] else {
      throw GraphError(.type, "theta must be [\(sizes[0])×\(rank)×\(rank + 1)], is \(try call.tensor(0))")
    }
    let points = sizes[1...rank].reduce(1, *)
    let axes = coordinates(sizes, T.self)
    return Kernel(tasks: sizes[0]) { frame, range in
      for batch in range where batch < sizes[0] {
        let theta = frame.operand(0, as: T.self) + batch * rank * (rank + 1)
        let y = frame.result(as: T.self) + batch * points * rank
        for point in 0..<points {
          for row in 0..<rank {
            var (rest, sum) = (point, theta[row * (rank + 1) + rank])
            for axis in 0..<rank {
              sum += theta[row * (rank + 1) + axis] * axes[axis][rest % axes[axis].count]
              rest /= axes[axis].count
            }
            y[point * rank + row] = sum
          }
        }
      }
    }
  }
}

extension AffineGrid: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (sizes, element) = (try g.sizes(of: dy), g.tensorType(of: dy).element)
    let (batch, rank) = (sizes[0], sizes.count - 2)
    let points = sizes[1...rank].reduce(1, *)
    let axes = coordinates(sizes, Double.self)
    // One row a point: its coordinates, x first, and 1.
    let grid = Tensor(TensorType(element, [points, rank + 1])) { bytes in
      for point in 0..<points {
        var rest = point
        for axis in 0...rank {
          let count = axis < rank ? axes[axis].count : 1
          let value = axis < rank ? axes[axis][rest % count] : 1
          NumberReader.store(value, bytes.baseAddress!, point * (rank + 1) + axis, element)
          rest /= count
        }
      }
    }
    let columns = try g.matrixTranspose(g.shaped(dy, [batch, points, rank]))
    return [try g.apply(MatMul(), columns, g.constant(grid))]
  }
}
