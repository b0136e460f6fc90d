import Foundation
import HoneIR
import HoneModels
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

struct BuiltInModelTests {
  @Test func everyModelHasASmallForm() {
    #expect(Set(BuiltInModel.all.map(\.name)) == Set(SmallModel.all.map(\.name)))
    #expect(BuiltInModel.all.count == SmallModel.all.count)
  }

  @Test(arguments: SmallModel.all) func runsAsWrittenAndAsOptimized(_ small: SmallModel) throws {
    let graph = try BuiltInModel.named(small.name).build(small.options)
    let inputs = graph.sampleInputs()
    let result = try Session(graph).run(inputs)
    #expect(result.map(\.sizes) == [small.output])
    let values = result[0].floats
    #expect(values.allSatisfy { $0.isFinite })
    #expect(Set(values).count > 1, "all outputs are \(values[0])")

    let written = try ONNXModel(try ONNXModel(graph: graph).serialized()).graph
    #expect(written.inputs.map { written.name(of: $0) } == graph.inputs.map { graph.name(of: $0) })
    #expect(try Session(written).run(inputs)[0].isIdentical(to: result[0]))

    let largest = values.map(abs).max()!
    let optimized = try Session(Preparation().program(graph)).run(inputs)[0].floats
    let difference = zip(values, optimized).map { abs($0 - $1) }.max()!
    #expect(difference <= 1e-4 * largest, "differs by \(difference) of \(largest)")
  }

  @Test(arguments: SmallModel.all) func theSameSeedGivesTheSameBits(_ small: SmallModel) throws {
    let model = try BuiltInModel.named(small.name)
    var other = small.options
    other.seed += 1
    let (a, b, c) = (try model.build(small.options), try model.build(small.options), try model.build(other))
    #expect(zip(a.weights, b.weights).allSatisfy { $0.isIdentical(to: $1) })
    #expect(zip(a.weights, c.weights).contains { !$0.isIdentical(to: $1) })
  }

  @Test(arguments: SmallModel.all) func countsTheParametersThatItMakes(_ small: SmallModel) throws {
    let model = try BuiltInModel.named(small.name)
    let graph = try model.build(small.options)
    let named = graph.namedWeights.filter { !$0.key.contains(".running_") }
    #expect(try model.parameterCount(small.options) == named.values.map(\.elementCount).reduce(0, +))
  }

  @Test(arguments: BuiltInModel.all.map(\.name)) func defaultsHaveABatchOfAnySize(_ name: String) throws {
    let form = try BuiltInModel.named(name).form()
    for port in form.inputs + form.outputs { #expect(port.type.shape?.first == .symbol("batch"), "\(port)") }
    #expect(form.outputs.allSatisfy { $0.type.shape!.dropFirst().allSatisfy { $0.size != nil } }, "\(form.outputs)")
  }

  /// Numbers of parameters as torchvision, Hugging Face and the papers' code have them.
  @Test(arguments: [
    ("lenet-300-100", 266_610), ("lenet-5", 61_706), ("mnist-net", 21_840), ("alexnet", 61_100_840),
    ("vgg11", 132_863_336), ("vgg13", 133_047_848), ("vgg16", 138_357_544), ("vgg19", 143_667_240),
    ("vgg11-bn", 132_868_840), ("vgg16-bn", 138_365_992), ("resnet20", 272_474), ("resnet18", 11_689_512),
    ("resnet50", 25_557_032), ("resnet18-cifar", 11_173_962), ("mobilenet-v2", 3_504_872),
    ("mobilenet-v2-96", 2_236_682), ("u-net", 31_037_698), ("bert-base", 109_483_778), ("minilm", 22_717_066),
    ("srcnn", 8_129), ("edsr", 1_369_859),
  ]) func hasTheKnownNumberOfParameters(_ name: String, _ count: Int) throws {
    #expect(try BuiltInModel.named(name).parameterCount() == count)
  }

  @Test func anUnknownNameIsRefusedWithTheNamesThereAre() {
    let error = #expect(throws: GraphError.self) { try BuiltInModel.named("resnet19") }
    #expect(error?.message.contains("resnet18-cifar") ?? false)
  }

  @Test func namesAreFoundInAnyCase() throws {
    #expect(try BuiltInModel.named("ResNet18").name == "resnet18")
  }
}

extension Graph {
  /// Floating-point constants that nodes read, by name, without the numbers that belong to the structure.
  var namedWeights: [String: Tensor] {
    var result: [String: Tensor] = [:]
    for node in sorted() {
      for case let operand? in node.operands {
        guard let tensor = constant(operand), tensor.element == .float32, !tensor.sizes.isEmpty else { continue }
        result[name(of: operand)] = tensor
      }
    }
    return result
  }
  var weights: [Tensor] { namedWeights.sorted { $0.key < $1.key }.map(\.value) }
}
