public import Foundation
public import HoneIR
import SwiftProtobuf

/// Inputs and expected outputs of a model, in the layout of the ONNX backend tests: `input_0.pb`, …, `output_0.pb`, ….
public struct TestDataSet: Sendable {
  public var name: String
  /// By the model's inputs; optional ones without a file are nil.
  public var inputs: [RuntimeValue?]
  public var outputs: [RuntimeValue?]

  /// Reads the set in `folder` for `graph`.
  public init(folder: URL, graph: Graph) throws(GraphError) {
    name = folder.lastPathComponent
    inputs = try Self.read(folder, "input", graph.inputs, graph)
    outputs = try Self.read(folder, "output", graph.outputs, graph)
  }

  /// All `test_data_set_*` folders in `folder`, in order.
  public static func folders(in folder: URL) -> [URL] {
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return entries.filter { $0.lastPathComponent.hasPrefix("test_data_set") }.sorted {
      $0.lastPathComponent < $1.lastPathComponent
    }
  }

  private static func read(_ folder: URL, _ prefix: String, _ values: [Value], _ graph: Graph) throws(GraphError)
    -> [RuntimeValue?]
  {
    var result = [RuntimeValue?](repeating: nil, count: values.count)
    let files = ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
      .filter { $0.lastPathComponent.hasPrefix(prefix + "_") && $0.pathExtension == "pb" }
    let indexed = files.compactMap { url in
      Int(url.deletingPathExtension().lastPathComponent.dropFirst(prefix.count + 1)).map { ($0, url) }
    }.sorted { $0.0 < $1.0 }
    for (index, url) in indexed {
      try locating(url.lastPathComponent) { () throws(GraphError) in
        let data: Data
        do { data = try Data(contentsOf: url) } catch { throw GraphError(.file, "cannot read \(url.path)") }
        let hint = index < values.count ? graph.type(of: values[index]) : nil
        let (name, value) = try parse(data, hint)
        if let named = values.firstIndex(where: { graph.name(of: $0) == name && !name.isEmpty }) {
          result[named] = value
        } else if index < values.count {
          result[index] = value
        }
      }
    }
    return result
  }

  private static func parse(_ data: Data, _ hint: ValueType?) throws(GraphError) -> (String, RuntimeValue?) {
    let reader = RuntimeValueReader()
    do {
      switch hint {
      case .sequence(let element):
        let proto = try SequenceProto(serializedBytes: data)
        return (proto.name, try reader.sequence(proto, element))
      case .optional(let element):
        let proto = try OptionalProto(serializedBytes: data)
        return (proto.name, try reader.optional(proto, element))
      case .map:
        let proto = try MapProto(serializedBytes: data)
        return (proto.name, try reader.map(proto))
      default:
        let proto = try TensorProto(serializedBytes: data)
        return (proto.name, .tensor(try reader.tensors.tensor(proto)))
      }
    } catch let error as GraphError { throw error } catch {
      throw GraphError(.file, "not a serialized value: \(error)")
    }
  }
}

/// Makes runtime values of messages.
struct RuntimeValueReader {
  let tensors = TensorReader(file: nil, folder: nil)

  func sequence(_ proto: SequenceProto, _ element: ValueType) throws(GraphError) -> RuntimeValue {
    var items: [RuntimeValue] = []
    for tensor in proto.tensorValues { items.append(.tensor(try tensors.tensor(tensor))) }
    for map in proto.mapValues { items.append(try self.map(map)) }
    for inner in proto.sequenceValues {
      guard case .sequence(let type) = element else {
        throw GraphError(.type, "a sequence in a sequence of \(element)")
      }
      items.append(try sequence(inner, type))
    }
    for inner in proto.optionalValues {
      guard case .optional(let type) = element else {
        throw GraphError(.type, "an optional in a sequence of \(element)")
      }
      items.append(try optional(inner, type))
    }
    return .sequence(items, of: element)
  }

  func optional(_ proto: OptionalProto, _ element: ValueType) throws(GraphError) -> RuntimeValue {
    if proto.hasTensorValue { return .optional(.tensor(try tensors.tensor(proto.tensorValue)), of: element) }
    if proto.hasSequenceValue, case .sequence(let type) = element {
      return .optional(try sequence(proto.sequenceValue, type), of: element)
    }
    return .optional(nil, of: element)
  }

  func map(_ proto: MapProto) throws(GraphError) -> RuntimeValue {
    let keys: [RuntimeValue.MapKey] =
      proto.stringKeys.isEmpty
      ? proto.keys.map { .integer(Int($0)) } : proto.stringKeys.map { .string(String(decoding: $0, as: UTF8.self)) }
    var items: [RuntimeValue] = []
    for tensor in proto.values.tensorValues { items.append(.tensor(try tensors.tensor(tensor))) }
    if keys.count > 1, items.count == 1, let all = items[0].tensor, all.elementCount == keys.count {
      items = all.floats.map { .tensor(.scalar($0)) }
    }
    guard keys.count == items.count else {
      throw GraphError(.file, "a map of \(keys.count) keys and \(items.count) values")
    }
    let value = items.first?.type ?? .tensor(.float32, [Int]())
    return .map(
      Dictionary(zip(keys, items), uniquingKeysWith: { a, _ in a }),
      key: ElementType(code: Int(proto.keyType)) ?? .int64, value: value)
  }
}
