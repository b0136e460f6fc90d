/// Changes brightness, contrast and saturation, in this order, each by a random factor. In YAML
/// `{brightness: 0.2, contrast: 0.2, saturation: 0.2}`; what is left out stays as it is.
///
/// With a factor f from 1 − x to 1 + x: brightness multiplies by f; contrast gives f·v + (1 − f)·m with m the mean gray of the image,
/// saturation the same with the gray of the pixel. Gray images have no saturation.
public struct ColorJitter: Sendable, Hashable, Codable {
  public var brightness: Float
  public var contrast: Float
  public var saturation: Float
  public init(brightness: Float = 0, contrast: Float = 0, saturation: Float = 0) {
    (self.brightness, self.contrast, self.saturation) = (brightness, contrast, saturation)
  }

  public init(from decoder: any Decoder) throws {
    try decoder.expectKeys(["brightness", "contrast", "saturation"])
    let container = try decoder.container(keyedBy: CodingKeys.self)
    brightness = try container.decodeIfPresent(Float.self, forKey: .brightness) ?? 0
    contrast = try container.decodeIfPresent(Float.self, forKey: .contrast) ?? 0
    saturation = try container.decodeIfPresent(Float.self, forKey: .saturation) ?? 0
  }
}

extension ColorJitter: ImageAugmentation {
  var flaw: String? {
    [brightness, contrast, saturation].allSatisfy { $0 >= 0 && $0 <= 1 } ? nil : "takes strengths from 0 to 1"
  }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let factors = [brightness, contrast, saturation].map { 1 + random.within($0) }
    if factors[0] != 1 {
      for i in image.values.indices { image.values[i] *= factors[0] }
      image.settle()
    }
    if factors[1] != 1 {
      let pixels = max(image.width * image.height, 1)
      var sum = 0.0
      for start in stride(from: 0, to: image.values.count, by: image.channels) { sum += Double(image.gray(at: start)) }
      let mean = Float(sum / Double(pixels))
      for i in image.values.indices { image.values[i] = factors[1] * image.values[i] + (1 - factors[1]) * mean }
      image.settle()
    }
    guard factors[2] != 1, image.channels == 3 else { return }
    for start in stride(from: 0, to: image.values.count, by: 3) {
      let rest = (1 - factors[2]) * image.gray(at: start)
      for i in start..<start + 3 { image.values[i] = factors[2] * image.values[i] + rest }
    }
    image.settle()
  }
}

extension PixelImage {
  /// The luma (ITU-R 601) of the pixel whose first channel is at `start`.
  fileprivate func gray(at start: Int) -> Float {
    channels == 3 ? 0.299 * values[start] + 0.587 * values[start + 1] + 0.114 * values[start + 2] : values[start]
  }
}
