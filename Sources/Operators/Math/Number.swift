import HoneIR
import HoneKernels

extension Tensor {
  /// A scalar of a type that kernels compute with.
  static func number(_ value: Double, _ element: ElementType) throws(GraphError) -> Tensor {
    guard let type = element.scalarType else { throw .unsupported(element) }
    return Tensor(uninitialized: TensorType(element, [] as [Int])) { bytes in
      withUnsafeBytes(of: value) {
        InstructionSet.current.convert($0.baseAddress!, .float64, to: bytes.baseAddress!, type, count: 1)
      }
    }
  }
}
