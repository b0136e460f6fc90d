public import Foundation
public import HoneIR

/// A part of a dataset.
public enum Split: String, Sendable, Codable, CaseIterable {
  case train, validation, test

  /// The folder and file names that mean this split.
  var names: [String] {
    switch self {
    case .train: ["train", "training"]
    case .validation: ["val", "valid", "validation", "dev"]
    case .test: ["test", "testing"]
    }
  }
  init?(folder name: String) {
    guard let split = Self.allCases.first(where: { $0.names.contains(name.lowercased()) }) else { return nil }
    self = split
  }
}

/// How a dataset is to be read. The defaults suit most.
public struct DatasetOptions: Sendable {
  /// The split, where there are several. Default: test, else validation, else train.
  public var split: Split?
  /// What the labels are. Default: as they look (whole numbers and words are classes, other numbers targets).
  public var task: Dataset.Task?
  /// The column of the label in a table, or the array of labels in an archive.
  public var label: LabelColumn?
  /// The names of the classes, by index. Default: those found, sorted.
  public var classes: [String]?
  /// The table starts with names of columns. Default: if its first line holds a word where later lines have numbers.
  public var hasHeader: Bool?
  /// What separates columns. Default: the one of comma, tab, semicolon, bar that the first line has most often.
  public var delimiter: Character?
  /// The channels of images in folders. Default: red, green, blue, as most models take.
  public var color = ImageColor.rgb
  /// The file holds texts, one `label<TAB>text` in each line. Folders of texts need no options.
  public var text: TextOptions?
  /// The table or the array holds a series in time, of which windows are the samples.
  public var forecast: ForecastOptions?
  /// Readers of tensor files with other extensions, for folders with one file per input, such as `pb`.
  public var tensorReaders: [String: @Sendable (URL) throws(GraphError) -> Tensor] = [:]

  public init() {}

  public enum LabelColumn: Sendable, Hashable {
    case name(String)
    /// Counted from 0; negative from the end.
    case index(Int)
    /// There is none: all columns are features.
    case none
  }
}

/// The channels of decoded images.
public enum ImageColor: String, Sendable, Codable, CaseIterable {
  case rgb, grayscale
  /// 1 or 3 channels, as each file has.
  case asStored
}
