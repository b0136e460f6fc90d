import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Pullbacks of the operators that move elements, against central differences.
struct ShapeGradientsTests {
  private typealias Case = DerivativeCase
  private static func x(_ sizes: Int..., seed: Int = 1) -> Tensor {
    Case.numbers(sizes.reduce(1, *), seed: seed).reshaped(sizes)
  }
  private static func ints(_ values: Int...) -> Tensor { .integers(values) }
  private static func ints(_ values: [Int], _ sizes: Int...) -> Tensor { Tensor.integers(values).reshaped(sizes) }

  static let cases: [DerivativeCase] = shapes + selections + scatters + resizes + samples + others

  private static let shapes: [Case] = [
    Case(Reshape(), x(2, 6), ints(3, -1)),
    Case(Flatten(), x(2, 3, 2)),
    Case(Squeeze(), x(2, 1, 3), ints(1)),
    Case(Unsqueeze(), x(2, 3), ints(0, 2)),
    Case(Transpose(), x(2, 3)),
    Case(Case.with(Transpose()) { $0.perm = [2, 0, 1] }, x(2, 3, 4)),
    Case(Case.with(Concat()) { $0.axis = -1 }, x(2, 3), x(2, 1, seed: 2), x(2, 4, seed: 3)),
    Case(Case.with(Concat()) { $0.axis = 0 }, x(2, 3), note: "of one"),
    Case(Case.with(Split()) { $0.axis = 1 }, x(2, 5), ints(2, 3), results: 2),
    Case(Expand(), x(2, 1, 3), ints(4, 2, 5, 3)),
    Case(Tile(), x(2, 3), ints(2, 3)),
    Case(Tile(), x(2, 3), ints(1, 1), note: "once"),
    Case(Case.with(DepthToSpace()) { ($0.blocksize, $0.mode) = (2, .CRD) }, x(1, 8, 2, 3)),
    Case(Case.with(DepthToSpace()) { ($0.blocksize, $0.mode) = (2, .DCR) }, x(1, 8, 2, 3)),
    Case(Case.with(SpaceToDepth()) { $0.blocksize = 2 }, x(1, 2, 4, 6)),
    Case(Trilu(), x(2, 3, 4), .scalar(Int64(1))),
    Case(Case.with(Trilu()) { $0.upper = false }, x(3, 3)),
    Case(ReverseSequence(), x(4, 2, 3), ints(3, 2)),
    Case(Case.with(CenterCropPad()) { $0.axes = [0, 2] }, x(4, 2, 3), ints(7, 2)),
    Case(Case.with(Pad()) { $0.mode = .constant }, x(2, 3), ints(1, -1, 0, 2), x(1, seed: 4).reshaped([])),
    Case(Case.with(Pad()) { $0.mode = .reflect }, x(2, 4), ints(0, 2, 1, 3)),
    Case(Case.with(Pad()) { $0.mode = .edge }, x(2, 3), ints(2, 3, 1, -1)),
    Case(Case.with(Pad()) { $0.mode = .wrap }, x(2, 3), ints(4, 2), nil, ints(1)),
  ]

  private static let selections: [Case] = [
    Case(Slice(), x(5, 6), ints(1, -5), ints(4, 100), ints(0, 1)),
    Case(Slice(), x(7, 8), ints(1, 0), ints(7, 8), ints(0, 1), ints(2, 3), note: "steps"),
    Case(Slice(), x(7, 8), ints(-1, 6), ints(-100, 1), ints(0, 1), ints(-1, -2), note: "backwards"),
    Case(Slice(), x(4, 3), ints(2), ints(2), ints(0), note: "empty"),
    Case(Gather(), x(5, 3), ints([1, 4, 1, -5], 2, 2)),
    Case(Case.with(Gather()) { $0.axis = 1 }, x(2, 4, 3), ints(3, 0, 3)),
    Case(Case.with(Gather()) { $0.axis = -1 }, x(2, 4), .scalar(Int64(2)), note: "of one place"),
    Case(Case.with(GatherElements()) { $0.axis = 1 }, x(2, 4), ints([3, 0, 3, 1, 1, -1], 2, 3)),
    Case(GatherND(), x(3, 2, 2), ints([2, 1, 0, 0, 2, 1], 3, 2)),
    Case(Case.with(GatherND()) { $0.batch_dims = 1 }, x(2, 3, 2), ints([1, 0, 2, 2], 2, 2, 1), note: "in batches"),
    Case(Case.with(Compress()) { $0.axis = 1 }, x(2, 4), Tensor([true, false, true, true], shape: [4])),
    Case(Compress(), x(2, 2), Tensor([false, true, true], shape: [3]), note: "of elements"),
    Case(Unique(), x(6), note: "of elements"),
    Case(Case.with(Unique()) { $0.axis = 0 }, x(3, 2), results: 4),
    Case(Case.with(TopK()) { $0.axis = 0 }, x(5, 3), ints(2), results: 2),
    Case(Case.with(TopK()) { $0.largest = false }, x(2, 5), ints(3)),
  ]

  private static let scatters: [Case] =
    [ScatterReduction.none, .add, .mul, .max, .min].flatMap { reduction in
      let isNone = reduction == .none
      return [
        Case(
          Case.with(ScatterElements()) { ($0.axis, $0.reduction) = (1, reduction) }, x(2, 4),
          ints(isNone ? [3, 0, 2, -3] : [3, 3, 0, 0], 2, 2), x(2, 2, seed: 5), note: reduction.rawValue),
        Case(
          Case.with(ScatterND()) { $0.reduction = reduction }, x(4, 2), ints(isNone ? [2, 0] : [2, 2], 2, 1),
          x(2, 2, seed: 5), note: reduction.rawValue),
      ]
    } + [
      Case(
        Case.with(ScatterElements()) { $0.reduction = .mul }, Tensor([0, 2, 3.0], shape: [3]), ints(0, 0, 1, 1, 2),
        Tensor([0, 3, 0, 5, 2.0], shape: [5]), note: "mul of zeros"),
      Case(TensorScatter(), x(2, 4, 2), x(2, 2, 2, seed: 6)),
      Case(TensorScatter(), x(2, 4, 2), x(2, 2, 2, seed: 6), ints(1, 2), note: "at indices"),
      Case(
        Case.with(TensorScatter()) { $0.mode = .circular }, x(2, 4, 2), x(2, 3, 2, seed: 6), ints(3, 2),
        note: "circular"),
    ]

  private static func resize(_ mode: Resize.Mode, _ change: (inout Resize) -> Void = { _ in }) -> Resize {
    Case.with(Resize()) {
      $0.mode = mode
      change(&$0)
    }
  }
  private static let resizes: [Case] =
    [Resize.Mode.nearest, .linear, .cubic].flatMap { mode -> [Case] in
      [
        Case(resize(mode), x(1, 2, 3, 4), nil, Tensor([Float](arrayLiteral: 1, 1, 2, 1.5), shape: [4]), fixed: [2]),
        Case(resize(mode) { $0.axes = [2, 3] }, x(1, 2, 5, 4), nil, nil, ints(3, 7), note: "to sizes"),
        Case(
          resize(mode) { $0.coordinate_transformation_mode = .align_corners }, x(3, 4), nil, nil, ints(5, 3),
          note: "align_corners"),
        Case(
          resize(mode) { $0.coordinate_transformation_mode = .asymmetric }, x(3, 4, 2), nil, nil, ints(6, 6, 2),
          note: "asymmetric, channels last"),
        Case(
          resize(mode) {
            ($0.coordinate_transformation_mode, $0.extrapolation_value) = (.tf_crop_and_resize, 3)
          }, x(4, 5), Tensor([Float](arrayLiteral: 0.2, -0.3, 0.9, 1.1), shape: [4]), nil, ints(3, 6), fixed: [1],
          note: "crop"),
      ]
    } + [
      Case(resize(.linear) { $0.antialias = true }, x(7, 6), nil, nil, ints(3, 4), note: "antialias"),
      Case(
        resize(.cubic) { ($0.antialias, $0.exclude_outside) = (true, true) }, x(7, 6), nil, nil, ints(3, 9),
        note: "antialias"),
    ]

  private static let samples: [Case] =
    [GridSample.Mode.nearest, .linear, .cubic].flatMap { mode -> [Case] in
      [GridSample.Padding.zeros, .border, .reflection].flatMap { padding in
        [false, true].map { align in
          let op = Case.with(GridSample()) { ($0.mode, $0.padding_mode, $0.align_corners) = (mode, padding, align) }
          let grid = Tensor(x(2, 3, 2, 2, seed: 9).doubles.map { $0 * 1.7 }, shape: [2, 3, 2, 2])
          return Case(op, x(2, 3, 4, 3), grid, note: "\(mode) \(padding) \(align)")
        }
      }
    } + [
      Case(GridSample(), x(1, 2, 2, 3, 2), x(1, 2, 2, 1, 3, seed: 3), note: "3-D"),
      Case(AffineGrid(), x(2, 2, 3), ints(2, 1, 3, 2)),
      Case(Case.with(AffineGrid()) { $0.align_corners = true }, x(1, 3, 4), ints(1, 1, 2, 3, 2)),
    ]
    + [RoiAlign.Mode.avg, .max].flatMap { mode in
      [RoiAlign.Coordinates.half_pixel, .output_half_pixel].map { coordinates in
        Case(
          Case.with(RoiAlign()) {
            ($0.mode, $0.coordinate_transformation_mode) = (mode, coordinates)
            ($0.output_height, $0.output_width, $0.spatial_scale) = (2, 3, 0.5)
          }, x(2, 2, 5, 6), Tensor([1.0, 2, 9, 8, 0, 0, 4, 6, -3, 1, 5, 13], shape: [3, 4]), ints(1, 0, 1), fixed: [1],
          note: "\(mode) \(coordinates)")
      }
    } + [
      Case(
        Case.with(MaxRoiPool()) { ($0.pooled_shape, $0.spatial_scale) = ([2, 3], 0.5) }, x(2, 2, 5, 6),
        Tensor([1, 1, 2, 9, 8, 0, 0, 0, 4, 6.0], shape: [2, 5]), fixed: [1])
    ]

  private static let others: [Case] =
    [false, true].flatMap { exclusive in
      [false, true].flatMap { reverse -> [Case] in
        let sum = Case.with(CumSum()) { ($0.exclusive, $0.reverse) = (exclusive, reverse) }
        let product = Case.with(CumProd()) { ($0.exclusive, $0.reverse) = (exclusive, reverse) }
        let zeros = Tensor([1.5, 0, 2, -1, 3, 0, 0, 2], shape: [2, 4])
        return [
          Case(sum, x(2, 4, 2), .scalar(Int64(1))), Case(product, x(2, 4, 2), .scalar(Int64(1))),
          Case(product, zeros, .scalar(Int64(-1)), note: "of zeros"),
        ]
      }
    } + [
      Case(
        Case.with(Col2Im()) { ($0.pads, $0.strides, $0.dilations) = ([1, 0, 0, 1], [2, 1], [1, 2]) }, x(1, 12, 2),
        ints(4, 4), ints(2, 3)),
      Case(Case.with(OneHot()) { $0.axis = 0 }, ints(0, 2, -1), .scalar(Int64(3)), x(2)),
      Case(NumberRange(), Tensor.scalar(1.0), .scalar(7.4), .scalar(1.5), fixed: [1]),
      Case(EyeLike(), x(2, 3)),
      Case(ConstantOfShape(), ints(2, 3)),
      Case(Shape(), x(2, 3)),
      Case(Size(), x(2, 3)),
      Case(NonZero(), x(2, 3)),
      Case(
        NonMaxSuppression(), Tensor([Float](arrayLiteral: 0, 0, 1, 1, 0, 0, 2, 2), shape: [1, 2, 4]),
        Tensor([Float](arrayLiteral: 0.5, 0.9), shape: [1, 1, 2]), .scalar(Int64(2))),
    ]

  @Test(arguments: cases) func pullbackIsTheDerivative(_ example: DerivativeCase) throws {
    for comparison in try example.compare() {
      #expect(
        comparison.error < 1e-7, "operand \(comparison.operand): \(comparison.pulled) ≠ \(comparison.differences)")
    }
  }

  @Test func everyOperatorWithAGradientIsHere() {
    let tested = Set(Self.cases.map { $0.op.qualifiedName })
    for type in Catalog.shape where type is any DifferentiableOp.Type {
      #expect(tested.contains(type.init().qualifiedName), "\(type) has a pullback and no case")
    }
  }
}
