internal import Foundation
internal import HoneIR

/// What lies in folders.
enum Folder {
  static func isFolder(_ url: URL) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    return attributes?[.type] as? FileAttributeType == .typeDirectory
  }

  /// The names in `url`, without hidden ones, numbers in them in counting order.
  static func names(_ url: URL) throws(GraphError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: url.path).filter { !$0.hasPrefix(".") }.sorted(
        by: precedes)
    } catch { throw GraphError(.file, "cannot be listed").at(url.path) }
  }

  /// `a` comes before `b`, where digits are compared as numbers: `set_2` before `set_10`.
  static func precedes(_ a: String, _ b: String) -> Bool {
    let (x, y) = (pieces(a), pieces(b))
    for (p, q) in zip(x, y) where p != q {
      guard let m = Int(p), let n = Int(q), m != n else { return p < q }
      return m < n
    }
    return x.count < y.count
  }

  private static func pieces(_ name: String) -> [String] {
    var pieces: [String] = []
    var wasDigit: Bool?
    for character in name {
      let isDigit = character.isASCII && character.isNumber
      if isDigit == wasDigit { pieces[pieces.count - 1].append(character) } else { pieces.append(String(character)) }
      wasDigit = isDigit
    }
    return pieces
  }
}
