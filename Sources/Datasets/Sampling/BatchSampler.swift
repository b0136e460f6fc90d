public import HoneIR

/// Which samples make up which batch of which epoch.
///
/// All batches have the same size. Every draw is a function of the position, so a sampler that is set to a position goes on exactly
/// as one that came there by itself.
///
///     var sampler = try BatchSampler(count: 60_000, batch: 64, order: .seeded(3))
///     let draw = sampler.next()      // draw.indices are 64 samples
///     try sampler.seek(to: .init(epoch: 4, step: 17))
public struct BatchSampler: Sendable {
  /// A step of an epoch, both counted from 0.
  public struct Position: Sendable, Hashable, Codable {
    public var epoch: Int
    public var step: Int
    public init(epoch: Int = 0, step: Int = 0) { (self.epoch, self.step) = (epoch, step) }
  }
  /// What becomes of the samples at the end of an epoch that do not fill a batch.
  public enum Remainder: String, Sendable, Codable, CaseIterable {
    /// They are left out of this epoch.
    case drop
    /// The batch is filled up from the start of the same epoch's order.
    case wrap
  }
  /// The samples of one batch.
  public struct Draw: Sendable, Hashable {
    public var position: Position
    public var indices: [Int]
    /// One for each sample: what its augmentation depends on beside seed and epoch. The sample itself, or for draws with
    /// replacement the place in the order, so that a sample that is drawn again is not augmented alike.
    public var keys: [Int]
  }

  public let count: Int
  public let batch: Int
  public let order: SampleOrder
  public let remainder: Remainder
  /// Where the next draw lies.
  public private(set) var position = Position()
  private var indices: [UInt32] = []
  private var epoch: Int?

  public init(
    count: Int, batch: Int, order: SampleOrder = .stored, remainder: Remainder = .drop
  ) throws(GraphError) {
    guard batch > 0 else { throw GraphError(.attribute, "a batch has at least one sample, not \(batch)") }
    guard count > 0 else { throw GraphError(.input, "there are no samples to train on") }
    guard count <= Int(UInt32.max) else { throw GraphError(.input, "there are more than \(UInt32.max) samples") }
    guard remainder == .wrap || count >= batch else {
      throw GraphError(
        .attribute, "\(count) samples do not fill a batch of \(batch); take a smaller batch, or wrap the last one")
    }
    try order.check(count: count)
    (self.count, self.batch, self.order, self.remainder) = (count, batch, order, remainder)
  }

  public var stepsPerEpoch: Int { remainder == .drop ? count / batch : (count + batch - 1) / batch }

  /// The next draw goes to `position`.
  public mutating func seek(to position: Position) throws(GraphError) {
    guard position.epoch >= 0, (0..<stepsPerEpoch).contains(position.step) else {
      throw GraphError(
        .attribute, "step \(position.step) of epoch \(position.epoch) is no place: an epoch has \(stepsPerEpoch) steps")
    }
    self.position = position
  }
  mutating func move(to position: Position) { self.position = position }

  public mutating func next() -> Draw {
    if epoch != position.epoch {
      indices = order.indices(count: count, epoch: position.epoch)
      epoch = position.epoch
    }
    let start = position.step * batch
    let places = (start..<start + batch).map { $0 % count }
    let chosen = places.map { Int(indices[$0]) }
    var keys = chosen
    if case .weighted = order { keys = (start..<start + batch).map { count + $0 } }
    let draw = Draw(position: position, indices: chosen, keys: keys)
    position.step += 1
    if position.step == stepsPerEpoch { position = Position(epoch: position.epoch + 1) }
    return draw
  }
}
