extension Op {
  /// The operator with the given attributes and defaults for the rest.
  ///
  /// Unknown names, wrong kinds and missing required attributes are errors that name the attribute.
  public init(attributes: Attributes) throws(GraphError) {
    // Types without stored properties are decoded without asking for any name.
    if MemoryLayout<Self>.size == 0, let first = attributes.keys.sorted().first { throw Self.unknown(first) }
    if let missing = Self.requiredAttributes.first(where: { attributes[$0] == nil }) {
      throw GraphError(.attribute, "attribute ‘\(missing)’ of \(Self.name) is missing")
    }
    if attributes.isEmpty {
      self.init()
      return
    }
    let merged = try Attributes(of: Self()).merging(attributes) { $1 }
    do { self = try Self(from: AttributeDecoder(attributes: merged)) } catch let error as GraphError {
      throw error
    } catch let error as UnknownAttribute {
      throw Self.unknown(error.name)
    } catch {
      throw GraphError(.attribute, "\(Self.name): \(error)")
    }
  }
  private static func unknown(_ name: String) -> GraphError {
    let names = attributeNames
    let known = names.isEmpty ? "it has none" : "it has \(names.sorted().joined(separator: ", "))"
    return GraphError(.attribute, "‘\(name)’ is not an attribute of \(Self.name); \(known)")
  }
  /// Names of all attributes.
  public static var attributeNames: Set<String> { Set(Mirror(reflecting: Self()).children.compactMap(\.label)) }
  /// Attributes that have no default.
  public static var requiredAttributes: [String] { (Self.self as? any RequiringOp.Type)?.required ?? [] }
}

/// An operator with attributes that have no default in ONNX.
public protocol RequiringOp: Op {
  static var required: [String] { get }
}

/// An attribute that no stored property is named after.
private struct UnknownAttribute: Error { let name: String }

/// Reads stored properties from attributes.
struct AttributeDecoder: Decoder {
  let attributes: Attributes
  var key = ""
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
    if key.isEmpty, let name = attributes.keys.sorted().first(where: { Key(stringValue: $0) == nil }) {
      throw UnknownAttribute(name: name)
    }
    return KeyedDecodingContainer(Keyed(decoder: self))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw GraphError(.attribute, "attributes are not nested")
  }
  func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

  func value<T: Decodable>(_ type: T.Type, _ key: String) throws -> T {
    guard let attribute = attributes[key] else { throw GraphError(.attribute, "attribute ‘\(key)’ is missing") }
    if let plain = Self.plain(attribute, as: type) as? T { return plain }
    if Self.isPlain(type) { throw GraphError(.attribute, "attribute ‘\(key)’ has the wrong kind: \(attribute)") }
    do { return try T(from: AttributeDecoder(attributes: attributes, key: key)) } catch is DecodingError {
      throw GraphError(.attribute, "attribute ‘\(key)’ cannot be \(attribute)")
    }
  }

  private static func isPlain(_ type: any Decodable.Type) -> Bool {
    type == Int.self || type == Bool.self || type == Float.self || type == String.self || type == [Int].self
      || type == [Float].self
      || type == [String].self || type == Tensor.self || type == [Tensor].self || type == Region.self
      || type == [Region].self
      || type == ElementType.self || type == ValueType.self
  }

  private static func plain(_ attribute: Attribute, as type: any Decodable.Type) -> (any Sendable)? {
    switch attribute {
    case .int(let x):
      if type == Bool.self { return x != 0 }
      if type == ElementType.self { return ElementType(code: x) }
      return x
    case .float(let x): return x
    case .string(let x): return x
    case .ints(let x):
      if x.isEmpty && type == [Float].self { return [Float]() }
      if x.isEmpty && type == [String].self { return [String]() }
      return x
    case .floats(let x):
      if x.isEmpty && type == [Int].self { return [Int]() }
      return x
    case .strings(let x): return x
    case .tensor(let x): return x
    case .tensors(let x): return x
    case .region(let x): return x
    case .regions(let x): return x
    case .type(let x): return x
    }
  }

  struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: AttributeDecoder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { decoder.attributes.keys.compactMap(Key.init) }
    func contains(_ key: Key) -> Bool { decoder.attributes[key.stringValue] != nil }
    func decodeNil(forKey key: Key) -> Bool { !contains(key) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder.value(type, key.stringValue) }
    func nestedContainer<N: CodingKey>(keyedBy _: N.Type, forKey _: Key) throws -> KeyedDecodingContainer<N> {
      throw GraphError(.attribute, "attributes are not nested")
    }
    func nestedUnkeyedContainer(forKey _: Key) throws -> any UnkeyedDecodingContainer {
      throw GraphError(.attribute, "attributes are not nested")
    }
    func superDecoder() -> any Decoder { decoder }
    func superDecoder(forKey _: Key) -> any Decoder { decoder }
  }

  struct Single: SingleValueDecodingContainer {
    let decoder: AttributeDecoder
    var codingPath: [any CodingKey] { [] }
    func decodeNil() -> Bool { decoder.attributes[decoder.key] == nil }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.value(type, decoder.key) }
  }
}
