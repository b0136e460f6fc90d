public import HoneIR

/// ½ − ½·cos(2πn/N)
public struct HannWindow: WindowFunction {
  public var output_datatype = ElementType.float32
  public var periodic = true
  public init() {}
  public static var coefficients: [Double] { [0.5, -0.5] }
}
