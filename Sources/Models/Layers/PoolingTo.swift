public import HoneIR

/// Means that bring height and width to `size` where they are multiples of it; smaller sizes stay as they are.
public struct PoolingTo: Layer {
  public var size: Int
  public init(_ size: Int) { self.size = size }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let (height, width) = (try network.size(of: x, axis: 2), try network.size(of: x, axis: 3))
    if height <= size, width <= size { return x }
    guard height % size == 0, width % size == 0 else {
      throw GraphError(
        .attribute,
        "option ‘input’: features of \(height)×\(width) are neither within \(size)×\(size) nor a multiple of it"
      ).at("option")
    }
    return try network.append(AveragePooling(kernel: [height / size, width / size]), to: x)
  }
}
