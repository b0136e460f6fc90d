import HoneIR

extension Catalog {
  static let sequence: [any Op.Type] = [
    SequenceEmpty.self, SequenceConstruct.self, SequenceInsert.self, SequenceErase.self, SequenceAt.self,
    SequenceLength.self, SplitToSequence.self, ConcatFromSequence.self, OptionalValue.self, OptionalGetElement.self,
    OptionalHasElement.self,
  ]
}
