import Foundation
import Testing

/// Models whose outputs are inputs of the next run.
struct CarryTests {
  private func hone(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let failure = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, failure)
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-carry-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  // MARK: Models, in protobuf's encoding

  private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
  private func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  /// float32 of sizes that are numbers or names.
  private func value(_ name: String, _ sizes: [String]) -> [UInt8] {
    let shape = sizes.flatMap { size in field(1, UInt8(size).map { [1 << 3, $0] } ?? field(2, size)) }
    return field(1, name) + field(2, field(1, [1 << 3, 1] + field(2, shape)))
  }

  private func node(_ type: String, _ inputs: [String], _ outputs: [String]) -> [UInt8] {
    field(1, inputs.flatMap { field(1, $0) } + outputs.flatMap { field(2, $0) } + field(4, type))
  }

  private func model(_ nodes: [UInt8], inputs: [[UInt8]], outputs: [[UInt8]]) -> Data {
    let graph = nodes + field(2, "g") + inputs.flatMap { field(11, $0) } + outputs.flatMap { field(12, $0) }
    // The graph is longer than one byte counts.
    let length = [UInt8(graph.count & 127 | 128), UInt8(graph.count >> 7)]
    return Data([1 << 3, 10] + [7 << 3 | 2] + length + graph + field(8, [2 << 3, 25]))
  }

  /// sum_out = x + sum, y = −sum_out.
  private var accumulator: Data {
    let sizes = ["batch", "2"]
    return model(
      node("Add", ["x", "sum"], ["sum_out"]) + node("Neg", ["sum_out"], ["y"]),
      inputs: [value("x", sizes), value("sum", sizes)], outputs: [value("sum_out", sizes), value("y", sizes)])
  }

  /// Attention of what comes to itself and to what came.
  private var decoder: Data {
    func sizes(_ positions: String) -> [String] { ["1", "2", positions, "4"] }
    return model(
      node("Attention", ["x", "x", "x", "", "past_key", "past_value"], ["y", "present_key", "present_value"]),
      inputs: [value("x", sizes("new"))] + ["past_key", "past_value"].map { value($0, sizes("past")) },
      outputs: [value("y", sizes("new"))] + ["present_key", "present_value"].map { value($0, sizes("all")) })
  }

  /// A .npy file of float32.
  private func array(_ values: [Float], _ shape: String) -> Data {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    let header = text + String(repeating: " ", count: 117 - text.count) + "\n"
    return Data(
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
        + values.flatMap { value in
          withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        })
  }

  @Test func `run goes on from step to step`() throws {
    try withFolder { folder in
      let (model, x) = (folder.appendingPathComponent("m.onnx"), folder.appendingPathComponent("x.npy"))
      try accumulator.write(to: model)
      try array([1, 2, 3, 4, 5, 6], "3, 1, 2").write(to: x)
      for carry in ["auto", "sum_out=sum"] {
        let run = try hone(["run", model.path, "--carry", carry, "-i", "x=\(x.path)"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("y: float32[3×1×2] {-1.0, -2.0, -4.0, -6.0, -9.0, -12.0}"), "\(run.output)")
        #expect(run.errors.contains("carried from run to run: sum"))
      }
      let wrong = try hone(["run", model.path, "--carry", "total=sum", "--random"])
      #expect(wrong.status != 0 && wrong.errors.contains("no output ‘total’; there is sum_out, y"))
      #expect(try hone(["run", model.path, "--carry", "sum", "--random"]).errors.contains("output=input"))
      #expect(
        try hone(["run", model.path, "--carry", "auto", "--capacity", "9", "--random"]).errors.contains("no cache"))
    }
  }

  @Test func `caches take as many positions as they have room for`() throws {
    try withFolder { folder in
      let model = folder.appendingPathComponent("m.onnx")
      try decoder.write(to: model)
      let arguments = ["run", model.path, "--carry", "auto", "--random", "--capacity"]
      #expect(try hone(arguments.dropLast()).errors.contains("give such caches a capacity"))
      let fits = try hone(arguments + ["6", "--steps", "6"])
      #expect(fits.status == 0 && fits.output.contains("y: float32[6×1×2×1×4]"), "\(fits.output)\(fits.errors)")
      let full = try hone(arguments + ["6", "--steps", "7"])
      #expect(full.status != 0 && full.errors.contains("do not fit behind the past ones"))
      struct Times: Decodable {
        var p50_ms: Double
        var runs: Int
      }
      let benchmark = try hone([
        "benchmark", model.path, "--carry", "auto", "--capacity", "6", "--duration", "0.05", "--format", "json", "-q",
      ])
      let times = try JSONDecoder().decode(Times.self, from: Data(benchmark.output.utf8))
      #expect(times.p50_ms > 0 && times.runs > 6)
    }
  }
}
