/// Moves the image by whole pixels, left or right and up or down; what moves in is black. In YAML the pixels.
public struct Shift: Sendable, Hashable, Codable {
  /// The largest distance along each axis, in whole pixels; every distance is equally likely.
  public var pixels: Float
  public init(_ pixels: Float = 2) { self.pixels = pixels }
}

extension Shift: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { pixels }
  var flaw: String? {
    pixels >= 0 && pixels <= 4096 && pixels == pixels.rounded() ? nil : "takes whole pixels, not negative"
  }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let reach = Int(pixels)
    let dx = random.below(2 * reach + 1) - reach
    let dy = random.below(2 * reach + 1) - reach
    guard dx != 0 || dy != 0 else { return }
    image = image.window(left: -dx, top: -dy, width: image.width, height: image.height)
  }
}
