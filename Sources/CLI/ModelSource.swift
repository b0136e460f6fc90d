import Foundation
import HoneIR
import HoneModels
import HoneONNX

/// A model from an ONNX file, or a built-in one with fresh weights.
struct ModelSource {
  var model: ONNXModel
  /// What the built-in model is trained with; nil for files.
  var builtIn: BuiltInModel?

  /// `name` is a file, if there is one of that name, else a built-in model.
  init(_ name: String, classes: Int? = nil, input: [Int]? = nil, seed: UInt64 = 0) throws(GraphError) {
    if FileManager.default.fileExists(atPath: name) || name.hasSuffix(".onnx") {
      guard classes == nil, input == nil else {
        throw GraphError(.attribute, "--classes and --input are for built-in models; \(name) is a file").at("option")
      }
      model = try ONNXModel(contentsOf: URL(fileURLWithPath: name))
      return
    }
    let found = try BuiltInModel.named(name)
    var options = ModelOptions()
    (options.classes, options.input, options.seed) = (classes, input, seed)
    model = ONNXModel(graph: try found.build(options))
    builtIn = found
  }

  /// Whether `name` means a built-in model that has as many outputs as asked for.
  static func takesClasses(_ name: String) -> Bool {
    !FileManager.default.fileExists(atPath: name) && (try? BuiltInModel.named(name).defaults.classes) != nil
  }
}
