internal import HoneCodecs
internal import HoneIR

/// Preprocessing of bytes that treats every value of a channel alike, as a table of its results. Nil where it does not.
struct PixelTable: Sendable {
  private let channels: Int
  /// 256 results for each channel, one channel after the other.
  private let results: [Float]
  private let layout: Preprocessing.Layout

  /// For images as `sample`.
  init?(_ preprocessing: Preprocessing?, _ sample: Tensor) throws(GraphError) {
    guard let preprocessing, preprocessing.dtype == .float32, sample.element == .uint8,
      preprocessing.steps.allSatisfy({ $0.affine != nil }), let image = PixelImage(sample)
    else { return nil }
    let stored = sample.sizes.count == 2 ? 1 : sample.sizes[2]
    guard stored == image.channels, preprocessing.layout != .nhw || stored == 1 else { return nil }
    channels = stored
    layout = preprocessing.layout
    let ramp = (0..<256).flatMap { value in [UInt8](repeating: UInt8(value), count: stored) }
    let planar = Preprocessing(preprocessing.steps, layout: .nchw)
    results = try planar.apply(Tensor(ramp, shape: [1, 256, stored]), .images).floats
  }

  /// The sizes of the result for an image of the given sizes.
  func sizes(for image: [Int]) -> [Int] {
    switch layout {
    case .nchw: [channels, image[0], image[1]]
    case .nhwc: [image[0], image[1], channels]
    case .nhw: [image[0], image[1]]
    case .flat: [image[0] * image[1] * channels]
    }
  }

  /// Writes the preprocessed `bytes` of an image, channels innermost, to `values` from `start` on.
  func write(_ bytes: [UInt8], to values: inout [Float], at start: Int) {
    if channels == 1 {
      for i in bytes.indices { values[start + i] = results[Int(bytes[i])] }
    } else {
      scatter(count: bytes.count, to: &values, at: start) { Int(bytes[$0]) }
    }
  }

  /// Writes an image whose values are bytes.
  func write(_ image: PixelImage, to values: inout [Float], at start: Int) {
    let pixels = image.values
    if channels == 1 {
      for i in pixels.indices { values[start + i] = results[Int(pixels[i])] }
    } else {
      scatter(count: pixels.count, to: &values, at: start) { Int(pixels[$0]) }
    }
  }

  @inline(__always)
  private func scatter(count: Int, to values: inout [Float], at start: Int, _ byte: (Int) -> Int) {
    let plane = count / channels
    for channel in 0..<channels {
      let table = channel << 8
      for pixel in 0..<plane {
        let place = layout == .nchw ? channel * plane + pixel : pixel * channels + channel
        values[start + place] = results[table + byte(pixel * channels + channel)]
      }
    }
  }
}
