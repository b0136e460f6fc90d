import HoneKernels
import Testing

struct TranspositionTests {
  static let cases: [(shape: [Int], permutation: [Int])] = [
    ([5, 7], [1, 0]), ([64, 64], [1, 0]), ([33, 130], [1, 0]), ([1, 1], [1, 0]), ([2, 3, 17, 19], [0, 2, 3, 1]),
    ([2, 17, 19, 3], [0, 3, 1, 2]), ([3, 4, 5, 6], [0, 2, 1, 3]), ([3, 4, 5, 6], [3, 2, 1, 0]),
    ([3, 1, 5, 6], [2, 1, 3, 0]), ([4, 5, 6], [0, 1, 2]), ([], []), ([9], [0]), ([2, 3, 4, 5, 6], [4, 0, 3, 1, 2]),
    ([0, 4], [1, 0]), ([200, 3], [1, 0]), ([3, 200], [1, 0]),
  ]

  static func permute<Element>(_ x: [Element], _ shape: [Int], _ permutation: [Int]) -> [Element] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return x.indices.map { index in
      var (rest, source) = (index, 0)
      for axis in permutation.reversed() {
        source += rest % shape[axis] * strides[axis]
        rest /= shape[axis]
      }
      return x[source]
    }
  }

  func check<Element: FixedWidthInteger>(_ type: Element.Type, _ set: InstructionSet) {
    for (shape, permutation) in Self.cases {
      let x = Guarded((0..<shape.reduce(1, *)).map { Element(truncatingIfNeeded: $0 &* 2_654_435_761) })
      let y = Guarded([Element](repeating: 0, count: x.count))
      let plan = Transposition(
        shape: shape, permutation: permutation, elementByteCount: MemoryLayout<Element>.size, instructionSet: set)
      let cut = plan.taskCount / 2
      plan.run(tasks: cut..<plan.taskCount, x: x.pointer, y: y.pointer)
      plan.run(tasks: 0..<cut, x: x.pointer, y: y.pointer)
      #expect(y.array == Self.permute(x.array, shape, permutation), "\(shape) \(permutation)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `every permutation of every element size`(set: InstructionSet) {
    check(UInt8.self, set)
    check(UInt16.self, set)
    check(UInt32.self, set)
    check(UInt64.self, set)
  }
}
