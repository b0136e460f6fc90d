import Foundation
import HoneIR

/// A value in a recipe: what YAML and JSON can say.
enum RecipeValue: Codable, Hashable {
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([RecipeValue])
  case object([String: RecipeValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .bool(value)
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
    case .number(let value):
      if let whole = Int(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// A value as options give it: a number, true, false, or a word.
  init(_ text: String) {
    self =
      text == "true" ? .bool(true) : text == "false" ? .bool(false) : Double(text).map { .number($0) } ?? .text(text)
  }
}

/// A name with parameters: `adamw` or `sgd:momentum=0.9,nesterov=true` as an option; in a recipe also an object with `name`.
struct NamedChoice: Codable, Hashable {
  var name: String
  var parameters: [String: RecipeValue] = [:]

  init(_ name: String, _ parameters: [String: RecipeValue] = [:]) { (self.name, self.parameters) = (name, parameters) }

  init(argument: String, option: String) throws(GraphError) {
    let parts = argument.split(separator: ":", maxSplits: 1).map(String.init)
    name = parts.first ?? ""
    guard parts.count == 2 else { return }
    for pair in parts[1].split(separator: ",") {
      let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2 else {
        throw GraphError(.attribute, "‘\(pair)’ is no parameter; write \(name):name=value,name=value").at(
          "option \(option)")
      }
      parameters[sides[0]] = RecipeValue(sides[1])
    }
  }

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self = try NamedChoice(argument: text, option: "in the recipe")
      return
    }
    var fields = try decoder.singleValueContainer().decode([String: RecipeValue].self)
    guard case .text(let name)? = fields.removeValue(forKey: "name") else {
      throw GraphError(.attribute, "a choice with parameters needs a ‘name’").at("recipe")
    }
    (self.name, parameters) = (name, fields)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if parameters.isEmpty { return try container.encode(name) }
    var fields = parameters
    fields["name"] = .text(name)
    try container.encode(fields)
  }

  /// `value` with the parameters that were given; unknown ones are refused.
  func apply<T: Codable>(to value: T, option: String) throws(GraphError) -> T {
    guard !parameters.isEmpty else { return value }
    do {
      var fields = try JSONDecoder().decode([String: RecipeValue].self, from: JSONEncoder().encode(value))
      for (key, parameter) in parameters {
        guard let known = Self.key(key, in: fields) else {
          throw GraphError(
            .attribute, "‘\(name)’ has no parameter ‘\(key)’; it has \(fields.keys.sorted().joined(separator: ", "))"
          ).at("option \(option)")
        }
        fields[known] = parameter
      }
      return try JSONDecoder().decode(T.self, from: JSONEncoder().encode(fields))
    } catch let error as GraphError { throw error } catch {
      throw GraphError(.attribute, "a parameter of ‘\(name)’ has a value that does not fit: \(error)").at(
        "option \(option)")
    }
  }

  /// `weight-decay` also means `weightDecay`.
  private static func key(_ given: String, in fields: [String: RecipeValue]) -> String? {
    if fields[given] != nil { return given }
    let plain = given.replacingOccurrences(of: "-", with: "").lowercased()
    return fields.keys.first { $0.lowercased() == plain }
  }
}
