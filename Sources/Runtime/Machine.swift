import HoneKernels

/// What this machine's arithmetic is good for.
public enum Machine {
  /// The instruction set that kernels use.
  public static var instructionSet: String { InstructionSet.current.name }
  /// Whether it multiplies bfloat16; otherwise such products run as fp32 ones.
  public static var multipliesBFloat16: Bool { InstructionSet.current.multipliesBFloat16 }
  /// How many times faster than in fp32 it multiplies in bfloat16, measured.
  public static func bfloat16Gain() -> Double {
    let peak = PeakProbe.measure()
    return peak.bfloat16 / peak.float32
  }
}
