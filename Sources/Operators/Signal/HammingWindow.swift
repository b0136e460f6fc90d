public import HoneIR

/// 25/46 − 21/46·cos(2πn/N)
public struct HammingWindow: WindowFunction {
  public var output_datatype = ElementType.float32
  public var periodic = true
  public init() {}
  public static var coefficients: [Double] { [25.0 / 46, -21.0 / 46] }
}
