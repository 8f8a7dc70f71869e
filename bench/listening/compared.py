"""The champion and all models beside it as the laboratory judges them (`lab.listening`): each against item-kNN."""

from bench.figures import Figures
from bench.listening.data import Data
from lab.bootstrap import differences
from lab.listening import ITEM_KNN, PlaysCorpus, judge_listening
from lab.report import listening_report
from listening.models.recipe import Recipe


def against_knn(data: Data, champion: Recipe) -> Figures:
    """By model: the means of all metrics, and by how much item-kNN is exceeded (mean, and where the 95 % interval of
    the paired bootstrap over listeners begins and ends). `serving` is the champion."""
    plays = PlaysCorpus.of(data.interactions, data.features, {"source": data.name}, serving=champion)
    judged = {each.subject: each for each in judge_listening(plays)}
    print(listening_report([*judged.values()], judged[ITEM_KNN]))
    return {
        name: {
            "means": {metric: round(each.mean(metric), 5) for metric in each.scores},
            "against_knn": {
                metric: [round(value, 5) for value in (found.mean, found.low, found.high)]
                for metric, found in differences(judged[ITEM_KNN], each).items()
            },
        }
        for name, each in judged.items()
    }
