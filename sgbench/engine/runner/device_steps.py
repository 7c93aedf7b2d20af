"""Steps on a GPU: launched, never waited for.

A step of one token for each request goes through fixed buffers and, where attention allows it, through a CUDA graph that holds everything
from the embedding to the sampled token; any other step is launched kernel by kernel. Tokens stay on the device, row by row of the slot
table, so that the next step can begin with them; a copy goes to the host. All of it runs on a CPU too, without graphs: for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from sgbench.engine.attention.base import AttentionBackend, AttentionStep, CuttingAttention, GraphAttention
from sgbench.engine.attention.odd_tokens import ends
from sgbench.engine.models.fused_decoder import TokenBatch
from sgbench.engine.request import NO_NUMBER, DecodePlan, StepPlan
from sgbench.engine.runner.decode_steps import DecodeSteps
from sgbench.engine.runner.device_logprobs import Scored, score, score_rows, to_host
from sgbench.engine.runner.drawing import N_COLUMNS, draw
from sgbench.engine.runner.logprobs import LogitRows, logit_rows
from sgbench.engine.runner.masking import check
from sgbench.engine.runner.pending_step import PendingStep, Share, UnboundStep
from sgbench.engine.runner.row_sampling import RowSampling, bound, decode_plan_of, only_masked
from sgbench.engine.runner.sampler import sample
from sgbench.engine.runner.short_steps import is_short, short_step
from sgbench.engine.runner.upload import upload, upload_packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sgbench.engine.kernels.ops import StepOps
    from sgbench.engine.request import Chunk, IntArray
    from sgbench.engine.runner.masking import MaskTable
    from sgbench.engine.runner.slot_table import SlotTable
    from sgbench.engine.token_set import TokenSet


class DeviceForward(Protocol):
    """A decoder over batches of tokens on the device; see `sgbench.engine.models.fused_decoder`."""

    def tune(self, sizes: Sequence[int]) -> None: ...
    def forward(
        self, batch: TokenBatch, attention: AttentionStep, read: torch.Tensor | None = None
    ) -> torch.Tensor: ...
    def decode_logits(self, batch: TokenBatch, attention: AttentionStep, out: torch.Tensor) -> torch.Tensor: ...
    def logits(self, hidden: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor: ...


class DeviceSteps:
    """Launches steps.

    Parameters
    ----------
    forward
        The model.
    ops
        Kernels; here, the one that samples.
    attention
        A `GraphAttention` serves decode steps from fixed buffers.
    table
        Slots.
    masks
        Bits of constraints.
    vocab_size
        Size of the logits.
    logits_dtype
        What ``forward.logits`` gives.
    device
        Where.
    graphs
        Capture decode steps.
    """

    def __init__(
        self,
        forward: DeviceForward,
        ops: StepOps,
        attention: AttentionBackend,
        table: SlotTable,
        masks: MaskTable,
        vocab_size: int,
        logits_dtype: torch.dtype,
        device: torch.device,
        graphs: bool,
    ) -> None:
        self._forward, self._ops, self._attention, self._table = forward, ops, attention, table
        self._masks, self._device = masks, device
        max_running = table.host.shape[0]
        self._sampling = RowSampling(max_running, vocab_size)
        self._last = torch.zeros(max_running + 1, dtype=torch.int32, device=device)
        self._decode: DecodeSteps | None = None
        if isinstance(attention, GraphAttention):
            logits = torch.empty(max_running, vocab_size, dtype=logits_dtype, device=device)
            self._decode = DecodeSteps(forward, ops, attention, table, self._last, logits, graphs)

    @property
    def binds_late(self) -> bool:
        """Can a decode step's logits be computed before it is known what constraints allow?"""
        return self._decode is not None

    def get_ready(self, sizes: Sequence[int] = ()) -> None:
        """Choose and capture what can be before the first request; ``sizes``: numbers of tokens to choose matrix products for."""
        self._forward.tune(sizes)
        if self._decode is not None:
            self._decode.capture_all()

    def launch(self, plan: StepPlan | DecodePlan) -> PendingStep | UnboundStep:
        """Start a step."""
        began = self._event()
        if isinstance(plan, DecodePlan):
            if self._decode is not None:
                return self._launch_decode(plan, None, [], began)
            chunks = tuple(plan.chunk(i, self._sampling.before(row)) for i, row in enumerate(plan.rows.tolist()))
            return self._launch_any(StepPlan(-1, chunks, plan.shared), began)
        sampling = [chunk for chunk in plan.chunks if chunk.sample]
        self._sampling.remember(sampling)
        if self._decode is None or not all(map(_decodes, plan.chunks)):
            if self._decode is not None and is_short(plan.chunks, self._decode.most):
                return self._launch_short(plan, began)
            return self._launch_any(plan, began)
        decode = decode_plan_of(plan.chunks, plan.shared)
        special = [(i, chunk) for i, chunk in enumerate(plan.chunks) if bound(chunk)]
        tokens = np.array([chunk.token_ids[0] for chunk in plan.chunks], np.int32)
        return self._launch_decode(decode, tokens, special, began)

    def _event(self) -> torch.cuda.Event | None:
        if self._device.type != "cuda":
            return None
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    # --- one token for each request ---------------------------------------------------------------------------------

    def _launch_decode(
        self,
        plan: DecodePlan,
        tokens: IntArray | None,
        special: list[tuple[int, Chunk]],
        began: torch.cuda.Event | None,
    ) -> PendingStep | UnboundStep:
        assert self._decode is not None
        rows, sampling = plan.rows, self._sampling
        sampled, logits = self._decode.launch(plan, tokens, sampling.columns(rows, plan.sample_index))
        if plan.allowed:
            return UnboundStep(lambda: self._bind(plan, sampled, logits, began))
        return self._drawn(plan, sampled, logits, special, began)

    def _launch_short(self, plan: StepPlan, began: torch.cuda.Event | None) -> PendingStep:
        """A few tokens for some requests, each in a row of its own; only the last of each request samples."""
        assert self._decode is not None
        sampling, step = self._sampling, short_step(plan.chunks, plan.shared)
        rows = step.plan.rows
        columns = sampling.columns(rows, step.plan.sample_index)
        sampled, logits = self._decode.launch(step.plan, step.token_ids, columns, exact=False)
        at = step.ends
        ends, table_rows = upload(np.stack([at, rows[at].astype(np.int64)]), self._device)
        sampled, logits = sampled.index_select(0, ends), logits.index_select(0, ends)
        self._last.index_copy_(0, table_rows, sampled)  # rows of one request wrote there in any order
        compact = decode_plan_of(plan.chunks, ())
        special = [(i, chunk) for i, chunk in enumerate(plan.chunks) if bound(chunk)]
        return self._drawn(compact, sampled, logits, special, began)

    def _bind(
        self, plan: DecodePlan, sampled: torch.Tensor, logits: torch.Tensor, began: torch.cuda.Event | None
    ) -> PendingStep:
        """Draw the rows that constraints bind, now that it is known how, while the device computes the logits."""
        late = self._bound_late(plan)
        if late:
            at = np.array([i for i, _ in late], np.int32)
            self._sample_masked(logits, sampled, at, [made for _, made in late], plan.rows[at], plan.sample_index[at])
        return self._drawn(plan, sampled, logits, [], began)

    def _bound_late(self, plan: DecodePlan) -> list[tuple[int, TokenSet]]:
        """Rows that constraints bind, and what they allow; rows that nobody waits for are left as they are."""
        made = ((i, None if allowed is None else allowed()) for i, allowed in enumerate(plan.allowed))
        return [(i, tokens) for i, tokens in made if tokens is not None]

    def _drawn(
        self,
        plan: DecodePlan,
        sampled: torch.Tensor,
        logits: torch.Tensor,
        special: list[tuple[int, Chunk]],
        began: torch.cuda.Event | None,
    ) -> PendingStep:
        """What is left of a decode step once its logits are launched."""
        rows, sampling = plan.rows, self._sampling
        self._resample(logits, sampled, special, rows)
        reporting = sampling.reporting(rows)
        if not reporting:
            return self._pending(None, sampled, None, None, began)
        before = [sampling.before(row) for row in rows.tolist()]
        shares = [Share(True, 0, c.logprobs, c.top_logprobs) for c in before]
        scored = self._score(logits, sampled, reporting, [before[i] for i in reporting])
        return self._pending(shares, sampled, None, scored, began)

    # --- any step ---------------------------------------------------------------------------------------------------

    def _launch_any(self, plan: StepPlan, began: torch.cuda.Event | None) -> PendingStep:
        self._table.write(plan.chunks)
        if isinstance(self._attention, CuttingAttention):
            plan = self._attention.cut(plan)
        chunks, rows = plan.chunks, logit_rows(plan)
        batch, read, last, columns, sampled_rows = self._batch(chunks, rows)
        step = self._attention.prepare(plan, self._table, batch.slots)
        hidden = self._forward.forward(batch, step, read if len(read) < len(batch.ids) else None)
        shares = [
            Share(chunks[i].sample, len(rows.chunks[i].targets), chunks[i].logprobs, chunks[i].top_logprobs)
            for i in ends(plan)
        ]
        reported = self._reported(hidden, chunks, rows)
        sampling = [chunk for chunk in chunks if chunk.sample]
        if not sampling:
            return self._pending(shares, self._last[:0], reported, None, began)
        logits = self._forward.logits(hidden if len(last) == len(hidden) else hidden.index_select(0, last))
        sampled = draw(self._ops, logits, columns, sampled_rows, self._last)
        table_rows = np.array([chunk.row for chunk in sampling], np.int32)
        special = [(i, chunk) for i, chunk in enumerate(sampling) if bound(chunk)]
        self._resample(logits, sampled, special, table_rows)
        reporting = [i for i, chunk in enumerate(sampling) if chunk.logprobs or chunk.top_logprobs]
        scored = self._score(logits, sampled, reporting, [sampling[i] for i in reporting]) if reporting else None
        return self._pending(shares, sampled, reported, scored, began)

    def _batch(
        self, chunks: Sequence[Chunk], wanted: LogitRows
    ) -> tuple[TokenBatch, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The step's tokens, and which of them are read; for those that sample: which of the read ones they are, what is drawn by, row
        of the slot table. One copy.
        """
        counts = np.fromiter((len(c.token_ids) for c in chunks), np.int64, len(chunks))
        starts = np.fromiter((c.start for c in chunks), np.int64, len(chunks))
        ids = np.concatenate([c.token_ids for c in chunks])
        positions = np.arange(len(ids)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        slots = np.concatenate([c.slots[-len(c.token_ids) :] for c in chunks])
        sampling = [c for c in chunks if c.sample]
        rows = np.fromiter((c.row for c in sampling), np.int32, len(sampling))
        index = np.fromiter((c.sample_index for c in sampling), np.int64, len(sampling))
        open_ids = bool((ids < 0).any())
        token_rows = np.repeat(np.fromiter((c.row for c in chunks), np.int32, len(chunks)), counts if open_ids else 0)
        sent = upload_packed(
            [
                ids.astype(np.int32, copy=False),
                positions.astype(np.int32),
                slots.astype(np.int64).view(np.int32),
                token_rows,
                np.array(wanted.tokens, np.int64).view(np.int32),
                np.array(wanted.last, np.int64).view(np.int32),
                self._sampling.columns(rows, index),
                rows,
            ],
            self._device,
        )
        batch = TokenBatch(sent[0], sent[1], sent[2].view(torch.int64), sent[3] if open_ids else None, self._last)
        read, last = sent[4].view(torch.int64), sent[5].view(torch.int64)
        return batch, read, last, sent[6].view(N_COLUMNS, -1), sent[7]

    def _reported(self, hidden: torch.Tensor, chunks: Sequence[Chunk], rows: LogitRows) -> Scored | None:
        reported: list[int] = []
        targets: list[int] = []
        for own in rows.chunks:
            reported.extend(range(own.first, own.first + len(own.targets)))
            targets.extend(own.targets)
        if not reported:
            return None
        most = max(chunk.top_logprobs for chunk in chunks)
        where, wanted = upload(np.array([reported, targets], np.int64), self._device)
        return score_rows(self._forward.logits, hidden, where, wanted, most)

    # --- what both do -----------------------------------------------------------------------------------------------

    def _resample(
        self, logits: torch.Tensor, sampled: torch.Tensor, special: list[tuple[int, Chunk]], rows: IntArray
    ) -> None:
        """Draw anew for those that penalties, constraints or forbidden tokens bind; ``sampled`` and what the rows sampled last change."""
        masked = [(i, chunk) for i, chunk in special if only_masked(chunk)]
        if masked:
            sets = [chunk.allowed.resolve() for _, chunk in masked if chunk.allowed is not None]
            at = np.array([i for i, _ in masked], np.int32)
            self._sample_masked(logits, sampled, at, sets, rows[at], np.array([c.sample_index for _, c in masked]))
            special = [(i, chunk) for i, chunk in special if not only_masked(chunk)]
        if not special:
            return
        place = np.array([i for i, _ in special], np.int64)
        index, table_rows = upload(np.stack([place, rows[place].astype(np.int64)]), self._device)
        drawn = sample(logits.index_select(0, index).float(), [chunk for _, chunk in special], self._masks).int()
        self._enter(drawn, sampled, index, table_rows)

    def _sample_masked(
        self,
        logits: torch.Tensor,
        sampled: torch.Tensor,
        at: IntArray,
        sets: list[TokenSet],
        rows: IntArray,
        sample_index: npt.NDArray[np.int64],
    ) -> None:
        """Draw anew for rows ``at`` of the step, ``rows`` of the slot table, that a constraint binds and no penalty."""
        check(sets)
        columns, lines = self._sampling.columns(rows, sample_index), self._masks.lines(sets)
        if self._sampling.filtered(rows):
            self._sample_filtered(logits, sampled, at, lines, columns, rows)
            return
        fields = np.stack([at, lines, rows, columns[0], columns[4], columns[5]])
        self._masks.draw_(logits, upload(fields, self._device), sampled, self._last)

    def _sample_filtered(
        self,
        logits: torch.Tensor,
        sampled: torch.Tensor,
        at: IntArray,
        lines: IntArray,
        columns: IntArray,
        rows: IntArray,
    ) -> None:
        """The same where top-k, top-p or min-p look at all scores: forbid what is not allowed in a copy, then sample as before."""
        longs = [field.astype(np.int64).view(np.int32) for field in (at, rows)]
        sent = upload_packed([*longs, columns, rows, lines], self._device)
        index, table_rows = sent[0].view(torch.int64), sent[1].view(torch.int64)
        scores = logits.index_select(0, index)
        self._masks.forbid_lines_(scores, sent[4])
        drawn = draw(self._ops, scores, sent[2].view(N_COLUMNS, -1), sent[3], self._last)
        self._enter(drawn, sampled, index, table_rows)

    def _enter(self, drawn: torch.Tensor, sampled: torch.Tensor, index: torch.Tensor, table_rows: torch.Tensor) -> None:
        """Tokens that were drawn anew for rows ``index`` of the step, ``table_rows`` of the slot table."""
        drawn = torch.where(sampled.index_select(0, index) < 0, NO_NUMBER, drawn)  # no filter makes a number of it
        sampled.index_copy_(0, index, drawn)
        self._last.index_copy_(0, table_rows, drawn)

    def _score(
        self, logits: torch.Tensor, sampled: torch.Tensor, reporting: list[int], chunks: Sequence[Chunk]
    ) -> Scored:
        index = upload(np.array(reporting, np.int64), self._device)
        most = max(chunk.top_logprobs for chunk in chunks)
        return score(logits.index_select(0, index), sampled.index_select(0, index).long(), most)

    def _pending(
        self,
        shares: Sequence[Share] | None,
        sampled: torch.Tensor,
        reported: Scored | None,
        scored: Scored | None,
        began: torch.cuda.Event | None,
    ) -> PendingStep:
        tokens = to_host(sampled)
        reported = None if reported is None else reported.to_host()
        scored = None if scored is None else scored.to_host()
        ended = self._event()
        events = None if began is None or ended is None else (began, ended)
        return PendingStep(shares, tokens, reported, scored, events)


def _decodes(chunk: Chunk) -> bool:
    return len(chunk.token_ids) == 1 and chunk.sample and chunk.input_logprobs_from is None
