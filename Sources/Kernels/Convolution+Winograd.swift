internal import CKernels

extension Convolution {
  /// Runs `tasks`, each one panel of output channels of one block of tiles, blocks outermost.
  func winograd(
    _ grid: WinogradGrid, tasks: Range<Int>, x: UnsafePointer<Float>, weights: ConvolutionWeights,
    y: UnsafeMutablePointer<Float>, operands: EpilogueOperands, scratch: UnsafeMutableRawPointer
  ) {
    let v = scratch.assumingMemoryBound(to: Float.self)
    var lastBlock = -1
    for task in tasks {
      let (block, panel) = task.quotientAndRemainder(dividingBy: grid.panels.count)
      let tiles = grid.tiles(block)
      if block != lastBlock {
        var arguments = WinogradInput(
          tiles: tiles, x: x, x_stride: shape.inputStride, channels: shape.inputChannels, v: v,
          v_stride: grid.channels, point_stride: grid.inputPointStride)
        instructionSet.table.pointee.winograd_input(&arguments)
        lastBlock = block
      }
      panelOfTiles(
        grid, tiles, panel, prefetches: grid.isStreaming || task - tasks.lowerBound < grid.panels.count, v: v,
        weights: weights, y: y, operands: operands,
        sums: (scratch + grid.inputByteCount).assumingMemoryBound(to: Float.self))
    }
  }

  private func panelOfTiles(
    _ grid: WinogradGrid, _ tiles: WinogradTiles, _ panel: Int, prefetches: Bool, v: UnsafePointer<Float>,
    weights: ConvolutionWeights, y: UnsafeMutablePointer<Float>, operands: EpilogueOperands,
    sums: UnsafeMutablePointer<Float>
  ) {
    let column = panel * grid.panels.width, columns = grid.panels.columns(panel)
    let width = grid.panels.paddedColumns(panel), size = shape.inputChannels * width
    let u = weights.panel(group: 0, column: column)
    for point in 0..<grid.points {
      var arguments = GemmF32(
        a: RowSource(rows: v + point * grid.inputPointStride, stride: grid.channels, depth: shape.inputChannels),
        b: u + point * size, b_stride: width, c: sums + point * grid.sumPointStride, c_stride: grid.panels.width,
        rows: tiles.count, columns: width, accumulate: 0, finish: 0, epilogue: EpilogueF32(), next: nil, next_bytes: 0)
      if prefetches { arguments.prefetch(size, before: weights.end) }
      instructionSet.table.pointee.gemm_f32(&arguments)
    }
    var arguments = WinogradOutput(
      tiles: tiles, s: sums, s_stride: grid.panels.width, point_stride: grid.sumPointStride, channels: columns,
      y: y + column, y_stride: shape.outputStride,
      epilogue: operands.epilogue(epilogue, row: 0, column: column, stride: shape.outputStride))
    instructionSet.table.pointee.winograd_output(&arguments)
  }
}
