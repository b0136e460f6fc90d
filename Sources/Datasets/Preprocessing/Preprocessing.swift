internal import Foundation
public import HoneIR

/// What is done to raw samples before a model sees them. It travels with the model, as JSON in its metadata.
///
///     {"layout": "NCHW", "dtype": "float32",
///      "steps": [{"resize": {"width": 256, "height": 256}}, {"centerCrop": {"width": 224, "height": 224}},
///                {"scale": 0.0039215686}, {"normalize": {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}]}
///
/// Images (uint8 or float, [height, width] or [height, width, channels]) take all steps in their order, then the layout, then the type.
/// Rows and windows of tables take `scale`, `mean`, `std` and `normalize` by column, and the type. Tensors that are ready are left as they are.
public struct Preprocessing: Sendable, Hashable {
  /// The key of the model's metadata under which the JSON lies.
  public static let metadataKey = "hone.preprocessing"

  /// The axes of the model's input; the batch axis N is not part of a sample.
  public enum Layout: String, Sendable, Codable, CaseIterable {
    case nchw = "NCHW"
    case nhwc = "NHWC"
    /// Without an axis of channels, of which there must be one.
    case nhw = "NHW"
    /// One axis: rows from the top, channels innermost.
    case flat
  }

  public var layout: Layout
  /// The element type of the result. Integers are rounded and clamped.
  public var dtype: ElementType
  public var steps: [Step]

  public init(_ steps: [Step] = [], layout: Layout = .nchw, dtype: ElementType = .float32) {
    (self.steps, self.layout, self.dtype) = (steps, layout, dtype)
  }

  /// Reads the JSON; an unknown key or step is an error that lists the known ones.
  public init(json: String) throws(GraphError) {
    do { self = try JSONDecoder().decode(Preprocessing.self, from: Data(json.utf8)) } catch {
      throw GraphError(.attribute, Self.message(of: error)).at("preprocessing")
    }
    try check()
  }

  /// The JSON for the model's metadata.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  private static func message(of error: any Error) -> String {
    switch error {
    case let error as GraphError: error.message
    case DecodingError.keyNotFound(let key, _): "‘\(key.stringValue)’ is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "‘\(context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "."))’ has the wrong kind"
    case DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty ? "the JSON is malformed" : context.debugDescription
    default: "\(error)"
    }
  }

  /// Fails for sizes and values that make no sense.
  func check() throws(GraphError) {
    guard
      dtype.isFloatingPoint && dtype.bitWidth >= 16 || dtype == .uint8 || dtype == .int8 || dtype == .int32
        || dtype == .int64
    else {
      throw GraphError(.attribute, "results of preprocessing cannot be \(dtype.rawValue)").at("preprocessing")
    }
    for step in steps { try step.check() }
  }
}

extension Preprocessing: Codable {
  private enum Key: String, CodingKey, CaseIterable { case layout, dtype, steps }

  public init(from decoder: any Decoder) throws {
    let names = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    if let unknown = names.sorted().first(where: { Key(rawValue: $0) == nil }) {
      throw GraphError(
        .attribute, "‘\(unknown)’ is unknown; there are \(Key.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let container = try decoder.container(keyedBy: Key.self)
    layout =
      try Self.choice(container.decodeIfPresent(String.self, forKey: .layout), "layout", of: Layout.allCases) ?? .nchw
    dtype =
      try Self.choice(container.decodeIfPresent(String.self, forKey: .dtype), "dtype", of: ElementType.allCases)
      ?? .float32
    steps = try container.decodeIfPresent([Step].self, forKey: .steps) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(layout, forKey: .layout)
    try container.encode(dtype, forKey: .dtype)
    try container.encode(steps, forKey: .steps)
  }

  private static func choice<T: RawRepresentable<String>>(_ name: String?, _ key: String, of all: [T]) throws -> T? {
    guard let name else { return nil }
    if let found = T(rawValue: name) { return found }
    throw GraphError(.attribute, "‘\(name)’ is no \(key); there are \(all.map(\.rawValue).joined(separator: ", "))")
  }
}

/// Any key of a JSON object.
struct AnyKey: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
