import Foundation
import HoneIR
import HoneONNX
import HoneOperators
import HoneRuntime
import HoneTraining
import HoneTransforms
import Testing

/// Every zoo model is trained back towards itself: its weights are moved by noise, and for 20 steps it learns to give the
/// outputs that it gave. What was trained must run in ONNX Runtime with the same outputs as here.
@Suite(.serialized) struct ZooTrainingTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let zoo = root.deletingLastPathComponent().appendingPathComponent("shared/zoo")

  static let models: [String] = {
    let models = ((try? FileManager.default.contentsOfDirectory(atPath: zoo.path)) ?? []).filter {
      FileManager.default.fileExists(atPath: zoo.appendingPathComponent("\($0)/model.onnx").path)
    }
    if models.isEmpty { print("ZooTrainingTests are skipped: there is no ../shared/zoo") }
    // The largest come last.
    return models.sorted { ($0.hasPrefix("light_") ? 1 : 0, $0) < ($1.hasPrefix("light_") ? 1 : 0, $1) }
  }()

  static let python: URL? = {
    let python = root.appendingPathComponent(".venv/bin/python")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      print("trained models are not run in ONNX Runtime: there is no .venv with it")
      return nil
    }
    return python
  }()

  /// What cannot be trained, with a part of the reason that is given.
  static let refused: [String: String] = [
    "gesture_keypoint_mlp": "no output of floating-point numbers",
    "micro_kws_m_static_qoperator": "nothing is to be trained",
    "tract_lgbm_classifier": "no gradient reaches the weight",
    "tribuo_lr_mnist": "no output of floating-point numbers",
  ]

  /// What is trained without its loss falling in 20 steps: outputs that saturate, or turn too sharply for steps to help.
  static let unmoved: Set<String> = [
    "godot_scorethegoal_ppo", "light_bvlc_alexnet", "light_inception_v1", "light_resnet50", "light_vgg19",
    "ppocr_v2_rec_en_number", "ultraface_rfb320",
  ]

  @Test(arguments: refused.keys.sorted()) func `what cannot be trained says why`(model name: String) throws {
    guard !Self.models.isEmpty else { return }
    let error = #expect(throws: GraphError.self) { try ZooDistillation(Self.zoo.appendingPathComponent(name)) }
    #expect(error?.message.contains(Self.refused[name]!) ?? false, "\(String(describing: error))")
  }

  @Test func `losses fall, and ONNX Runtime agrees`() throws {
    guard !Self.models.isEmpty else { return }
    var trained: [String] = [], others: [String] = []
    for name in Self.models where Self.refused[name] == nil {
      let distillation = try ZooDistillation(Self.zoo.appendingPathComponent(name))
      let losses = try distillation.run(steps: 20)
      let (first, last) = (losses.prefix(5).reduce(0, +) / 5, losses.suffix(5).reduce(0, +) / 5)
      print("\(name): \(first) → \(last)")
      // Less than rounding could do is no learning.
      guard last < 0.999 * first else {
        others.append(name)
        continue
      }
      trained.append(name)
      try check(distillation, name, loss: losses[losses.count - 1])
    }
    print("\(trained.count) of \(Self.models.count) models were trained; the loss did not fall for \(others)")
    #expect(Set(others).isSubset(of: Self.unmoved), "the losses of other models fell before")
  }

  /// The model that is written, read back and run here and in ONNX Runtime.
  private func check(_ distillation: ZooDistillation, _ name: String, loss atEnd: Double) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hone-trained-\(name)-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let loss = try distillation.export(to: folder)
    #expect(
      abs(loss.squareRoot() - atEnd.squareRoot()) <= 0.01 * atEnd.squareRoot() + 1e-4 * distillation.scale, "\(name)")
    guard let python = Self.python else { return }
    let process = Process()
    process.executableURL = python
    process.arguments = [
      Self.root.appendingPathComponent("Tests/Referees/trained_model.py").path, folder.path, distillation.data.path,
    ]
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(name): \(String(decoding: output, as: UTF8.self))")
  }
}
