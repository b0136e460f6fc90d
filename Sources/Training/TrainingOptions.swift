public import HoneIR
public import HoneTransforms

/// How a model is trained, but for its data and the learning rate.
public struct TrainingOptions: Sendable {
  public var loss: any Loss = CrossEntropy()
  public var optimizer: any Optimizer = AdamWOptimizer()
  /// What holds for some weights only, later rules before earlier ones.
  public var rules: [ParameterRule] = []
  /// The gradients' common Euclidean norm is brought below this.
  public var gradientNormLimit: Float?
  /// Each element of the gradients is clipped to ± this, before the norm.
  public var gradientLimit: Float?
  /// Weights change after this many runs, by the mean of their gradients.
  public var accumulation = 1
  /// l1·Σ|w| and l2/2·Σw² count towards the gradients, though not towards the loss that is reported.
  public var l1: Float = 0
  public var l2: Float = 0
  /// Rows of embeddings that a batch does not read stay as they are, with their moments, as in PyTorch's SparseAdam.
  /// Otherwise moments and decay change them too, as PyTorch's other optimizers do.
  ///
  /// It holds for weights that `Gather` reads along axis 0 and nothing else does. Excludes accumulation, l1, l2, and
  /// optimizers that need norms of whole weights.
  public var sparseEmbeddings = false
  /// Keeps averages of the weights: average' = averaging·average + (1 − averaging)·weight after each update.
  public var averaging: Float?
  /// Decides about everything random.
  public var seed = 0
  /// The probability with which the last residual branch of a sample is left out; earlier ones less, in proportion.
  public var stochasticDepth: Float = 0
  /// Normalizations by batch statistics use those of the batch and keep running ones.
  public var trainsNormalization = true
  /// The graph has one more input, `sampleWeights`, of one weight per sample.
  public var weighsSamples = false
  /// The graph has one more output, the gradients' norm before it is limited.
  public var reportsGradientNorm = false
  /// The graph has the model's outputs too.
  public var reportsOutputs = false
  /// Activations are computed again in the backward pass instead of being kept: less memory for more time.
  public var recomputesActivations = false
  /// What products multiply: fp32, or bf16, to which their operands are rounded in the forward and the backward pass, with
  /// fp32 sums. Weights, their gradients, moments, statistics and losses are fp32 in any case.
  public var precision = Precision.fp32
  /// A model with the same inputs whose outputs the loss compares with.
  public var teacher: Graph?

  public init() {}
}
