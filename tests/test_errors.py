import inspect

from xbench import errors
from xbench.errors import UsageError, XbenchError, unknown


def classes_of_the_module():
    return [thing for _, thing in inspect.getmembers(errors, inspect.isclass) if thing.__module__ == errors.__name__]


def test_every_error_is_one_of_ours_and_only_usage_ends_in_two():
    classes = classes_of_the_module()
    assert all(issubclass(thing, XbenchError) for thing in classes)
    assert {thing.exit_code for thing in classes if issubclass(thing, UsageError)} == {2}
    assert {thing.exit_code for thing in classes if not issubclass(thing, UsageError)} == {1}


def test_the_tree_in_the_module_names_every_error():
    for thing in classes_of_the_module():
        assert thing.__name__ in errors.__doc__


def test_an_unknown_name_is_told_the_nearest_and_all_there_are():
    error = unknown("method", "fintune", ["translate-train", "finetune"], "; a note")
    assert str(error) == (
        "no method is called 'fintune'; did you mean 'finetune'? (there are: finetune, translate-train); a note"
    )
    assert str(unknown("component", "x", ["lora", "lora"])) == "no component is called 'x' (there are: lora)"
    assert str(unknown("task", "x", [])) == "no task is called 'x' (there are: none)"
