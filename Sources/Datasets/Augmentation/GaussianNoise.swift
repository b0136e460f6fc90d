/// Adds normal noise to every value of an image. In YAML, under `noise`, the standard deviation.
public struct GaussianNoise: Sendable, Hashable, Codable {
  /// The standard deviation as a share of the range: of 255 for bytes, of 1 for floats.
  public var deviation: Float
  public init(_ deviation: Float = 0.05) { self.deviation = deviation }
}

extension GaussianNoise: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { deviation }
  var flaw: String? { deviation >= 0 && deviation <= 1 ? nil : "takes a share from 0 to 1" }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let scale = deviation * image.range
    guard scale > 0 else { return }
    for i in image.values.indices { image.values[i] += scale * random.normal() }
    image.settle()
  }
}
