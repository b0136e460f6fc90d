import HoneKernels

/// Elements that recurrent operators are trained in.
protocol TrainingElement: BinaryFloatingPoint, RealElement where Real == Self {}
extension Float: TrainingElement {}
extension Double: TrainingElement {}

/// C [rows × n] = A · B for B [k × n], packed at run time.
struct TrainingProduct<Real: TrainingElement>: Sendable {
  let k: Int
  let n: Int
  private var panels: PanelProduct { PanelProduct(k: k, n: n) }

  var packedCount: Int { Real.self == Float.self ? (panels.packedCount + 15) / 16 * 16 : k * n }

  /// Packs B from rows `stride` apart, [k × n] or, transposed, [n × k].
  func pack(_ source: UnsafePointer<Real>, stride: Int, transposed: Bool, into packed: UnsafeMutablePointer<Real>) {
    if Real.self == Float.self {
      panels.pack(source.floats, stride: stride, transposed: transposed, into: packed.floats)
      return
    }
    for p in 0..<k {
      for column in 0..<n { packed[p * n + column] = source[transposed ? column * stride + p : p * stride + column] }
    }
  }

  /// C begins at `bias` or, where it `accumulates`, at what it holds.
  func run(
    rows: Int, _ a: Rows<UnsafePointer<Real>>, packed: UnsafePointer<Real>, into c: Rows<UnsafeMutablePointer<Real>>,
    bias: UnsafePointer<Real>? = nil, accumulates: Bool = false
  ) {
    if Real.self == Float.self {
      panels.run(
        rows: rows, a: a.base.floats, aStride: a.stride, packed: packed.floats, c: c.base.floats, cStride: c.stride,
        bias: bias?.floats, accumulates: accumulates)
      return
    }
    for row in 0..<rows {
      let (x, y) = (a.base + row * a.stride, c.base + row * c.stride)
      if !accumulates { for i in 0..<n { y[i] = bias?[i] ?? 0 } }
      for p in 0..<k {
        for i in 0..<n { y[i] += x[p] * packed[p * n + i] }
      }
    }
  }

  /// C [m × n] = Aᵀ·B over `depth` rows of A and B, added to C where it `accumulates`.
  static func outer(
    m: Int, n: Int, depth: Int, _ a: Rows<UnsafePointer<Real>>, _ b: Rows<UnsafePointer<Real>>,
    into c: Rows<UnsafeMutablePointer<Real>>, accumulates: Bool
  ) {
    if Real.self == Float.self {
      OuterProduct().run(
        m: m, n: n, depth: depth, a: a.base.floats, aStride: a.stride, b: b.base.floats, bStride: b.stride,
        c: c.base.floats, cStride: c.stride, accumulates: accumulates)
      return
    }
    for i in 0..<m {
      let target = c.base + i * c.stride
      if !accumulates { target.update(repeating: 0, count: n) }
      for p in 0..<depth {
        let (x, y) = (a.base[p * a.stride + i], b.base + p * b.stride)
        for j in 0..<n { target[j] += x * y[j] }
      }
    }
  }
}

extension UnsafePointer {
  /// The same memory, which holds fp32 values.
  var floats: UnsafePointer<Float> { UnsafeRawPointer(self).assumingMemoryBound(to: Float.self) }
}

extension Rows {
  /// The row `i` rows further on, and those behind it.
  func dropping<T>(_ i: Int) -> Rows where Pointer == UnsafePointer<T> { Rows(base + i * stride, stride: stride) }
  func dropping<T>(_ i: Int) -> Rows where Pointer == UnsafeMutablePointer<T> {
    Rows(base + i * stride, stride: stride)
  }
  /// The same rows, to read.
  func reading<T>() -> Rows<UnsafePointer<T>> where Pointer == UnsafeMutablePointer<T> {
    Rows<UnsafePointer<T>>(UnsafePointer(base), stride: stride)
  }
}
