import HoneKernels

/// W, R and their biases of one direction, packed at run time: `[bias of inputs, bias of states, W, R]`.
struct TrainingWeights<Real: TrainingElement>: Sendable {
  /// Products with the same matrix forward and, without transposition, back.
  struct Pair: Sendable {
    let forward: TrainingProduct<Real>
    let gradient: TrainingProduct<Real>
    init(depth: Int, gates: Int) {
      (forward, gradient) = (TrainingProduct(k: depth, n: gates), TrainingProduct(k: gates, n: depth))
    }
  }
  let inputs: Int
  let hidden: Int
  let width: Int
  /// Gates whose recurrent bias lies apart.
  let biasApart: Range<Int>
  let input: Pair
  let state: Pair

  /// `biasApart` counts elements of all gates' row.
  init(_ sizes: RecurrentSizes, biasApart: Range<Int> = 0..<0) {
    (inputs, hidden, width) = (sizes.inputs, sizes.hidden, sizes.width)
    self.biasApart = biasApart
    input = Pair(depth: inputs, gates: width)
    state = Pair(depth: hidden, gates: width)
  }

  private var biasCount: Int { (2 * width + 15) / 16 * 16 }
  var packedCount: Int { biasCount + input.forward.packedCount + state.forward.packedCount }
  func recurrent(_ packed: UnsafePointer<Real>) -> UnsafePointer<Real> {
    packed + biasCount + input.forward.packedCount
  }

  func packInputs(w: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>) {
    for i in 0..<width {
      let (x, h) = (b?[i] ?? 0, b?[width + i] ?? 0)
      (packed[i], packed[width + i]) = biasApart.contains(i) ? (x, h) : (x + h, 0)
    }
    input.forward.pack(w, stride: inputs, transposed: true, into: packed + biasCount)
  }
  func pack(
    w: UnsafePointer<Real>, r: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>
  ) {
    packInputs(w: w, b: b, into: packed)
    state.forward.pack(
      r, stride: hidden, transposed: true, into: packed + biasCount + input.forward.packedCount)
  }

  /// x·Wᵀ and biases into `gates`.
  func projectInputs(
    _ operands: Rows<UnsafePointer<Real>>, rows: Int, _ packed: UnsafePointer<Real>,
    into gates: Rows<UnsafeMutablePointer<Real>>
  ) {
    input.forward.run(rows: rows, operands, packed: packed + biasCount, into: gates, bias: packed)
  }
  /// x·Wᵀ into `gates`, h·Rᵀ into `states`, each with its biases; the second is added where it `accumulates`.
  func project(
    _ operands: Rows<UnsafePointer<Real>>, rows: Int, _ packed: UnsafePointer<Real>,
    into gates: Rows<UnsafeMutablePointer<Real>>, states: Rows<UnsafeMutablePointer<Real>>, accumulates: Bool
  ) {
    projectInputs(operands, rows: rows, packed, into: gates)
    state.forward.run(
      rows: rows, Rows(operands.base + inputs, stride: operands.stride), packed: recurrent(packed), into: states,
      bias: accumulates ? nil : packed + width, accumulates: accumulates)
  }
}
