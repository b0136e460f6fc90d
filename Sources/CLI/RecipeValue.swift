import Foundation
import HoneIR

/// A value in a recipe: what YAML and JSON can say.
enum RecipeValue: Codable, Hashable {
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([RecipeValue])
  case object([String: RecipeValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode([RecipeValue].self) {
      self = .list(value)
    } else if let value = try? container.decode([String: RecipeValue].self) {
      self = .object(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// A value as options give it: a number, true, false, or a word.
  init(_ text: String) {
    self =
      text == "true"
      ? .bool(true)
      : text == "false"
        ? .bool(false) : Int(text).map { .integer($0) } ?? Double(text).map { .number($0) } ?? .text(text)
  }

  /// A kind with parameters as options give it: `adamw`, or `sgd:momentum=0.9,nesterov=true`.
  init(kind text: String, option: String) throws(GraphError) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      self = .text(text)
      return
    }
    var fields: [String: RecipeValue] = ["kind": .text(parts[0])]
    for pair in parts[1].split(separator: ",") {
      let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else {
        throw GraphError(.attribute, "‘\(pair)’ is no parameter; write \(parts[0]):name=value,name=value").at("option")
          .at(option)
      }
      fields[Self.camel(sides[0])] = RecipeValue(sides[1])
    }
    self = .object(fields)
  }

  /// `weight-decay` means `weightDecay`.
  private static func camel(_ text: String) -> String {
    let words = text.split(separator: "-").map(String.init)
    return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// The value as a `T`.
  func decoded<T: Decodable>(as _: T.Type = T.self, option: String) throws(GraphError) -> T {
    do { return try JSONDecoder().decode(T.self, from: JSONEncoder().encode(self)) } catch let error as GraphError {
      throw error.at("option").at(option)
    } catch {
      throw GraphError(.attribute, "the value does not fit: \(error)").at("option").at(option)
    }
  }

  /// The fields of an object; a word alone is the kind.
  var fields: [String: RecipeValue] {
    switch self {
    case .object(let fields): fields
    case .text(let kind): ["kind": .text(kind)]
    default: [:]
    }
  }
}
