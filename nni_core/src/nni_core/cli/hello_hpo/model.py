"""Trains a network with one hidden layer to tell the inside of a ring from its outside. Needs Python alone.

``python model.py`` trains it once with the parameters below; in an experiment nni gives others.
"""

import math
import random

import nni

EPOCHS = 12


def make_points(number, seed):
    """Points of a square, each with 1 when it lies inside a ring around the middle, and 0 when not."""
    draw = random.Random(seed)
    points = [(draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(number)]
    return [((x, y), 1.0 if 0.3 < math.hypot(x, y) < 0.8 else 0.0) for x, y in points]


class Network:
    """Two numbers in, ``hidden`` units, the probability of "inside" out."""

    def __init__(self, hidden, seed):
        draw = random.Random(seed)
        self.inner = [[draw.gauss(0, 2), draw.gauss(0, 2), draw.gauss(0, 1)] for _ in range(hidden)]
        self.outer = [draw.gauss(0, 1) for _ in range(hidden + 1)]
        self.inner_speed = [[0.0, 0.0, 0.0] for _ in range(hidden)]
        self.outer_speed = [0.0] * (hidden + 1)

    def forward(self, point):
        units = [math.tanh(a * point[0] + b * point[1] + c) for a, b, c in self.inner]
        total = sum(weight * unit for weight, unit in zip(self.outer, units)) + self.outer[-1]
        return units, 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def learn(self, batch, learning_rate, momentum):
        """One step down the slope of the error, with the speed of the steps before."""
        inner = [[0.0, 0.0, 0.0] for _ in self.inner]
        outer = [0.0] * len(self.outer)
        for point, label in batch:
            units, guess = self.forward(point)
            error = (guess - label) / len(batch)
            outer[-1] += error
            for index, unit in enumerate(units):
                outer[index] += error * unit
                back = error * self.outer[index] * (1 - unit * unit)
                for place, value in enumerate((*point, 1.0)):
                    inner[index][place] += back * value
        for index, slope in enumerate(outer):
            self.outer_speed[index] = momentum * self.outer_speed[index] - learning_rate * slope
            self.outer[index] += self.outer_speed[index]
        for index, slopes in enumerate(inner):
            for place, slope in enumerate(slopes):
                self.inner_speed[index][place] = momentum * self.inner_speed[index][place] - learning_rate * slope
                self.inner[index][place] += self.inner_speed[index][place]

    def accuracy(self, points):
        return sum((self.forward(point)[1] > 0.5) == (label > 0.5) for point, label in points) / len(points)


def main():
    parameters = {"hidden": 8, "learning_rate": 0.1, "momentum": 0.5, "batch_size": 16}
    parameters.update(nni.get_next_parameter())

    training, test = make_points(400, seed=1), make_points(400, seed=2)
    network = Network(parameters["hidden"], seed=3)
    size = parameters["batch_size"]
    for epoch in range(EPOCHS):
        random.Random(epoch).shuffle(training)
        for start in range(0, len(training), size):
            network.learn(training[start : start + size], parameters["learning_rate"], parameters["momentum"])
        # An assessor may end a trial early by these, and the portal draws them.
        nni.report_intermediate_result(network.accuracy(test))
    nni.report_final_result(network.accuracy(test))


if __name__ == "__main__":
    main()
