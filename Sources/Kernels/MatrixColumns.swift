/// Columns of a dense fp32 matrix that is made of several: a matrix [k × n], or its transpose [n × k], of its own.
public struct MatrixColumns {
  public let source: UnsafeRawPointer
  public let n: Int
  public init(_ source: UnsafeRawPointer, n: Int) { (self.source, self.n) = (source, n) }
}

extension [MatrixColumns] {
  /// Neighbours that are packed together, since a panel holds columns of both; `width` is that of a panel.
  func pieces(width: Int) -> [MatrixPiece] {
    var pieces: [MatrixPiece] = []
    var column = 0
    for part in self {
      if column % width == 0 { pieces.append(MatrixPiece(column: column)) }
      pieces[pieces.count - 1].parts.append(part)
      column += part.n
    }
    return pieces
  }
}

/// Matrices side by side that begin where a panel does.
struct MatrixPiece {
  var column: Int
  var parts: [MatrixColumns] = []

  /// Lends the matrix and says how many columns it has; several are copied into one.
  func withOneMatrix(k: Int, transposed: Bool, _ body: (UnsafeRawPointer, Int) -> Void) {
    guard parts.count > 1 else { return body(parts[0].source, parts[0].n) }
    let columns = parts.reduce(0) { $0 + $1.n }
    let matrix = UnsafeMutableRawBufferPointer.allocate(byteCount: k * columns * 4, alignment: 64)
    defer { matrix.deallocate() }
    var out = matrix.baseAddress!
    for part in parts {
      let row = part.n * 4
      if transposed {
        out.copyMemory(from: part.source, byteCount: k * row)
        out += k * row
      } else {
        for i in 0..<k { (out + i * columns * 4).copyMemory(from: part.source + i * row, byteCount: row) }
        out += row
      }
    }
    body(UnsafeRawPointer(matrix.baseAddress!), columns)
  }
}
