import ArgumentParser
import HoneKernels

struct KernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Lists every kernel, for which instruction sets it exists, and which one this machine picks.")
  @OptionGroup var output: OutputOptions

  struct Result: Encodable {
    struct Kernel: Encodable {
      var name: String
      var picked: String
      var available: [String]
    }
    var instruction_set: String
    var available: [String]
    var threads: Int
    var peak_gflops: [String: Double]
    var kernels: [Kernel]
  }

  func run() throws {
    let current = InstructionSet.current
    let sets = InstructionSet.available
    let origins = sets.map(\.kernels)
    let kernels = current.kernels.enumerated().map { i, kernel in
      var names: [String] = []
      for origin in origins where !names.contains(origin[i].origin) { names.append(origin[i].origin) }
      return Result.Kernel(name: kernel.name, picked: kernel.origin, available: names)
    }
    let peak = PeakProbe.measure()
    let peaks = ["fp32": peak.float32 / 1e9, "bf16": peak.bfloat16 / 1e9, "int8": peak.int8 / 1e9]
    if output.format == .json {
      return try Console.json(
        Result(
          instruction_set: current.name, available: sets.map(\.name), threads: ThreadPool.shared.cpuCount,
          peak_gflops: peaks,
          kernels: kernels))
    }
    Console.print(
      "This machine runs \(current.name); it also has \(sets.map(\.name).filter { $0 != current.name }.joined(separator: ", "))."
    )
    Console.print(
      "Measured peak of one core: fp32 \(Format.number(peaks["fp32"]!, 0)), bf16 \(Format.number(peaks["bf16"]!, 0)), int8 \(Format.number(peaks["int8"]!, 0)) Gop/s; \(ThreadPool.shared.cpuCount) threads may run.\n"
    )
    var table = TextTable(["kernel", "picked", "also for"], left: [0, 1, 2])
    for kernel in kernels {
      table.add(kernel.name, kernel.picked, kernel.available.filter { $0 != kernel.picked }.joined(separator: " "))
    }
    Console.print(table.text)
  }
}
