import HoneIR

/// A window of taps that moves over one to three spatial axes.
struct Window: Sendable, Hashable {
  /// One spatial axis: the window at output position `o` starts at `o·stride − begin`.
  struct Axis: Sendable, Hashable {
    var input = 1
    var output = 1
    var kernel = 1
    var stride = 1
    var dilation = 1
    var begin = 0
    var end = 0

    var extent: Int { (kernel - 1) * dilation + 1 }

    @inline(__always) func start(_ o: Int) -> Int { o * stride - begin }

    /// The taps at output position `o` that lie inside the input.
    @inline(__always) func taps(_ o: Int) -> Range<Int> {
      let start = start(o)
      let low = start < 0 ? (dilation - 1 - start) / dilation : 0
      let high = start >= input ? 0 : min(kernel, (input - start + dilation - 1) / dilation)
      return min(low, high)..<max(min(low, high), high)
    }

    /// The number of taps at output position `o` that lie inside the input or its declared padding.
    @inline(__always) func paddedTapCount(_ o: Int) -> Int {
      let room = input + end - start(o)
      return room <= 0 ? 0 : min(kernel, (room + dilation - 1) / dilation)
    }

    /// The output positions at which `tap` lies inside the input.
    @inline(__always) func outputs(reading tap: Int) -> Range<Int> {
      let shift = begin - tap * dilation
      let low = shift > 0 ? (shift + stride - 1) / stride : 0
      let last = input - 1 + shift
      let high = last < 0 ? 0 : min(output, last / stride + 1)
      return min(low, high)..<high
    }
  }

  var axes: [Axis]

  var inputCount: Int { axes.reduce(1) { $0 * $1.input } }
  var outputCount: Int { axes.reduce(1) { $0 * $1.output } }
  var tapCount: Int { axes.reduce(1) { $0 * $1.kernel } }
  var inputSizes: [Int] { axes.map(\.input) }
  var outputSizes: [Int] { axes.map(\.output) }

  var width: Axis { axes.last ?? Axis() }
  var height: Axis { axes.count > 1 ? axes[axes.count - 2] : Axis() }
  var depth: Axis { axes.count > 2 ? axes[axes.count - 3] : Axis() }

  /// The same window where inputs and outputs have changed places, as in a transposed convolution.
  var transposed: Window {
    Window(
      axes: axes.map { axis in
        var copy = axis
        (copy.input, copy.output) = (axis.output, axis.input)
        return copy
      })
  }
}
