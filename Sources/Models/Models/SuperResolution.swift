import HoneIR

extension Network {
  /// One input “input”, one output “image” and `layers` between.
  mutating func superResolution(
    _ settings: ModelSettings, @LayerBuilder _ layers: () -> [any Layer]
  ) throws(GraphError) {
    let x = input("input", settings.input)
    output(try append(Sequential(layers), to: x), "image")
  }
}

extension ModelSettings {
  /// Fails unless the scale is one of 2, 3 and 4.
  func requireScale() throws(GraphError) {
    guard (2...4).contains(scale) else {
      throw GraphError(.attribute, "option ‘scale’ is 2, 3 or 4, is \(scale)").at("option")
    }
  }
}
