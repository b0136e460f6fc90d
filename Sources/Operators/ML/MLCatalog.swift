import HoneIR

extension Catalog {
  static let machineLearning: [any Op.Type] = [
    ArrayFeatureExtractor.self, Binarizer.self, CastMap.self, CategoryMapper.self, DictVectorizer.self,
    FeatureVectorizer.self, Imputer.self, LabelEncoder.self, LinearClassifier.self, LinearRegressor.self,
    Normalizer.self,
    OneHotEncoder.self, Scaler.self, SVMClassifier.self, SVMRegressor.self, TreeEnsemble.self,
    TreeEnsembleClassifier.self, TreeEnsembleRegressor.self, ZipMap.self,
  ]
}
