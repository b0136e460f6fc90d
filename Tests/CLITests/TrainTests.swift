import Foundation
import Testing

/// Training as the command does it: it learns, and neither a kill nor Ctrl-C costs anything.
@Suite struct TrainTests {
  private struct Answer: Decodable {
    var ending: String
    var steps: Int
    var chosen_step: Int
    var best: Double?
  }
  private static var hone: URL {
    Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
  }

  /// A folder with a table of points on both sides of a line.
  private static func folder(rows: Int) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-train-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 23) - 1
    }
    var text = "x,y,side\n"
    for _ in 0..<rows {
      let (x, y) = (next(), next())
      text += "\(x),\(y),\(2 * x - y > 0.1 ? "right" : "left")\n"
    }
    try Data(text.utf8).write(to: folder.appendingPathComponent("points.csv"))
    return folder
  }

  private static func arguments(_ folder: URL, steps: Int, output: String) -> [String] {
    [
      "train", "mlp", "--input", "2", "--data", folder.appendingPathComponent("points.csv").path, "--label", "side",
      "--steps", "\(steps)", "--batch", "8", "--rate", "0.01", "--evaluate-every", "40", "--format", "json", "--quiet",
      "--optimizer", "sgd:momentum=0.9", "--schedule", "cosine", "--warm-up", "5", "-o",
      folder.appendingPathComponent(output).path,
    ]
  }

  private static func start(_ arguments: [String], _ output: Pipe? = nil) throws -> Process {
    let process = Process()
    (process.executableURL, process.arguments) = (hone, arguments)
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test func `a built-in model learns from a table`() throws {
    let folder = try Self.folder(rows: 400)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = Pipe()
    let process = try Self.start(Self.arguments(folder, steps: 200, output: "model.onnx"), output)
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let answer = try JSONDecoder().decode(Answer.self, from: data)
    #expect(answer.ending == "completed" && answer.steps == 200)
    #expect(answer.best ?? 0 > 0.9)
    let evaluation = try Self.start([
      "evaluate", folder.appendingPathComponent("model.onnx").path, "--data",
      folder.appendingPathComponent("points.csv").path, "--label", "side",
    ])
    evaluation.waitUntilExit()
    #expect(evaluation.terminationStatus == 0)
  }

  @Test func `without samples held back, all are trained on`() throws {
    let folder = try Self.folder(rows: 80)
    defer { try? FileManager.default.removeItem(at: folder) }
    for share in ["0", "0.5"] {
      let output = Pipe()
      let process = try Self.start(
        [
          "train", "mlp", "--input", "2", "--data", folder.appendingPathComponent("points.csv").path, "--label", "side",
          "--validation", share, "--epochs", "1", "--batch", "8", "--format", "json", "-o",
          folder.appendingPathComponent("all.onnx").path,
        ], output)
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(try JSONDecoder().decode(Answer.self, from: data).steps == (share == "0" ? 10 : 5))
    }
  }

  @Test func `killed again and again, it ends with the same weights`() throws {
    let folder = try Self.folder(rows: 200)
    defer { try? FileManager.default.removeItem(at: folder) }
    let steps = 160
    let whole = try Self.start(Self.arguments(folder, steps: steps, output: "whole.safetensors"))
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    let checkpoints = folder.appendingPathComponent("checkpoints")
    let resuming =
      Self.arguments(folder, steps: steps, output: "killed.safetensors") + [
        "--checkpoints", checkpoints.path, "--checkpoint-every", "1", "--resume",
      ]
    var kills = 0
    while true {
      let process = try Self.start(resuming)
      if kills < 6 {
        let before = Self.modified(checkpoints)
        while process.isRunning, Self.modified(checkpoints) == before { usleep(2000) }
        usleep(UInt32.random(in: 0..<60_000))
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      }
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal {
        kills += 1
        continue
      }
      #expect(process.terminationStatus == 0)
      break
    }
    #expect(kills > 0)
    let expected = try Data(contentsOf: folder.appendingPathComponent("whole.safetensors"))
    #expect(try Data(contentsOf: folder.appendingPathComponent("killed.safetensors")) == expected)
  }

  @Test func `Ctrl-C saves where it is, and ends with 130`() throws {
    let folder = try Self.folder(rows: 200)
    defer { try? FileManager.default.removeItem(at: folder) }
    let checkpoints = folder.appendingPathComponent("checkpoints")
    let endless =
      Self.arguments(folder, steps: 20_000, output: "model.onnx") + ["--checkpoints", checkpoints.path]
    let process = try Self.start(endless + ["--checkpoint-every", "50"])
    while process.isRunning, Self.modified(checkpoints) == nil { usleep(2000) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.onnx").path))
    let before = Self.modified(checkpoints)
    let again = try Self.start(endless + ["--checkpoint-every", "50", "--resume"])
    while again.isRunning, Self.modified(checkpoints) == before { usleep(2000) }
    again.interrupt()
    again.waitUntilExit()
    #expect(again.terminationStatus == 130)
  }

  @Test func `mistakes end with their exit codes`() throws {
    let folder = try Self.folder(rows: 40)
    defer { try? FileManager.default.removeItem(at: folder) }
    let good = Self.arguments(folder, steps: 2, output: "model.onnx")
    let recipe = folder.appendingPathComponent("recipe.yaml")
    try Data("epoch: 3\n".utf8).write(to: recipe)
    let cases: [([String], Int32)] = [
      (["train"], 2), (["train", "mlp"], 2), (good + ["--resume"], 2), (good + ["--epochs", "2"], 2),
      (good + ["--loss", "sqared"], 2), (good + ["--optimizer", "sgd:momentun=1"], 2),
      (good + ["--recipe", recipe.path], 2), (good + ["--freeze", "*"], 3),
      (good + ["--weights", folder.appendingPathComponent("points.csv").path], 3),
      (["finetune", "missing.onnx", "--data", folder.path, "-o", "x.onnx"], 3),
      (["benchmark", "mlp", "--train", "--batch", "0"], 2),
    ]
    for (arguments, status) in cases {
      let process = try Self.start(arguments)
      process.waitUntilExit()
      #expect(process.terminationStatus == status, "\(arguments.suffix(3))")
    }
  }

  /// When the last checkpoint was written.
  private static func modified(_ folder: URL) -> Date? {
    let path = folder.appendingPathComponent("last.safetensors").path
    return (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
