/// Bilinear resizing in two passes, horizontal first.
///
/// With `antialias` the filter widens when shrinking, and bytes come out as from Pillow: weights of 22 bits, each pass rounded.
/// Without, each result is interpolated from its four neighbours.
struct Resize {
  /// The weights of source positions for every result position along one axis.
  private struct Taps {
    var starts: [Int]
    var weights: [[Double]]

    init(from source: Int, to target: Int, antialias: Bool) {
      let scale = Double(source) / Double(target)
      let reach = antialias ? max(scale, 1) : 1
      starts = []
      weights = []
      for i in 0..<target {
        let center = (Double(i) + 0.5) * scale
        let first = max(Int((center - reach + 0.5).rounded(.towardZero)), 0)
        let end = min(Int((center + reach + 0.5).rounded(.towardZero)), source)
        var taps = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / reach)) }
        let sum = taps.reduce(0, +)
        if sum != 0 { for k in taps.indices { taps[k] /= sum } }
        starts.append(first)
        weights.append(taps)
      }
    }
  }

  var width: Int
  var height: Int
  var antialias = true

  func apply(_ image: PixelImage) -> PixelImage {
    var result = image
    if width != image.width { result = horizontal(result) }
    if height != image.height { result = vertical(result) }
    return result
  }

  private func horizontal(_ image: PixelImage) -> PixelImage {
    let taps = Taps(from: image.width, to: width, antialias: antialias)
    var values = [Float](repeating: 0, count: width * image.height * image.channels)
    for y in 0..<image.height {
      let (from, to) = (y * image.width * image.channels, y * width * image.channels)
      run(
        taps, image, into: &values, count: width, lanes: image.channels, from: from, step: image.channels, to: to,
        stride: image.channels)
    }
    return PixelImage(
      width: width, height: image.height, channels: image.channels, values: values, isBytes: image.isBytes)
  }

  private func vertical(_ image: PixelImage) -> PixelImage {
    let taps = Taps(from: image.height, to: height, antialias: antialias)
    let row = image.width * image.channels
    var values = [Float](repeating: 0, count: row * height)
    run(taps, image, into: &values, count: height, lanes: row, from: 0, step: row, to: 0, stride: row)
    return PixelImage(
      width: image.width, height: height, channels: image.channels, values: values, isBytes: image.isBytes)
  }

  /// For each result position, the weighted sums of `lanes` neighbouring values.
  private func run(
    _ taps: Taps, _ image: PixelImage, into values: inout [Float], count: Int, lanes: Int, from: Int, step: Int,
    to: Int, stride: Int
  ) {
    var sums = [Double](repeating: 0, count: lanes)
    let fraction = Double(1 << 22)
    for i in 0..<count {
      for lane in 0..<lanes { sums[lane] = image.isBytes && antialias ? fraction / 2 : 0 }
      for (k, weight) in taps.weights[i].enumerated() {
        let exact = image.isBytes && antialias ? (weight * fraction + 0.5).rounded(.down) : weight
        let source = from + (taps.starts[i] + k) * step
        for lane in 0..<lanes { sums[lane] += exact * Double(image.values[source + lane]) }
      }
      for lane in 0..<lanes { values[to + i * stride + lane] = finish(sums[lane], isBytes: image.isBytes) }
    }
  }

  private func finish(_ sum: Double, isBytes: Bool) -> Float {
    guard isBytes else { return Float(sum) }
    let value = antialias ? (sum / Double(1 << 22)).rounded(.down) : sum.rounded()
    return Float(min(max(value, 0), 255))
  }
}
