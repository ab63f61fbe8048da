"""Of a client's requests of a kind the newest alone is answered; the rest is cancelled."""

import asyncio
import threading
import time

import pytest

from synthem.studio.errors import RefusedError, SupersededError
from synthem.studio.latest import Lane


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_the_newest_is_answered_and_those_that_waited_are_never_begun():
    async def scene():
        lane, begun, gate = Lane(), [], threading.Event()

        def work(number):
            def done(ticket):
                begun.append(number)
                gate.wait(5)
                return number

            return done

        asked = []
        for k in range(50):
            asked.append(asyncio.create_task(lane.do("a", work(k))))
            await asyncio.sleep(0.001)
        gate.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return begun, answers

    begun, answers = run(scene())
    assert begun == [0, 49]
    assert answers[49] == 49
    assert all(isinstance(answer, SupersededError) for answer in answers[:49])


def test_what_is_worked_on_ends_at_its_next_check():
    async def scene():
        lane, steps = Lane(), []

        def long(ticket):
            for k in range(1000):
                ticket.check()
                steps.append(k)
                time.sleep(0.005)

        first = asyncio.create_task(lane.do("a", long))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        answer = await lane.do("a", lambda ticket: "new")
        took = time.monotonic() - begun
        with pytest.raises(SupersededError):
            await first
        return answer, took, len(steps)

    answer, took, steps = run(scene())
    assert answer == "new" and took < 0.5 and steps < 100


def test_clients_take_turns_and_do_not_supersede_each_other():
    async def scene():
        lane = Lane()
        return await asyncio.gather(*(lane.do(k, lambda ticket, k=k: k) for k in range(40)))

    assert run(scene()) == list(range(40))


def test_there_is_an_end_to_the_queue():
    async def scene():
        lane, gate = Lane(most=3), threading.Event()
        asked = [asyncio.create_task(lane.do("first", lambda ticket: gate.wait(5)))]
        await asyncio.sleep(0.05)
        asked += [asyncio.create_task(lane.do(k, lambda ticket: None)) for k in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(RefusedError) as refused:
            await lane.do("one more", lambda ticket: None)
        gate.set()
        await asyncio.gather(*asked)
        return refused.value.status, await lane.do("one more", lambda ticket: "now")

    assert run(scene()) == (429, "now")


def test_pictures_go_before_figures():
    async def scene():
        pictures, order = Lane(), []
        figures = Lane(before=pictures)

        def slow(ticket):
            for _ in range(20):
                ticket.check()
                time.sleep(0.005)
            order.append("figures")

        task = asyncio.create_task(figures.do("a", slow))
        await asyncio.sleep(0.01)
        for _ in range(3):
            await pictures.do("a", lambda ticket: (time.sleep(0.05), order.append("picture")))
        await task
        return order

    assert run(scene()) == ["picture"] * 3 + ["figures"]


def test_an_error_is_given_to_who_asked_and_the_lane_goes_on():
    async def scene():
        lane = Lane()

        def wrong(ticket):
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await lane.do("a", wrong)
        return await lane.do("a", lambda ticket: 1)

    assert run(scene()) == 1
