"""What a config may say under ``training_service`` when its platform is ``local``."""

from __future__ import annotations

from attrs import field, frozen


def _about(text: str) -> dict[str, str]:
    return {"doc": text}


@frozen(kw_only=True)
class LocalArguments:
    """Settings of the local training service. All but ``reuse_mode`` matter only with ``trial_gpu_number`` above 0.

    Nothing is judged here: ``LocalService.check`` names everything that cannot work, with its place in the config.
    """

    use_active_gpu: bool | None = field(
        default=None,
        metadata=_about(
            "Whether trials may use a GPU on which other programs run, a desktop for example. Must be set when"
            " trials use GPUs."
        ),
    )
    max_trial_number_per_gpu: int | float = field(
        default=1,
        metadata=_about(
            "How many trials share a GPU: each takes trial_gpu_number / max_trial_number_per_gpu of GPUs. Below 1, a"
            " trial takes several: with 0.5 it takes two."
        ),
    )
    gpu_indices: list[int] | int | str | None = field(
        default=None,
        metadata=_about(
            'GPUs that trials may use, as nvidia-smi numbers them: 0, [0, 1] or "0,1". Left out: all of them.'
        ),
    )
    reuse_mode: bool = field(
        default=False,
        metadata=_about("Accepted for configs written for NNI. Without effect: each trial is a process of its own."),
    )

    @property
    def indices(self) -> tuple[int, ...] | None:
        """``gpu_indices`` as numbers, in the order given; None for all GPUs.

        :raises ValueError: when the text is not made of numbers.
        """
        if self.gpu_indices is None:
            return None
        if isinstance(self.gpu_indices, int):
            return (self.gpu_indices,)
        if isinstance(self.gpu_indices, str):
            return tuple(int(part) for part in self.gpu_indices.split(","))
        return tuple(self.gpu_indices)
