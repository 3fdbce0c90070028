"""A tagger whose labels are texts, at a rate of its own, from the config to the report."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import toy_prompt_tagger
from groups import grouped
from small_problems import method_of
from stemsteer.errors import UserError
from stemsteer.models.registry import registry
from stemsteer.report import write_report
from stemsteer.scores.judge import load_judge
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.settings.tracks import check_sources
from stemsteer.sound.scaled_signal import MonoSignal
from stemsteer.steering.track import CarriedOut, TrackSteering
from stemsteer.taggers import FAMILIES
from stemsteer.taggers.base import Tagger, tag_probabilities
from stemsteer.taggers.family import Family
from stemsteer.taggers.labels import PromptLabels, labels_of
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.vocabularies import known_names
from tones_track import CountedGenerator, Job, carry_out, prepare, track_settings
from toy_prompt_tagger import NAME

SOURCES = ("flute", "bass", "my whistle")
OWN = {"my whistle": {}}
"""A source of the user's own that no vocabulary has tags for."""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, NAME, toy_prompt_tagger.FAMILY)
    monkeypatch.setitem(registry(), NAME, toy_prompt_tagger.MODEL)


def toy(*sources: str) -> Tagger:
    return load_tagger(NAME, sources=sources, own_sources=OWN)


def tone(frequency: float, seconds: float, amplitude: float = 1.0) -> Tensor:
    """`[1, samples]` at 48 kHz."""
    return amplitude * torch.sin(2 * torch.pi * frequency * torch.arange(round(48_000 * seconds)) / 48_000)[None]


def test_its_labels_are_a_text_for_each_source_and_those_of_the_rest() -> None:
    labels = toy(*SOURCES).labels
    assert labels.names == ("the sound of bass", "the sound of flute", "the sound of my whistle", "hiss")
    assert [labels.find(source) for source in SOURCES] == [[1], [0], [2]]
    with pytest.raises(UserError, match="no text for the source 'piano', only for bass, flute, my whistle; name all"):
        labels.find("piano")


def test_labels_do_not_depend_on_the_order_of_the_sources() -> None:
    in_order, turned_around = SOURCES, [*reversed(SOURCES), "bass"]
    assert labels_of(toy_prompt_tagger.MODEL, in_order) == labels_of(toy_prompt_tagger.MODEL, turned_around)


def test_the_prefix_of_tags_is_not_in_the_text() -> None:
    labels = PromptLabels(("tag:bass",), "{source}!")
    assert (labels.names, labels.find("tag:bass")) == (("bass!",), [0])


def test_it_hears_windows_of_its_own_rate() -> None:
    tagger = toy("bass")
    assert (tagger.window_samples, tagger.context_samples) == (4800, 0)
    assert tagger.logits(tone(100, seconds=0.35)).shape == (1, 4, 2)
    # Of 32 ms at its rate nothing is made.
    assert [tagger.cut(torch.zeros(1, 4800 + tail)).shape[1] for tail in (1536, 1537)] == [1, 2]


def test_its_probabilities_are_the_shares_of_energy_that_it_says() -> None:
    tagger = toy(*SOURCES)
    audio = tone(100, seconds=0.2) + tone(1000, seconds=0.2, amplitude=0.5)
    probabilities = tag_probabilities(tagger.logits(audio), tagger.activation)
    torch.testing.assert_close(probabilities, torch.tensor([[0.8, 0.2, 0, 0]]), rtol=0, atol=1e-5)


def plan_for(
    folder: Path, tagger: str, *, sources: str = "synth,bass", other: str | None = None, **groups: Any
) -> Plan:
    """The plan of the run `mine`, and of another tagger's."""
    (folder / "tracks.tsv").write_text(f"track\tmixture\tsources\nsong\tsong.wav\t{sources}\n")
    runs = {"mine": {**groups, "taggers": {"names": [tagger]}}}
    if other:
        runs["other"] = {"taggers": {"names": [other]}}
    return make_plan(load_config({"tracks": str(folder / "tracks.tsv"), "runs": runs}))


def test_a_plan_asks_it_for_the_competitors_too(tmp_path: Path) -> None:
    competing = {"steering": {"kind": "perturbation", "competing": ["drums", "bass"]}}
    assert plan_for(tmp_path, NAME, **competing).prompted_sources("mine", "song") == ["bass", "drums", "synth"]


def test_a_plan_asks_it_for_any_source(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, NAME, **grouped())
    assert plan.prompted_sources("mine", "song") == ["bass", "synth"]
    assert plan.has_prompt_taggers
    with pytest.raises(UserError, match=r"run 'mine', tagger MTT_musicnn: .* has no tag for the source 'bass'"):
        plan_for(tmp_path, "MTT_musicnn")


def test_any_text_is_a_source_to_it_and_to_no_other(tmp_path: Path) -> None:
    texts = "hand claps,Vocals"
    plan = plan_for(tmp_path, NAME, sources=texts, **grouped())
    assert plan.prompted_sources("mine", "song") == ["Vocals", "hand claps"]
    assert plan.notes == [
        f"{text!r} is a text for prompt taggers, as no source or tag is called so (did you mean {hint}?)"
        for text, hint in {"Vocals": "vocals", "hand claps": "Hands"}.items()
    ]
    with pytest.raises(UserError, match="track 'song': there is no source or tag 'hand claps'"):
        plan_for(tmp_path, "MTT_vgg", sources=texts)
    with pytest.raises(UserError, match="run 'other', tagger MTT_vgg: 'hand claps' is neither a source nor a tag"):
        plan_for(tmp_path, NAME, other="MTT_vgg", sources=texts, **grouped())


def test_a_run_can_ask_for_texts_that_compete(tmp_path: Path) -> None:
    competing = {"steering": {"kind": "perturbation", "competing": ["a church organ"]}}
    assert plan_for(tmp_path, NAME, **competing).prompted_sources("mine", "song") == ["a church organ", "bass", "synth"]
    with pytest.raises(UserError, match=r"run 'mine': steering\.competing: there is no source or tag 'a church organ'"):
        plan_for(tmp_path, "MTT_vgg", **competing)


def test_taggers_with_a_vocabulary_do_not_depend_on_the_sources(tmp_path: Path) -> None:
    plan = plan_for(tmp_path, "musicnn-jamendo")
    assert plan.prompted_sources("mine", "song") == []
    assert not plan.has_prompt_taggers


def test_a_tagger_without_a_gradient_is_refused_before_any_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, NAME, Family(toy_prompt_tagger.FAMILY.code, differentiable=False))
    with pytest.raises(UserError, match=f"run 'mine', tagger {NAME}: it has no gradient, .*; choose another tagger"):
        plan_for(tmp_path, NAME, preset="codec")
    plan_for(tmp_path, NAME, steering={"kind": "perturbation"})


def test_sources_of_the_users_own_are_known() -> None:
    check_sources("config: sources", ["my whistle", "bass"], known_names(OWN))
    with pytest.raises(UserError, match=r"no source or tag 'my whistel' \(did you mean my whistle\?\)"):
        check_sources("config: sources", ["my whistel"], known_names(OWN))


def test_it_steers(tmp_path: Path) -> None:
    changes = track_settings(names=[NAME])
    method = method_of(changes, [toy("bass", "flute")], CountedGenerator("frozen"))
    track = TrackSteering("run", "track", MonoSignal(prepare(tmp_path) / "mono.wav"), method)
    carry_out(Job(track, ["bass"], CarriedOut(1, tmp_path / "checkpoints", tmp_path / "answers", 60)), tmp_path)
    record = json.loads((tmp_path / "bass.json").read_text())
    assert record["taggers"] == {
        NAME: {"sha256": toy_prompt_tagger.MODEL.sha256, "licence": "MIT", "tags": ["the sound of bass"]}
    }
    assert record["loss_after"] < record["loss_before"]


def test_it_judges() -> None:
    judge = load_judge(NAME, "my whistle", OWN)
    assert judge is not None
    whistle, hiss = (tone(frequency, seconds=0.2).T.numpy() for frequency in (5000, 15_000))
    heard = judge.probabilities([whistle, hiss], np.asarray(whistle), 48_000)
    assert heard == pytest.approx([1, 0], abs=1e-4)


def test_the_report_names_it(results: Path) -> None:
    plan, record = results / "results/plan.json", results / "results/runs/demo/stems/song/drums.json"
    plan.write_text(json.dumps({**json.loads(plan.read_text()), "judges": ["MSD_vgg", NAME]}))
    stem = json.loads(record.read_text())
    stem["ascent"]["taggers"] = {NAME: {"sha256": toy_prompt_tagger.MODEL.sha256, "licence": "MIT", "tags": ["drums"]}}
    record.write_text(json.dumps(stem))
    write_report(plan, results / "results/report/index.html")
    page = (results / "results/report/index.html").read_text()
    assert f"Weights of {NAME}" in page
    first = registry()["MSD_vgg"].sha256
    assert f"MSD_vgg, weights {first}; {NAME}, weights {toy_prompt_tagger.MODEL.sha256}" in page
