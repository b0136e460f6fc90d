internal import HoneIR

/// Mixes every sample of a batch with another one, inputs and targets alike: λ·x + (1 − λ)·x′ with one λ ~ Beta(α, α) for the batch
/// (Zhang et al., 2018). Inputs are float32; targets of classes become shares. In YAML α.
public struct Mixup: Sendable, Hashable, Codable {
  /// The two parameters of the Beta distribution; smaller mixes less.
  public var alpha: Float
  public init(_ alpha: Float = 0.2) { self.alpha = alpha }
}

extension Mixup: SingleNumberAugmentation, BatchAugmentation {
  var number: Float { alpha }
  var flaw: String? { alpha > 0 && alpha <= 4 ? nil : "takes an α above 0, at most 4" }

  func apply(_ batch: inout MixedBatch, _ random: inout CounterGenerator) throws(GraphError) {
    let share = random.symmetricBeta(alpha)
    let partners = random.permutation(batch.count)
    for i in batch.inputs.indices {
      batch.inputs[i].values = MixedBatch.mixed(batch.inputs[i].values, share: share, partners: partners)
    }
    batch.mixTargets(share: share, partners: partners)
  }
}
