import HoneIR
import HoneModels
import Testing

struct ModelOptionsTests {
  @Test func optionsDefaultToTheModelsOwn() {
    #expect(ModelOptions().names.isEmpty)
  }

  private func refusal(_ name: String, _ change: (inout ModelOptions) -> Void) throws -> GraphError? {
    var options = ModelOptions()
    change(&options)
    let model = try BuiltInModel.named(name)
    return #expect(throws: GraphError.self) { try model.form(options) }
  }

  @Test func anOptionThatAModelLacksIsNamed() throws {
    let error = try refusal("resnet18") { $0.scale = 2 }
    #expect(error?.kind == .attribute)
    #expect(error?.message == "has no option ‘scale’; it takes classes, input, width")
    #expect(error?.trail == ["option", "model ‘resnet18’"])
  }

  @Test func valuesOutOfRangeAreRefused() throws {
    #expect(try refusal("resnet18") { $0.classes = 0 }?.message.contains("‘classes’") ?? false)
    #expect(try refusal("resnet18") { $0.input = [3, 224] }?.message.contains("‘input’ takes 3") ?? false)
    #expect(try refusal("resnet18") { $0.input = [3, 16, 224] }?.message.contains("at least 32") ?? false)
    #expect(try refusal("u-net") { $0.input = [3, 40, 40] }?.message.contains("multiples of 16") ?? false)
    #expect(try refusal("vgg11") { $0.input = [3, 256, 256] }?.message.contains("multiple") ?? false)
    #expect(try refusal("minilm") { $0.hidden = 100 }?.message.contains("12 heads") ?? false)
    #expect(try refusal("minilm") { $0.input = [513] }?.message.contains("512 tokens") ?? false)
    #expect(try refusal("edsr") { $0.scale = 5 }?.message.contains("‘scale’") ?? false)
    #expect(try refusal("mobilenet-v2") { $0.width = 0 }?.message.contains("‘width’") ?? false)
    #expect(try refusal("mlp") { $0.dropout = 1 }?.message.contains("‘dropout’") ?? false)
    #expect(try refusal("tcn-forecaster") { $0.layers = 60 }?.message.contains("‘layers’") ?? false)
    #expect(try refusal("textcnn") { $0.input = [4] }?.message.contains("5 tokens") ?? false)
  }
}
