import HoneKernels
import Testing

/// Operations on quantized bytes against plain loops, with all operands guarded.
struct BytesTests {
  static let counts = [0, 1, 3, 15, 16, 17, 31, 33, 64, 65, 100, 255, 1000]

  @Test(arguments: InstructionSet.available)
  func `every byte is looked up`(set: InstructionSet) {
    for count in Self.counts {
      for side in [Guarded<UInt8>.Side.before, .after] {
        var random = Random(UInt64(count) + 3)
        let x = Guarded(random.bytes(count), side), table = Guarded(random.bytes(256), side)
        let y = Guarded([UInt8](repeating: 9, count: count), side)
        set.lookUp(x.pointer, y.pointer, count: count, table: table.pointer)
        #expect(y.array == x.array.map { table.pointer[Int($0)] }, "\(set) \(count)")
      }
    }
    let all = (0...255).map { UInt8($0) }
    var y = [UInt8](repeating: 0, count: 256)
    set.lookUp(all, &y, count: 256, table: Array(all.reversed()))
    #expect(y == Array(all.reversed()))
  }

  static func quantized(_ x: Float, _ grid: ByteGrid) -> UInt8 {
    let least: Float = grid.type == .int8 ? -128 : 0
    let rounded = x.rounded(.toNearestOrEven) + Float(grid.zero)
    let value = rounded.isNaN ? least : min(max(rounded, least), least + 255)
    return grid.type == .int8 ? UInt8(bitPattern: Int8(value)) : UInt8(value)
  }

  static func real(_ byte: UInt8, _ grid: ByteGrid) -> Float {
    Float(IntegerMatrixProductTests.value(byte, grid.type) - grid.zero)
  }

  static let grids = [
    ByteGrid(type: .uint8, scale: 0.03, zero: 0), ByteGrid(type: .uint8, scale: 0.5, zero: 128),
    ByteGrid(type: .int8, scale: 0.07, zero: -9), ByteGrid(type: .int8, scale: 2, zero: 0),
  ]

  @Test(arguments: InstructionSet.available, grids)
  func `quantizing rounds halves to even, saturates and comes back`(set: InstructionSet, grid: ByteGrid) {
    for count in Self.counts {
      var random = Random(UInt64(count) + 5)
      var values = random.floats(count, -200 * grid.scale...200 * grid.scale)
      for (i, special) in [.nan, .infinity, -.infinity, 2.5 * grid.scale, -1.5 * grid.scale].enumerated()
      where i < count { values[i] = special }
      let x = Guarded(values), y = Guarded([UInt8](repeating: 1, count: count))
      set.quantize(x.pointer, y.pointer, count: count, scale: grid.scale, zero: grid.zero, grid.type)
      #expect(y.array == values.map { Self.quantized($0 / grid.scale, grid) }, "\(set) \(count)")
      let back = Guarded([Float](repeating: 7, count: count))
      set.dequantize(y.pointer, back.pointer, count: count, scale: grid.scale, zero: grid.zero, grid.type)
      #expect(back.array == y.array.map { Self.real($0, grid) * grid.scale }, "\(set) \(count)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `quotients are rounded as division rounds them`(set: InstructionSet) {
    var random = Random(11)
    var scales = random.floats(200, 1e-3...1) + [1e-30, 3e-20, 1e30, 1, 0.1, Float(1).nextDown, Float(2).nextDown]
    scales.append(.leastNormalMagnitude)
    for scale in scales {
      // Values as near as can be to where the rounding changes.
      let values = (-130...130).flatMap { k -> [Float] in
        let tie = (Float(k) + 0.5) * scale
        return [tie, tie.nextUp, tie.nextDown]
      }
      let grid = ByteGrid(type: .int8, scale: scale, zero: 0)
      var y = [UInt8](repeating: 1, count: values.count)
      set.quantize(values, &y, count: values.count, scale: scale, zero: 0, .int8)
      #expect(y == values.map { Self.quantized($0 / scale, grid) }, "\(set) \(scale)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `extremes include the range given`(set: InstructionSet) {
    for count in Self.counts {
      var random = Random(UInt64(count) + 7)
      let x = Guarded(random.floats(count, -3...8))
      let (low, high) = set.extremes(x.pointer, count: count, (-0.5, 0.25))
      #expect(low == min(-0.5, x.array.min() ?? 0) && high == max(0.25, x.array.max() ?? 0), "\(set) \(count)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `channels are shuffled`(set: InstructionSet) {
    let cases = [
      (2, 29, 1), (2, 16, 1), (2, 1, 1), (3, 7, 1), (2, 9, 4), (4, 3, 4), (2, 5, 2), (1, 6, 1), (2, 58, 1), (2, 33, 1),
      (2, 58, 2), (2, 29, 2), (2, 8, 2),
    ]
    for (groups, depth, width) in cases {
      let positions = 3, channels = groups * depth
      var random = Random(UInt64(channels))
      let x = Guarded(random.bytes(positions * channels * width))
      let y = Guarded([UInt8](repeating: 0, count: x.count))
      set.shuffleChannels(x.pointer, y.pointer, positions: positions, groups: groups, depth: depth, width: width)
      let expected = (0..<x.count).map { index -> UInt8 in
        let (element, byte) = index.quotientAndRemainder(dividingBy: width)
        let (position, channel) = element.quotientAndRemainder(dividingBy: channels)
        let source = position * channels + channel % groups * depth + channel / groups
        return x.pointer[source * width + byte]
      }
      #expect(y.array == expected, "\(set) \(groups)×\(depth)·\(width)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func `halves of shuffled channels come from what is joined`(set: InstructionSet) {
    for (channels, width) in [(2, 1), (58, 4), (64, 4), (24, 4), (10, 4), (58, 2), (30, 2), (34, 1), (6, 8)] {
      for (apart, isOne, made) in [
        (false, false, 3), (true, false, 3), (false, true, 3), (true, true, 3), (true, false, 1), (false, false, 2),
      ] {
        let positions = 3
        var random = Random(UInt64(channels))
        let joined = random.bytes(positions * 2 * channels * width)
        /// Byte `byte` of channel `channel` of what is joined.
        func at(_ position: Int, _ channel: Int, _ byte: Int) -> UInt8 {
          joined[(position * 2 * channels + channel) * width + byte]
        }
        func part(_ range: Range<Int>) -> [UInt8] {
          (0..<positions).flatMap { p in range.flatMap { c in (0..<width).map { at(p, c, $0) } } }
        }
        let all = Guarded(joined), a = Guarded(part(0..<channels)), b = Guarded(part(channels..<2 * channels))
        let count = positions * channels * width
        let halves = [Guarded([UInt8](repeating: 7, count: count)), Guarded([UInt8](repeating: 7, count: count))]
        set.shuffleSplit(
          isOne ? all.pointer : a.pointer, isOne ? all.pointer + channels * width : b.pointer,
          stride: isOne ? 2 * channels : channels, first: made & 1 != 0 ? halves[0].pointer : nil,
          second: made & 2 != 0 ? halves[1].pointer : nil, positions: positions, channels: channels, apart: apart,
          width: width)
        for (h, half) in halves.enumerated() where made & (1 << h) != 0 {
          let expected = (0..<positions).flatMap { p in
            (0..<channels).flatMap { c -> [UInt8] in
              let shuffled = h * channels + c
              let source = apart ? 2 * c + h : shuffled % 2 * channels + shuffled / 2
              return (0..<width).map { at(p, source, $0) }
            }
          }
          #expect(half.array == expected, "\(set) \(channels)·\(width) \(apart) \(isOne) half \(h)")
        }
      }
    }
  }

  @Test(arguments: [ByteCombination.Function.add, .mul], grids)
  func `sums and products agree with real numbers and on every instruction set`(
    function: ByteCombination.Function, a: ByteGrid
  ) {
    let y = ByteGrid(type: a.type == .int8 ? .uint8 : .int8, scale: function == .add ? 0.9 : 3, zero: 11)
    for b in Self.grids {
      for (sizes, strides) in [
        ([5, 37], [[37, 1], [37, 1]]), ([5, 37], [[37, 1], [0, 1]]), ([5, 37], [[37, 1], [1, 0]]),
        ([5, 37], [[0, 0], [37, 1]]), ([3, 4, 64], [[256, 64, 1], [64, 0, 1]]), ([7], [[1], [1]]),
      ] {
        let count = sizes.reduce(1, *)
        func elements(_ strides: [Int]) -> Int { zip(sizes, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } }
        var random = Random(UInt64(count))
        let p = Guarded(random.bytes(elements(strides[0]))), q = Guarded(random.bytes(elements(strides[1])))
        var results: [[UInt8]] = []
        for set in InstructionSet.available {
          let result = Guarded([UInt8](repeating: 0, count: count))
          let plan = ByteCombination(function, a, b, y, sizes: sizes, strides: strides, instructionSet: set)
          plan.run(tasks: 0..<plan.taskCount, a: p.pointer, b: q.pointer, y: result.pointer)
          results.append(result.array)
          #expect(result.array == results[0], "\(set)")
        }
        for index in 0..<count {
          var (rest, i, j) = (index, 0, 0)
          for axis in sizes.indices.reversed() {
            i += rest % sizes[axis] * strides[0][axis]
            j += rest % sizes[axis] * strides[1][axis]
            rest /= sizes[axis]
          }
          let (u, v) = (Self.real(p.pointer[i], a) * a.scale, Self.real(q.pointer[j], b) * b.scale)
          let expected = Self.quantized((function == .add ? u + v : u * v) / y.scale, y)
          let difference =
            IntegerMatrixProductTests.value(results[0][index], y.type)
            - IntegerMatrixProductTests.value(expected, y.type)
          #expect(abs(difference) <= 1)
        }
      }
    }
  }
}
