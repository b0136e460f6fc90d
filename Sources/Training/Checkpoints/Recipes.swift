import Foundation

/// Recipes as JSON objects.
enum Recipes {
  /// What is different, in words; nil if nothing is.
  static func difference(_ old: String, _ new: String) -> String? {
    guard old != new else { return nil }
    guard let a = object(old), let b = object(new) else { return "its recipe cannot be read" }
    let keys = Set(a.keys).union(b.keys).sorted().filter { text(a[$0]) != text(b[$0]) }
    guard !keys.isEmpty else { return nil }
    return keys.prefix(4).map { "\($0) was \(text(a[$0])), now is \(text(b[$0]))" }.joined(separator: "; ")
  }

  private static func object(_ text: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
  }

  private static func text(_ value: Any?) -> String {
    guard let value else { return "not set" }
    let data = try? JSONSerialization.data(
      withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "unreadable"
  }
}
