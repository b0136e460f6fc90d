internal import HoneCodecs
internal import HoneIR

/// Makes the batches of a sampler: decodes, augments, preprocesses, stacks and mixes. A batch is a function of its draw.
struct BatchAssembly: Sendable {
  let dataset: Dataset
  let form: TargetForm
  private let seed: UInt64
  private let augmentations: [Augmentation]
  private let augmentsSamples: Bool
  private let mixesBatches: Bool
  private let table: PixelTable?

  init(_ dataset: Dataset, _ form: TargetForm, _ augmentations: [Augmentation], seed: UInt64) throws(GraphError) {
    guard !dataset.hasBatchAxis else {
      throw GraphError(.input, "these samples have a batch axis of their own and cannot make up batches")
    }
    for augmentation in augmentations { try augmentation.check() }
    if dataset.content != .images, let wrong = augmentations.first(where: { $0.image != nil }) {
      throw GraphError(
        .attribute, "augmentation \(wrong.name.rawValue) takes images, the data are \(dataset.content.rawValue)")
    }
    if dataset.content == .images, let wrong = augmentations.first(where: { $0.series != nil }) {
      throw GraphError(.attribute, "augmentation \(wrong.name.rawValue) takes series, the data are images")
    }
    (self.dataset, self.augmentations, self.seed) = (dataset, augmentations, seed)
    augmentsSamples = augmentations.contains { $0.batch == nil }
    mixesBatches = augmentations.contains { $0.batch != nil }
    self.form = try Self.form(form, dataset, mixes: mixesBatches)
    let first = try dataset.raw(at: 0)
    table =
      dataset.content == .images && first.inputs.count == 1
      ? try PixelTable(dataset.preprocessing, first.inputs[0].tensor) : nil
  }

  private static func form(_ wanted: TargetForm, _ dataset: Dataset, mixes: Bool) throws(GraphError) -> TargetForm {
    var form = wanted
    if wanted == .automatic {
      form =
        switch dataset.task {
        case .classification: mixes ? .oneHot : .classIndices
        case .regression: .values
        case .unlabelled: .inputs
        }
    }
    switch form {
    case .classIndices, .oneHot:
      guard dataset.task == .classification else {
        throw GraphError(.input, "the data has no classes, but targets are to be \(form.rawValue)")
      }
      guard form == .classIndices || !dataset.classes.isEmpty else {
        throw GraphError(.input, "the data names no classes, so their number is not known; targets cannot be one-hot")
      }
    case .values where dataset.task != .regression:
      throw GraphError(.input, "the data has no values to predict; it is for \(dataset.task.rawValue)")
    default: break
    }
    guard !mixes || form == .oneHot || form == .values else {
      throw GraphError(.attribute, "mixed samples have targets that are one-hot or values, not \(form.rawValue)")
    }
    return form
  }

  func batch(_ draw: BatchSampler.Draw) throws(GraphError) -> TrainingBatch {
    var inputs: [NamedTensor]
    let labels: [Label?]
    if let table { (inputs, labels) = try pixels(draw, table) } else { (inputs, labels) = try tensors(draw) }
    var targets = try targets(labels, draw, inputs)
    if mixesBatches { try mix(&inputs, &targets, draw) }
    return TrainingBatch(inputs: inputs, targets: targets, indices: draw.indices, position: draw.position)
  }

  /// Images whose preprocessing is a table.
  private func pixels(
    _ draw: BatchSampler.Draw, _ table: PixelTable
  ) throws(GraphError) -> ([NamedTensor], [Label?]) {
    var values: [Float] = []
    var labels: [Label?] = []
    var first: (name: String, sizes: [Int], width: Int)?
    for (i, index) in draw.indices.enumerated() {
      let sample = try dataset.raw(at: index)
      labels.append(sample.label)
      let (name, tensor) = (sample.inputs[0].name, sample.inputs[0].tensor)
      guard tensor.element == .uint8 else { throw misfit(index, tensor.type) }
      let image = augmentsSamples ? try augmented(tensor, draw.position.epoch, draw.keys[i]) : nil
      let sizes = image.map { [$0.height, $0.width, $0.channels] } ?? tensor.sizes
      if first == nil {
        let width = sizes.reduce(1, *)
        first = (name, sizes, width)
        values = [Float](repeating: 0, count: draw.indices.count * width)
      }
      guard sizes == first!.sizes else { throw misfit(index, TensorType(.uint8, sizes)) }
      let start = i * first!.width
      if let image {
        table.write(image, to: &values, at: start)
      } else {
        table.write(tensor.bytes, to: &values, at: start)
      }
    }
    let sizes = [draw.indices.count] + table.sizes(for: first!.sizes)
    return ([NamedTensor(first!.name, Tensor(values, shape: sizes))], labels)
  }

  private func misfit(_ index: Int, _ type: TensorType) -> GraphError {
    GraphError(
      .input,
      "sample \(index) is \(type), unlike the first of its batch: a batch takes samples of one size; add a step that resizes"
    )
  }

  private func augmented(_ tensor: Tensor, _ epoch: Int, _ key: Int) throws(GraphError) -> PixelImage {
    guard var image = PixelImage(tensor) else {
      throw GraphError(.input, "\(tensor.type) is no image and cannot be augmented as one")
    }
    for (place, augmentation) in augmentations.enumerated() {
      var random = CounterGenerator(seed: seed, epoch, key, place)
      augmentation.image?.apply(&image, &random)
    }
    return image
  }

  /// Samples of any kind.
  private func tensors(_ draw: BatchSampler.Draw) throws(GraphError) -> ([NamedTensor], [Label?]) {
    var samples: [Sample] = []
    for (i, index) in draw.indices.enumerated() {
      var sample = try dataset.raw(at: index)
      for k in sample.inputs.indices {
        var tensor = sample.inputs[k].tensor
        let isImage = dataset.content == .images
        if augmentsSamples && isImage {
          let image = try augmented(tensor, draw.position.epoch, draw.keys[i])
          tensor = tensor.sizes.count == 2 ? image.tensor.reshaped([image.height, image.width]) : image.tensor
        }
        if let preprocessing = dataset.preprocessing { tensor = try preprocessing.apply(tensor, dataset.content) }
        if augmentsSamples && !isImage { tensor = try varied(tensor, draw.position.epoch, draw.keys[i]) }
        sample.inputs[k].tensor = tensor
      }
      guard samples.isEmpty || samples[0].fits(sample) else { throw misfit(index, sample.inputs[0].tensor.type) }
      samples.append(sample)
    }
    let inputs = samples[0].inputs.indices.map { i in
      NamedTensor(samples[0].inputs[i].name, .stacked(samples.map { $0.inputs[i].tensor }))
    }
    return (inputs, samples.map(\.label))
  }

  /// Series after their augmentations.
  private func varied(_ tensor: Tensor, _ epoch: Int, _ key: Int) throws(GraphError) -> Tensor {
    let sizes = tensor.sizes
    guard tensor.element == .float32, (1...2).contains(sizes.count), !sizes.contains(0) else {
      throw GraphError(
        .input,
        "a sample is \(tensor.type); augmentations of series take float32 [time], [time, columns] or [columns, time]")
    }
    let isTimeFirst = dataset.content == .series || sizes.count == 1
    var series = Series(
      steps: isTimeFirst ? sizes[0] : sizes[1], columns: sizes.count == 1 ? 1 : isTimeFirst ? sizes[1] : sizes[0],
      isTimeFirst: isTimeFirst, values: tensor.floats)
    for (place, augmentation) in augmentations.enumerated() {
      var random = CounterGenerator(seed: seed, epoch, key, place)
      augmentation.series?.apply(&series, &random)
    }
    return Tensor(series.values, shape: sizes)
  }

  private func mix(
    _ inputs: inout [NamedTensor], _ targets: inout Tensor, _ draw: BatchSampler.Draw
  ) throws(GraphError) {
    if let wrong = inputs.first(where: { $0.tensor.element != .float32 }) {
      throw GraphError(.input, "‘\(wrong.name)’ is \(wrong.tensor.type); samples are mixed in float32")
    }
    let layout = dataset.content == .images ? dataset.preprocessing?.layout : nil
    var batch = MixedBatch(
      count: draw.indices.count,
      inputs: inputs.map { .init(sizes: Array($0.tensor.sizes.dropFirst()), layout: layout, values: $0.tensor.floats) },
      targets: targets.floats)
    for (place, augmentation) in augmentations.enumerated() {
      guard let batchwise = augmentation.batch else { continue }
      var random = CounterGenerator(seed: seed, draw.position.epoch, -1 - draw.position.step, place)
      try batchwise.apply(&batch, &random)
    }
    for i in inputs.indices {
      inputs[i].tensor = Tensor(batch.inputs[i].values, shape: inputs[i].tensor.sizes)
    }
    targets = Tensor(batch.targets, shape: targets.sizes)
  }
}
