"""The experiment of ``config.yaml``, started from Python. Run it in this folder: ``python main.py``."""

from nni.experiment import Experiment

search_space = {
    "features": {"_type": "choice", "_value": [128, 256, 512, 1024]},
    "lr": {"_type": "loguniform", "_value": [0.0001, 0.1]},
    "momentum": {"_type": "uniform", "_value": [0, 1]},
}

if __name__ == "__main__":
    experiment = Experiment("local")
    experiment.config.search_space = search_space
    experiment.config.trial_command = "python model.py"
    experiment.config.trial_code_directory = "."
    experiment.config.trial_concurrency = 2
    experiment.config.max_trial_number = 10
    experiment.config.tuner.name = "TPE"
    experiment.config.tuner.class_args["optimize_mode"] = "maximize"

    experiment.run(8080)
    experiment.stop()
