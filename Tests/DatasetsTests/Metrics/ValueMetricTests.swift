import HoneIR
import Testing

@testable import HoneDatasets

/// The expected numbers are scikit-learn’s and scikit-image’s for the same values.
struct ValueMetricTests {
  private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-9 } ?? false }
  private func score(
    _ metric: some ValueMetric, _ values: [[Double]], _ targets: [[Double]], _ sizes: [Int]
  ) throws -> Double? {
    var metric = metric
    for (value, target) in zip(values, targets) { try metric.add(value, targets: target, sizes: sizes) }
    return metric.value
  }

  private let forecasts = (0..<6).map { i -> [Double] in
    let base = Double(i * 7 % 5) - 1.5
    return [base, base + 1, base + 2]
  }
  private let targets = (0..<6).map { i -> [Double] in
    let base = Double(i * 3 % 7) - 2
    return [base, base + 0.5, base + 2]
  }

  @Test(arguments: [(0.1, 0.16111111111111112), (0.5, 0.3611111111111111), (0.9, 0.5611111111111112)])
  func `pinball loss of a quantile`(quantile: Double, expected: Double) throws {
    #expect(near(try score(Pinball(quantile: quantile), forecasts, targets, [3]), expected))
  }

  @Test func `errors that are scaled`() throws {
    #expect(near(try score(SMAPE(), forecasts, targets, [3]), 0.5464874450168566))
    #expect(near(try score(SMAPE(), [[0, 1]], [[0, -1]], [2]), 1))
    #expect(near(try score(MASE(naiveError: 4), forecasts, targets, [3]), 0.7222222222222223 / 4))
    #expect(try score(MASE(naiveError: 0), forecasts, targets, [3]) == nil)
  }

  @Test(arguments: [1.0, 255.0]) func `images`(range: Double) throws {
    var (image, other): ([Double], [Double]) = ([], [])
    for i in 0..<14 {
      for j in 0..<16 {
        let value = Double((i * 37 + j * 91 + i * j * 7) % 256)
        image.append(value / 255 * range)
        let change = Double((i * i * 5 + j * 11) % 128)
        other.append((value * 3 + change) / 4 / 255 * range)
      }
    }
    #expect(near(try score(SSIM(range: range), [image], [other], [14, 16]), 0.9450454388343031))
    #expect(near(try score(PSNR(range: range), [image], [other], [14, 16]), 19.909984271398613))
    #expect(
      near(try score(SSIM(range: range), [image + other], [image + image], [2, 14, 16]), (1 + 0.9450454388343031) / 2))
    #expect(try score(PSNR(range: range), [image], [image], [1, 14, 16]) == .infinity)
  }

  @Test func `images that are too small are an error`() {
    #expect(message { try score(SSIM(), [[1]], [[1]], [1, 1]) }.contains("at least 11×11 pixels"))
  }
}
