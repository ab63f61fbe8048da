"""Blocks: the row that kernels read is the block's own, and follows every change."""

import pickle

from shapes.core.block import Block
from shapes.core.spread import Spread


class Sized(Block):
    """A block of one number and one spread."""

    wide_nm: float = 3.0
    high_nm: Spread = Spread(min=1, max=5)


def test_a_row_holds_numbers_and_spreads_under_their_names():
    row = Sized().row()
    assert row.wide_nm == 3.0 and row.high_nm == Spread(min=1, max=5).row()
    assert Sized().row() == row


def test_a_row_is_worked_out_once():
    block = Sized()
    assert block.row() is block.row()


def test_a_changed_copy_has_a_row_of_its_own():
    block = Sized()
    block.row()
    assert block.model_copy(update={"wide_nm": 7.0}).row().wide_nm == 7.0
    assert block.model_copy(deep=True).row() == block.row()


def test_a_row_changes_nothing_else_of_its_block():
    block, fresh = Sized(), Sized()
    block.row()
    assert block == fresh and hash(block) == hash(fresh) and repr(block) == repr(fresh)
    assert block.model_dump() == fresh.model_dump()
    assert block.model_dump_json() == fresh.model_dump_json()
    assert pickle.loads(pickle.dumps(block)).row() == fresh.row()
