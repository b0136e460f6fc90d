/// Any loss, as files of options name it.
public struct LossChoice: Codable, Sendable {
  public var loss: any Loss
  public init(_ loss: any Loss) { self.loss = loss }

  /// Every loss with its usual options.
  public static var standards: [any Loss] {
    [
      BinaryCrossEntropy(), CTC(), CosineLoss(), CrossEntropy(), FocalLoss(), HuberLoss(), KLDivergence(),
      MeanAbsoluteError(), MeanSquaredError(), WeightedSum(),
    ]
  }

  public init(from decoder: any Decoder) throws {
    loss = try NamedOptions.decode(Self.standards.map { (type(of: $0).name, $0) }, "loss", from: decoder)
  }
  public func encode(to encoder: any Encoder) throws {
    try NamedOptions.encode(loss, name: type(of: loss).name, to: encoder)
  }
}
