import Foundation
import HoneIR

/// One of several kinds, in files an object of its `kind` and those options that are not the usual ones.
enum NamedOptions {
  private static let key = "kind"

  /// The kind among `standards`, each with its usual options, that a file names, with the file's options.
  static func decode<T>(_ standards: [(name: String, standard: T)], _ what: String, from decoder: any Decoder) throws
    -> T
  where T: Sendable {
    var options = try given(decoder)
    guard case .text(let name)? = options.removeValue(forKey: key) else {
      throw GraphError(.attribute, "\(what) needs a \(key)")
    }
    guard let (_, standard) = standards.first(where: { $0.name == name }), let coded = standard as? any Codable else {
      let known = standards.map(\.name).joined(separator: ", ")
      throw GraphError(.attribute, "there is no \(what) ‘\(name)’; there are \(known)")
    }
    guard let result = try merged(coded, options, name) as? T else {
      throw GraphError(.invariant, "\(name) is no \(what)")
    }
    return result
  }

  /// A name alone stands for an object with nothing but a kind.
  private static func given(_ decoder: any Decoder) throws -> [String: OptionValue] {
    switch try OptionValue(from: decoder) {
    case .text(let name): return [key: .text(name)]
    case .object(let options): return options
    default: throw GraphError(.attribute, "options are a name, or an object with a \(key)")
    }
  }

  private static func merged<C: Codable>(_ standard: C, _ options: [String: OptionValue], _ name: String) throws -> C {
    var all = try object(standard)
    let known = Set(Mirror(reflecting: standard).children.compactMap(\.label)).union(all.keys)
    for (key, value) in options {
      guard known.contains(key) else {
        throw GraphError(
          .attribute, "\(name) has no option ‘\(key)’; it has \(known.sorted().joined(separator: ", "))")
      }
      all[key] = value
    }
    return try JSONDecoder().decode(C.self, from: JSONEncoder().encode(OptionValue.object(all)))
  }

  static func encode(_ value: any Codable, name: String, to encoder: any Encoder) throws {
    var all = try object(value)
    all[key] = .text(name)
    try OptionValue.object(all).encode(to: encoder)
  }

  private static func object(_ value: some Codable) throws -> [String: OptionValue] {
    guard case .object(let all) = try JSONDecoder().decode(OptionValue.self, from: JSONEncoder().encode(value)) else {
      return [:]
    }
    return all
  }
}
