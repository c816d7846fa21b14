"""A support vector classifier of handwritten digits whose kernel, C and gamma NNI chooses.

The accuracy is measured on five parts of the data in turn; the mean so far is reported after each, and the mean of all
five as the result.
"""

import numpy
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

import nni


def main() -> None:
    parameters = {"kernel": "rbf", "C": 1.0, "gamma": 0.01}
    parameters.update(nni.get_next_parameter())

    images, labels = load_digits(return_X_y=True)
    images /= 16  # pixels between 0 and 1
    accuracies = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(images, labels):
        model = SVC(**parameters).fit(images[train], labels[train])
        accuracies.append(model.score(images[test], labels[test]))
        nni.report_intermediate_result(numpy.mean(accuracies))
    nni.report_final_result(numpy.mean(accuracies))


if __name__ == "__main__":
    main()
