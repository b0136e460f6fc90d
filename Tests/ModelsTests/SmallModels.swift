import HoneIR
import HoneModels

/// Every model in a size that tests build and run quickly, with other options than its defaults.
struct SmallModel: Sendable, CustomStringConvertible {
  var name: String
  var options: ModelOptions
  /// Sizes of the output for a batch of 2.
  var output: [Int]
  var description: String { name }

  init(_ name: String, output: [Int], _ change: (inout ModelOptions) -> Void) {
    (self.name, self.output) = (name, output)
    options = ModelOptions()
    options.seed = 7
    change(&options)
  }

  static let all: [SmallModel] = images + residual + series + text + others

  private static let images: [SmallModel] =
    [
      SmallModel("lenet-300-100", output: [2, 3]) { ($0.classes, $0.input) = (3, [1, 8, 8]) },
      SmallModel("lenet-5", output: [2, 3]) { ($0.classes, $0.input, $0.width) = (3, [3, 20, 24], 0.5) },
      SmallModel("mnist-net", output: [2, 4]) { ($0.classes, $0.input, $0.width) = (4, [1, 20, 24], 2) },
      SmallModel("mlp", output: [2, 2]) { o in
        (o.classes, o.input, o.hidden, o.layers, o.dropout) = (2, [9], 16, 3, 0.1)
      },
      SmallModel("alexnet", output: [2, 5]) { ($0.classes, $0.input, $0.width) = (5, [3, 64, 64], 0.03) },
    ]
    + ["vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19", "vgg19-bn"].map {
      SmallModel($0, output: [2, 5]) { ($0.classes, $0.input, $0.width) = (5, [3, 32, 32], 0.03) }
    }

  private static let residual: [SmallModel] =
    ["resnet8", "resnet20", "resnet18", "resnet50", "resnet18-cifar"].map {
      SmallModel($0, output: [2, 6]) { ($0.classes, $0.input, $0.width) = (6, [1, 32, 40], 0.125) }
    }
    + ["mobilenet-v2", "mobilenet-v2-96"].map {
      SmallModel($0, output: [2, 6]) { ($0.classes, $0.input, $0.width) = (6, [3, 32, 32], 0.1) }
    } + [
      SmallModel("ds-cnn", output: [2, 4]) { o in
        (o.classes, o.input, o.width, o.layers) = (4, [1, 24, 10], 0.25, 2)
      },
      SmallModel("u-net", output: [2, 3, 32, 16]) { ($0.classes, $0.input, $0.width) = (3, [1, 32, 16], 0.06) },
    ]

  private static let series: [SmallModel] =
    [
      "lstm-forecaster", "gru-forecaster", "tcn-forecaster", "lstm",
    ].map {
      SmallModel($0, output: [2, 5]) { o in
        (o.classes, o.input, o.hidden, o.layers, o.dropout) = (5, [12, 3], 8, 3, 0.1)
      }
    } + [SmallModel("n-beats", output: [2, 5]) { ($0.classes, $0.input, $0.hidden, $0.layers) = (5, [12, 2], 8, 3) }]

  private static let text: [SmallModel] =
    ["bert-base", "minilm"].map {
      SmallModel($0, output: [2, 3]) { o in
        (o.classes, o.input, o.hidden, o.layers, o.vocabulary) = (3, [8], 24, 2, 50)
      }
    }
    + ["fasttext", "textcnn"].map {
      SmallModel($0, output: [2, 3]) { ($0.classes, $0.input, $0.hidden, $0.vocabulary) = (3, [8], 6, 50) }
    }

  private static let others: [SmallModel] = [
    SmallModel("gcn", output: [2, 3, 10]) { o in
      (o.classes, o.input, o.hidden, o.layers) = (3, [10, 6], 4, 3)
    },
    SmallModel("srcnn", output: [2, 3, 10, 12]) { ($0.input, $0.width) = ([3, 10, 12], 0.25) },
    SmallModel("fsrcnn", output: [2, 1, 30, 36]) { ($0.input, $0.scale, $0.layers) = ([1, 10, 12], 3, 2) },
    SmallModel("espcn", output: [2, 1, 20, 24]) { ($0.input, $0.scale) = ([1, 10, 12], 2) },
    SmallModel("edsr", output: [2, 3, 32, 40]) { o in
      (o.input, o.scale, o.layers, o.hidden) = ([3, 8, 10], 4, 2, 8)
    },
  ]
}

extension Graph {
  /// Inputs for a batch of 2: small numbers, and ids below 50.
  func sampleInputs() -> [Tensor] {
    inputs.map { input in
      let type = tensorType(of: input)
      let sizes = type.shape!.map { $0.size ?? 2 }
      let count = sizes.reduce(1, *)
      if type.element == .int64 { return Tensor((0..<count).map { Int64($0 * 7 % 50) }, shape: sizes) }
      return Tensor((0..<count).map { Float($0 * 37 % 101) / 50 - 1 }, shape: sizes)
    }
  }
}
