public import Foundation
internal import HoneCodecs
public import HoneIR

/// `.npy` files: one array each.
///
/// Versions 1 to 3, both byte orders, C and Fortran order, booleans, integers, floats, complex numbers; arrays of strings (`U`, `S`)
/// become string tensors.
public enum NumPyFile {
  /// The array in the file at `url`.
  public static func read(_ url: URL) throws(GraphError) -> Tensor {
    let file = try FileBytes(url)
    return try locating(url.path) { () throws(GraphError) in try NumPyArray(file).tensor() }
  }

  /// Writes `tensor` to `url`, in the machine's order.
  ///
  /// Types that NumPy lacks are widened: bfloat16 and floats of 8 or 4 bits to float32, integers of 4 or 2 bits to 8.
  public static func write(_ tensor: Tensor, to url: URL) throws(GraphError) {
    try FileWriter.replace(url) { (file) throws(GraphError) in
      try pieces(of: tensor) { (bytes) throws(GraphError) in try file.write(bytes) }
    }
  }

  /// Bytes of elements that are handed on at once.
  private static let pieceByteCount = 1 << 20

  /// Hands the bytes of the file that holds `tensor` to `body`, piece by piece.
  static func pieces(of tensor: Tensor, _ body: ([UInt8]) throws(GraphError) -> Void) throws(GraphError) {
    if tensor.element == .string { return try pieces(ofStrings: tensor, body) }
    let tensor = widened(tensor)
    try body(NumPyHeader.bytes(descr: NumPyType.descr(of: tensor.element), sizes: tensor.sizes))
    for start in stride(from: 0, to: tensor.byteCount, by: pieceByteCount) {
      try body(tensor.bytes(start..<min(start + pieceByteCount, tensor.byteCount)))
    }
  }

  private static func pieces(
    ofStrings tensor: Tensor, _ body: ([UInt8]) throws(GraphError) -> Void
  ) throws(GraphError) {
    let width = max(tensor.strings.map(\.unicodeScalars.count).max() ?? 0, 1)
    try body(NumPyHeader.bytes(descr: "<U\(width)", sizes: tensor.sizes))
    for string in tensor.strings {
      var bytes: [UInt8] = []
      for scalar in string.unicodeScalars { bytes.append(little: scalar.value) }
      bytes += [UInt8](repeating: 0, count: width * 4 - bytes.count)
      try body(bytes)
    }
  }

  private static func widened(_ tensor: Tensor) -> Tensor {
    let stored = NumPyType.stored(tensor.element)
    switch stored {
    case tensor.element: return tensor
    case .float32: return Tensor(tensor.floats, shape: tensor.sizes)
    case .int8: return Tensor(tensor.integers.map { Int8($0) }, shape: tensor.sizes)
    default: return Tensor(tensor.integers.map { UInt8($0) }, shape: tensor.sizes)
    }
  }
}
