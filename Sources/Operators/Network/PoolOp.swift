import HoneIR

/// A window operator that keeps the number of channels.
protocol PoolOp: WindowOp {
  var ceil_mode: Bool { get }
}

extension PoolOp {
  var roundsUp: Bool { ceil_mode }

  /// `[N, C, …]` for operand 0.
  func pooledShape(_ call: Call) throws(GraphError) -> [Dimension]? {
    guard let input = try call.shape(0) else { return nil }
    guard input.count >= 3 else { throw GraphError(.type, "has no spatial axis: \(try call.tensor(0))") }
    guard !kernel_shape.isEmpty else { throw GraphError(.attribute, "attribute ‘kernel_shape’ is missing") }
    return input.prefix(2) + (try outputs(of: input[2...], kernel: kernel_shape, call))
  }

  func pooledWindow(_ call: Call) throws(GraphError) -> Window {
    try window(input: try call.sizes(0)[2...], kernel: kernel_shape, call)
  }
}

/// Visits the positions of `window` inside one input plane, for each output position in turn.
struct WindowVisit {
  let window: Window
  let depth, height, width: Window.Axis

  init(_ window: Window) {
    self.window = window
    (depth, height, width) = (window.depth, window.height, window.width)
  }

  /// Calls `body` with the output index and the ranges of taps inside the input.
  @inline(__always)
  func positions(_ body: (Int, Range<Int>, Range<Int>, Range<Int>, Int, Int, Int) -> Void) {
    var index = 0
    for od in 0..<depth.output {
      let depthTaps = depth.taps(od)
      for oh in 0..<height.output {
        let heightTaps = height.taps(oh)
        for ow in 0..<width.output {
          body(index, depthTaps, heightTaps, width.taps(ow), depth.start(od), height.start(oh), width.start(ow))
          index += 1
        }
      }
    }
  }

  /// Folds the input positions under the window at each output position.
  @inline(__always)
  func fold<State>(
    _ start: State, _ step: (inout State, Int) -> Void, _ finish: (Int, State) -> Void
  ) {
    positions { index, depthTaps, heightTaps, widthTaps, d, h, w in
      var state = start
      for kd in depthTaps {
        for kh in heightTaps {
          let row = ((d + kd * depth.dilation) * height.input + h + kh * height.dilation) * width.input + w
          for kw in widthTaps { step(&state, row + kw * width.dilation) }
        }
      }
      finish(index, state)
    }
  }
}
