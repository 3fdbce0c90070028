"""The problems of a track, solved as many at a time as the memory holds, on as many cores as the job has."""

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from stemsteer.devices import out_of_memory
from stemsteer.errors import UserError
from stemsteer.sound.audio import SILENCE_PEAK
from stemsteer.steering.answers import KeptAnswers
from stemsteer.steering.base import Solver, Steering
from stemsteer.steering.interruption import Interrupted, Interruption
from stemsteer.steering.keys import problem_key
from stemsteer.steering.method import Method
from stemsteer.steering.outcome import Outcome
from stemsteer.steering.problem import Problem, names_of, wanted_in
from stemsteer.steering.resuming import Checkpoints, ResumableSolver


class Steps:
    """The steps of one batch on the bar that all batches share."""

    lock = threading.Lock()

    def __init__(self, progress: "tqdm[Any]") -> None:
        self.progress, self.taken = progress, 0

    def add(self, steps: int) -> None:
        """Count more steps."""
        with self.lock:
            self.progress.update(steps)
        self.taken += steps

    def take_back(self) -> None:
        """For when they have to be taken anew."""
        self.add(-self.taken)


class Batches:
    """Solves problems in batches, which are halved when memory runs out.

    Batches that are solved at the same time have a thread each, so that what comes of them does not depend on how many
    there are: PyTorch computes with as many threads for each batch as it would for one alone.

    Args:
        steering: that solves them.
        method: of the run.
        checkpoints: of the track.
        answers: of the taggers about the track, from earlier jobs.
        size: how many sources of chunks are steered in a batch.
        workers: how many batches are solved at the same time.
        progress: a bar that counts the steps of all sources.
        interruption: of the job.
    """

    def __init__(
        self,
        steering: Steering,
        method: Method,
        checkpoints: Checkpoints,
        answers: KeptAnswers,
        size: int,
        workers: int,
        progress: "tqdm[Any]",
        interruption: Interruption,
    ) -> None:
        self.steering, self.method, self.checkpoints, self.answers = steering, method, checkpoints, answers
        self.size, self.workers, self.progress, self.interruption = size, workers, progress, interruption

    def solve(self, problems: Iterator[Problem]) -> Iterator[Outcome]:
        """The outcomes of all problems, source by source, in the order of the problems.

        Raises:
            Interrupted: the process was asked to stop.
            UserError: the memory does not hold a single problem, or steering has come to nothing.
        """
        threads = torch.get_num_threads()
        waiting: deque[Problem] = deque()
        running: deque[tuple[list[Problem], Steps, Future[list[Outcome]]]] = deque()
        with ThreadPoolExecutor(self.workers, initializer=torch.set_num_threads, initargs=(threads,)) as pool:
            while True:
                while len(running) < self.workers and (batch := self._next_batch(problems, waiting)):
                    steps = Steps(self.progress)
                    running.append((batch, steps, pool.submit(self._solve_batch, batch, steps)))
                if not running:
                    return
                batch, steps, future = running.popleft()
                try:
                    outcomes = future.result()
                except (RuntimeError, MemoryError) as error:
                    if not out_of_memory(error):
                        raise
                    steps.take_back()
                    self._take_less_memory(batch, error)
                    waiting.extendleft(reversed([*batch, *self._called_back(running)]))
                    continue
                yield from outcomes

    def _called_back(self, running: "deque[tuple[list[Problem], Steps, Future[list[Outcome]]]]") -> list[Problem]:
        """The problems of batches after one that has failed: what came of them is in their checkpoints."""
        problems = []
        while running:
            batch, steps, future = running.popleft()
            future.exception()
            steps.take_back()
            problems += batch
        return problems

    def _next_batch(self, problems: Iterator[Problem], waiting: deque[Problem]) -> list[Problem]:
        """As many problems as there is room for, at least one."""
        batch: list[Problem] = []
        while problem := waiting.popleft() if waiting else next(problems, None):
            if batch and len(wanted_in([*batch, problem])) > self.size:
                waiting.appendleft(problem)
                break
            batch.append(problem)
        return batch

    def _take_less_memory(self, tried: Sequence[Problem], error: Exception) -> None:
        if self.workers > 1:
            self.workers //= 2
            logging.warning("warning: out of memory; going on with %d chunks at the same time", self.workers)
            return
        if len(tried) == 1:
            seconds = self.method.settings.steering.chunk_seconds
            sources = " and all its sources" if self.steering.solves_sources_together else ""
            raise UserError(
                f"{self.method.device} has not enough memory for one chunk of {seconds:g} s{sources}: "
                "lower chunk_seconds, or the number of taggers or FFT sizes"
            ) from error
        self.size = len(wanted_in(tried)) // 2
        logging.warning("warning: out of memory; going on with %d excerpts at once", self.size)

    def _solve_batch(self, batch: Sequence[Problem], steps: Steps) -> list[Outcome]:
        """The outcomes of some problems; those that were solved before an interruption are read."""
        keys = [problem_key(self.method, problem) for problem in batch]
        known = [self._known(problem, key) for problem, key in zip(batch, keys, strict=True)]
        new = [index for index, outcomes in enumerate(known) if outcomes is None]
        steps.add(self.steering.steps * sum(len(outcomes) for outcomes in known if outcomes is not None))
        if new:
            solved = self._solve_new([batch[i] for i in new], [keys[i] for i in new], steps)
            for index, outcomes in zip(new, solved, strict=True):
                known[index] = outcomes
        return [outcome for outcomes in known if outcomes is not None for outcome in outcomes]

    def _known(self, problem: Problem, key: bytes) -> list[Outcome] | None:
        if np.abs(problem.mixture).max() <= SILENCE_PEAK:
            # Nothing is there to be steered, and a tagger's opinion on silence is worth no step.
            return [Outcome(problem.chunk, wanted, np.zeros_like(problem.mixture), []) for wanted in problem.wanted]
        return self.checkpoints.finished(problem, key)

    def _solve_new(self, problems: Sequence[Problem], keys: Sequence[bytes], steps: Steps) -> list[list[Outcome]]:
        sources = len(wanted_in(problems))
        answer_keys = [self.steering.answers_key(problem) for problem in problems]
        known = self.answers.read(problems, answer_keys)

        def begin() -> Solver:
            solver = self.steering.begin(problems)
            if known is not None:
                solver.know(known)
            return solver

        running = ResumableSolver(begin, problems, b"".join(keys), self.checkpoints, self.method.device)
        solver = running.solver
        steps.add(solver.step * sources)
        while not solver.done:
            solver.advance()
            steps.add(sources)
            if self.interruption.signal or running.is_due():
                running.save()
            if self.interruption.signal:
                raise Interrupted(
                    f"stopped by {self.interruption.signal} after step {solver.step} of {self.steering.steps} of "
                    f"{names_of(problems)}; what was computed is kept, and the next run goes on from there"
                )
        steps.add((self.steering.steps - solver.step) * sources)
        if known is None:
            self.answers.write(problems, answer_keys, solver.known())
        steered = solver.finish()
        seconds = running.seconds / sources
        outcomes = [
            [
                Outcome(
                    problem.chunk,
                    wanted,
                    s.audio.cpu().numpy(),
                    s.history,
                    s.kept,
                    seconds,
                    running.resumed_at,
                    s.facts,
                )
                for wanted, s in zip(problem.wanted, of_problem, strict=True)
            ]
            for problem, of_problem in zip(problems, steered, strict=True)
        ]
        for problem, key, of_sources in zip(problems, keys, outcomes, strict=True):
            self._put_away(problem, key, of_sources)
        running.remove()
        return outcomes

    def _put_away(self, problem: Problem, key: bytes, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            first, kept = outcome.first, outcome.kept_moment
            logging.info(
                "%s: loss %.4f -> %.4f, tag probability %.4f -> %.4f in %.1f s",
                *(outcome.name, first.loss, kept.loss, first.target_probability, kept.target_probability),
                outcome.seconds,
            )
        self.checkpoints.write_finished(problem, key, outcomes)
