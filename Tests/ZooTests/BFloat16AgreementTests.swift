import Foundation
import HoneDatasets
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Classifiers in bfloat16 choose the class that they choose in fp32.
@Suite struct BFloat16AgreementTests {
  static let digits = ZooTests.shared.appendingPathComponent("data/mnist")
  static let zoo = ZooTests.shared.appendingPathComponent("zoo")
  static let hands = ZooTests.shared.appendingPathComponent("data/hand-gesture/keypoint.csv")

  /// The share of `inputs` for which the largest of the first output's numbers (or the output itself, where it is an
  /// integer) is the same in both precisions, and the choices in fp32.
  static func agreement(_ name: String, on inputs: [Tensor]) throws -> (share: Double, classes: [Int]) {
    let file = ZooTests.shared.appendingPathComponent("zoo/\(name)/model.onnx")
    return try agreement(of: ONNXModel(contentsOf: file).graph, on: inputs)
  }

  static func agreement(of graph: Graph, on inputs: [Tensor]) throws -> (share: Double, classes: [Int]) {
    let choices = try [Precision.fp32, .bf16].map { precision in
      let session = Session(try Preparation(threads: 2, precision: precision).program(graph))
      return try inputs.map { input in
        let output = try session.run([input])[0]
        guard output.element.isFloatingPoint else { return output.integers[0] }
        let values = output.floats
        return values.indices.max { values[$0] < values[$1] }!
      }
    }
    let same = zip(choices[0], choices[1]).count { $0 == $1 }
    return (Double(same) / Double(inputs.count), choices[0])
  }

  /// Test digits of MNIST as fp32 images of `sizes`, (pixel / 255 − mean) / deviation.
  static func images(_ sizes: [Int], mean: Float, deviation: Float) throws -> [Tensor] {
    var options = DatasetOptions()
    options.split = .test
    let data = try Dataset.open(digits.path, options)
    return try (0..<2000).map { i in
      Tensor(try data.sample(at: i).inputs[0].tensor.floats.map { ($0 / 255 - mean) / deviation }, shape: sizes)
    }
  }

  struct Reader: Sendable {
    var model: String
    var sizes = [1, 1, 28, 28]
    var mean: Float = 0
    var deviation: Float = 1
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: digits.path), "skipped: there is no ../shared/data/mnist"),
    arguments: [
      Reader(model: "mnist_burn", mean: 0.1307, deviation: 0.3081),
      Reader(model: "mnist_pytorch_onnx2c", sizes: [1, 784]),
      Reader(model: "tribuo_cnn_mnist"),
    ])
  func `99 of 100 test digits are read alike`(reader: Reader) throws {
    let images = try Self.images(reader.sizes, mean: reader.mean, deviation: reader.deviation)
    let (share, classes) = try Self.agreement(reader.model, on: images)
    #expect(Set(classes).count == 10)
    #expect(share >= 0.99, "\(reader.model)")
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: hands.path), "skipped: there is no ../shared/data/hand-gesture")
  )
  func `99 of 100 gestures are recognized alike`() throws {
    let rows = try String(contentsOf: Self.hands, encoding: .utf8).split(whereSeparator: \.isNewline)
    let points = rows.map { row in Tensor(row.split(separator: ",").dropFirst().map { Float($0)! }, shape: [1, 42]) }
    let (share, classes) = try Self.agreement("gesture_keypoint_mlp", on: points)
    #expect(Set(classes).count == 3)
    #expect(share >= 0.99)
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: zoo.path), "skipped: there is no ../shared/zoo"),
    arguments: [
      ("light_bvlc_alexnet", [1, 3, 224, 224]), ("light_densenet121", [1, 3, 224, 224]),
      ("light_inception_v1", [1, 3, 224, 224]), ("light_inception_v2", [1, 3, 224, 224]),
      ("light_resnet50", [1, 3, 224, 224]), ("light_vgg19", [1, 3, 224, 224]), ("ppocr_v2_cls", [1, 3, 48, 192]),
      ("velardo_lesson14", [1, 130, 13]), ("tribuo_iris_lr", [1, 4]), ("mixed_ops_dynamic_batch", [1, 3, 32, 32]),
    ])
  func `noise is taken for the same`(model: String, sizes: [Int]) throws {
    let count = sizes.reduce(1, *)
    let noise = (0..<20).map { i in
      Tensor((0..<count).map { Float((i * count + $0) * 7919 % 10007) / 5003 - 1 }, shape: sizes)
    }
    #expect(try Self.agreement(model, on: noise).share >= 0.99)
  }
}
