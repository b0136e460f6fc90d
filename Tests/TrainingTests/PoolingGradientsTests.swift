import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Pullbacks of pooling, against central differences.
struct PoolingGradientsTests {
  private typealias Case = DerivativeCase
  private static func x(_ sizes: Int..., seed: Int = 1) -> Tensor {
    Case.numbers(sizes.reduce(1, *), seed: seed).reshaped(sizes)
  }
  /// kernel_shape, strides, pads, dilations and ceil_mode over 7 × 6 elements.
  private struct Geometry {
    var kernel = [2, 2]
    var strides = [2, 2]
    var pads = [0, 0, 0, 0]
    var dilations = [1, 1]
    var ceil = false
    var auto = AutoPad.notSet
  }
  private static let geometries = [
    Geometry(), Geometry(kernel: [3, 3], pads: [1, 1, 1, 1]),
    Geometry(kernel: [3, 2], strides: [1, 2], pads: [0, 1, 2, 0]),
    Geometry(kernel: [3, 3], strides: [2, 3], pads: [1, 0, 1, 1], ceil: true),
    Geometry(kernel: [2, 3], strides: [1, 1], pads: [1, 0, 0, 2], dilations: [2, 2]),
    Geometry(kernel: [3, 3], strides: [2, 2], auto: .sameUpper),
  ]

  static let cases: [DerivativeCase] =
    geometries.flatMap { geometry -> [Case] in
      let maximum = Case.with(MaxPool()) {
        ($0.kernel_shape, $0.strides, $0.dilations) = (geometry.kernel, geometry.strides, geometry.dilations)
        ($0.pads, $0.ceil_mode, $0.auto_pad) = (
          geometry.auto == .notSet ? geometry.pads : [], geometry.ceil, geometry.auto
        )
      }
      let means = [false, true].map { counts in
        Case.with(AveragePool()) {
          ($0.kernel_shape, $0.strides, $0.dilations) = (geometry.kernel, geometry.strides, geometry.dilations)
          ($0.pads, $0.ceil_mode, $0.auto_pad) = (maximum.pads, geometry.ceil, geometry.auto)
          $0.count_include_pad = counts
        }
      }
      let norms = [1, 2, 3].map { p in
        Case.with(LpPool()) {
          ($0.kernel_shape, $0.strides, $0.dilations) = (geometry.kernel, geometry.strides, geometry.dilations)
          ($0.pads, $0.ceil_mode, $0.auto_pad, $0.p) = (maximum.pads, geometry.ceil, geometry.auto, p)
        }
      }
      let (first, last) = (x(2, 2, 7, 6), x(2, 7, 6, 2))
      return [Case(maximum, first), Case(NHWCMaxPool(maximum), last)]
        + means.flatMap { [Case($0, first), Case(NHWCAveragePool($0), last)] } + norms.map { Case($0, first) }
    } + [
      Case(Case.with(MaxPool()) { $0.kernel_shape = [2] }, x(1, 2, 5), results: 2, note: "with indices"),
      Case(
        Case.with(MaxPool()) { ($0.kernel_shape, $0.strides) = ([2, 2, 1], [1, 2, 1]) }, x(1, 2, 3, 4, 2), note: "3-D"),
      Case(
        Case.with(AveragePool()) { ($0.kernel_shape, $0.strides) = ([2, 2, 1], [1, 2, 1]) }, x(1, 2, 3, 4, 2),
        note: "3-D"),
      Case(GlobalAveragePool(), x(2, 3, 2, 4)), Case(GlobalMaxPool(), x(2, 3, 2, 4)),
      Case(NHWCGlobalAveragePool(), x(2, 2, 4, 3)), Case(NHWCChannelShuffle(group: 2), x(1, 2, 2, 6)),
      Case(NHWCShuffleSplit(apart: true), x(1, 2, 2, 6), results: 2),
      Case(
        Case.with(MaxUnpool()) { ($0.kernel_shape, $0.strides) = ([2, 2], [2, 2]) }, x(1, 1, 2, 2),
        Tensor.integers([1, 6, 8, 15]).reshaped([1, 1, 2, 2])),
      Case(
        Case.with(MaxUnpool()) { ($0.kernel_shape, $0.strides) = ([2, 2], [2, 2]) }, x(1, 1, 2, 2),
        Tensor.integers([1, 6, 8, 15]).reshaped([1, 1, 2, 2]), .integers([1, 1, 5, 6]), note: "in a larger one"),
      Case(
        Case.with(DeformConv()) { ($0.pads, $0.strides) = ([1, 0, 0, 1], [2, 1]) }, x(2, 2, 4, 4),
        x(3, 2, 2, 2, seed: 2),
        x(2, 8, 2, 4, seed: 3), x(3, seed: 4), x(2, 4, 2, 4, seed: 5)),
      Case(
        Case.with(DeformConv()) { ($0.group, $0.offset_group, $0.dilations) = (2, 2, [2, 1]) }, x(1, 4, 4, 3),
        x(2, 2, 2, 2, seed: 2), x(1, 16, 2, 2, seed: 3), note: "in groups"),
    ] + [1, 2, 3].map { p in Case(Case.with(GlobalLpPool()) { $0.p = p }, x(2, 3, 2, 4), note: "p \(p)") }

  @Test(arguments: cases) func pullbackIsTheDerivative(_ example: DerivativeCase) throws {
    for comparison in try example.compare() {
      #expect(
        comparison.error < 1e-6, "operand \(comparison.operand): \(comparison.pulled) ≠ \(comparison.differences)")
    }
  }

  /// The fp32 kernels for channels-last data give what the channels-first gradient gives, for operators of one result.
  @Test(arguments: cases.filter { $0.op.name.hasPrefix("NHWC") && !($0.op is NHWCShuffleSplit) })
  func channelsLastKernels(_ example: DerivativeCase) throws {
    var single = example
    let wide = example.operands[0]!
    let narrow = Tensor(wide.floats, shape: wide.sizes)
    single.operands = [narrow]
    let results = try single.results()
    let cotangent = DerivativeCase.numbers(results[0].elementCount, seed: 5).reshaped(results[0].sizes)
    let expected = try example.pull([cotangent], [wide])
    let got = try single.pull([Tensor(cotangent.floats, shape: cotangent.sizes)], [narrow], threads: 3)
    for (a, b) in zip(try #require(expected[0]), try #require(got[0])) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func everyPoolingWithAGradientIsHere() {
    let tested = Set(Self.cases.map { $0.op.qualifiedName })
    for type in Catalog.network where type is any DifferentiableOp.Type {
      let name = type.init().name
      guard name.contains("Pool") || name.contains("Unpool") || name.contains("Shuffle") || name.contains("Deform")
      else {
        continue
      }
      #expect(tested.contains(type.init().qualifiedName), "\(type) has a pullback and no case")
    }
  }
}
