"""Operating characteristics: what they must be, and that nothing is lost or counted twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from alsutils.stats.batches import ClusterError, run_batches
from alsutils.stats.patients import Scenario
from alsutils.stats.power import operating
from alsutils.stats.power.operating import PATIENTS, operating_characteristics
from alsutils.stats.power.trials import is_null, true_differences

QUICK = ("t_test", "ancova", "joint_rank", "log_rank")
# No floor, no ceiling, no steps, nobody dies or leaves: theory says what must come out.
PLAIN = Scenario(
    n_per_arm=(20, 20),
    months=(0, 2, 4),
    slope_effect=(0.0, 0.5),
    post_on_lead_in=0.0,
    baseline_range=(-900, 900),
    floor=-1000,
    ceiling=1000,
    step=0.0,
    survival_median=1e9,
    dropout_per_month=0.0,
)
BATCH = PATIENTS // PLAIN.n


@pytest.fixture(scope="module")
def plain():
    return operating_characteristics(PLAIN, ("t_test", "mmrm", "slope"), 4000, seed=3)


def test_power_of_the_t_test_is_that_of_the_noncentral_t(plain):
    sd = np.sqrt((4 * PLAIN.post_decline_sd) ** 2 + 2 * PLAIN.noise_sd**2)
    shift = 4 * 0.5 / sd / np.sqrt(2 / 20)
    critical = stats.t.ppf(0.975, 38)
    wanted = stats.nct.sf(critical, 38, shift) + stats.nct.cdf(-critical, 38, shift)
    found = plain.measure("t_test", "power")
    assert found["estimate"] == pytest.approx(wanted, abs=4 * found["std_error"])


@pytest.mark.parametrize("analysis", ["t_test", "mmrm", "slope"])
def test_estimates_are_unbiased_and_intervals_cover(plain, analysis):
    truth = plain.measure(analysis, "true difference")["estimate"]
    assert truth == pytest.approx(0.5 if analysis == "slope" else 2.0, abs=1e-9)
    bias, coverage = (plain.measure(analysis, name) for name in ("bias", "coverage"))
    assert abs(bias["estimate"]) < 4 * bias["std_error"]
    assert coverage["estimate"] == pytest.approx(0.95, abs=4 * coverage["std_error"])
    spread, error = (plain.measure(analysis, m) for m in ("SD of estimates", "mean standard error"))
    assert spread["estimate"] == pytest.approx(error["estimate"], abs=5 * spread["std_error"])


def test_without_an_effect_the_level_is_kept():
    nothing = replace(PLAIN, survival_median=20.0, n_per_arm=(30, 30)).without_effect
    found = operating_characteristics(nothing, n_trials=2000, seed=5)
    assert set(found.frame["measure"]) >= {"type I error", "coverage", "expected n"}
    for analysis in ("t_test", "ancova", "mmrm", "slope", "joint_rank"):
        error = found.measure(analysis, "type I error")
        assert error["estimate"] == pytest.approx(0.05, abs=4 * error["std_error"])
        assert found.measure(analysis, "true difference")["estimate"] == 0


def test_a_biased_rater_moves_the_estimate_by_the_bias_and_is_no_effect():
    biased = replace(PLAIN.without_effect, rater_bias=(0.0, 1.5))
    found = operating_characteristics(biased, ("t_test",), 1000, seed=1)
    bias = found.measure("t_test", "bias")
    assert bias["estimate"] == pytest.approx(1.5, abs=4 * bias["std_error"])
    assert found.measure("t_test", "type I error")["estimate"] > 0.3


def test_drop_out_by_the_seen_course_harms_completers_and_not_the_mixed_model():
    leaving = replace(
        PLAIN.without_effect,
        n_per_arm=(60, 60),
        months=(0, 1, 2, 4, 6),
        dropout_per_month=0.03,
        dropout_log_hr_arm=(0.0, 1.0),
        dropout_log_hr_seen=0.6,
    )
    found = operating_characteristics(leaving, ("t_test", "mmrm"), 1500, seed=2)
    bias, own = (found.measure(a, "bias") for a in ("t_test", "mmrm"))
    assert bias["estimate"] > 10 * bias["std_error"]
    # The hazard is constant between visits, so values seen are all that drop-out depends on.
    assert abs(own["estimate"]) < 4 * own["std_error"]


def test_drop_out_by_the_unseen_course_harms_the_mixed_model_too():
    leaving = replace(
        PLAIN.without_effect,
        n_per_arm=(60, 60),
        months=(0, 1, 2, 4, 6),
        dropout_per_month=0.03,
        dropout_log_hr_arm=(0.0, 1.0),
        dropout_log_hr_unseen=0.6,
    )
    own = operating_characteristics(leaving, ("mmrm",), 1000, seed=2).measure("mmrm", "bias")
    assert own["estimate"] > 4 * own["std_error"]


def test_expected_n_is_the_share_that_stays():
    leaving = replace(PLAIN, dropout_per_month=0.05)
    found = operating_characteristics(leaving, ("t_test",), 1000, seed=2)
    n = found.measure("t_test", "expected n")
    assert n["estimate"] == pytest.approx(40 * np.exp(-0.05 * 4), abs=4 * n["std_error"])


def test_truth_of_a_waning_effect_and_of_an_unknown_hazard_ratio():
    waning = replace(PLAIN, effect_half_life=2.0)
    [truth] = true_differences(waning, seed=1, patients=1000)
    months = (1 - 0.5 ** (4 / 2)) * 2 / np.log(2)
    assert truth.difference == pytest.approx(0.5 * months)
    assert np.isnan(truth.log_hazard_ratio)
    [alike] = true_differences(
        replace(
            PLAIN,
            log_hr_arm=(0.0, -0.4),
            log_hr_slope=0.0,
            log_hr_bulbar=0.0,
            log_hr_age=0.0,
        ),
        seed=1,
        patients=1000,
    )
    assert alike.log_hazard_ratio == pytest.approx(-0.4)


def test_true_joint_rank_is_the_share_of_better_patients():
    """Normal changes and no deaths: P(treated better) has a closed form."""
    [truth] = true_differences(PLAIN, seed=1, patients=100_000)
    sd = np.sqrt((4 * PLAIN.post_decline_sd) ** 2 + 2 * PLAIN.noise_sd**2)
    share = stats.norm.cdf(4 * 0.5 / sd / np.sqrt(2))
    # The mean rank of an arm rises by the other's size for each share of pairs won.
    assert truth.rank == pytest.approx(40 * (share - 0.5), abs=0.1)


def test_no_effect_is_no_effect_whoever_rates():
    assert is_null(replace(PLAIN.without_effect, rater_bias=(0.0, 2.0)), 1)
    assert not is_null(PLAIN, 1)
    assert not is_null(replace(PLAIN.without_effect, log_hr_arm=(0.0, -0.1)), 1)


def test_more_trials_begin_with_the_same_ones():
    few = operating_characteristics(PLAIN, QUICK, 30, seed=8)
    more = operating_characteristics(PLAIN, QUICK, BATCH + 10, seed=8)
    assert np.array_equal(few.trials, more.trials[:30], equal_nan=True)
    assert len(more.trials) == BATCH + 10
    assert (few.frame["trials"] == 30).all()


def test_two_processes_give_the_same_rows_as_one():
    one, two = (
        operating_characteristics(PLAIN, ("t_test", "mmrm"), 3 * BATCH, seed=4, jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.frame.equals(two.frame)
    assert np.array_equal(one.trials, two.trials)


def test_another_seed_gives_other_trials():
    one, two = (operating_characteristics(PLAIN, ("t_test",), 50, seed=s) for s in (1, 2))
    assert not np.array_equal(one.trials, two.trials)


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    store = tmp_path / "trials.db"
    whole = operating_characteristics(PLAIN, QUICK, 4 * BATCH, seed=4)

    class StoppedError(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done == 2 * BATCH:
            raise StoppedError

    with pytest.raises(StoppedError):
        operating_characteristics(PLAIN, QUICK, 4 * BATCH, seed=4, store=store, progress=stop)
    made = []
    simulate = operating._simulated
    monkeypatch.setattr(
        operating, "_simulated", lambda plan, number: made.append(number) or simulate(plan, number)
    )
    again = operating_characteristics(PLAIN, QUICK, 4 * BATCH, seed=4, store=store)
    assert made == [2, 3]
    assert again.frame.equals(whole.frame)
    # Another plan in the same file is another plan.
    other = operating_characteristics(PLAIN, QUICK, BATCH, seed=5, store=store)
    assert made == [2, 3, 0]
    assert not np.array_equal(other.trials, whole.trials[:BATCH])


def test_a_file_that_is_no_store_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but dear to somebody\n" * 50)
    with pytest.raises(ValueError, match="name a new file"):
        operating_characteristics(PLAIN, QUICK, 10, store=path)
    assert path.read_text().startswith("not a database")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"analyses": ("anova",)}, "got anova"),
        ({"analyses": ()}, "got none"),
        ({"analyses": ("t_test", "t_test")}, "once each"),
        ({"n_trials": 0}, "1 or more"),
        ({"seed": -1}, "0 or more"),
        ({"alpha": 1.0}, "between 0 and 1"),
        ({"scenario": replace(PLAIN, months=(0, 4))}, "slope needs 2 visits"),
    ],
)
def test_what_cannot_be_run_is_refused(changes, message):
    wanted = {"scenario": PLAIN, "analyses": ("slope",), "n_trials": 10, "seed": 1} | changes
    with pytest.raises(ValueError, match=message):
        operating_characteristics(**wanted)


# A real scheduler with real workers.

EXECUTABLE = Path(sys.executable).parent / "dask"


def slow_square(folder: str, number: int) -> int:
    """Leave a mark of each time that this number is worked on."""
    with Path(folder, f"{number}").open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(0.15)
    return number**2


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two workers on loopback; give its address and the workers."""
    from distributed import Client

    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[3])])
    }
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        log = (tmp_path / f"{len(started)}.log").open("w")
        process = subprocess.Popen(
            [EXECUTABLE, *arguments], env=environment, stdout=log, stderr=log, cwd=tmp_path
        )
        started.append(process)
        return process

    contact = tmp_path / "scheduler.json"
    start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter",
        "--scheduler-file", str(contact),
    )  # fmt: skip
    while not contact.exists():
        time.sleep(0.05)
    workers = [
        start("worker", "--scheduler-file", str(contact), "--nthreads", "1", "--no-dashboard",
              "--no-nanny", "--local-directory", str(tmp_path))
        for _ in range(2)
    ]  # fmt: skip
    address = json.loads(contact.read_text())["address"]
    # Whoever asks before both have reported gives all the work to the first.
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(len(workers), timeout=60)
    yield address, workers
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.long
@pytest.mark.skipif(not shutil.which(str(EXECUTABLE)), reason="distributed is an optional extra")
def test_on_a_cluster_that_loses_a_worker_no_trial_is_lost_or_counted_twice(cluster, tmp_path):
    address, workers = cluster
    here = operating_characteristics(PLAIN, QUICK, 12 * BATCH, seed=4)

    def kill_one(done: int, _total: int) -> None:
        if done == 3 * BATCH:
            workers[0].send_signal(signal.SIGKILL)

    there = operating_characteristics(
        PLAIN, QUICK, 12 * BATCH, seed=4, cluster=address, progress=kill_one
    )
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert there.frame.equals(here.frame)
    assert np.array_equal(there.trials, here.trials, equal_nan=True)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which(str(EXECUTABLE)), reason="distributed is an optional extra")
def test_work_that_died_with_its_worker_is_done_again_and_told_once(cluster, tmp_path):
    address, workers = cluster
    marks = tmp_path / "marks"
    marks.mkdir()
    found = []
    for number, square in run_batches(partial(slow_square, str(marks)), range(24), cluster=address):
        found.append(number)
        assert square == number**2
        if len(found) == 4:
            workers[1].send_signal(signal.SIGKILL)
    assert sorted(found) == list(range(24))
    pids = {line for path in marks.iterdir() for line in path.read_text().split()}
    assert len(pids) == 2  # both did some of it


def test_no_scheduler_is_told():
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        list(run_batches(int, range(2), cluster="tcp://127.0.0.1:1"))
