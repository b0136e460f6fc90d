internal import HoneIR

extension Preprocessing {
  /// One step; in JSON an object with one key.
  public enum Step: Sendable, Hashable {
    /// `{"scale": 0.0039215686}` multiplies.
    case scale(Float)
    /// `{"mean": […]}` subtracts, per channel or column; one number serves all.
    case mean([Float])
    /// `{"std": […]}` divides, per channel or column; one number serves all.
    case std([Float])
    /// `{"normalize": {"mean": […], "std": […]}}`: (x − mean) / std.
    case normalize(mean: [Float], std: [Float])
    /// `{"resize": {"width": 256, "height": 256}}`: bilinear; as Pillow's, or without `antialias` from four neighbours.
    case resize(width: Int, height: Int, antialias: Bool = true)
    /// `{"shortestEdge": 256}` or `{"shortestEdge": {"size": 256, "antialias": false}}` resizes and keeps the proportions.
    case shortestEdge(Int, antialias: Bool = true)
    /// `{"centerCrop": {"width": 224, "height": 224}}`.
    case centerCrop(width: Int, height: Int)
    /// `{"channelOrder": "BGR"}`: images come as RGB.
    case channelOrder(ChannelOrder)
    /// `{"grayscale": true}`.
    case grayscale
    /// `{"rgb": true}` repeats the channel of gray images.
    case rgb
  }
  public enum ChannelOrder: String, Sendable, Codable, CaseIterable { case rgb = "RGB", bgr = "BGR" }
}

extension Preprocessing.Step: Codable {
  private enum Name: String, CaseIterable {
    case scale, mean, std, normalize, resize, shortestEdge, centerCrop, channelOrder, grayscale, rgb
  }
  private struct Size: Codable {
    var width: Int
    var height: Int
    var antialias: Bool?
  }
  private struct Edge: Codable {
    var size: Int
    var antialias: Bool?
  }
  private struct Moments: Codable {
    var mean: [Float]
    var std: [Float]
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      throw GraphError(.attribute, "a step is an object with one key; the steps are \(known)")
    }
    guard let name = Name(rawValue: key.stringValue) else {
      throw GraphError(.attribute, "‘\(key.stringValue)’ is no preprocessing step; the steps are \(known)")
    }
    switch name {
    case .scale: self = .scale(try container.decode(Float.self, forKey: key))
    case .mean: self = .mean(try Self.numbers(container, key))
    case .std: self = .std(try Self.numbers(container, key))
    case .normalize:
      let moments = try container.decode(Moments.self, forKey: key)
      self = .normalize(mean: moments.mean, std: moments.std)
    case .resize:
      let size = try container.decode(Size.self, forKey: key)
      self = .resize(width: size.width, height: size.height, antialias: size.antialias ?? true)
    case .shortestEdge:
      let plain = try? container.decode(Int.self, forKey: key)
      let edge = try plain.map { Edge(size: $0) } ?? container.decode(Edge.self, forKey: key)
      self = .shortestEdge(edge.size, antialias: edge.antialias ?? true)
    case .centerCrop:
      let size = try container.decode(Size.self, forKey: key)
      self = .centerCrop(width: size.width, height: size.height)
    case .channelOrder:
      let order = try container.decode(String.self, forKey: key)
      guard let order = Preprocessing.ChannelOrder(rawValue: order) else {
        throw GraphError(.attribute, "‘\(order)’ is no channelOrder; there are RGB, BGR")
      }
      self = .channelOrder(order)
    case .grayscale, .rgb:
      guard try container.decode(Bool.self, forKey: key) else {
        throw GraphError(.attribute, "‘\(name)’ can only be true")
      }
      self = name == .rgb ? .rgb : .grayscale
    }
  }

  private static func numbers(_ container: KeyedDecodingContainer<AnyKey>, _ key: AnyKey) throws -> [Float] {
    if let number = try? container.decode(Float.self, forKey: key) { return [number] }
    return try container.decode([Float].self, forKey: key)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    func encode(_ value: some Encodable, _ name: Name) throws {
      try container.encode(value, forKey: AnyKey(name.rawValue))
    }
    switch self {
    case .scale(let factor): try encode(factor, .scale)
    case .mean(let values): try encode(values, .mean)
    case .std(let values): try encode(values, .std)
    case .normalize(let mean, let std): try encode(Moments(mean: mean, std: std), .normalize)
    case .resize(let width, let height, let antialias):
      try encode(Size(width: width, height: height, antialias: antialias ? nil : false), .resize)
    case .shortestEdge(let size, true): try encode(size, .shortestEdge)
    case .shortestEdge(let size, false): try encode(Edge(size: size, antialias: false), .shortestEdge)
    case .centerCrop(let width, let height): try encode(Size(width: width, height: height), .centerCrop)
    case .channelOrder(let order): try encode(order, .channelOrder)
    case .grayscale: try encode(true, .grayscale)
    case .rgb: try encode(true, .rgb)
    }
  }

  /// No image is resized to a larger edge.
  static let edgeLimit = 1 << 14

  func check() throws(GraphError) {
    let reason: String? =
      switch self {
      case .scale(let factor): factor.isFinite ? nil : "must be finite"
      case .mean(let values): Self.flaw(values, divides: false)
      case .std(let values): Self.flaw(values, divides: true)
      case .normalize(let mean, let std): Self.flaw(mean, divides: false) ?? Self.flaw(std, divides: true)
      case .resize(let width, let height, _), .centerCrop(let width, let height):
        min(width, height) > 0 && max(width, height) <= Self.edgeLimit ? nil : "takes sizes from 1 to \(Self.edgeLimit)"
      case .shortestEdge(let size, _):
        size > 0 && size <= Self.edgeLimit ? nil : "takes sizes from 1 to \(Self.edgeLimit)"
      case .channelOrder, .grayscale, .rgb: nil
      }
    if let reason { throw GraphError(.attribute, "\(self) \(reason)").at("preprocessing") }
  }

  private static func flaw(_ values: [Float], divides: Bool) -> String? {
    if values.isEmpty { return "needs at least one number" }
    return values.allSatisfy { $0.isFinite && (!divides || $0 != 0) }
      ? nil : divides ? "must be finite and not 0" : "must be finite"
  }
}
