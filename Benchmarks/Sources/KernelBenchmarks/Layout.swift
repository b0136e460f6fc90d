import HoneKernels

func benchmarkLayout() {
  for (batch, channels, positions) in [(1, 3, 224 * 224), (1, 64, 56 * 56), (1, 256, 14 * 14), (1, 1024, 1024)] {
    for size in [1, 2, 4, 8] {
      let count = batch * channels * positions
      let x = bytes(count * size), y = bytes(count * size)
      let plan = Transposition.toChannelsLast(
        batch: batch, channels: channels, positions: positions, elementByteCount: size)
      Measurement("NCHW→NHWC \(channels)×\(positions), \(size) bytes") {
        plan.run(tasks: 0..<plan.taskCount, x: x, y: y)
      }.report(bytes: 2 * Double(count * size))
      [x, y].forEach { $0.deallocate() }
    }
  }
  for (name, s, kernel) in [("max 3×3/2 112² 64", 112, 3), ("average 7×7 7² 2048", 7, 7)] {
    let channels = s == 112 ? 64 : 2048
    let shape = ConvolutionShape(
      inputChannels: channels, outputChannels: channels, input: [s, s], kernel: [kernel, kernel],
      strides: [kernel == 3 ? 2 : 1, kernel == 3 ? 2 : 1], padsBegin: kernel == 3 ? [1, 1] : [0, 0])
    let x = floats(s * s * channels), y = floats(shape.outputPixels * channels)
    let plan = Pooling(shape, kind: kernel == 3 ? .maximum : .average(countsPadding: false))
    Measurement(name) { plan.run(tasks: 0..<plan.taskCount, x: x, y: y) }
      .report(bytes: 4 * Double(s * s * channels + shape.outputPixels * channels))
    [x, y].forEach { $0.deallocate() }
  }
}
