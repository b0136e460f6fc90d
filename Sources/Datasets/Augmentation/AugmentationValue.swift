internal import HoneIR

/// The parameters of an augmentation.
protocol AugmentationValue: Sendable, Hashable, Codable {
  /// What is wrong with the parameters; nil if nothing is.
  var flaw: String? { get }
}

/// An augmentation of decoded images.
protocol ImageAugmentation: AugmentationValue {
  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator)
}

/// An augmentation of series.
protocol SeriesAugmentation: AugmentationValue {
  func apply(_ series: inout Series, _ random: inout CounterGenerator)
}

/// An augmentation of a batch, which mixes samples and their targets.
protocol BatchAugmentation: AugmentationValue {
  func apply(_ batch: inout MixedBatch, _ random: inout CounterGenerator) throws(GraphError)
}

/// An augmentation with one number, which stands for it in YAML and JSON.
protocol SingleNumberAugmentation: AugmentationValue {
  var number: Float { get }
  init(_ number: Float)
}
extension SingleNumberAugmentation {
  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Float.self)) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(number)
  }
}

/// A series while it is being augmented: `steps` × `columns` values; the columns of a step lie side by side, or if not
/// `isTimeFirst` the steps of a column do.
struct Series: Sendable, Equatable {
  var steps: Int
  var columns: Int
  var isTimeFirst: Bool
  var values: [Float]

  func place(_ step: Int, _ column: Int) -> Int { isTimeFirst ? step * columns + column : column * steps + step }
}

extension PixelImage {
  /// The largest value of a pixel: 255 for bytes, 1 for floats.
  var range: Float { isBytes ? 255 : 1 }

  /// Bytes are made whole again, and brought back into 0…255; floats are left.
  mutating func settle() {
    guard isBytes else { return }
    for i in values.indices { values[i] = min(max(values[i].rounded(.toNearestOrEven), 0), 255) }
  }
}

extension Decoder {
  /// Fails if there are other keys than `known`, which must be an object's.
  func expectKeys(_ known: [String]) throws {
    let names = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    guard let unknown = names.sorted().first(where: { !known.contains($0) }) else { return }
    throw GraphError(.attribute, "‘\(unknown)’ is unknown; there are \(known.joined(separator: ", "))")
  }
}
