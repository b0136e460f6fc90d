import HoneKernels

/// One step forward for some rows of a batch.
struct TrainingStep<Real: TrainingElement> {
  var rows: Int
  var direction: Int
  /// Inputs and, behind them, the state before.
  var operands: Rows<UnsafePointer<Real>>
  var packed: UnsafePointer<Real>
  /// `[3·hidden]` of this direction.
  var peepholes: UnsafePointer<Real>?
  var cellBefore: Rows<UnsafePointer<Real>>
  /// What is kept.
  var saved: Rows<UnsafeMutablePointer<Real>>
  /// The next state, twice.
  var h: Rows<UnsafeMutablePointer<Real>>
  var y: Rows<UnsafeMutablePointer<Real>>
  /// To use freely.
  var spare: UnsafeMutablePointer<Real>
}

/// One step back for some rows of a batch.
struct GradientStep<Real: TrainingElement> {
  var rows: Int
  var direction: Int
  var operands: Rows<UnsafePointer<Real>>
  var packed: UnsafePointer<Real>
  var peepholes: UnsafePointer<Real>?
  var cellBefore: Rows<UnsafePointer<Real>>
  var saved: Rows<UnsafePointer<Real>>
  /// The step's state as the way forward gave it.
  var y: Rows<UnsafePointer<Real>>
  var dy: Rows<UnsafePointer<Real>>?
  /// The cotangent of the step's state from later steps, replaced by that of the state before.
  var dh: Rows<UnsafeMutablePointer<Real>>
  /// The cotangent of the cell, replaced by that of the cell before.
  var dc: Rows<UnsafeMutablePointer<Real>>
  /// Cotangents of the gates before activation.
  var gates: Rows<UnsafeMutablePointer<Real>>
  /// Those of R·h, where they are others.
  var stateGates: Rows<UnsafeMutablePointer<Real>>
  /// Sums of the peepholes' cotangents, `[3·hidden]`.
  var peepholeSums: UnsafeMutablePointer<Real>
  var spare: UnsafeMutablePointer<Real>
}

/// What differs between recurrent cells in training. Counts are of elements.
protocol TrainingCell: Sendable {
  associatedtype Real: TrainingElement
  /// Weights as the way forward reads them.
  var packedCount: Int { get }
  func pack(
    w: UnsafePointer<Real>, r: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>)
  func spareCount(rows: Int) -> Int
  func advance(_ step: TrainingStep<Real>)

  /// Recurrent weights as the way back reads them.
  var packedGradientCount: Int { get }
  func packGradient(r: UnsafePointer<Real>, into packed: UnsafeMutablePointer<Real>)
  /// Whether R·h has other cotangents than the gates.
  var hasStateGates: Bool { get }
  /// Whether the last gate's recurrent weights multiply r ∘ h.
  var resetsState: Bool { get }
  /// Writes the cotangents of the gates; `dh` and `dc` take what goes to the states before around R.
  func retreat(_ step: GradientStep<Real>)
  /// Adds to `dh` what goes through R.
  func retreatThroughWeights(_ step: GradientStep<Real>)
}
extension TrainingCell {
  var hasStateGates: Bool { false }
  var resetsState: Bool { false }
}
