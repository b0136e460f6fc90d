import HoneIR

/// y = Σ x, of equal shapes
struct Sum: Op {
  func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...8)
    return [.tensor(try call.tensor(0))]
  }
}

/// An operator with an attribute of each kind.
struct Everything: RequiringOp {
  enum Mode: String, Codable { case fast, exact }
  var count = 1
  var flag = false
  var scale: Float = 0.5
  var label = "a"
  var axes: [Int] = []
  var weights: [Float] = []
  var names: [String] = []
  var value: Tensor?
  var to = ElementType.float32
  var mode = Mode.fast
  var limit: Int?
  static var required: [String] { ["count"] }
  func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(0))] }
}
