import Foundation
import HoneIR

/// What a safetensors file says before its data: the tensors' types, shapes and places, and metadata.
struct SafetensorsHeader {
  struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }
  static let metadataKey = "__metadata__"
  /// Longer headers are refused, as the format asks.
  static let byteLimit = 100_000_000

  var entries: [String: Entry] = [:]
  var metadata: [String: String] = [:]

  init() {}

  /// Reads a header of JSON.
  init(json: [UInt8]) throws(GraphError) {
    guard json.first == UInt8(ascii: "{") else {
      throw GraphError(.file, "is no safetensors file: its header is no JSON object")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json))
    } catch let DecodingError.dataCorrupted(context) {
      throw GraphError(.file, "is no safetensors file: its header is damaged: \(context.debugDescription)")
    } catch let DecodingError.typeMismatch(_, context) {
      throw GraphError(.file, Self.unexpected(context))
    } catch let DecodingError.keyNotFound(key, context) {
      throw GraphError(.file, "\(Self.unexpected(context)): ‘\(key.stringValue)’ is missing")
    } catch let DecodingError.valueNotFound(_, context) {
      throw GraphError(.file, Self.unexpected(context))
    } catch { throw GraphError(.file, "is no safetensors file: its header is damaged") }
  }

  private static func unexpected(_ context: DecodingError.Context) -> String {
    "the header's entry ‘\(context.codingPath.first?.stringValue ?? "")’ is not as the format says"
  }

  /// JSON padded with spaces, so that the data after it starts at a multiple of 8.
  var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and integers always encode.
    var bytes = [UInt8]((try? encoder.encode(self)) ?? Data())
    while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    return bytes
  }
}

extension SafetensorsHeader: Codable {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == Self.metadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    if !metadata.isEmpty { try container.encode(metadata, forKey: Key(stringValue: Self.metadataKey)) }
    for (name, entry) in entries { try container.encode(entry, forKey: Key(stringValue: name)) }
  }
}
