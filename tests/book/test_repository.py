"""What the repository tells the world beside the book: its references, citation and workflows."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Printed before there were identifiers, and found under none since.
WITHOUT_ADDRESS = {"vanelteren1960"}
DOI = re.compile(r"10\.\d{4,9}/\S+")


def entries(path):
    parts = re.split(r"^(?=@\w+\s*\{)", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {part.partition("{")[2].partition(",")[0].strip(): part for part in parts}


def cited(*paths):
    found = re.findall(
        r"\{cite(?::\w+)?\}`([^`]+)`", "\n".join(path.read_text("utf-8") for path in paths)
    )
    return {key.strip() for keys in found for key in keys.split(",")}


SHARED = entries(ROOT / "references.bib")
STORIES = sorted((ROOT / "data").glob("*/story"))
OWN = {story: entries(story / "references.bib") for story in STORIES}


def test_every_reference_is_cited():
    pages = [*(ROOT / "chapters").rglob("*.py"), *(ROOT / "chapters").rglob("*.md")]
    pages += [ROOT / "index.md", *(ROOT / "alsutils").rglob("*.py")]
    stories = [path for story in STORIES for path in story.glob("*.md")]
    assert set(SHARED) - cited(*pages, *stories) == set()
    for story, own in OWN.items():
        assert set(own) - cited(*pages, *story.glob("*.md")) == set(), story


@pytest.mark.parametrize("key", [*SHARED, *(key for own in OWN.values() for key in own)])
def test_a_reference_can_be_found(key):
    text = next(each[key] for each in (SHARED, *OWN.values()) if key in each)
    fields = dict(re.findall(r"\b(\w+)\s*=\s*\{(.*?)\}(?=\s*[,\n}])", text, re.DOTALL))
    assert {"title", "year"} <= set(fields)
    assert {"author", "editor"} & set(fields)
    assert 1700 < int(fields["year"]) < 2100
    if key not in WITHOUT_ADDRESS:
        assert {"doi", "isbn", "url"} & set(fields)
    if "doi" in fields:
        assert DOI.fullmatch(fields["doi"])
    if "isbn" in fields:
        digits = re.sub(r"\D", "", fields["isbn"])
        assert len(digits) == 13
        assert sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10 == 0


def test_no_two_references_are_the_same_work():
    dois = [
        found[1].lower()
        for text in SHARED.values()
        if (found := re.search(r"doi\s*=\s*\{(.*?)\}", text))
    ]
    assert len(dois) == len(set(dois))


def test_the_citation_file_says_what_the_format_asks_for():
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(content)
    assert content["cff-version"] == "1.2.0"
    assert content["type"] in ("software", "dataset")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{content["version"]}"' in project
    assert f'license = "{content["license"]}"' in project
    for work in (content, *content["references"]):
        for author in work["authors"]:
            person = {"family-names", "given-names", "name-particle", "name-suffix"}
            assert "name" in author or {"family-names", "given-names"} <= set(author)
            assert set(author) <= person | {"name", "orcid", "affiliation"}
    for work in content["references"]:
        assert {"type", "title", "authors"} <= set(work)
        assert DOI.fullmatch(work["doi"])
        assert isinstance(work["year"], int)
    assert (
        content["references"][0]["doi"] in (ROOT / "data/oh2018/story/references.bib").read_text()
    )


WORKFLOWS = {
    p.stem: yaml.safe_load(p.read_text("utf-8")) for p in (ROOT / ".github/workflows").iterdir()
}


@pytest.mark.parametrize("name", list(WORKFLOWS))
def test_a_workflow_is_whole(name):
    flow = WORKFLOWS[name]
    assert flow[True]  # YAML takes the key "on" for a truth value
    for job in flow["jobs"].values():
        assert set(job.get("needs", "").split()) <= set(flow["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "@" in step.get("uses", "@")


def test_a_push_tests_publishes_and_writes_the_notebooks():
    flow = WORKFLOWS["ci"]
    runs = [step.get("run", "") for step in flow["jobs"]["check"]["steps"]]
    assert ".ci/run" in runs
    assert any("make pdf" in run and "--url" in run and "--repository" in run for run in runs)
    assert "main" in flow[True]["push"]["branches"]
    pushed = flow["jobs"]["notebooks"]["steps"][-1]["run"]
    assert "git push --force origin notebooks" in pushed
    assert flow["jobs"]["notebooks"]["permissions"] == {"contents": "write"}


def test_a_week_builds_from_nothing_and_follows_the_links():
    flow = WORKFLOWS["weekly"]
    assert flow[True]["schedule"]
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    assert any(step.get("run") == ".ci/run" for step in steps)
    assert not any("cache" in step.get("uses", "") for step in steps)
    assert any("lychee" in step.get("uses", "") for step in steps)


def test_binder_has_what_it_needs():
    assert (ROOT / ".binder" / "runtime.txt").read_text().startswith("python-3.")
    setup = ROOT / ".binder" / "postBuild"
    assert setup.stat().st_mode & 0o111
    assert "--requirement requirements.txt" in setup.read_text()
