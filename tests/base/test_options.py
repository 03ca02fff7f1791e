"""Options: what is declared of one holds wherever its value comes from."""

import dataclasses
from pathlib import Path

import pytest

from base.errors import ConfigError
from base.options import AUTO, REQUIRED, Options, changed, option, options
from base.places import AnyPath, RemotePath


@dataclasses.dataclass(frozen=True)
class Cooking(Options):
    """A set with an option of every kind."""

    dish: str = option("soup", "What is cooked.", "kitchen", ("soup", "cake", "salad"))
    minutes: int = option(None, "How long.", "kitchen", low=1, high=600, auto="10 a portion", resumable=True)
    portions: int = option(2, "How many.", "kitchen", low=1)
    heat: float = option(180.0, "In degrees.", "oven", low=50, only={"dish": ("cake",)})
    salted: bool = option(True, "With salt.", "kitchen", only={"dish": ("soup", "salad")})
    recipe: Path | None = option(None, "Where it is written.", "kitchen")
    note: str | None = option(None, "What to think of.", "kitchen")
    pantry: AnyPath | None = option(None, "Where things lie.", "kitchen")

    def automatic(self):
        return {**super().automatic(), "minutes": 10 * self.portions}

    def check(self):
        super().check()
        if self.dish == "cake" and self.portions == 13:
            raise ConfigError("--portions=13: bad luck")


@dataclasses.dataclass(frozen=True)
class Baking(Cooking):
    """A narrower set."""

    dish: str = changed(Cooking, "dish", "cake", choices=("cake", "soup"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shopping(Options):
    shop: str = option(REQUIRED, "Where.")


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("minutes", "12", 12),
        ("minutes", "auto", None),
        ("portions", " 3 ", 3),
        ("heat", "2e2", 200.0),
        ("salted", "false", False),
        ("salted", "TRUE", True),
        ("salted", "0", False),
        ("salted", True, True),
        ("dish", "cake", "cake"),
        ("recipe", "book/soup.txt", Path("book/soup.txt")),
        ("pantry", "shelf", Path("shelf")),
        ("pantry", "gs://shelf", RemotePath("gs://shelf")),
        ("note", "", ""),
        ("note", "auto", "auto"),
    ],
)
def test_the_text_of_a_flag_becomes_a_value_of_the_options_type(name, text, value):
    found = options(Cooking)[name].read(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "name, text, wanted",
    [
        ("portions", "2.0", "a whole number"),
        ("portions", "auto", "a whole number"),
        ("portions", "", "a whole number"),
        ("minutes", "1e2", "a whole number or auto"),
        ("heat", "hot", "a number"),
        ("salted", "yes", "true or false"),
        ("recipe", "", "a path"),
        ("recipe", "a\0b", "a path"),
    ],
)
def test_the_text_of_a_flag_that_stands_for_no_value_is_refused(name, text, wanted):
    with pytest.raises(ConfigError) as error:
        options(Cooking)[name].read(text)
    assert str(error.value) == f"--{name}={text}: must be {wanted}"


@pytest.mark.parametrize(
    "name, given, value",
    [
        ("minutes", 12, 12),
        ("minutes", "auto", 20),
        ("minutes", None, 20),
        ("heat", 200, 200.0),
        ("salted", True, True),
        ("dish", "cake", "cake"),
        ("recipe", "book/soup.txt", Path("book/soup.txt")),
        ("recipe", Path("soup.txt"), Path("soup.txt")),
        ("recipe", None, None),
        ("note", "", ""),
    ],
)
def test_a_json_value_becomes_one_of_the_options_type(name, given, value):
    weak = {"dish": "cake"} if name == "heat" else {}
    found = getattr(Cooking.parse({name: given}, weak), name)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "name, given, wanted",
    [
        ("portions", "2", "a whole number"),
        ("portions", 2.0, "a whole number"),
        ("portions", True, "a whole number"),
        ("portions", None, "a whole number"),
        ("portions", [2], "a whole number"),
        ("minutes", "12", "a whole number or auto"),
        ("heat", "200", "a number"),
        ("heat", False, "a number"),
        ("heat", {}, "a number"),
        ("salted", "false", "true or false"),
        ("salted", 1, "true or false"),
        ("dish", 3, "text"),
        ("note", 3, "text"),
        ("recipe", "", "a path"),
    ],
)
def test_json_values_of_another_type_are_refused(name, given, wanted):
    with pytest.raises(ConfigError) as error:
        Cooking.parse({name: given})
    assert str(error.value) == f"--{name}={given}: must be {wanted}"


def test_a_long_value_is_cut_in_messages():
    with pytest.raises(ConfigError, match=r"^--portions=10{76}\.\.\.: must be"):
        Baking.parse({"portions": "1" + 400 * "0"})


@pytest.mark.parametrize(
    "values, message",
    [
        ({"dish": "stew"}, "--dish=stew: must be one of soup, cake, salad"),
        ({"portions": 0}, "--portions=0: must be at least 1"),
        ({"minutes": 0}, "--minutes=0: must be at least 1 and at most 600, or auto"),
        ({"minutes": 601}, "--minutes=601: must be at least 1 and at most 600, or auto"),
        ({"dish": "cake", "heat": 20}, "--heat=20: must be at least 50"),
        ({"dish": "cake", "heat": float("nan")}, "--heat=nan: must be a finite number"),
        ({"dish": "cake", "heat": float("inf")}, "--heat=inf: must be a finite number"),
        ({"note": "a\0b"}, "--note=a\0b: must be text without NUL or half a letter"),
        ({"recipe": Path("\ud800")}, "--recipe=\ud800: must be a path without NUL or half a letter"),
        ({"portions": "3"}, "--portions=3: must be a whole number"),
        ({"salted": 1}, "--salted=1: must be true or false"),
        ({"recipe": "soup.txt"}, "--recipe=soup.txt: must be a path"),
        ({"recipe": RemotePath("gs://soup.txt")}, "--recipe=gs://soup.txt: must be a path on this machine"),
        ({"portions": None}, "--portions=None: must be a whole number"),
    ],
)
def test_a_set_made_in_python_is_checked_like_one_from_a_command_line(values, message):
    with pytest.raises(ConfigError) as error:
        Cooking(**values)
    assert str(error.value).replace("=20.0:", "=20:") == message


def test_what_is_left_to_the_program_is_chosen_from_the_other_values():
    assert Cooking(portions=4).minutes == 40
    assert Cooking(portions=4, minutes=5).minutes == 5


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ConfigError, match="bad luck"):
        Cooking.parse({"dish": "cake", "portions": 13})


def test_unknown_names_are_refused_and_named():
    with pytest.raises(ConfigError, match="^there is no option color, pepper$"):
        Cooking.parse({"pepper": 1}, {"color": 2})


def test_an_option_without_effect_is_refused_with_the_way_out():
    with pytest.raises(ConfigError) as error:
        Cooking.parse({"heat": 200})
    assert str(error.value) == "--heat=200 has no effect with --dish=soup; leave it out, or pass --dish=cake"
    with pytest.raises(
        ConfigError,
        match="^--salted=false has no effect with --dish=cake; leave it out, or pass --dish=soup or --dish=salad$",
    ):
        Cooking.parse({"dish": "cake", "salted": False})


def test_an_option_is_refused_even_with_the_value_that_it_has_anyway():
    with pytest.raises(ConfigError, match="--heat=180 has no effect"):
        Cooking.parse({"heat": 180.0})


def test_a_weak_value_may_lose_its_effect_to_one_that_was_given():
    assert Cooking.parse({"dish": "soup"}, {"dish": "cake", "heat": 200}).dish == "soup"


def test_weak_values_without_effect_among_themselves_are_refused():
    with pytest.raises(ConfigError, match="--heat=200 has no effect with --dish=soup"):
        Cooking.parse({"portions": 3}, {"heat": 200})


def test_weak_values_give_way():
    chosen = Cooking.parse({"portions": 3}, {"portions": 5, "note": "taste"})
    assert (chosen.portions, chosen.note) == (3, "taste")


def test_a_set_says_which_of_its_options_count():
    assert not Cooking().has_effect("heat") and Cooking().has_effect("salted")
    assert Cooking(dish="cake").has_effect("heat") and not Cooking(dish="cake").has_effect("salted")


@pytest.mark.parametrize("dish, values", [("soup", {}), ("cake", {"recipe": Path("cake.txt"), "note": "auto"})])
def test_values_come_back_from_what_json_holds_of_them(dish, values):
    chosen = Cooking(dish=dish, **values)
    known = options(Cooking)
    written = {name: known[name].write(getattr(chosen, name)) for name in known if chosen.has_effect(name)}
    assert all(isinstance(value, str | int | float | None) for value in written.values())
    assert Cooking.parse(written) == chosen


def test_what_the_program_will_choose_later_is_written_as_auto():
    assert options(Cooking)["minutes"].write(None) == AUTO
    assert options(Cooking)["recipe"].write(None) is None


def test_another_default_leaves_the_rest_of_an_option_as_it_was():
    new, old = options(Baking)["dish"], options(Cooking)["dish"]
    assert (new.default, new.choices) == ("cake", ("cake", "soup"))
    assert (new.help, new.group, new.only) == (old.help, old.group, old.only)


def test_conditions_speak_only_of_values_that_can_be():
    assert options(Cooking)["salted"].only == {"dish": ("soup", "salad")}
    assert options(Baking)["salted"].only == {"dish": ("soup",)}


def test_a_condition_on_an_option_that_does_not_exist_is_a_mistake_of_the_declaration():
    @dataclasses.dataclass(frozen=True)
    class Odd(Options):
        heat: float = option(1.0, "Heat.", only={"stove": (True,)})

    with pytest.raises(KeyError, match="stove"):
        options(Odd)


def test_an_option_without_a_default_must_be_given():
    assert Shopping(shop="market").shop == "market"
    with pytest.raises(TypeError, match="shop"):
        Shopping()


def test_options_are_listed_in_the_order_of_their_declaration():
    assert list(options(Cooking)) == ["dish", "minutes", "portions", "heat", "salted", "recipe", "note", "pantry"]
    assert [name for name, option in options(Cooking).items() if option.resumable] == ["minutes"]
