import HoneIR

extension BuiltInModel {
  /// BERT (Devlin et al., arXiv 1810.04805), its base form, with a classifier: 12 layers of 12 heads, 768 wide.
  ///
  /// input_ids int64 `[batch, 128]`, all of them attended to → logits `[batch, 2]`; 109,483,778 parameters. Options: at
  /// most 512 tokens, `hidden` a multiple of 12.
  static let bertBase = BuiltInModel(
    "bert-base", "Transformer of 12 layers that classifies text (Devlin et al. 2018)", .textClassification,
    .crossEntropy,
    ModelOptions(classes: 2, input: [128], hidden: 768, layers: 12, vocabulary: 30522, dropout: 0.1)
  ) { (network, settings) throws(GraphError) in
    try TransformerEncoder(heads: 12).append(to: &network, settings)
  }
}
