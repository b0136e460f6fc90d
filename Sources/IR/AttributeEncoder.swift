extension Attributes {
  /// All attributes of `op`. Empty options are left out.
  public init(of op: some Op) throws(GraphError) {
    let encoder = AttributeEncoder()
    do { try op.encode(to: encoder) } catch { throw GraphError(.attribute, "\(op.name): \(error)") }
    self = encoder.box.attributes
  }
  /// The attributes of `op` that differ from their defaults.
  public init(changed op: some Op) throws(GraphError) {
    let defaults = try Attributes(of: type(of: op).init())
    self = try Attributes(of: op).filter { defaults[$0.key] != $0.value }
  }
}

/// Writes an operator's stored properties as attributes.
struct AttributeEncoder: Encoder {
  final class Box { var attributes: Attributes = [:] }
  let box: Box
  var key: String?
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(box: Box = Box(), key: String? = nil) { (self.box, self.key) = (box, key) }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Keyed(encoder: self))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer { preconditionFailure("attributes are not nested") }
  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

  func store(_ value: some Encodable, _ key: String) throws {
    box.attributes[key] = try attribute(value, key)
  }

  private func attribute(_ value: some Encodable, _ key: String) throws -> Attribute? {
    switch value {
    case let x as Int: return .int(x)
    case let x as Bool: return .int(x ? 1 : 0)
    case let x as Float: return .float(x)
    case let x as String: return .string(x)
    case let x as [Int]: return .ints(x)
    case let x as [Float]: return .floats(x)
    case let x as [String]: return .strings(x)
    case let x as Tensor: return .tensor(x)
    case let x as [Tensor]: return .tensors(x)
    case let x as Region: return .region(x)
    case let x as [Region]: return .regions(x)
    case let x as ElementType: return .int(x.code)
    case let x as ValueType: return .type(x)
    default:
      try value.encode(to: AttributeEncoder(box: box, key: key))
      return box.attributes[key]
    }
  }

  struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: AttributeEncoder
    var codingPath: [any CodingKey] { [] }
    func encodeNil(forKey key: Key) {}
    func encode(_ value: some Encodable, forKey key: Key) throws { try encoder.store(value, key.stringValue) }
    func nestedContainer<N: CodingKey>(keyedBy _: N.Type, forKey _: Key) -> KeyedEncodingContainer<N> {
      preconditionFailure("attributes are not nested")
    }
    func nestedUnkeyedContainer(forKey _: Key) -> any UnkeyedEncodingContainer {
      preconditionFailure("attributes are not nested")
    }
    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey _: Key) -> any Encoder { encoder }
  }

  struct Single: SingleValueEncodingContainer {
    let encoder: AttributeEncoder
    var codingPath: [any CodingKey] { [] }
    func encodeNil() {}
    func encode(_ value: some Encodable) throws { try encoder.store(value, encoder.key ?? "") }
  }
}
