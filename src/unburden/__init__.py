"""unburden designs clinical trials that ask less of patients.

Names are loaded when first used, so that the command line answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from unburden.data.cohorts import read_cohort as read_cohort
    from unburden.data.evidence import read_evidence as read_evidence
    from unburden.data.protocols import read_protocol as read_protocol
    from unburden.data.protocols import write_protocol as write_protocol
    from unburden.domain.cohort import Cohort as Cohort
    from unburden.domain.design import Design as Design
    from unburden.domain.errors import UnburdenError as UnburdenError
    from unburden.domain.estimate import Estimate as Estimate
    from unburden.domain.frontier import Frontier as Frontier
    from unburden.domain.protocol import Protocol as Protocol
    from unburden.domain.scenario import Scenario as Scenario
    from unburden.domain.study import Study as Study
    from unburden.domain.study import StudyResult as StudyResult
    from unburden.eligibility.screen import screen_cohort as screen_cohort
    from unburden.simulation.trials import simulate_trials as simulate_trials
    from unburden.study.reading import read_study as read_study
    from unburden.study.running import design_study as design_study
    from unburden.study.running import write_report as write_report
    from unburden.study.scoring import score_burden as score_burden
    from unburden.study.searching import search_designs as search_designs

_HOME = {
    "Cohort": "unburden.domain.cohort",
    "Design": "unburden.domain.design",
    "Estimate": "unburden.domain.estimate",
    "Frontier": "unburden.domain.frontier",
    "Protocol": "unburden.domain.protocol",
    "Scenario": "unburden.domain.scenario",
    "Study": "unburden.domain.study",
    "StudyResult": "unburden.domain.study",
    "UnburdenError": "unburden.domain.errors",
    "design_study": "unburden.study.running",
    "read_cohort": "unburden.data.cohorts",
    "read_evidence": "unburden.data.evidence",
    "read_protocol": "unburden.data.protocols",
    "read_study": "unburden.study.reading",
    "score_burden": "unburden.study.scoring",
    "screen_cohort": "unburden.eligibility.screen",
    "search_designs": "unburden.study.searching",
    "simulate_trials": "unburden.simulation.trials",
    "write_protocol": "unburden.data.protocols",
    "write_report": "unburden.study.running",
}

__all__ = [
    "Cohort",
    "Design",
    "Estimate",
    "Frontier",
    "Protocol",
    "Scenario",
    "Study",
    "StudyResult",
    "UnburdenError",
    "__version__",
    "design_study",
    "read_cohort",
    "read_evidence",
    "read_protocol",
    "read_study",
    "score_burden",
    "screen_cohort",
    "search_designs",
    "simulate_trials",
    "write_protocol",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'unburden' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
