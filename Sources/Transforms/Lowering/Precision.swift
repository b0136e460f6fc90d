/// The arithmetic that a graph runs in.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// What the model says.
  case fp32
  /// bfloat16 data and weights with fp32 sums, wherever operators have such a form.
  case bf16
  /// 8-bit integers, which the model must be quantized to.
  case int8
  /// bfloat16 where this machine is faster with it and a check finds the results close enough.
  case auto
}
