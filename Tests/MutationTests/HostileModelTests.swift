import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Models made to do harm are refused or run: no crash, no hang, no huge allocation.
@Suite struct HostileModelTests {
  /// A file that takes longer ends the process.
  private static let secondsPerFile: UInt32 = 60
  private static let memoryLimit = 1 << 30

  /// In a process of its own, so that a crash fails this test alone and the memory is this test's alone.
  @Test(.timeLimit(.minutes(10))) func `hostile models do no harm`() async {
    await #expect(processExitsWith: .success) { try HostileModelTests.check() }
  }

  private static func check() throws {
    let outside = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hone-hostile-\(UInt32.random(in: 0 ... .max))")
    let folder = outside.appendingPathComponent("models")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: outside) }
    try Data(count: 24).write(to: outside.appendingPathComponent("outside.bin"))
    try Data(count: 24).write(to: folder.appendingPathComponent("weights.bin"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent("link").path, withDestinationPath: "/etc")
    mkfifo(folder.appendingPathComponent("pipe").path, 0o600)

    for model in HostileModels.sound { #expect(try run(model.bytes, in: folder), "\(model.name) does not run") }
    limitMemory()
    let before = MutationTests.peakBytes()
    for model in HostileModels.all {
      // Says in the log which file it was if this process does not survive it.
      FileHandle.standardError.write(Data("hostile model: \(model.name)\n".utf8))
      alarm(secondsPerFile)
      let ran = try run(model.bytes, in: folder)
      #expect(!(ran && model.mustFail), "\(model.name) was accepted")
    }
    alarm(0)
    #expect(MutationTests.peakBytes() - before < memoryLimit)
  }

  /// Reads and runs the model; false if an error refused it.
  private static func run(_ bytes: Data, in folder: URL) throws -> Bool {
    let url = folder.appendingPathComponent("model.onnx")
    try bytes.write(to: url)
    do {
      let model = try ONNXModel(contentsOf: url)
      let program = try Preparation(level: 3).program(model.graph)
      var inputs: [RuntimeValue?] = []
      for type in try program.inputTypes() {
        guard case .tensor(let tensor) = type, let zeros = zeros(tensor) else { return true }
        inputs.append(.tensor(zeros))
      }
      let outputs = try Session(program).run(inputs)
      #expect(outputs.count == model.graph.outputs.count)
      return true
    } catch {
      #expect(!error.message.isEmpty)
      return false
    }
  }

  /// Zeros, or nil for what nobody could give.
  private static func zeros(_ type: TensorType) -> Tensor? {
    guard let sizes = type.sizes, type.element != .string else { return nil }
    var count = 1
    for size in sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, size >= 0, product <= 1 << 24 else { return nil }
      count = product
    }
    return .zeros(type)
  }

  /// Absurd allocations must not take the machine down with them.
  private static func limitMemory() {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").first.flatMap({ UInt64($0) })
      else { return }
      let bytes = pages * UInt64(sysconf(Int32(_SC_PAGESIZE))) + 4 * UInt64(memoryLimit)
      var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #endif
  }
}
