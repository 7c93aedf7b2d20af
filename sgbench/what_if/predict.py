"""`predict`: one what-if, with everything that says how far to trust it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sgbench.engine.config import EngineConfig
from sgbench.engine.runner.cost import StepCost
from sgbench.errors import UsageError
from sgbench.trace.events import Event, RequestFinished
from sgbench.trace.recording import Recording
from sgbench.trace.trace import Trace
from sgbench.what_if.calibration import Calibration, calibrate
from sgbench.what_if.causes import Causes
from sgbench.what_if.figures import Figures, of_events
from sgbench.what_if.options import ARRIVALS, changed_config, recorded_config
from sgbench.what_if.simulation import Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A trace, read once, about which questions are asked.

    Attributes
    ----------
    causes, config, calibration
        Of the recording.
    measured
        Of the recording; None: it was imported, and nothing of it was measured.
    arrivals
        When requests that waited for no other come again.
    """

    causes: Causes
    config: EngineConfig
    calibration: Calibration
    measured: Figures | None
    arrivals: str = "recorded"

    @classmethod
    def about(cls, trace: Trace, arrivals: str = "recorded", cost: StepCost | None = None) -> Question:
        """Read ``trace``; raises as `predict`."""
        if arrivals not in ARRIVALS:
            raise UsageError(f"what-if arrivals={arrivals!r}: choose one of {', '.join(ARRIVALS)}")
        events = trace.events
        causes = Causes.of(events)
        config = recorded_config(trace.header, causes.capacity_tokens)
        if config.kv_tokens is None:
            raise UsageError("the trace does not tell the size of the KV pool: it has neither keyframe nor kv_tokens")
        calibration = calibrate(events) if cost is None else Calibration(cost=cost, source="given")
        measured = None if "imported" in trace.header.predicted else of_events(events)
        return cls(causes=causes, config=config, calibration=calibration, measured=measured, arrivals=arrivals)

    def simulation(self, options: Mapping[str, Any], *, walk: bool = False) -> Simulation:
        """The run under the recorded configuration with ``options``; ``walk`` as for `Simulation`."""
        config = changed_config(self.config, options)
        return Simulation(self.causes, config, self.calibration.cost, self.arrivals, walk=walk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a run under other options would have been.

    Attributes
    ----------
    options
        What was changed.
    predicted
        Figures of the changed configuration.
    same
        Figures predicted for the recorded configuration: beside ``measured`` they show the predictor's error.
    measured
        Figures of the recording; None: imported, not measured.
    calibration
        The cost model.
    refused
        Requests that would not have fitted and were left out.
    left_out
        Requests of the recording whose prompts it does not hold.
    """

    options: Mapping[str, Any]
    predicted: Figures
    same: Figures
    measured: Figures | None
    calibration: Calibration
    refused: int = 0
    left_out: int = 0

    @property
    def error(self) -> dict[str, float]:
        """``(predicted - measured) / measured`` on the recorded configuration; of ``hit_rate`` the plain difference."""
        return errors(self.same, self.measured)

    def as_data(self) -> dict[str, Any]:
        """JSON-able: what a predicted trace says of itself."""
        return {
            "options": dict(self.options),
            "cost_model": self.calibration.as_data(),
            "error": self.error,
            "refused": self.refused,
            "left_out": self.left_out,
        }


SHOWN_ERRORS = ("first_token_p50_ms", "first_token_p99_ms", "latency_p50_ms", "total_ms")


def errors(same: Figures, measured: Figures | None) -> dict[str, float]:
    """How far ``same``, predicted for the recorded configuration, is from ``measured``; empty where nothing was measured."""
    if measured is None:
        return {}
    found = {"hit_rate": same.hit_rate - measured.hit_rate}
    for name in SHOWN_ERRORS:
        was = getattr(measured, name)
        if was > 0:
            found[name] = getattr(same, name) / was - 1
    return found


def predict(
    trace: Trace, *, arrivals: str = "recorded", cost: StepCost | None = None, **options: Any
) -> tuple[Trace, Prediction]:
    """Run the causes of ``trace`` again with other options.

    Parameters
    ----------
    trace
        Of an engine.
    arrivals
        When requests come that waited for no other one (those that did always come when the others have ended, after the recorded time
        to think): ``recorded``, at the recorded times; ``closed``, after the request that had ended last, as when one caller asks one
        thing after the other; ``at-once``, all at the beginning; ``lockstep``, every request before the same step as in the recording,
        to check the simulator.
    cost
        Price of a step; None: fitted to the steps of the trace.
    options
        Engine options that the host half decides (`sgbench.what_if.options.PREDICTABLE`).

    Returns
    -------
    A trace of the predicted run, whose ``header.predicted`` says how it was made, and the figures.

    Raises
    ------
    UsageError, UnknownOptionError
        The trace holds no requests, or cannot answer for an option.
    """
    question = Question.about(trace, arrivals, cost)
    run = question.simulation(options, walk=True)
    config = changed_config(question.config, options)
    header = dataclasses.replace(trace.header, engine=dataclasses.asdict(config), seed=config.seed)
    with Recording(run.journal, header, trace.vocab) as recording:
        recording.start(run.worker.keyframe())
        found = run.run()
    same = question.simulation({}).run() if options else found
    prediction = Prediction(
        options=dict(options),
        predicted=found,
        same=same,
        measured=question.measured,
        calibration=question.calibration,
        refused=run.refused,
        left_out=question.causes.left_out,
    )
    predicted = dataclasses.replace(header, predicted=prediction.as_data())
    return Trace(map(_without_logprobs, recording.trace.events), predicted, trace.vocab), prediction


def _without_logprobs(event: Event) -> Event:
    """A cost runner computes no probabilities: what it says of them is nothing."""
    if isinstance(event, RequestFinished) and event.output_logprobs:
        return dataclasses.replace(event, output_logprobs=())
    return event
