import HoneKernels

func square(
  _ inputChannels: Int, _ outputChannels: Int, _ size: Int, _ kernel: Int, stride: Int = 1, groups: Int = 1
) -> ConvolutionShape {
  ConvolutionShape(
    inputChannels: inputChannels, outputChannels: outputChannels, groups: groups, input: [size, size],
    kernel: [kernel, kernel], strides: [stride, stride], padsBegin: [kernel / 2, kernel / 2])
}

let convolutionShapes: [(String, ConvolutionShape)] = [
  ("ResNet-50 first 7×7/2", square(3, 64, 224, 7, stride: 2)),
  ("ResNet-50 56² 64→64 1×1", square(64, 64, 56, 1)),
  ("ResNet-50 56² 64→64 3×3", square(64, 64, 56, 3)),
  ("ResNet-50 56² 64→256 1×1", square(64, 256, 56, 1)),
  ("ResNet-50 56² 256→64 1×1", square(256, 64, 56, 1)),
  ("ResNet-50 56² 128→128 3×3/2", square(128, 128, 56, 3, stride: 2)),
  ("ResNet-50 28² 128→128 3×3", square(128, 128, 28, 3)),
  ("ResNet-50 28² 512→128 1×1", square(512, 128, 28, 1)),
  ("ResNet-50 14² 256→256 3×3", square(256, 256, 14, 3)),
  ("ResNet-50 14² 256→1024 1×1", square(256, 1024, 14, 1)),
  ("ResNet-50 7² 512→512 3×3", square(512, 512, 7, 3)),
  ("ResNet-50 7² 2048→512 1×1", square(2048, 512, 7, 1)),
  ("MobileNetV2 first 3×3/2", square(3, 32, 224, 3, stride: 2)),
  ("MobileNetV2 112² 32→16 1×1", square(32, 16, 112, 1)),
  ("MobileNetV2 112² 16→96 1×1", square(16, 96, 112, 1)),
  ("MobileNetV2 56² 24→144 1×1", square(24, 144, 56, 1)),
  ("MobileNetV2 14² 384→64 1×1", square(384, 64, 14, 1)),
  ("MobileNetV2 7² 160→960 1×1", square(160, 960, 7, 1)),
  ("depthwise 112² 32 3×3", square(32, 32, 112, 3, groups: 32)),
  ("depthwise 112² 96 3×3/2", square(96, 96, 112, 3, stride: 2, groups: 96)),
  ("depthwise 56² 144 3×3", square(144, 144, 56, 3, groups: 144)),
  ("depthwise 14² 576 3×3", square(576, 576, 14, 3, groups: 576)),
  ("depthwise 14² 672 5×5", square(672, 672, 14, 5, groups: 672)),
  ("ResNeXt 14² 512→512 3×3 groups 32", square(512, 512, 14, 3, groups: 32)),
]

func operations(_ s: ConvolutionShape) -> Double {
  2 * Double(s.batch * s.outputPixels * s.outputChannels) * Double(s.taps * s.inputChannelsPerGroup)
}

func benchmarkConvolutions(_ peak: PeakProbe) {
  for (name, s) in convolutionShapes {
    let x = floats(s.inputPixels * s.inputChannels), y = floats(s.outputPixels * s.outputChannels)
    let w = floats(s.outputChannels * s.inputChannelsPerGroup * s.taps), bias = floats(s.outputChannels)
    let plan = Convolution(s, epilogue: Epilogue(activation: .relu))
    let packed = PackedConvolution(w, shape: s)
    let memory = scratch(plan.scratchByteCount)
    Measurement("fp32 \(name)") {
      plan.run(
        tasks: 0..<plan.taskCount, x: x, weights: packed, y: y, operands: EpilogueOperands(bias: bias),
        scratch: memory)
    }.report(operations: operations(s), peak: peak.float32)
    [x, y, w, bias].forEach { $0.deallocate() }
    memory.deallocate()
  }
}

func benchmarkIntegerConvolutions(_ peak: PeakProbe) {
  for (name, s) in convolutionShapes {
    let x = bytes(s.inputPixels * s.inputChannels), y = bytes(s.outputPixels * s.outputChannels)
    let w = bytes(s.outputChannels * s.inputChannelsPerGroup * s.taps)
    let bias = floats(s.outputChannels), scale = floats(s.outputChannels)
    let plan = IntegerConvolution(
      s,
      epilogue: IntegerEpilogue(
        result: .quantized(.uint8, scale: 1, zero: 0), activation: .relu, scalePerColumn: true))
    let packed = PackedIntegerConvolution(w, shape: s)
    let memory = scratch(plan.scratchByteCount)
    Measurement("u8 \(name)") {
      plan.run(
        tasks: 0..<plan.taskCount, x: x, xZero: 3, weights: packed, y: y,
        operands: IntegerEpilogueOperands(scale: scale, bias: bias), scratch: memory)
    }.report(operations: operations(s), peak: peak.int8)
    [x, y, w].forEach { $0.deallocate() }
    [bias, scale].forEach { $0.deallocate() }
    memory.deallocate()
  }
}
