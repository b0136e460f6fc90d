import Foundation
import Testing

/// No operator is forgotten.
struct CatalogTests {
  @Test func everyOperatorIsInACatalog() {
    let files = Package.sources().filter { $0.module == "Operators" }
    let catalogs = files.filter { $0.path.hasSuffix("Catalog.swift") }.map(\.text).joined()
    let listed = Set(catalogs.matches(of: /(\w+)\.self/).map { String($0.1) })
    let declaration = /(?m)^ *public struct (\w+): ([\w, .]+?) *\{/
    // Protocols of operators, such as `UnaryOp`, and what refines them.
    let protocols = Set(files.flatMap { $0.text.matches(of: /protocol (\w+Op)\b/).map { String($0.1) } })
      .union(["Op", "ExecutableOp", "EvaluatedOp", "CompositeOp"])
    var count = 0
    for file in files {
      for match in file.text.matches(of: declaration) {
        let conformances = match.2.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard conformances.contains(where: protocols.contains) else { continue }
        count += 1
        let name = String(match.1)
        #expect(listed.contains(name), "\(file.path): \(name) is in no catalog")
      }
    }
    #expect(count > 200)
  }
}
