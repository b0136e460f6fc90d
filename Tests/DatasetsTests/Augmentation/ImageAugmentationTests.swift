import HoneIR
import Testing

@testable import HoneDatasets

struct ImageAugmentationTests {
  /// 6×5 pixels of three channels, all different.
  private let image = PixelImage(
    width: 6, height: 5, channels: 3, values: (0..<90).map { Float(($0 * 37 + 11) % 251) }, isBytes: true)

  private func applied(_ augmentation: some ImageAugmentation, key: Int = 0, to other: PixelImage? = nil) -> PixelImage
  {
    var result = other ?? image
    var random = CounterGenerator(seed: 5, key)
    augmentation.apply(&result, &random)
    return result
  }
  private func pixel(_ image: PixelImage, _ x: Int, _ y: Int) -> [Float] {
    let start = (y * image.width + x) * image.channels
    return Array(image.values[start..<start + image.channels])
  }

  @Test func `without strength images stay as they are`() {
    let none: [any ImageAugmentation] = [
      HorizontalFlip(0), VerticalFlip(0), Shift(0), RandomCrop(padding: 0), Rotate(0), ColorJitter(), Cutout(0),
      GaussianNoise(0),
    ]
    for augmentation in none {
      for key in 0..<3 { #expect(applied(augmentation, key: key) == image, "\(augmentation)") }
    }
  }

  @Test func `bytes stay bytes, sizes stay, and a key gives the same`() {
    let all: [any ImageAugmentation] = [
      HorizontalFlip(), VerticalFlip(), Shift(2), RandomCrop(padding: 2), Rotate(30),
      ColorJitter(brightness: 1, contrast: 1, saturation: 1), Cutout(3), GaussianNoise(0.3),
    ]
    for augmentation in all {
      let results = (0..<8).map { applied(augmentation, key: $0) }
      for result in results {
        #expect(result.width == 6 && result.height == 5 && result.isBytes)
        #expect(result.values.allSatisfy { (0...255).contains($0) && $0 == $0.rounded() }, "\(augmentation)")
      }
      #expect(results == (0..<8).map { applied(augmentation, key: $0) })
      #expect(results.contains { $0 != results[0] }, "\(augmentation) does the same for all keys")
    }
  }

  @Test func `flips mirror`() {
    let (across, down) = (applied(HorizontalFlip(1)), applied(VerticalFlip(1)))
    for y in 0..<5 {
      for x in 0..<6 {
        #expect(pixel(across, x, y) == pixel(image, 5 - x, y) && pixel(down, x, y) == pixel(image, x, 4 - y))
      }
    }
    #expect(applied(HorizontalFlip(1), to: across) == image && applied(VerticalFlip(1), to: down) == image)
  }

  @Test func `shifts and crops move whole pixels, black comes in`() {
    var dot = PixelImage(width: 9, height: 9, channels: 1, values: [Float](repeating: 0, count: 81), isBytes: true)
    dot.values[4 * 9 + 4] = 200
    var places = Set<Int>()
    for key in 0..<200 {
      for result in [applied(Shift(2), key: key, to: dot), applied(RandomCrop(padding: 2), key: key, to: dot)] {
        #expect(result.values.reduce(0, +) == 200)
        let place = result.values.firstIndex(of: 200)!
        #expect((2...6).contains(place % 9) && (2...6).contains(place / 9))
        places.insert(place)
      }
    }
    #expect(places.count == 25)
    let window = image.window(left: -1, top: 2, width: 3, height: 4)
    #expect(
      pixel(window, 0, 0) == [0, 0, 0] && pixel(window, 1, 0) == pixel(image, 0, 2) && pixel(window, 2, 3) == [0, 0, 0])
  }

  @Test func `a crop has its size, also of smaller images`() {
    let crop = applied(RandomCrop(padding: 0, width: 4, height: 2))
    #expect(crop.width == 4 && crop.height == 2)
    let padded = applied(RandomCrop(padding: 0, width: 8, height: 9))
    #expect(padded.width == 8 && padded.height == 9)
    #expect(padded.values.reduce(0, +) == image.values.reduce(0, +))
  }

  @Test func `the middle stays where the image turns, and the mass with it`() {
    var square = PixelImage(width: 3, height: 3, channels: 1, values: [0, 50, 0, 0, 100, 0, 0, 0, 0], isBytes: false)
    square.isBytes = false
    for key in 0..<20 { #expect(abs(applied(Rotate(180), key: key, to: square).values[4] - 100) < 1e-3) }
    // A disc keeps its mass, but for interpolation at its rim.
    var disc = PixelImage(width: 21, height: 21, channels: 1, values: [Float](repeating: 0, count: 441), isBytes: false)
    for i in 0..<441 where (i % 21 - 10) * (i % 21 - 10) + (i / 21 - 10) * (i / 21 - 10) <= 36 { disc.values[i] = 1 }
    let mass = disc.values.reduce(0, +)
    for key in 0..<10 {
      #expect(abs(applied(Rotate(90), key: key, to: disc).values.reduce(0, +) - mass) < 0.02 * mass)
    }
  }

  @Test func `colors`() {
    let gray = PixelImage(width: 2, height: 1, channels: 3, values: [0.2, 0.2, 0.2, 0.6, 0.6, 0.6], isBytes: false)
    // Contrast moves towards the mean gray, which stays; saturation leaves gray pixels.
    let flat = applied(ColorJitter(contrast: 1), to: gray)
    #expect(abs(flat.values.reduce(0, +) - 2.4) < 1e-5 && flat.values != gray.values)
    #expect(zip(applied(ColorJitter(saturation: 1), to: gray).values, gray.values).allSatisfy { abs($0 - $1) < 1e-6 })
    let bright = applied(ColorJitter(brightness: 0.5), to: gray)
    let factor = bright.values[0] / 0.2
    #expect((0.5...1.5).contains(factor) && abs(bright.values[3] - 0.6 * factor) < 1e-6)
  }

  @Test func `a square is cut out`() {
    let white = PixelImage(
      width: 10, height: 10, channels: 1, values: [Float](repeating: 1, count: 100), isBytes: false)
    for key in 0..<50 {
      let holes = applied(Cutout(4), key: key, to: white).values.indices.filter {
        applied(Cutout(4), key: key, to: white).values[$0] == 0
      }
      let (columns, rows) = (Set(holes.map { $0 % 10 }), Set(holes.map { $0 / 10 }))
      #expect(
        holes.count == columns.count * rows.count && (2...4).contains(columns.count) && (2...4).contains(rows.count))
    }
  }

  @Test func `noise has its strength`() {
    let black = PixelImage(
      width: 50, height: 50, channels: 1, values: [Float](repeating: 0, count: 2500), isBytes: false)
    let noisy = applied(GaussianNoise(0.1), to: black)
    let variance = noisy.values.reduce(0) { $0 + $1 * $1 } / 2500
    #expect(abs(variance - 0.01) < 0.01 * 4 * (2 / Float(2500)).squareRoot())
  }
}
