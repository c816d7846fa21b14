"""PyTorch tensors are reported as they are. Runs where PyTorch is installed."""

import pytest

from nni.metric import checked

pytestmark = pytest.mark.torch


def test_a_scalar_tensor_is_its_number() -> None:
    """A loss can be reported without ``.item()``, gradient and all."""
    torch = pytest.importorskip("torch")
    loss = torch.tensor(0.5, requires_grad=True) * 2
    assert checked(loss) == 1.0
    assert checked({"default": torch.tensor([3]), "half": torch.tensor(0.5, dtype=torch.bfloat16)}) == {
        "default": 3,
        "half": 0.5,
    }


def test_a_vector_becomes_a_list() -> None:
    """A tensor of several elements is no number to optimize: it is taken as a list, with a warning."""
    torch = pytest.importorskip("torch")
    with pytest.warns(RuntimeWarning, match="the metric is a list"):
        assert checked(torch.zeros(2, requires_grad=True)) == [0.0, 0.0]
