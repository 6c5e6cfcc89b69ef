"""What this plugin adds."""

from collections.abc import Iterable

from xbench import hookimpl
from xbench.contracts import Method
from xbench_methods.average_runs import AverageRuns
from xbench_methods.code_switch import CodeSwitch
from xbench_methods.dann import Dann
from xbench_methods.few_shot import FewShot
from xbench_methods.finetune import Finetune
from xbench_methods.layer_swap import LayerSwap
from xbench_methods.lora import Lora
from xbench_methods.probe import Probe
from xbench_methods.retrieve import Retrieve
from xbench_methods.self_training import SelfTraining
from xbench_methods.task_arithmetic import TaskArithmetic
from xbench_methods.translate_test import TranslateTest
from xbench_methods.translate_train import TranslateTrain, TranslateTrainAll
from xbench_methods.xtune import Xtune


@hookimpl
def xbench_methods() -> Iterable[Method]:
    """Every way of learning a task, retrieval included."""
    return [
        Finetune(),
        Probe(),
        Retrieve(),
        Dann(),
        Xtune(),
        Lora(),
        LayerSwap(),
        TaskArithmetic(),
        FewShot(),
        SelfTraining(),
        TranslateTrain(),
        TranslateTrainAll(),
        TranslateTest(),
        CodeSwitch(),
        AverageRuns(),
    ]
