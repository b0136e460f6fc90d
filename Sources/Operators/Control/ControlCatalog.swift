import HoneIR

extension Catalog {
  static let control: [any Op.Type] = [
    If.self, Loop.self, Scan.self, SequenceMap.self,
  ]
}
