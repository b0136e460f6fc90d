"""Cases of ai.onnx.ml for operator_cases.py: linear and kernel models, trees, encoders."""

import numpy as np

DOMAIN = "ai.onnx.ml"
rng = np.random.default_rng(11)


def x(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def numbers(count):
    return [float(v) for v in rng.standard_normal(count).astype(np.float32)]


def trees(targets, leaf):
    """Two trees over three features: a full one of depth two, and a stump that sends NaN to its false branch."""
    modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "LEAF", "LEAF", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"]
    leaves = [(0, 3), (0, 4), (0, 5), (0, 6), (1, 1), (1, 2)]
    return {
        "nodes_treeids": [0] * 7 + [1] * 3,
        "nodes_nodeids": [*range(7), *range(3)],
        "nodes_featureids": [0, 1, 2, 0, 0, 0, 0, 1, 0, 0],
        "nodes_values": [0.1, -0.3, 0.4, 0, 0, 0, 0, 0.2, 0, 0],
        "nodes_modes": modes,
        "nodes_truenodeids": [1, 3, 5, 0, 0, 0, 0, 1, 0, 0],
        "nodes_falsenodeids": [2, 4, 6, 0, 0, 0, 0, 2, 0, 0],
        "nodes_missing_value_tracks_true": [1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        f"{leaf}_treeids": [tree for tree, _ in leaves for _ in range(targets)],
        f"{leaf}_nodeids": [node for _, node in leaves for _ in range(targets)],
        f"{leaf}_ids": list(range(targets)) * len(leaves),
        f"{leaf}_weights": numbers(targets * len(leaves)),
    }


def cases(make):
    """`make(name, op, operands, outputs, **attributes)` makes a case."""

    def ml(name, op, operands, outputs=1, **attributes):
        return make(f"ml_{name}", op, operands, outputs, domain=DOMAIN, **attributes)

    for post in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"):
        name = post.lower()
        data = np.abs(x(4, 3)) * np.float32(0.2) if post == "PROBIT" else x(4, 3)
        weights = [abs(w) * 0.2 for w in numbers(6)] if post == "PROBIT" else numbers(6)
        if post != "PROBIT":
            yield ml(f"linear_classifier_{name}", "LinearClassifier", [x(4, 3)], 2, coefficients=numbers(9), intercepts=numbers(3), classlabels_ints=[4, 7, 9], post_transform=post)
            yield ml(f"tree_classifier_{name}", "TreeEnsembleClassifier", [x(20, 3)], 2, **trees(3, "class"), classlabels_int64s=[3, 5, 8], post_transform=post)
        yield ml(f"linear_regressor_{name}", "LinearRegressor", [data], coefficients=weights, intercepts=[0.1, 0.2], targets=2, post_transform=post)
    yield ml("linear_classifier_strings", "LinearClassifier", [x(5, 3)], 2, coefficients=numbers(9), intercepts=numbers(3), classlabels_strings=["a", "b", "c"])
    yield ml("linear_classifier_binary", "LinearClassifier", [x(6, 3)], 2, coefficients=[0.4, -0.2, 0.9, -0.4, 0.2, -0.9], intercepts=[0.1, -0.1], classlabels_ints=[0, 1], post_transform="LOGISTIC")
    missing = x(12, 3)
    missing[::3, 1] = np.nan
    for aggregate in ("SUM", "AVERAGE", "MIN", "MAX"):
        yield ml(f"tree_regressor_{aggregate.lower()}", "TreeEnsembleRegressor", [missing], n_targets=2, aggregate_function=aggregate, base_values=[0.5, -1.0], **trees(2, "target"))
    yield ml("tree_regressor_one_row", "TreeEnsembleRegressor", [x(1, 3)], n_targets=1, **trees(1, "target"))
    yield ml("tree_classifier_strings", "TreeEnsembleClassifier", [x(20, 3)], 2, **trees(3, "class"), classlabels_strings=["x", "y", "z"], base_values=[0.1, 0.2, 0.3])
    for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID"):
        name = kernel.lower()
        yield ml(f"svm_regressor_{name}", "SVMRegressor", [x(5, 3)], kernel_type=kernel, kernel_params=[0.3, 0.2, 2.0], coefficients=numbers(4), support_vectors=numbers(12), n_supports=4, rho=[0.7])
        yield ml(f"svm_classifier_{name}", "SVMClassifier", [x(9, 3)], 2, kernel_type=kernel, kernel_params=[0.3, 0.2, 2.0], classlabels_ints=[2, 5, 6], vectors_per_class=[2, 1, 2], support_vectors=numbers(15), coefficients=numbers(10), rho=numbers(3))
    yield ml("svm_classifier_probabilities", "SVMClassifier", [x(9, 3)], 2, kernel_type="RBF", kernel_params=[0.3, 0.0, 3.0], classlabels_ints=[2, 5, 6], vectors_per_class=[2, 1, 2], support_vectors=numbers(15), coefficients=numbers(10), rho=numbers(3), prob_a=[-1.1, -0.9, -1.3], prob_b=[0.1, -0.2, 0.0])
    yield ml("scaler", "Scaler", [x(4, 3)], offset=numbers(3), scale=numbers(3))
    yield ml("scaler_one", "Scaler", [x(4, 3)], offset=[0.5], scale=[2.0])
    yield ml("scaler_integers", "Scaler", [rng.integers(-9, 9, (4, 3))], offset=numbers(3), scale=numbers(3))
    for norm in ("MAX", "L1", "L2"):
        yield ml(f"normalizer_{norm.lower()}", "Normalizer", [x(4, 5)], norm=norm)
    yield ml("imputer", "Imputer", [missing], imputed_value_floats=[0.25, 0.5, 0.75], replaced_value_float=float("nan"))
    yield ml("imputer_integers", "Imputer", [rng.integers(0, 3, (4, 3))], imputed_value_int64s=[7], replaced_value_int64=1)
    yield ml("binarizer", "Binarizer", [x(4, 5)], threshold=0.2)
    yield ml("array_feature_extractor", "ArrayFeatureExtractor", [x(3, 6), np.array([[4, 0, 5]], np.int64)])
    yield ml("feature_vectorizer", "FeatureVectorizer", [x(3, 2), x(3, 4)], inputdimensions=[2, 4])
    yield ml("one_hot", "OneHotEncoder", [np.array([[1, 5], [9, 3]], np.int64)], cats_int64s=[1, 3, 5], zeros=1)
    yield ml("one_hot_strings", "OneHotEncoder", [np.array([["a", "q"], ["c", "b"]], object)], cats_strings=["a", "b", "c"], zeros=1)
    yield ml("label_integers_to_strings", "LabelEncoder", [np.array([1, 4, 8], np.int64)], keys_int64s=[1, 4], values_strings=["one", "four"], default_string="other")
    yield ml("label_strings_to_integers", "LabelEncoder", [np.array(["b", "a", "?"], object)], keys_strings=["a", "b"], values_int64s=[10, 20], default_int64=-3)
    yield ml("label_floats", "LabelEncoder", [np.array([1.5, -1, 2], np.float32)], keys_floats=[1.5, -1.0], values_floats=[0.5, 0.25], default_float=9.0)
    yield ml("category_to_integers", "CategoryMapper", [np.array(["dog", "cat", "cow"], object)], cats_strings=["cat", "dog"], cats_int64s=[3, 4], default_int64=-1)
    yield ml("category_to_strings", "CategoryMapper", [np.array([4, 3, 0], np.int64)], cats_strings=["cat", "dog"], cats_int64s=[3, 4], default_string="none")
