public import HoneIR

/// A score that can be asked for by its name, beside those that are always given.
public enum MetricName: Sendable, Hashable {
  case top(Int), auc, averagePrecision, logLoss, calibrationError
  case psnr(range: Double), ssim(range: Double), mase(season: Int), smape, pinball(Double)

  /// The names, with what may follow them.
  public static let known = [
    "top-<k>", "auc", "average-precision", "log-loss", "ece", "psnr", "psnr-255", "ssim", "ssim-255", "mase",
    "mase-<season>", "smape", "pinball-<quantile>",
  ]

  public init(_ name: String) throws(GraphError) {
    let cut = name.firstIndex { $0 == "-" }
    let number = cut.flatMap { Double(name[name.index(after: $0)...]) }
    let stem = number == nil ? name : String(name[..<cut!])
    switch (stem, number) {
    case ("top", .some(let k)) where k >= 1 && k <= 1e6 && k == k.rounded(): self = .top(Int(k))
    case ("auc", nil): self = .auc
    case ("average-precision", nil): self = .averagePrecision
    case ("log-loss", nil): self = .logLoss
    case ("ece", nil): self = .calibrationError
    case ("psnr", nil), ("psnr", 1), ("psnr", 255): self = .psnr(range: number ?? 1)
    case ("ssim", nil), ("ssim", 1), ("ssim", 255): self = .ssim(range: number ?? 1)
    case ("mase", nil): self = .mase(season: 1)
    case ("mase", .some(let season)) where season >= 1 && season <= 1e6 && season == season.rounded():
      self = .mase(season: Int(season))
    case ("smape", nil): self = .smape
    case ("pinball", .some(let quantile)) where quantile > 0 && quantile < 1: self = .pinball(quantile)
    default:
      throw GraphError(.attribute, "‘\(name)’ is no metric; there are \(Self.known.joined(separator: ", "))")
    }
  }

  /// The score of classes; nil for those of numbers.
  var ofClasses: (any ClassMetric)? {
    switch self {
    case .top(let count): TopK(count)
    case .auc: ROCAUC()
    case .averagePrecision: AveragePrecision()
    case .logLoss: LogLoss()
    case .calibrationError: CalibrationError()
    default: nil
    }
  }

  /// The score of numbers; nil for those of classes.
  func ofValues(_ dataset: Dataset) throws(GraphError) -> (any ValueMetric)? {
    switch self {
    case .psnr(let range): return PSNR(range: range)
    case .ssim(let range): return SSIM(range: range)
    case .smape: return SMAPE()
    case .pinball(let quantile): return Pinball(quantile: quantile)
    case .mase(let season):
      guard let error = dataset.naiveError(season: season) else {
        throw GraphError(
          .input, "MASE compares with the series itself, and takes forecasts of a series of more than \(season) steps")
      }
      return MASE(naiveError: error)
    default: return nil
    }
  }
}
