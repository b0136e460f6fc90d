/// The value of an attribute, in the kinds that ONNX knows.
public enum Attribute: Sendable, Hashable {
  case int(Int)
  case float(Float)
  case string(String)
  case ints([Int])
  case floats([Float])
  case strings([String])
  case tensor(Tensor)
  case tensors([Tensor])
  case region(Region)
  case regions([Region])
  case type(ValueType)
}

extension Attribute: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int(let x): "\(x)"
    case .float(let x): "\(x)"
    case .string(let x): "\"\(x)\""
    case .ints(let x): "\(x)"
    case .floats(let x): "\(x)"
    case .strings(let x): "\(x)"
    case .tensor(let x): "\(x)"
    case .tensors(let x): "\(x)"
    case .region(let x): "{\n\(x.graph)\n}"
    case .regions(let x): x.map { "{\n\($0.graph)\n}" }.joined(separator: ", ")
    case .type(let x): "\(x)"
    }
  }
}

extension Attribute {
  public var int: Int? { if case .int(let x) = self { x } else { nil } }
  public var float: Float? { if case .float(let x) = self { x } else { nil } }
  public var string: String? { if case .string(let x) = self { x } else { nil } }
  public var ints: [Int]? { if case .ints(let x) = self { x } else { nil } }
  public var floats: [Float]? { if case .floats(let x) = self { x } else { nil } }
  public var strings: [String]? { if case .strings(let x) = self { x } else { nil } }
  public var tensor: Tensor? { if case .tensor(let x) = self { x } else { nil } }
}

/// Attributes by name.
public typealias Attributes = [String: Attribute]

extension Tensor: Hashable, Codable {
  public static func == (a: Tensor, b: Tensor) -> Bool { a.isIdentical(to: b) }
  public func hash(into hasher: inout Hasher) { hasher.combine(type) }
  public init(from decoder: any Decoder) throws {
    throw GraphError(.attribute, "tensors are decoded from attributes only")
  }
  public func encode(to encoder: any Encoder) throws {
    throw GraphError(.attribute, "tensors are encoded to attributes only")
  }
}
