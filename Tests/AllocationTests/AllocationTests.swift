#if os(Linux)
  import Foundation
  import Testing

  /// Runs in a steady state allocate nothing. Counted in a process of its own, where nothing else allocates meanwhile.
  @Suite struct AllocationTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()

    static var models: [String] {
      let zoo = root.deletingLastPathComponent().appendingPathComponent("shared/zoo")
      let entries = (try? FileManager.default.contentsOfDirectory(atPath: zoo.path)) ?? []
      if entries.isEmpty { print("skipped: there is no ../shared/zoo") }
      let examples = [root.appendingPathComponent("Examples/fashion-mnist/model.onnx").path]
      return examples + entries.sorted().map { zoo.path + "/\($0)/model.onnx" }.filter(FileManager.default.fileExists)
    }

    /// Models that are given again what they gave, which lies where it is.
    static var carried: [String] {
      models.filter { $0.contains("/gtcrn_simple/") }.map { "carry=" + $0 }
    }

    @Test(arguments: [1, 2]) func `runs allocate nothing`(threads: Int) throws {
      let probe = Process()
      probe.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent(
        "AllocationProbe")
      probe.arguments = ["\(threads)"] + Self.models + Self.carried
      let output = Pipe()
      probe.standardOutput = output
      try probe.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      probe.waitUntilExit()
      #expect(probe.terminationStatus == 0)
      let lines = text.split(separator: "\n")
      #expect(lines.count == Self.models.count + Self.carried.count)
      let bound = lines.filter { !$0.hasPrefix("data ") }
      for line in bound { #expect(line.hasPrefix("0 "), "\(line)") }
      #expect(!bound.isEmpty)
      #expect(bound.count { $0.contains("carry=") } == Self.carried.count)
      print(
        "allocations with \(threads) threads: \(bound.count) models without any, \(lines.count - bound.count) whose sizes depend on data"
      )
    }
  }
#endif
