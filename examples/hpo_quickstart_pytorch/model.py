"""A small PyTorch network whose width, learning rate and momentum NNI chooses.

Run by itself, it trains once with the defaults. In an experiment it is the trial: it asks for the parameters to try,
reports the accuracy after every epoch, and the last one as the result.
"""

import argparse
import fcntl
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import nni


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)  # other trials use the other cores
    torch.manual_seed(0)

    parameters = {"features": 512, "lr": 0.01, "momentum": 0.5}
    parameters.update(nni.get_next_parameter())

    train_set, test_set = load_data(arguments.dataset, arguments.data_directory)
    train_batches = DataLoader(train_set, batch_size=arguments.batch_size, shuffle=True)
    test_batches = DataLoader(test_set, batch_size=256)

    model = build_model(pixels=train_set[0][0].numel(), features=parameters["features"])
    optimizer = torch.optim.SGD(model.parameters(), lr=parameters["lr"], momentum=parameters["momentum"])

    for _ in range(arguments.epochs):
        train(model, train_batches, optimizer)
        accuracy = measure_accuracy(model, test_batches)
        nni.report_intermediate_result(accuracy)
    nni.report_final_result(accuracy)


def build_model(pixels: int, features: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(pixels, features),
        nn.ReLU(),
        nn.Linear(features, features),
        nn.ReLU(),
        nn.Linear(features, 10),
    )


def train(model: nn.Module, batches: DataLoader, optimizer: torch.optim.Optimizer) -> None:
    model.train()
    for images, labels in batches:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def measure_accuracy(model: nn.Module, batches: DataLoader) -> float:
    """The share of images whose label the model finds."""
    model.eval()
    correct = sum((model(images).argmax(1) == labels).sum().item() for images, labels in batches)
    return correct / len(batches.dataset)


def load_data(dataset: str, directory: Path) -> tuple[Dataset, Dataset]:
    """Images to learn from and images to test with; their pixels lie between 0 and 1."""
    return load_handwritten_digits() if dataset == "digits" else load_fashion_mnist(directory)


def load_handwritten_digits() -> tuple[Dataset, Dataset]:
    """1797 digits, 8 x 8 pixels, written by 43 people; they come with scikit-learn."""
    images, labels = load_digits(return_X_y=True)
    train_images, test_images, train_labels, test_labels = train_test_split(
        torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels), stratify=labels, random_state=0
    )
    return TensorDataset(train_images, train_labels), TensorDataset(test_images, test_labels)


def load_fashion_mnist(directory: Path) -> tuple[Dataset, Dataset]:
    """70000 pieces of clothing, 28 x 28 pixels; downloaded into ``directory`` once."""
    from torchvision.datasets import FashionMNIST
    from torchvision.transforms import ToTensor

    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "download.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several trials, one downloads and the others wait
        return (
            FashionMNIST(directory, train=True, download=True, transform=ToTensor()),
            FashionMNIST(directory, train=False, download=True, transform=ToTensor()),
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small network on images.")
    parser.add_argument("--dataset", choices=["digits", "fashion-mnist"], default="digits")
    parser.add_argument("--data-directory", type=Path, default=Path("data"), help="where FashionMNIST is kept")
    parser.add_argument("--epochs", type=positive, default=5, help="passes over the training images")
    parser.add_argument("--batch-size", type=positive, default=16, help="images between two steps of the optimizer")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


if __name__ == "__main__":
    main()
