import Foundation
import Testing

/// The main job, as the command does it, on the example model and the real Fashion-MNIST test set.
@Suite struct CompressTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Where the data is, or nil.
  static let data = [root.appendingPathComponent(".cache/fashion-mnist").path, "/usr/share/datasets/fashion-mnist"]
    .first { folder in
      ["", ".gz"].contains { FileManager.default.fileExists(atPath: "\(folder)/t10k-images-idx3-ubyte\($0)") }
    }

  struct Report: Decodable {
    struct Candidate: Decodable {
      var name: String
      var score: Double?
      var drop: Double?
      var file_bytes: Int
      var chosen: Bool
    }
    var goal_met: Bool
    var candidates: [Candidate]
    var files: [String]
  }
  struct Accuracy: Decodable { var accuracy: Double }

  private static func run(_ executable: URL, _ arguments: [String]) throws -> (status: Int32, output: Data) {
    let process = Process()
    (process.executableURL, process.arguments) = (executable, arguments)
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }

  @Test func `the example loses at most 0.3 points, is a third of the size, and is as accurate in ONNX Runtime`() throws
  {
    guard let data = Self.data else {
      print("skipped: there is no Fashion-MNIST; Scripts/install.sh test installs it where it can")
      return
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-compress-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let hone = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
    let model = Self.root.appendingPathComponent("Examples/fashion-mnist/model.onnx").path
    let (status, output) = try Self.run(
      hone, ["compress", model, "--data", data, "--max-drop", "0.003", "-o", folder.path, "--format", "json"])
    #expect(status == 0)
    let report = try JSONDecoder().decode(Report.self, from: output)
    let original = try #require(report.candidates.first { $0.name == "original" })
    let chosen = try #require(report.candidates.first { $0.chosen })
    #expect(report.goal_met && chosen.name.hasPrefix("int8"))
    #expect(original.score ?? 0 >= 0.91)
    #expect(chosen.drop ?? 1 <= 0.003)
    #expect(Double(chosen.file_bytes) <= 0.32 * Double(original.file_bytes))
    for file in ["model.onnx", "report.json", "recipe.yaml"] {
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path), "\(file)")
    }

    let python = Self.root.appendingPathComponent(".venv/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      print("skipped: no Python with onnxruntime in .venv, so its accuracy is not compared")
      return
    }
    let referee = Self.root.appendingPathComponent("Tests/Referees/evaluate_ort.py").path
    let answer = try Self.run(python, [referee, folder.appendingPathComponent("model.onnx").path, data])
    #expect(answer.status == 0)
    let peer = try JSONDecoder().decode(Accuracy.self, from: answer.output).accuracy
    #expect(abs(peer - (chosen.score ?? 0)) <= 0.002, "ONNX Runtime: \(peer)")
  }

  @Test(arguments: [
    (["run", "missing.onnx", "--random"], 3), (["benchmark"], 2), (["quantize", "x.onnx", "-o", "y.onnx"], 2),
    (["frobnicate"], 2), (["--help"], 0), (["kernels"], 0), (["kernels", "--format", "json"], 0),
  ])
  func `exit codes are as documented`(arguments: [String], code: Int) throws {
    let hone = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
    #expect(try Self.run(hone, arguments).status == Int32(code))
  }
}
