public import HoneIR

extension BuiltInModel {
  /// Every model, family by family.
  public static let all: [BuiltInModel] = images + series + text + superResolution + [gcn]

  private static let images: [BuiltInModel] =
    [leNet300100, leNet5, mnistNet, mlp, alexNet] as [BuiltInModel] + vggs
    + [resNet8, resNet20, resNet18, resNet50, resNet18CIFAR, mobileNetV2, mobileNetV296, dsCNN, uNet] as [BuiltInModel]
  private static let series: [BuiltInModel] = [lstmForecaster, gruForecaster, tcnForecaster, nBeats, lstm]
  private static let text: [BuiltInModel] = [bertBase, miniLM, fastText, textCNN]
  private static let superResolution: [BuiltInModel] = [srcnn, fsrcnn, espcn, edsr]

  /// The model called `name`; fails with the names that there are.
  public static func named(_ name: String) throws(GraphError) -> BuiltInModel {
    guard let model = all.first(where: { $0.name == name.lowercased() }) else {
      let names = all.map(\.name).joined(separator: ", ")
      throw GraphError(.attribute, "there is no model ‘\(name)’; there are \(names)").at("option")
    }
    return model
  }
}
