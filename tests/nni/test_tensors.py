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


def test_a_vector_must_be_reduced() -> None:
    """A tensor of several elements is refused with its shape and a way out."""
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"got torch\.Tensor of shape \(3,\): reduce it first, say with x\.mean\(\)"):
        checked(torch.zeros(3))
