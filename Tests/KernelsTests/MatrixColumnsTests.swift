import Testing

import HoneKernels

/// Matrices side by side are packed like the one that they make.
struct MatrixColumnsTests {
  @Test(arguments: [[64, 128, 64], [12, 12, 12], [128, 7, 70], [1, 64]], [false, true])
  func `several matrices make one`(widths: [Int], transposed: Bool) {
    let (m, k, n) = (5, 33, widths.reduce(0, +))
    let parts = widths.indices.map { i in Guarded((0..<k * widths[i]).map { Float(($0 * 31 + i * 17) % 23) / 23 - 0.5 })
    }
    var whole = [Float](repeating: 0, count: k * n)
    var column = 0
    for (part, width) in zip(parts, widths) {
      for row in 0..<k {
        for j in 0..<width {
          let (from, to) = transposed ? (j * k + row, (column + j) * k + row) : (row * width + j, row * n + column + j)
          whole[to] = part.pointer[from]
        }
      }
      column += width
    }
    let one = Guarded(whole)
    let columns = zip(parts, widths).map { MatrixColumns($0.pointer, n: $1) }
    let a = (0..<m * k).map { Float($0 % 13) / 13 - 0.4 }
    let halves = a.map { UInt16($0.bitPattern >> 16) }
    // Products read through pointers only.
    defer { withExtendedLifetime((parts, one)) {} }
    for set in InstructionSet.available {
      let wide = MatrixProduct(m: m, n: n, k: k, instructionSet: set)
      let products = [
        PackedMatrix(columns, k: k, transposed: transposed, instructionSet: set),
        PackedMatrix(one.pointer, k: k, n: n, transposed: transposed, instructionSet: set),
      ].map { packed in
        var c = [Float](repeating: .nan, count: m * n)
        wide.run(tasks: 0..<wide.taskCount, a: a, b: packed, c: &c, scratch: nil)
        return c
      }
      #expect(products[0] == products[1], "\(set)")
      let narrow = BFloat16Product(m: m, n: n, k: k, cType: .float32, instructionSet: set)
      let narrowProducts = [
        PackedBFloat16Matrix(columns, k: k, transposed: transposed, instructionSet: set),
        PackedBFloat16Matrix(one.pointer, k: k, n: n, transposed: transposed, instructionSet: set),
      ].map { packed in
        var c = [Float](repeating: .nan, count: m * n)
        narrow.run(tasks: 0..<narrow.taskCount, a: halves, b: packed, c: &c, scratch: nil)
        return c
      }
      #expect(narrowProducts[0] == narrowProducts[1], "\(set)")
    }
  }
}
