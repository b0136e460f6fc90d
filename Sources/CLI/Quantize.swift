public import ArgumentParser
import Foundation
public import HoneCompression
import HoneDatasets
import HoneIR
import HoneKernels
import HoneONNX
import HoneTransforms

extension CalibrationMethod: ExpressibleByArgument {}

struct QuantizationOptions: ParsableArguments {
  @Option(help: "How ranges are found: minmax, moving_average, entropy, percentile or mse.") var calibration =
    CalibrationMethod.entropy
  @Option(help: "Share of values that percentile keeps, of 100.") var percentile = 99.999
  @Option(help: ArgumentHelp("Samples to calibrate with.", valueName: "n")) var samples = 300
  @Option(help: "Type of activations: uint8 or int8.") var activationType = "uint8"
  @Flag(inversion: .prefixedNo, help: "Weights have a scale for each output channel.") var perChannel = true
  @Flag(help: "Activations have their zero point in the middle.") var symmetric = false
  @Flag(help: "Weights use 7 bits, for runtimes whose 8-bit products saturate.") var reduceRange = false
  @Option(
    name: .customLong("exclude"),
    help: ArgumentHelp("A node to leave in float, by name or re:EXPRESSION; may be repeated.", valueName: "node"))
  var excluded: [String] = []
  @Option(help: ArgumentHelp("Only these operators; may be repeated.", valueName: "operator")) var opType: [String] = []
  @Option(help: "Seed of the choice of samples.") var seed: UInt64 = 0

  func validate() throws {
    guard ["uint8", "int8"].contains(activationType) else {
      throw ValidationError("--activation-type takes uint8 or int8")
    }
    guard samples > 0 else { throw ValidationError("--samples must be positive") }
    guard percentile > 50, percentile <= 100 else { throw ValidationError("--percentile lies between 50 and 100") }
  }

  func quantization(threads: Int) -> StaticQuantization {
    var quantization = StaticQuantization()
    quantization.options.calibration = calibration
    quantization.options.percentile = percentile
    quantization.options.activation_type = ElementType(rawValue: activationType)!
    quantization.options.per_channel = perChannel
    quantization.options.symmetric = symmetric
    quantization.options.reduce_range = reduceRange
    quantization.options.nodes_to_exclude = excluded
    quantization.options.op_types = opType
    (quantization.sampleCount, quantization.seed, quantization.threads) = (samples, seed, threads)
    return quantization
  }
}

enum QuantizationMode: String, ExpressibleByArgument, CaseIterable { case `static`, dynamic }

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Turns weights and activations into 8-bit integers, with calibration, and checks the result.",
    discussion: """
      Writes a standard model with QuantizeLinear and DequantizeLinear pairs. After quantizing, the model is compared with the original \
      on the data; layers that made it collapse are left in float. A model that still collapsed is not written (exit code 4) without --force.
      --mode dynamic needs no data: only weights are quantized ahead, activations while running.
      """)
  @OptionGroup var model: ModelArgument
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the model.", valueName: "out.onnx")) var output:
    String
  @Option(help: "Samples to calibrate with: .npz, IDX folder, CSV or folder of images. Labels are not needed.")
  var data: String?
  @Option(help: "static or dynamic.") var mode = QuantizationMode.static
  @Flag(help: "Write the model even if it collapsed.") var force = false
  @OptionGroup var quantization: QuantizationOptions
  @Option(help: ArgumentHelp("Threads to run on; 0 is all this process may use.", valueName: "n")) var threads = 0
  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard mode == .dynamic || data != nil else {
      throw ValidationError("--data is needed to calibrate with; --mode dynamic does without")
    }
  }

  func run() throws {
    var loaded = try model.load()
    for pipeline in Pipeline.standard(.basic) { try pipeline.run(on: &loaded.graph) }
    if mode == .dynamic { return try runDynamic(loaded) }
    let dataset = try Samples.forCalibration(data!, loaded.graph, options)
    var bar = ProgressBar("calibrating", total: options.quiet ? 0 : min(quantization.samples, dataset.count))
    let result = try quantization.quantization(threads: threads > 0 ? threads : ThreadPool.shared.cpuCount).run(
      loaded.graph, with: dataset
    ) { stage in
      switch stage {
      case .calibrating(let done, _): bar.update(done)
      case .checking: break
      case .searching(let layer, let count):
        if layer == 1 { bar = ProgressBar("searching", total: options.quiet ? 0 : count) }
        bar.update(layer)
      }
    }
    let collapsed = result.check.hasCollapsed
    loaded.graph = result.graph
    if !collapsed || force { try loaded.write(to: URL(fileURLWithPath: output)) }
    try QuantizationReport(result, input: model.url, output: collapsed && !force ? nil : output).show(options)
    guard collapsed else { return }
    Console.error(
      "the quantized model no longer does what the original did\(force ? "" : "; it was not written (--force writes it)")"
    )
    throw ExitCode(.differs)
  }

  private func runDynamic(_ model: ONNXModel) throws {
    var dynamic = model
    var pass = QuantizeDynamically()
    (pass.nodes_to_exclude, pass.per_channel) = (quantization.excluded, quantization.perChannel)
    let count = try pass.apply(to: &dynamic.graph)
    guard count > 0 else {
      throw GraphError(.unsupported, "nothing to quantize: the model has no products with constant matrices")
    }
    try dynamic.write(to: URL(fileURLWithPath: output))
    struct Result: Encodable {
      var output: String
      var quantized: Int
      var bytes_before: Int
      var bytes_after: Int
    }
    let (before, after) = (FileSize.of(self.model.url), FileSize.of(URL(fileURLWithPath: output)))
    if options.format == .json {
      return try Console.json(Result(output: output, quantized: count, bytes_before: before, bytes_after: after))
    }
    Console.print("\(count) products quantized; \(Format.bytes(before)) → \(Format.bytes(after))  \(output)")
  }
}

/// What `quantize` prints.
struct QuantizationReport: Encodable {
  struct Layer: Encodable {
    var name: String
    var `operator`: String
    var quantized: Bool
    var reason: String?
    var macs: Int
    var weight_bytes: Int
    var sqnr: Double?
  }
  var output: String?
  var bytes_before: Int
  var bytes_after: Int?
  var calibration_samples: Int
  var cosine: Double
  var top1_agreement: Double?
  var mac_share: Double
  var byte_share: Double
  var left_in_float: [String]
  var collapsed: Bool
  var layers: [Layer]

  init(_ result: StaticQuantization.Result, input: URL, output: String?) {
    self.output = output
    bytes_before = FileSize.of(input)
    bytes_after = output.map { FileSize.of(URL(fileURLWithPath: $0)) }
    calibration_samples = result.calibrationSampleCount
    (cosine, top1_agreement) = (result.check.cosine, result.check.top1Agreement)
    (mac_share, byte_share) = (result.coverage.macShare, result.coverage.byteShare)
    (left_in_float, collapsed) = (result.leftInFloat, result.check.hasCollapsed)
    let noise = Dictionary(result.check.layers.map { ($0.name, $0.sqnr) }, uniquingKeysWith: { a, _ in a })
    layers = result.coverage.rows.map {
      Layer(
        name: $0.name, operator: $0.operator, quantized: $0.quantized, reason: $0.reason, macs: $0.macs,
        weight_bytes: $0.weightBytes, sqnr: noise[$0.name])
    }
  }

  func show(_ options: OutputOptions) throws {
    if options.format == .json { return try Console.json(self) }
    var table = TextTable(["layer", "operator", "", "SQNR", "MACs", "weights"], left: [0, 1, 2])
    for layer in layers {
      table.add(
        String(layer.name.suffix(48)), layer.operator, layer.quantized ? "int8" : "float: \(layer.reason ?? "")",
        layer.sqnr.map { "\(Format.number($0, 1)) dB" } ?? "", Format.count(layer.macs),
        Format.bytes(layer.weight_bytes))
    }
    Console.print(table.text)
    Console.print(
      "\nint8 do \(Format.percent(mac_share)) of the multiply–accumulates and hold \(Format.percent(byte_share)) of the weights"
    )
    let agreement = top1_agreement.map { ", same first choice for \(Format.percent($0))" } ?? ""
    Console.print(
      "compared with the original: cosine \(Format.number(cosine, 5))\(agreement); calibrated with \(calibration_samples) samples"
    )
    if !left_in_float.isEmpty {
      Console.print("left in float because the model collapsed: \(left_in_float.joined(separator: ", "))")
    }
    if let output, let bytes_after {
      Console.print("file    \(Format.bytes(bytes_before)) → \(Format.bytes(bytes_after))  \(output)")
    }
  }
}
