public import HoneIR

/// The batches that a model is trained on: shuffled, augmented, preprocessed as for inference, of one size, and made ahead on a
/// thread of their own. They go on from epoch to epoch.
///
///     let data = try Dataset.open("digits", options).split(0.1, seed: 1, stratified: true)
///     let batches = try TrainingBatches(data.training, batch: 64, order: .seeded(3), augmentations: [.shift(.init(2))])
///     while let batch = try batches.next() { … batch.inputs, batch.targets, batch.epoch, batch.step … }
///
/// The batch of a position (epoch, step) has the same bits on every run, with and without prefetching and wherever it was started, so
/// training that is resumed with `seek` goes on as if it had not been interrupted.
public final class TrainingBatches {
  private struct Batches: Producer {
    var sampler: BatchSampler
    let assembly: BatchAssembly
    let epochs: Int?

    mutating func next() throws(GraphError) -> TrainingBatch? {
      if let epochs, sampler.position.epoch >= epochs { return nil }
      return try assembly.batch(sampler.next())
    }
  }

  /// The position of the batch that `next` gives.
  public private(set) var position = BatchSampler.Position()
  /// The batches made ahead; 0 makes each when it is asked for.
  public let prefetch: Int
  private var producer: Batches
  private var queue: PrefetchQueue<TrainingBatch>?

  /// - Parameters:
  ///   - dataset: bound and preprocessed as the model takes it.
  ///   - batch: samples in every batch.
  ///   - remainder: what becomes of the samples at the end of an epoch that do not fill a batch.
  ///   - seed: of the augmentations; the order has one of its own.
  ///   - epochs: the batches end after as many; never if nil.
  public init(
    _ dataset: Dataset, batch: Int, order: SampleOrder = .seeded(0), remainder: BatchSampler.Remainder = .drop,
    augmentations: [Augmentation] = [], targets: TargetForm = .automatic, seed: UInt64 = 0, epochs: Int? = nil,
    prefetch: Int = 2
  ) throws(GraphError) {
    let sampler = try BatchSampler(count: dataset.count, batch: batch, order: order, remainder: remainder)
    let assembly = try BatchAssembly(dataset, targets, augmentations, seed: seed)
    producer = Batches(sampler: sampler, assembly: assembly, epochs: epochs)
    self.prefetch = max(prefetch, 0)
  }

  deinit { queue?.stop() }

  public var stepsPerEpoch: Int { producer.sampler.stepsPerEpoch }
  /// What the targets are; never `automatic`.
  public var targetForm: TargetForm { producer.assembly.form }

  /// The next batch, or nil after the last epoch. After an error come only that error again, or a `seek`.
  public func next() throws(GraphError) -> TrainingBatch? {
    let batch: TrainingBatch?
    if prefetch == 0 {
      do throws(GraphError) { batch = try producer.next() } catch {
        producer.sampler.move(to: position)
        throw error
      }
    } else {
      if queue == nil { queue = PrefetchQueue(producer, depth: prefetch) }
      batch = try queue!.next()
    }
    guard let batch else { return nil }
    let isLast = batch.step + 1 == stepsPerEpoch
    position = isLast ? .init(epoch: batch.epoch + 1) : .init(epoch: batch.epoch, step: batch.step + 1)
    return batch
  }

  /// The next batch is that of `position`, as in a run that came there by itself.
  public func seek(to position: BatchSampler.Position) throws(GraphError) {
    var sampler = producer.sampler
    try sampler.seek(to: position)
    stop()
    producer.sampler = sampler
    self.position = position
  }

  /// Ends the thread and drops what it made ahead. `next` starts it again where it was.
  public func stop() {
    guard let queue else { return }
    queue.join()
    self.queue = nil
    producer.sampler.move(to: position)
  }
}
