import Foundation

/// A model made to do harm.
struct HostileModel {
  var name: String
  var bytes: Data
  /// It must be refused; others may run.
  var mustFail = false
}

/// Models made to do harm: absurd sizes, paths that leave the folder, graphs that are none.
enum HostileModels {
  private static let x = Message.value("x", dims: [2, 3])
  private static let y = Message.value("y", dims: [2, 3])
  private static let sixFloats = Data(repeating: 0, count: 24)
  private static let absurdDims: [[Int64]] = [
    [-1], [-2, -3], [.min], [.max], [1 << 40], [1 << 31, 1 << 31, 1 << 31], [1 << 62, 4], [0, .max, .max], [2, 3, -1],
    [Int64](repeating: 2, count: 63), [Int64](repeating: 1, count: 5000),
  ]
  private static let absurdShapes: [[Int64]] = [
    [-1, -1], [-2], [.min], [.max], [1 << 40], [1 << 31, 1 << 31, 1 << 31], [1 << 36], [0, -1], [7],
  ]

  /// What the others are made of is sound.
  static var sound: [(name: String, bytes: Data)] {
    [
      (
        "sum",
        Message.model(
          nodes: [Message.node("Add", ["x", "w"], ["y"])],
          initializers: [Message.tensor("w", dims: [2, 3], raw: sixFloats)], inputs: [x], outputs: [y])
      ),
      (
        "reshape",
        Message.model(
          nodes: [
            Message.node("Reshape", ["x", "s"], ["t"]),
            Message.node("Softmax", ["t"], ["y"], [Message.integer("axis", -1)]),
          ],
          initializers: [Message.shape("s", [3, -1])], inputs: [x], outputs: [Message.value("y", dims: [3, 2])])
      ),
      (
        "transpose",
        Message.model(
          nodes: [Message.node("Transpose", ["x"], ["y"], [Message.integers("perm", [1, 0])])], inputs: [x],
          outputs: [Message.value("y", dims: [3, 2])])
      ),
    ]
  }

  static var all: [HostileModel] { dimensions + operands + structures + paths }

  private static var dimensions: [HostileModel] {
    absurdDims.flatMap { dims -> [HostileModel] in
      let weights = Message.model(
        nodes: [Message.node("Add", ["x", "w"], ["y"])],
        initializers: [Message.tensor("w", dims: dims, raw: sixFloats)], inputs: [x], outputs: [y])
      let input = Message.model(
        nodes: [Message.node("Relu", ["x"], ["y"])], inputs: [Message.value("x", dims: dims)],
        outputs: [Message.value("y", dims: dims)])
      return [
        HostileModel(name: "weights of \(dims.prefix(4))", bytes: weights, mustFail: true),
        HostileModel(name: "input of \(dims.prefix(4))", bytes: input),
      ]
    }
  }

  private static var operands: [HostileModel] {
    absurdShapes.flatMap { shape -> [HostileModel] in
      ["Reshape", "Expand", "Tile", "ConstantOfShape", "Unsqueeze", "Slice"].map { type in
        let inputs =
          switch type {
          case "ConstantOfShape": ["s"]
          case "Slice": ["x", "s", "s"]
          default: ["x", "s"]
          }
        let model = Message.model(
          nodes: [Message.node(type, inputs, ["y"])], initializers: [Message.shape("s", shape)],
          inputs: type == "ConstantOfShape" ? [] : [x], outputs: [Message.value("y", dims: [])])
        return HostileModel(name: "\(type) with \(shape)", bytes: model)
      }
    }
      + [
        ("perm", "Transpose", [0, 7]), ("perm", "Transpose", [-1, -1]), ("pads", "MaxPool", [.max, .max, .max, .max]),
        ("kernel_shape", "MaxPool", [1 << 40, 1 << 40]), ("kernel_shape", "AveragePool", [0, 0]),
        ("kernel_shape", "MaxPool", [-3, .min]),
      ].map { attribute, type, values in
        let rank: [Int64] = type == "Transpose" ? [2, 3] : [1, 1, 4, 4]
        return HostileModel(
          name: "\(type) with \(attribute) \(values)",
          bytes: Message.model(
            nodes: [Message.node(type, ["x"], ["y"], [Message.integers(attribute, values.map { Int64($0) })])],
            inputs: [Message.value("x", dims: rank)], outputs: [Message.value("y", dims: [])]))
      }
  }

  private static var structures: [HostileModel] {
    let nested = (0..<2000).reduce(Message()) { inner, _ in
      Message().message(
        1, Message.node("If", ["c"], ["y"], [Message().text(1, "then_branch").message(6, inner).number(20, 5)]))
    }
    return [
      ("nothing", Data()),
      ("no graph", Message().number(1, 8).bytes),
      ("text", Data("this is no model".utf8)),
      (
        "a cycle",
        Message.model(
          nodes: [Message.node("Add", ["x", "b"], ["a"]), Message.node("Relu", ["a"], ["b"])], inputs: [x],
          outputs: [Message.value("a", dims: [2, 3])])
      ),
      (
        "a missing initializer",
        Message.model(nodes: [Message.node("Add", ["x", "w"], ["y"])], inputs: [x], outputs: [y])
      ),
      ("an output of nothing", Message.model(nodes: [Message.node("Relu", ["x"], ["z"])], inputs: [x], outputs: [y])),
      ("too few operands", Message.model(nodes: [Message.node("Conv", ["x"], ["y"])], inputs: [x], outputs: [y])),
      (
        "an unknown operator",
        Message.model(nodes: [Message.node("Frobnicate", ["x"], ["y"])], inputs: [x], outputs: [y])
      ),
      ("2000 regions in each other", Message().number(1, 8).message(7, nested).bytes),
    ].map { HostileModel(name: $0.0, bytes: $0.1, mustFail: true) }
  }

  private static var paths: [HostileModel] {
    let places = [
      "../outside.bin", "../../../../../../etc/passwd", "/etc/passwd", "/dev/zero", "/proc/self/mem",
      "inner/../../outside.bin",
      "", ".", "..", "link", "link/passwd", "missing.bin", "weights.bin\u{0}.png", "../outside.bin\u{0}/../models/x",
      String(repeating: "a/", count: 5000) + "x",
      "model.onnx/x", "pipe",
    ]
    let sound = places.map { [("location", $0)] }
    let ranges = [
      ("offset", "-1"), ("offset", "\(Int.max)"), ("offset", "21"), ("offset", "many"), ("length", "-24"),
      ("length", "\(Int.max)"),
      ("length", "23"), ("length", "24.5"),
    ].map { [("location", "weights.bin"), $0] }
    return (sound + ranges).map { entries in
      HostileModel(
        name: "external data \(entries.map { "\($0.0) ‘\($0.1.prefix(40))’" })",
        bytes: Message.model(
          nodes: [Message.node("Add", ["x", "w"], ["y"])],
          initializers: [Message.external("w", dims: [2, 3], entries)], inputs: [x], outputs: [y]), mustFail: true)
    }
  }
}
