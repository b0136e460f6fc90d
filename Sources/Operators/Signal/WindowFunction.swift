#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR

/// A window made of cosines: w[n] = c₀ + c₁·cos(2πn/N) + c₂·cos(4πn/N), for N = size if periodic, else size − 1.
public protocol WindowFunction: EvaluatedOp {
  var output_datatype: ElementType { get }
  var periodic: Bool { get }
  static var coefficients: [Double] { get }
}

extension WindowFunction {
  public static var since: Int { 17 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let size = call.symbolic(0)?.first ?? call.unknownSize()
    if let known = size.size, known < 0 { throw GraphError(.type, "a window of \(known)") }
    return [.tensor(output_datatype, [size])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let size = try operands.tensor(0).integer(at: 0)
    guard size >= 0, size < 1 << 31 else { throw GraphError(.input, "a window of \(size)") }
    let turn = 2 * Double.pi / Double(max(periodic ? size : size - 1, 1))
    let values = (0..<size).map { n in
      Self.coefficients.enumerated().reduce(0.0) { sum, term in
        sum + (term.offset == 0 ? term.element : term.element * cos(turn * Double(term.offset * n)))
      }
    }
    return [.tensor(try DoubleAccess(output_datatype).tensor(values, shape: [size]))]
  }
}
