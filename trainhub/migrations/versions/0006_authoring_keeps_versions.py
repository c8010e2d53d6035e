"""Authoring keeps versions and drafts; groups, invitations, polls, laboratories"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

EVENTS = (
    "marked_done", "video_started", "video_watched", "quiz_submitted", "quiz_graded", "posted",
    "assignment_submitted", "assignment_graded",
)
# Table, column, name of its CHECK, values before, values after.
ENUMS = (
    (
        "course_block",
        "kind",
        "blockkind",
        ("text", "video", "file", "quiz", "discussion", "assignment", "link", "vsim", "unknown"),
        ("text", "video", "file", "quiz", "discussion", "assignment", "link", "vsim", "poll", "live", "unknown"),
    ),
    ("run_staff", "role", "staffrole", ("lead", "co_author"), ("lead", "co_author", "assistant")),
    (
        "learning_event",
        "kind",
        "eventkind",
        EVENTS,
        (*EVENTS, "reported"),
    ),
)


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({listed})"))


def upgrade() -> None:
    """Forward."""
    for table, column, name, _before, after in ENUMS:
        _allow(table, column, name, after)
    with op.batch_alter_table("course_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("completion_share_x1000", sa.BigInteger(), server_default="1000", nullable=False))
        batch_op.create_check_constraint(op.f("ck_course_run_completion_share_range"), sa.text("completion_share_x1000 BETWEEN 1 AND 1000"))
    op.create_table('course_prerequisite',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('course_id', BigKey, nullable=False),
    sa.Column('required_id', BigKey, nullable=False),
    sa.CheckConstraint('course_id <> required_id', name=op.f('ck_course_prerequisite_not_itself')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_course_prerequisite_course_id_course'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['required_id'], ['course.id'], name=op.f('fk_course_prerequisite_required_id_course'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_prerequisite')),
    sa.UniqueConstraint('course_id', 'required_id', name=op.f('uq_course_prerequisite_course_id_required_id'))
    )
    with op.batch_alter_table('course_prerequisite', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_course_prerequisite_required_id'), ['required_id'], unique=False)

    op.create_table('content_version',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('part', sa.Enum('section', 'unit', 'block', name='partkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('part_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('data', Json, nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('saved_at', UtcDateTime(), nullable=False),
    sa.Column('saved_by_id', sa.BigInteger(), nullable=True),
    sa.Column('saved_by', sa.String(length=200), nullable=False),
    sa.Column('published_at', UtcDateTime(), nullable=True),
    sa.Column('published_by_id', sa.BigInteger(), nullable=True),
    sa.Column('published_note', sa.String(length=300), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_content_version_number_from_one')),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_content_version_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_content_version')),
    sa.UniqueConstraint('part', 'part_id', 'number', name=op.f('uq_content_version_part_part_id_number'))
    )
    with op.batch_alter_table('content_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_content_version_run_id'), ['run_id'], unique=False)

    op.create_table('run_group',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('set_name', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.CheckConstraint('length(name) > 0', name=op.f('ck_run_group_name_not_empty')),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_group_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_group')),
    sa.UniqueConstraint('run_id', 'key', name=op.f('uq_run_group_run_id_key')),
    sa.UniqueConstraint('run_id', 'set_name', 'name', name=op.f('uq_run_group_run_id_set_name_name'))
    )
    op.create_table('staff_invitation',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('role', sa.Enum('lead', 'co_author', 'assistant', name='staffrole', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('invited_by_id', sa.BigInteger(), nullable=True),
    sa.Column('invited_at', UtcDateTime(), nullable=False),
    sa.Column('answered_at', UtcDateTime(), nullable=True),
    sa.Column('is_accepted', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_staff_invitation_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_staff_invitation_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_invitation')),
    sa.UniqueConstraint('run_id', 'person_id', name=op.f('uq_staff_invitation_run_id_person_id'))
    )
    with op.batch_alter_table('staff_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_invitation_person_id'), ['person_id'], unique=False)

    op.create_table('run_group_member',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('group_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['run_group.id'], name=op.f('fk_run_group_member_group_id_run_group'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_run_group_member_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_group_member')),
    sa.UniqueConstraint('group_id', 'person_id', name=op.f('uq_run_group_member_group_id_person_id'))
    )
    with op.batch_alter_table('run_group_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_run_group_member_person_id'), ['person_id'], unique=False)

    op.create_table('lab_key',
    sa.Column('block_id', BigKey, nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_lab_key_block_id_course_block'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('block_id', name=op.f('pk_lab_key'))
    )
    op.create_table('lab_launch',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('block_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('launched_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_lab_launch_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_lab_launch_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lab_launch')),
    sa.UniqueConstraint('token', name=op.f('uq_lab_launch_token'))
    )
    with op.batch_alter_table('lab_launch', schema=None) as batch_op:
        batch_op.create_index('ix_lab_launch_block', ['block_id', 'person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lab_launch_person_id'), ['person_id'], unique=False)

    op.create_table('poll_vote',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('block_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('choice', sa.BigInteger(), nullable=False),
    sa.Column('voted_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('choice >= 0', name=op.f('ck_poll_vote_choice_not_negative')),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_poll_vote_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_poll_vote_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll_vote')),
    sa.UniqueConstraint('block_id', 'person_id', name=op.f('uq_poll_vote_block_id_person_id'))
    )
    with op.batch_alter_table('poll_vote', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_poll_vote_person_id'), ['person_id'], unique=False)

    op.create_table('lab_report',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('launch_id', BigKey, nullable=False),
    sa.Column('report_key', sa.String(length=80), nullable=False),
    sa.Column('is_completed', sa.Boolean(), nullable=False),
    sa.Column('score_x10', sa.BigInteger(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('received_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('score_x10 BETWEEN 0 AND 1000', name=op.f('ck_lab_report_score_range')),
    sa.ForeignKeyConstraint(['launch_id'], ['lab_launch.id'], name=op.f('fk_lab_report_launch_id_lab_launch'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lab_report')),
    sa.UniqueConstraint('launch_id', 'report_key', name=op.f('uq_lab_report_launch_id_report_key'))
    )
    with op.batch_alter_table('course_block', schema=None) as batch_op:
        batch_op.add_column(sa.Column('access', Json, nullable=True))
        batch_op.add_column(sa.Column('draft_no', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('course_section', schema=None) as batch_op:
        batch_op.add_column(sa.Column('access', Json, nullable=True))
        batch_op.add_column(sa.Column('draft_no', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('course_unit', schema=None) as batch_op:
        batch_op.add_column(sa.Column('access', Json, nullable=True))
        batch_op.add_column(sa.Column('draft_no', sa.BigInteger(), nullable=True))



def downgrade() -> None:
    """Back."""
    with op.batch_alter_table('course_unit', schema=None) as batch_op:
        batch_op.drop_column('draft_no')
        batch_op.drop_column('access')

    with op.batch_alter_table('course_section', schema=None) as batch_op:
        batch_op.drop_column('draft_no')
        batch_op.drop_column('access')

    with op.batch_alter_table('course_block', schema=None) as batch_op:
        batch_op.drop_column('draft_no')
        batch_op.drop_column('access')

    op.drop_table('lab_report')
    with op.batch_alter_table('poll_vote', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_poll_vote_person_id'))

    op.drop_table('poll_vote')
    with op.batch_alter_table('lab_launch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lab_launch_person_id'))
        batch_op.drop_index('ix_lab_launch_block')

    op.drop_table('lab_launch')
    op.drop_table('lab_key')
    with op.batch_alter_table('run_group_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_run_group_member_person_id'))

    op.drop_table('run_group_member')
    with op.batch_alter_table('staff_invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_invitation_person_id'))

    op.drop_table('staff_invitation')
    op.drop_table('run_group')
    with op.batch_alter_table('content_version', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_content_version_run_id'))

    op.drop_table('content_version')
    with op.batch_alter_table('course_prerequisite', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_course_prerequisite_required_id'))

    op.drop_table('course_prerequisite')
    with op.batch_alter_table("course_run", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_course_run_completion_share_range"), type_="check")
        batch_op.drop_column("completion_share_x1000")
    for table, column, name, before, _after in ENUMS:
        _allow(table, column, name, before)
