import HoneIR

/// The attributes in which TreeEnsembleClassifier and TreeEnsembleRegressor describe trees.
struct TreeAttributes {
  var treeIDs, nodeIDs, features, trueIDs, falseIDs, missing: [Int]
  var modes: [String]
  var values: [Double]
  var voteTrees, voteNodes, voteTargets: [Int]
  var voteWeights: [Double]

  /// The trees, in the order in which they first occur.
  func trees() throws(GraphError) -> TreeNodes {
    let count = nodeIDs.count
    guard
      [treeIDs.count, features.count, trueIDs.count, falseIDs.count, modes.count, values.count].allSatisfy({
        $0 == count
      }),
      missing.isEmpty || missing.count == count,
      [voteNodes.count, voteTargets.count, voteWeights.count].allSatisfy({ $0 == voteTrees.count })
    else { throw GraphError(.attribute, "the attributes of nodes or leaves differ in length") }
    struct Key: Hashable {
      var tree, node: Int
    }
    var places: [Key: Int] = [:]
    for i in 0..<count {
      guard places.updateValue(i, forKey: Key(tree: treeIDs[i], node: nodeIDs[i])) == nil else {
        throw GraphError(.attribute, "node \(nodeIDs[i]) of tree \(treeIDs[i]) occurs twice")
      }
    }
    func child(_ i: Int, _ node: Int) throws(GraphError) -> TreeNodes.Child {
      guard let place = places[Key(tree: treeIDs[i], node: node)] else {
        throw GraphError(.attribute, "tree \(treeIDs[i]) has no node \(node)")
      }
      return modes[place] == "LEAF" ? .leaf(place) : .node(place)
    }
    var trees = TreeNodes()
    trees.leaves = Array(repeating: [], count: count)
    var known = Set<Int>()
    for i in 0..<count {
      let isLeaf = modes[i] == "LEAF"
      if known.insert(treeIDs[i]).inserted { trees.roots.append(isLeaf ? .leaf(i) : .node(i)) }
      guard let comparison = isLeaf ? .lessOrEqual : TreeComparison(name: modes[i]), comparison != .member else {
        throw GraphError(.attribute, "mode ‘\(modes[i])’ of a node is unknown")
      }
      trees.nodes.append(
        TreeNodes.Node(
          comparison: comparison, feature: features[i], threshold: values[i],
          whenTrue: isLeaf ? .leaf(i) : try child(i, trueIDs[i]),
          whenFalse: isLeaf ? .leaf(i) : try child(i, falseIDs[i]),
          missingIsTrue: !missing.isEmpty && missing[i] != 0))
    }
    for (i, tree) in voteTrees.enumerated() {
      guard let place = places[Key(tree: tree, node: voteNodes[i])] else {
        throw GraphError(.attribute, "tree \(tree) has no node \(voteNodes[i])")
      }
      trees.leaves[place].append(TreeNodes.Vote(target: voteTargets[i], weight: voteWeights[i]))
    }
    return trees
  }
}

/// Numbers of an attribute that comes as floats or as a tensor.
func either(_ floats: [Float], _ tensor: Tensor?) -> [Double] { tensor?.doubles ?? floats.map(Double.init) }
