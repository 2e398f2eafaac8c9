"""Stopping answers, in memory: the twin of `stopping`.

Separate because it changes other processes' turns, which nothing else in `memory` does.
"""

from dataclasses import replace

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import OPEN_STATUSES, AddressingKind, Author, IncomingMessage, Turn, TurnStatus
from bot.testing.memory_data import MemoryData, message_key


def request_stop(data: MemoryData, request: StopRequest) -> StopOutcome:
    """Mark the turn that is meant, and wake its owner, or who takes it."""
    if request.thread not in data.threads:
        return StopOutcome.NOTHING
    if not request.is_by_admin and _is_known(data, request):
        return StopOutcome.KNOWN
    meant = _find_turn_to_stop(data, request)
    if meant is None:
        return StopOutcome.NOTHING
    if request.message_id:
        _record_message_key(data, request)
    if not request.is_by_admin and meant.author.id != request.requested_by:
        return StopOutcome.FORBIDDEN
    data.put(replace(meant, stopped_by=request.requested_by))
    for wake in data.work_listeners:
        wake()
    return StopOutcome.TAKEN


def _find_turn_to_stop(data: MemoryData, request: StopRequest) -> Turn | None:
    here = [data.turns[id_] for id_ in data.threads[request.thread]]
    wanted = [turn for turn in here if turn.status in OPEN_STATUSES and request.turn in {None, turn.id}]
    return min(wanted, key=lambda turn: (turn.id not in data.owners, data.sort_key(turn)), default=None)


def _is_known(data: MemoryData, request: StopRequest) -> bool:
    key = message_key(request.thread, request.message_id)
    if not request.message_id:
        return not data.is_first_delivery(key, request.delivery)
    known = data.turns.get(data.messages.get(key, 0))
    return known is not None and known.status is not TurnStatus.NOTED


def _record_message_key(data: MemoryData, request: StopRequest) -> None:
    known = data.turns.get(data.messages.get(message_key(request.thread, request.message_id), 0))
    if known is None:
        incoming = IncomingMessage(
            thread=request.thread,
            message_id=request.message_id,
            author=Author(id=""),
            text="",
            addressed=AddressingKind.OVERHEARD,
        )
        data.add(incoming, request.thread, TurnStatus.FORGOTTEN)
    elif known.status is TurnStatus.NOTED:
        data.put(replace(known, status=TurnStatus.FORGOTTEN, author=Author(id=""), question=""))
