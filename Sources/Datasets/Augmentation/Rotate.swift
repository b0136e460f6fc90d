internal import Foundation

/// Turns the image around its middle; values are interpolated from four neighbours, outside is black. In YAML the degrees.
public struct Rotate: Sendable, Hashable, Codable {
  /// The largest angle to either side.
  public var degrees: Float
  public init(_ degrees: Float = 10) { self.degrees = degrees }
}

extension Rotate: SingleNumberAugmentation, ImageAugmentation {
  var number: Float { degrees }
  var flaw: String? { degrees >= 0 && degrees <= 180 ? nil : "takes degrees from 0 to 180" }

  func apply(_ image: inout PixelImage, _ random: inout CounterGenerator) {
    let angle = Double(random.within(degrees)) * .pi / 180
    guard angle != 0 else { return }
    image = turned(image, cosine: Float(cos(angle)), sine: Float(sin(angle)))
  }

  private func turned(_ image: PixelImage, cosine: Float, sine: Float) -> PixelImage {
    let (width, height, channels) = (image.width, image.height, image.channels)
    let (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    var result = image
    for y in 0..<height {
      for x in 0..<width {
        let (dx, dy) = (Float(x) - middleX, Float(y) - middleY)
        let (sourceX, sourceY) = (cosine * dx + sine * dy + middleX, cosine * dy - sine * dx + middleY)
        let (left, top) = (sourceX.rounded(.down), sourceY.rounded(.down))
        let (shareX, shareY) = (sourceX - left, sourceY - top)
        let corners: [(x: Int, y: Int, weight: Float)] = [
          (Int(left), Int(top), (1 - shareX) * (1 - shareY)), (Int(left) + 1, Int(top), shareX * (1 - shareY)),
          (Int(left), Int(top) + 1, (1 - shareX) * shareY), (Int(left) + 1, Int(top) + 1, shareX * shareY),
        ]
        let target = (y * width + x) * channels
        for channel in 0..<channels { result.values[target + channel] = 0 }
        for corner in corners
        where corner.x >= 0 && corner.x < width && corner.y >= 0 && corner.y < height && corner.weight > 0 {
          let source = (corner.y * width + corner.x) * channels
          for channel in 0..<channels {
            result.values[target + channel] += corner.weight * image.values[source + channel]
          }
        }
      }
    }
    result.settle()
    return result
  }
}
