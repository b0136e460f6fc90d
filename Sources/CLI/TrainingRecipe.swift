import Foundation
import HoneDatasets
import HoneIR
import HoneTraining
import HoneTransforms
import Yams

/// How a model is trained, as a file says it. What is absent has the command's default.
struct TrainingRecipe: Codable, Hashable {
  /// A built-in model's name or an ONNX file.
  var model: String?
  var data: String?
  /// A path, or the share of the data that is held back.
  var validation: RecipeValue?
  /// The label column of a table.
  var label: String?
  var classes: Int?
  /// Sizes of one sample, for built-in models.
  var input: [Int]?
  var weights: String?
  var epochs: Int?
  var steps: Int?
  var batch: Int?
  /// A kind, or an object of its `kind` and options; so are optimizer and schedule.
  var loss: RecipeValue?
  var optimizer: RecipeValue?
  var rate: Double?
  var schedule: RecipeValue?
  /// Steps in which the rate rises from 0.
  var warmUp: Int?
  var augmentation: [Augmentation]?
  var seed: UInt64?
  /// The gradients' common norm is brought below this.
  var gradientNorm: Float?
  /// How much of the weights' running average each update keeps.
  var averaging: Float?
  /// What products multiply, fp32 or bf16.
  var precision: Precision?
  /// Activations are computed again in the backward pass instead of being kept.
  var recompute: Bool?
  /// Rows of embeddings that a batch does not read stay as they are.
  var sparseEmbeddings: Bool?
  /// Steps whose gradients are averaged before weights change.
  var accumulation: Int?
  var metric: TrainingMetric?
  var patience: Int?
  var evaluationInterval: Int?
  var checkpointInterval: Int?
  /// Patterns of weights that stay as they are.
  var freeze: [String]?
  /// An ONNX file with the same inputs, whose answers are learned too.
  var teacher: String?
  /// How much the teacher counts; the labels count the rest.
  var teacherWeight: Float?
  var temperature: Float?

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case model, data, validation, label, classes, input, weights, epochs, steps, batch, loss, optimizer, rate, schedule
    case warmUp = "warm-up"
    case augmentation, seed
    case gradientNorm = "gradient-norm"
    case averaging, precision, recompute
    case sparseEmbeddings = "sparse-embeddings"
    case accumulation, metric, patience
    case evaluationInterval = "evaluate-every"
    case checkpointInterval = "checkpoint-every"
    case freeze, teacher
    case teacherWeight = "teacher-weight"
    case temperature
  }

  init() {}

  /// Reads YAML or JSON; unknown keys are refused.
  init(contentsOf path: String) throws(GraphError) {
    do {
      let text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
      let keys = try YAMLDecoder().decode([String: RecipeValue].self, from: text).keys.sorted()
      let known = Set(CodingKeys.allCases.map(\.rawValue))
      if let unknown = keys.first(where: { !known.contains($0) }) {
        throw GraphError(
          .attribute,
          "‘\(unknown)’ is unknown; a recipe has \(CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self = try YAMLDecoder().decode(TrainingRecipe.self, from: text)
    } catch let error as GraphError {
      throw error.at("recipe \(path)").at("option")
    } catch let DecodingError.dataCorrupted(context) {
      let reason = (context.underlyingError as? GraphError)?.description ?? context.debugDescription
      throw GraphError(.attribute, reason).at("recipe \(path)").at("option")
    } catch let DecodingError.typeMismatch(_, context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw GraphError(.attribute, "‘\(place)’ has a value that does not fit").at("recipe \(path)").at("option")
    } catch {
      throw GraphError(.file, "cannot be read: \(error.localizedDescription)").at("recipe \(path)").at("option")
    }
  }

  /// This recipe with what `other` says in its place.
  func overridden(by other: TrainingRecipe) throws -> TrainingRecipe {
    var fields = try Self.fields(self)
    fields.merge(try Self.fields(other)) { $1 }
    var merged = try JSONDecoder().decode(TrainingRecipe.self, from: JSONEncoder().encode(fields))
    merged.seed = other.seed ?? seed
    return merged
  }

  private static func fields(_ recipe: TrainingRecipe) throws -> [String: RecipeValue] {
    try JSONDecoder().decode([String: RecipeValue].self, from: JSONEncoder().encode(recipe))
  }

  /// As JSON with sorted keys.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
