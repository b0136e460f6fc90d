internal import CKernels

/// Neighbouring elements of one weight with its gradient and up to three moments. Results may lie where the operands do.
public struct WeightSpan {
  public var count: Int
  public var gradient: UnsafePointer<Float>
  public var weight: UnsafePointer<Float>
  public var newWeight: UnsafeMutablePointer<Float>
  public var moments: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) = (nil, nil, nil)
  public var newMoments: (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?) = (
    nil, nil, nil
  )
  /// What gradients are multiplied by.
  public var scale: Float = 1
  /// What of the weights is added to the gradients.
  public var decay: Float = 0
  public var rate: Float = 0

  public init(
    count: Int, gradient: UnsafePointer<Float>, weight: UnsafePointer<Float>, newWeight: UnsafeMutablePointer<Float>
  ) {
    (self.count, self.gradient, self.weight, self.newWeight) = (count, gradient, weight, newWeight)
  }

  var raw: UpdateF32 {
    UpdateF32(
      n: count, gradient: gradient, weight: weight, weight_out: newWeight, first: moments.0, second: moments.1,
      third: moments.2, first_out: newMoments.0, second_out: newMoments.1, third_out: newMoments.2, scale: scale,
      decay: decay, rate: rate)
  }
}

/// Adam's numbers in one step: m' = m + (g − m)·firstTaken, v' = secondKept·v + secondAdded·g²; the root of v' is divided
/// by `root`, and `epsilon` added to it.
public struct AdamMoments: Sendable {
  public var firstTaken, secondKept, secondAdded, root, epsilon: Float
  /// What m' is divided by.
  public var correction: Float

  /// The numbers of step `step`, which counts from 1.
  public init(beta1: Double, beta2: Double, epsilon: Double, power1: Double, power2: Double) {
    (firstTaken, secondKept, secondAdded) = (Float(1 - beta1), Float(beta2), Float(1 - beta2))
    (root, self.epsilon) = (Float((1 - power2).squareRoot()), Float(epsilon))
    correction = Float(1 - power1)
  }
  var raw: MomentsF32 {
    MomentsF32(
      first_taken: firstTaken, second_kept: secondKept, second_added: secondAdded, root: root, epsilon: epsilon)
  }
}

/// The rules of optimizers on spans of weights, by the kernels of an instruction set.
public enum WeightUpdates {
  /// v' = kept·v + taken·g, w' = w − rate·v', or − rate·(g + kept·v') by Nesterov's rule; plain descent without moments.
  public static func descend(
    _ span: WeightSpan, kept: Float, taken: Float, isNesterov: Bool, on set: InstructionSet = .current
  ) {
    withUnsafePointer(to: span.raw) { set.table.pointee.update_sgd_f32($0, kept, taken, isNesterov ? 1 : 0) }
  }
  /// w' = shrink·w − rate·m'/(√v'/root + epsilon)
  public static func adam(_ span: WeightSpan, _ moments: AdamMoments, shrink: Float, on set: InstructionSet = .current)
  {
    withUnsafePointer(to: span.raw) { span in
      withUnsafePointer(to: moments.raw) { set.table.pointee.update_adam_f32(span, $0, shrink) }
    }
  }
  /// Moments are the mean square, the mean if it is centered, and the momentum if there is one.
  public static func rmsprop(
    _ span: WeightSpan, kept: Float, added: Float, momentum: Float, epsilon: Float, on set: InstructionSet = .current
  ) {
    withUnsafePointer(to: span.raw) { set.table.pointee.update_rmsprop_f32($0, kept, added, momentum, epsilon) }
  }
  /// The moment is the sum of squares.
  public static func adagrad(_ span: WeightSpan, epsilon: Float, on set: InstructionSet = .current) {
    withUnsafePointer(to: span.raw) { set.table.pointee.update_adagrad_f32($0, epsilon) }
  }
  /// New moments, and the sums of squares of weights and of directions added to `sums`.
  public static func lambDirection(
    _ span: WeightSpan, _ moments: AdamMoments, decay: Float, sums: UnsafeMutablePointer<Double>,
    on set: InstructionSet = .current
  ) {
    withUnsafePointer(to: span.raw) { span in
      withUnsafePointer(to: moments.raw) {
        set.table.pointee.lamb_direction_f32(span, $0, moments.correction, decay, sums)
      }
    }
  }
  /// A step along the direction that the new moments give.
  public static func lambStep(
    _ span: WeightSpan, _ moments: AdamMoments, decay: Float, on set: InstructionSet = .current
  ) {
    withUnsafePointer(to: span.raw) { span in
      withUnsafePointer(to: moments.raw) { set.table.pointee.lamb_step_f32(span, $0, moments.correction, decay) }
    }
  }
  /// y = kept·a + taken·b; `a` is not read where `kept` is 0.
  public static func blend(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, kept: Float, taken: Float, count: Int,
    into y: UnsafeMutablePointer<Float>, on set: InstructionSet = .current
  ) {
    set.table.pointee.blend_f32(a, b, kept, taken, count, y)
  }
  /// y = g + square·w + absolute·sign(w)
  public static func regularize(
    _ weights: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, square: Float, absolute: Float, count: Int,
    into y: UnsafeMutablePointer<Float>, on set: InstructionSet = .current
  ) {
    set.table.pointee.regularize_f32(weights, gradient, square, absolute, count, y)
  }
  /// Σ x²
  public static func squareSum(_ x: UnsafePointer<Float>, count: Int, on set: InstructionSet = .current) -> Double {
    var sum = 0.0
    set.table.pointee.square_sum_f32(x, count, &sum)
    return sum
  }
}
