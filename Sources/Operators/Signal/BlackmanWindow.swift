public import HoneIR

/// 0.42 − ½·cos(2πn/N) + 0.08·cos(4πn/N)
public struct BlackmanWindow: WindowFunction {
  public var output_datatype = ElementType.float32
  public var periodic = true
  public init() {}
  public static var coefficients: [Double] { [0.42, -0.5, 0.08] }
}
