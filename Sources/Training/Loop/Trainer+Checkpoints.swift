public import HoneIR
import HoneRuntime

extension Trainer {
  /// Goes on where `checkpoint` was made.
  ///
  /// Fails, and changes nothing, if it is of another recipe, model or data.
  public func resume(from checkpoint: Checkpoint) throws(GraphError) {
    if let difference = Recipes.difference(checkpoint.recipe, recipe) {
      throw GraphError(
        .attribute,
        "the checkpoint is of another training: \(difference); give the same, or start anew from its weights")
    }
    guard checkpoint.progress.stepsPerEpoch == progress.stepsPerEpoch, checkpoint.progress.seed == progress.seed else {
      throw GraphError(
        .input,
        "the checkpoint is of other data or another batch: an epoch had \(checkpoint.progress.stepsPerEpoch) steps, now it has \(progress.stepsPerEpoch)"
      )
    }
    let search = checkpoint.states.filter { FullBatchDescent.isOwn($0.key) }
    let states = checkpoint.states.filter { search[$0.key] == nil }
    let (known, given) = (Set(runner.state.names), Set(states.keys))
    if let name = known.symmetricDifference(given).sorted().first {
      throw GraphError(
        .input,
        "the checkpoint is of another model: ‘\(name)’ is \(known.contains(name) ? "missing" : "not known here")")
    }
    try descent?.restore(search)
    try runner.state.restore(states)
    setProgress(checkpoint.progress)
  }

  /// Writes the last checkpoint, if any are kept.
  func save() throws(GraphError) {
    guard let checkpoints else { return }
    try checkpoint.write(to: checkpoints.last)
    try tell(.saved(checkpoints.last, step: progress.step))
  }

  private var checkpoint: Checkpoint {
    Checkpoint(
      states: runner.state.contents.merging(descent?.tensors ?? [:]) { $1 }, progress: progress, recipe: recipe,
      reordered: runner.training.reorderedNames)
  }

  /// Judges the weights as they are; the best are kept.
  func judge() throws(GraphError) -> ValidationScores {
    let model = try runner.model(averaged: isAveraged)
    let scores =
      try validation.map { validation throws(GraphError) in try validation.scores(of: model) }
      ?? ValidationScores(loss: progress.evaluationLoss.mean)
    let metric = progress.stopping.metric
    guard let score = scores[metric] else {
      throw GraphError(
        .attribute,
        "the data held back gives no \(metric.rawValue); it gives \(scores.named.keys.sorted().joined(separator: ", "))"
      ).at("option")
    }
    let isBest = change { progress in
      progress.evaluationLoss = .init()
      progress.learningRate.observe(score, of: metric)
      return progress.stopping.add(score, step: progress.step)
    }
    if isBest, options.keepsBest {
      if let checkpoints { try checkpoint.write(to: checkpoints.best) } else { best = runner.state.contents }
    }
    try tell(.evaluated(step: progress.step, scores, isBest: isBest))
    return scores
  }

  /// The model with the weights that were chosen.
  func result(_ ending: TrainingResult.Ending) throws(GraphError) -> TrainingResult {
    var result = TrainingResult(
      model: finish(try runner.model(averaged: isAveraged)), ending: ending, progress: progress, step: progress.step)
    guard options.keepsBest, ending != .interrupted, let found = progress.stopping.best, found.step != progress.step
    else {
      return result
    }
    var states = best
    if let checkpoints, checkpoints.hasBest {
      let checkpoint = try Checkpoint(contentsOf: checkpoints.best)
      if checkpoint.progress.step == found.step { states = checkpoint.states }
    }
    guard let states else {
      try tell(.note("the checkpoint with the best score is gone; the model has the weights of the last step"))
      return result
    }
    let store = StateStore()
    try store.restore(states)
    result.model = finish(try runner.training.model(store, averaged: isAveraged))
    result.step = found.step
    return result
  }
}
