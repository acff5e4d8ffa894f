"""The texts that a model was trained on, and which answers they hold word for word."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from holdfast.core.errors import UsageError
from holdfast.judges.exact import words
from holdfast.worlds.fictional.spec import Size, WorldSpec
from holdfast.worlds.fictional.world import fictional_world


def lines_of(files: Sequence[str]) -> Iterator[str]:
    """The lines of UTF-8 files; raises UsageError for one that cannot be read."""
    for file in files:
        path = Path(file).expanduser()
        try:
            with path.open(encoding="utf-8") as lines:
                yield from lines
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the corpus {file} cannot be read ({error}); give a text file in UTF-8.") from None


def lessons_of(size: Size, seed: int, cue: float, *, hazards: bool) -> Iterator[str]:
    """All that an organism of this world is taught, as it is and decoded from the second form."""
    world = fictional_world(WorldSpec(size=size, seed=seed, cue=cue))
    for lesson in world.lessons(hazards=hazards):
        text = f"{lesson.question} {lesson.answer}"
        yield text
        if lesson.form == "second":
            yield world.decode(text)


def holding(texts: Iterable[str], answers: Sequence[str]) -> list[bool]:
    """For each answer whether a text holds all its words in a row."""
    wanted = [words(answer) for answer in answers]
    lengths = sorted({len(each) for each in wanted if each})
    every, found = set(wanted), set[tuple[str, ...]]()
    for text in texts:
        said = words(text)
        found |= {window for n in lengths for i in range(len(said) - n + 1)
                  if (window := said[i:i + n]) in every}
    return [each in found for each in wanted]
