"""The one place where areas meet: a study's folder in, scores and frontiers out."""

from unburden.study.reading import read_study
from unburden.study.running import design_study, write_report
from unburden.study.scoring import score_burden
from unburden.study.searching import search_designs

__all__ = ["design_study", "read_study", "score_burden", "search_designs", "write_report"]
