import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct MetricsTests {
  private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-12 } ?? false }

  /// The expected numbers are scikit-learn’s.
  @Test func `scores of five classes, one never a label`() throws {
    var metrics = ClassificationMetrics(classes: ["0", "1", "2", "3", "4"])
    try metrics.add(.integers([0, 1, 1, 1]), labels: [0, 0, 1, 1])
    try metrics.add(Tensor([2, 0, 2, 4] as [Int32], shape: [4, 1]), labels: [2, 2, 2, 3])
    let scores = metrics.scores
    #expect(
      scores.accuracy == 0.625 && near(scores.precisionMacro, 0.4333333333333333)
        && near(scores.recallMacro, 0.4333333333333333))
    #expect(near(scores.f1Macro, 0.42))
    #expect(
      scores.perClass.map(\.support) == [2, 2, 3, 1, 0] && near(scores.perClass[1].f1, 0.8)
        && scores.perClass[2].precision == 1)
    #expect(
      scores.confusionMatrix == [
        [1, 1, 0, 0, 0], [0, 2, 0, 0, 0], [1, 0, 2, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0],
      ])
  }

  @Test func `JSON keys`() throws {
    var metrics = ClassificationMetrics()
    try metrics.add(.integers([0]), labels: [0])
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(metrics.scores)) as? [String: Any]
    let keys: Set = [
      "count", "accuracy", "precision_macro", "recall_macro", "f1_macro", "per_class", "confusion_matrix",
      "invalid_count",
    ]
    #expect(object.map { Set($0.keys) } == keys)
    var regression = RegressionMetrics()
    try regression.add(Tensor([1, 2] as [Float], shape: [2]), targets: [[1], [3]])
    let numbers = try JSONSerialization.jsonObject(with: JSONEncoder().encode(regression.scores)) as? [String: Any]
    #expect(numbers.map { Set($0.keys) } == ["count", "mae", "rmse", "mape", "pearson", "r2", "invalid_count"])
  }

  @Test func `the highest score answers, the first of equals; NaN never`() throws {
    var metrics = ClassificationMetrics()
    let scores: [Float] = [1, 5, 5, .nan, 0, -1, .nan, .nan, .nan]
    try metrics.add(Tensor(scores, shape: [3, 3, 1]), labels: [1, 1, 0])
    #expect(
      metrics.scores.accuracy == 2.0 / 3 && metrics.scores.invalidCount == 1 && metrics.scores.top5Accuracy == nil)
  }

  @Test func `top five of ten`() throws {
    var metrics = ClassificationMetrics()
    try metrics.add(Tensor((0..<20).map { Float($0 % 10) }, shape: [2, 10]), labels: [5, 4])
    #expect(metrics.scores.top5Accuracy == 0.5 && metrics.scores.accuracy == 0)
  }

  @Test func `single scores are probabilities until one is not`() throws {
    var metrics = ClassificationMetrics(classes: ["no", "yes"])
    try metrics.add(Tensor([0.4, 0.6] as [Float], shape: [2, 1]), labels: [0, 1])
    #expect(metrics.scores.accuracy == 1)
    try metrics.add(Tensor([-3, 0.2] as [Float], shape: [2]), labels: [0, 1])
    #expect(metrics.scores.accuracy == 0.75)
  }

  @Test func `names and maps`() throws {
    var metrics = ClassificationMetrics(classes: ["cat", "dog"])
    try metrics.add(Tensor(strings: ["dog", "cow"], shape: [2]), labels: [1, 0])
    #expect(metrics.classes == ["cat", "dog", "cow"] && metrics.scores.accuracy == 0.5)
    func map(_ scores: [String: Float]) -> RuntimeValue {
      let pairs = scores.map { (RuntimeValue.MapKey.string($0.key), RuntimeValue.tensor(.scalar($0.value))) }
      return .map(Dictionary(uniqueKeysWithValues: pairs), key: .string, value: .tensor(.float32, []))
    }
    let type = ValueType.map(key: .string, value: .tensor(.float32, []))
    try metrics.add(
      .sequence([map(["cat": 0.1, "dog": 0.9]), map(["cat": 0.6, "dog": 0.4])], of: type), labels: [1, 0])
    #expect(metrics.scores.accuracy == 0.75)
  }

  @Test func `integers name classes or count them`() throws {
    var named = ClassificationMetrics(classes: ["3", "7"])
    try named.add(.integers([7, 3]), labels: [1, 0])
    #expect(named.scores.accuracy == 1)
    var counted = ClassificationMetrics(classes: ["cat", "dog"])
    try counted.add(.integers([1, 0]), labels: [1, 0])
    #expect(counted.scores.accuracy == 1)
  }

  @Test func `outputs that do not fit are errors`() {
    var metrics = ClassificationMetrics()
    let scores = Tensor([1, 2] as [Float], shape: [1, 2])
    #expect(message { try metrics.add(scores, labels: [2]) }.contains("of class 2, the model scores 2 classes"))
    #expect(message { try metrics.add(scores, labels: [0, 1]) }.contains("for 1 samples, the batch has 2"))
    #expect(
      message { try metrics.add(.zeros(TensorType(.float32, [1, 2, 2])), labels: [0]) }.contains("float32[1×2×2]"))
  }

  @Test func `the best output is chosen`() {
    let map = ValueType.sequence(.map(key: .int64, value: .tensor(.float32, [])))
    #expect(ClassificationMetrics.preferredOutput([.tensor(.int64, [1]), map]) == 1)
    #expect(ClassificationMetrics.preferredOutput([.tensor(.int64, [1]), .tensor(.float32, [1, 3])]) == 1)
    #expect(ClassificationMetrics.preferredOutput([]) == nil)
  }

  /// The expected numbers are scikit-learn’s.
  @Test func `regression`() throws {
    var metrics = RegressionMetrics()
    try metrics.add(Tensor([2.5, 0] as [Float], shape: [2, 1]), targets: [[3], [-0.5]])
    try metrics.add(Tensor([2, 8] as [Double], shape: [2]), targets: [[2], [7]])
    let scores = metrics.scores
    #expect(near(scores.mae, 0.5) && near(scores.rmse, 0.6123724356957945) && near(scores.mape, 0.3273809523809524))
    #expect(near(scores.pearson, 0.9848696184482703) && near(scores.r2, 0.9486081370449679) && scores.count == 4)
  }

  @Test func `regression of two columns`() throws {
    var metrics = RegressionMetrics()
    try metrics.add(Tensor([0, 2, -1, 2, 8, -5] as [Float], shape: [3, 2]), targets: [[0.5, 1], [-1, 1], [7, -6]])
    let scores = metrics.scores
    #expect(near(scores.mae, 0.75) && near(scores.rmse, 0.8416254115301732) && near(scores.r2, 0.9368005266622779))
    #expect(near(scores.pearson, (0.9971314833061464 + 1) / 2))
    #expect(message { try metrics.add(.integers([1]), targets: [[1, 2]]) }.contains("targets are 1 of 2 values"))
  }
}
