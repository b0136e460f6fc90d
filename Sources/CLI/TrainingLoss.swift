import HoneModels
import HoneTraining

/// The loss that a model is usually trained with.
enum TrainingLoss {
  static func usual(_ model: BuiltInModel?, hasClasses: Bool) -> any Loss {
    switch model?.loss ?? (hasClasses ? .crossEntropy : .meanSquaredError) {
    case .crossEntropy:
      var loss = CrossEntropy()
      if model?.task == .nodeClassification { loss.axis = -1 }
      return loss
    case .meanSquaredError: return MeanSquaredError()
    case .meanAbsoluteError: return MeanAbsoluteError()
    }
  }
}
