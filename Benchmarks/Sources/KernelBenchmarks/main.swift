// Usage: KernelBenchmarks [product|integer|convolution|integer-convolution|layout|bf16|attention|recurrent …]; everything without arguments.
import HoneKernels

let peak = PeakProbe.measure()
print(
  "\(InstructionSet.current): peak of one core, 10⁹/s: fp32", number(peak.float32 / 1e9, 0), "bf16",
  number(peak.bfloat16 / 1e9, 0), "int8", number(peak.int8 / 1e9, 0))

let suites: [(String, () -> Void)] = [
  ("product", { benchmarkProducts(peak) }),
  ("integer", { benchmarkIntegerProducts(peak) }),
  ("convolution", { benchmarkConvolutions(peak) }),
  ("integer-convolution", { benchmarkIntegerConvolutions(peak) }),
  ("layout", { benchmarkLayout() }),
  ("bf16", { benchmarkBFloat16(peak) }),
  ("attention", { benchmarkAttention(peak) }),
  ("recurrent", { benchmarkRecurrent() }),
]
let wanted = CommandLine.arguments.dropFirst()
for (name, suite) in suites where wanted.isEmpty || wanted.contains(name) { suite() }
