"""Assignments, gradebooks and credit recognition; blocks and events of assignments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from trainhub.kernel.db import BigKey
from trainhub.kernel.db import Json
from trainhub.kernel.db import UtcDateTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

KINDS = ('text', 'video', 'file', 'quiz', 'discussion', 'link', 'vsim', 'unknown')
EVENTS = ('marked_done', 'video_started', 'video_watched', 'quiz_submitted', 'quiz_graded', 'posted')
MORE_KINDS = ('assignment',)
MORE_EVENTS = ('assignment_submitted', 'assignment_graded')


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Let a column of an enum hold these values."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_='check')
        batch_op.create_check_constraint(batch_op.f(name), f"{column} IN ({', '.join(repr(value) for value in values)})")



def upgrade() -> None:
    """Forward."""
    op.create_table('credit_mapping',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('course_id', BigKey, nullable=False),
    sa.Column('target_id', BigKey, nullable=False),
    sa.Column('credits_x10', sa.BigInteger(), nullable=False),
    sa.Column('least_score_x10', sa.BigInteger(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.CheckConstraint('credits_x10 > 0', name=op.f('ck_credit_mapping_credits_positive')),
    sa.CheckConstraint('least_score_x10 BETWEEN 0 AND 1000', name=op.f('ck_credit_mapping_score_range')),
    sa.CheckConstraint('until IS NULL OR until >= since', name=op.f('ck_credit_mapping_until_after_since')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_credit_mapping_course_id_course'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['target_id'], ['curriculum_course.id'], name=op.f('fk_credit_mapping_target_id_curriculum_course'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_mapping')),
    sa.UniqueConstraint('course_id', 'target_id', 'since', name=op.f('uq_credit_mapping_course_id_target_id_since'))
    )
    with op.batch_alter_table('credit_mapping', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credit_mapping_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credit_mapping_target_id'), ['target_id'], unique=False)

    op.create_table('gradebook',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('scale', Json, nullable=False),
    sa.Column('missing_is_zero', sa.Boolean(), nullable=False),
    sa.Column('shows_total', sa.Boolean(), nullable=False),
    sa.Column('locked_at', UtcDateTime(), nullable=True),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_gradebook_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gradebook')),
    sa.UniqueConstraint('run_id', name=op.f('uq_gradebook_run_id'))
    )
    op.create_table('run_group',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_group_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_group')),
    sa.UniqueConstraint('run_id', 'name', name=op.f('uq_run_group_run_id_name'))
    )
    op.create_table('run_mark_source',
    sa.Column('run_id', BigKey, autoincrement=False, nullable=False),
    sa.Column('since_at', UtcDateTime(), nullable=False),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_mark_source_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_run_mark_source'))
    )
    op.create_table('credit_claim',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('student_id', BigKey, nullable=False),
    sa.Column('target_id', BigKey, nullable=False),
    sa.Column('mapping_id', BigKey, nullable=True),
    sa.Column('evidence', sa.Enum('run', 'certificate', name='evidence', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('evidence_key', sa.String(length=160), nullable=False),
    sa.Column('enrolment_id', BigKey, nullable=True),
    sa.Column('file_id', BigKey, nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('provider', sa.String(length=200), nullable=False),
    sa.Column('number', sa.String(length=100), nullable=False),
    sa.Column('completed_on', sa.Date(), nullable=False),
    sa.Column('score_x10', sa.BigInteger(), nullable=True),
    sa.Column('statement', sa.String(length=1000), nullable=False),
    sa.Column('asked_x10', sa.BigInteger(), nullable=False),
    sa.Column('credits_x10', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.Enum('submitted', 'approved', 'rejected', 'appealed', 'upheld', 'withdrawn', name='claimstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('asked_at', UtcDateTime(), nullable=False),
    sa.Column('decided_at', UtcDateTime(), nullable=True),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('appeal', sa.String(length=1000), nullable=False),
    sa.Column('appealed_at', UtcDateTime(), nullable=True),
    sa.Column('appeal_reason', sa.String(length=1000), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(evidence = 'certificate') = (file_id IS NOT NULL)", name=op.f('ck_credit_claim_certificate_has_file')),
    sa.CheckConstraint("(evidence = 'run') = (enrolment_id IS NOT NULL)", name=op.f('ck_credit_claim_run_has_enrolment')),
    sa.CheckConstraint("(state = 'approved') = (credits_x10 IS NOT NULL)", name=op.f('ck_credit_claim_approved_has_credits')),
    sa.CheckConstraint('asked_x10 > 0 AND (credits_x10 IS NULL OR credits_x10 > 0)', name=op.f('ck_credit_claim_credits_positive')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_credit_claim_enrolment_id_enrolment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_credit_claim_file_id_stored_file'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['mapping_id'], ['credit_mapping.id'], name=op.f('fk_credit_claim_mapping_id_credit_mapping'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['student_id'], ['student.id'], name=op.f('fk_credit_claim_student_id_student'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['target_id'], ['curriculum_course.id'], name=op.f('fk_credit_claim_target_id_curriculum_course'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_claim'))
    )
    with op.batch_alter_table('credit_claim', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credit_claim_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credit_claim_mapping_id'), ['mapping_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credit_claim_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_credit_claim_target_id'), ['target_id'], unique=False)
        batch_op.create_index('uq_credit_claim_course', ['student_id', 'target_id'], unique=True, sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"), postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"))
        batch_op.create_index('uq_credit_claim_evidence', ['student_id', 'evidence_key'], unique=True, sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"), postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"))

    op.create_table('enrolment_mark',
    sa.Column('enrolment_id', BigKey, autoincrement=False, nullable=False),
    sa.Column('score_x10', sa.BigInteger(), nullable=True),
    sa.Column('is_due', sa.Boolean(), nullable=False),
    sa.CheckConstraint('score_x10 BETWEEN 0 AND 1000', name=op.f('ck_enrolment_mark_score_range')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_enrolment_mark_enrolment_id_enrolment'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_enrolment_mark'))
    )
    with op.batch_alter_table('enrolment_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolment_mark_is_due'), ['is_due'], unique=False)

    op.create_table('grade_category',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('book_id', BigKey, nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('weight_x10', sa.BigInteger(), nullable=False),
    sa.Column('drop_lowest', sa.BigInteger(), nullable=False),
    sa.Column('is_extra', sa.Boolean(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('weight_x10 > 0 AND drop_lowest >= 0', name=op.f('ck_grade_category_weight_positive')),
    sa.ForeignKeyConstraint(['book_id'], ['gradebook.id'], name=op.f('fk_grade_category_book_id_gradebook'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_category')),
    sa.UniqueConstraint('book_id', 'name', name=op.f('uq_grade_category_book_id_name'))
    )
    op.create_table('run_group_member',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('group_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['run_group.id'], name=op.f('fk_run_group_member_group_id_run_group'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_run_group_member_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_group_member_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_group_member')),
    sa.UniqueConstraint('run_id', 'person_id', name=op.f('uq_run_group_member_run_id_person_id'))
    )
    with op.batch_alter_table('run_group_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_run_group_member_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_run_group_member_person_id'), ['person_id'], unique=False)

    op.create_table('assignment',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('block_id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('max_x10', sa.BigInteger(), nullable=False),
    sa.Column('rubric', Json, nullable=False),
    sa.Column('takes_text', sa.Boolean(), nullable=False),
    sa.Column('file_kinds', Json, nullable=False),
    sa.Column('max_files', sa.BigInteger(), nullable=False),
    sa.Column('max_mb', sa.BigInteger(), nullable=False),
    sa.Column('due_at', UtcDateTime(), nullable=True),
    sa.Column('cutoff_at', UtcDateTime(), nullable=True),
    sa.Column('grace_hours', sa.BigInteger(), nullable=False),
    sa.Column('percent_per_day', sa.BigInteger(), nullable=False),
    sa.Column('versions', sa.BigInteger(), nullable=True),
    sa.Column('is_group', sa.Boolean(), nullable=False),
    sa.Column('is_double', sa.Boolean(), nullable=False),
    sa.Column('limit_x10', sa.BigInteger(), nullable=False),
    sa.Column('checks_likeness', sa.Boolean(), nullable=False),
    sa.Column('peers', sa.BigInteger(), nullable=False),
    sa.Column('peers_needed', sa.BigInteger(), nullable=False),
    sa.Column('peer_due_at', UtcDateTime(), nullable=True),
    sa.Column('has_self_review', sa.Boolean(), nullable=False),
    sa.Column('allocated_at', UtcDateTime(), nullable=True),
    sa.Column('peers_closed_at', UtcDateTime(), nullable=True),
    sa.Column('released_at', UtcDateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('cutoff_at IS NULL OR due_at IS NULL OR cutoff_at >= due_at', name=op.f('ck_assignment_cutoff_after_due')),
    sa.CheckConstraint('grace_hours >= 0 AND max_files >= 0 AND max_mb > 0', name=op.f('ck_assignment_not_negative')),
    sa.CheckConstraint('max_x10 BETWEEN 10 AND 10000', name=op.f('ck_assignment_max_range')),
    sa.CheckConstraint('peers = 0 OR (due_at IS NOT NULL AND peer_due_at IS NOT NULL AND peer_due_at > due_at)', name=op.f('ck_assignment_peers_have_dates')),
    sa.CheckConstraint('peers BETWEEN 0 AND 10 AND peers_needed >= 1', name=op.f('ck_assignment_peers_range')),
    sa.CheckConstraint('percent_per_day BETWEEN 0 AND 100', name=op.f('ck_assignment_percent_range')),
    sa.CheckConstraint('versions IS NULL OR versions > 0', name=op.f('ck_assignment_versions_positive')),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_assignment_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_assignment_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sa.UniqueConstraint('block_id', name=op.f('uq_assignment_block_id'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assignment_due_at'), ['due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_run_id'), ['run_id'], unique=False)

    op.create_table('grade_column',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('book_id', BigKey, nullable=False),
    sa.Column('category_id', BigKey, nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('block_id', BigKey, nullable=True),
    sa.Column('max_x10', sa.BigInteger(), nullable=False),
    sa.Column('weight_x10', sa.BigInteger(), nullable=False),
    sa.Column('is_extra', sa.Boolean(), nullable=False),
    sa.Column('is_hidden', sa.Boolean(), nullable=False),
    sa.Column('is_locked', sa.Boolean(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.CheckConstraint('max_x10 > 0 AND weight_x10 >= 0', name=op.f('ck_grade_column_max_positive')),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_grade_column_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['book_id'], ['gradebook.id'], name=op.f('fk_grade_column_book_id_gradebook'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['category_id'], ['grade_category.id'], name=op.f('fk_grade_column_category_id_grade_category'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_column')),
    sa.UniqueConstraint('book_id', 'block_id', name=op.f('uq_grade_column_book_id_block_id'))
    )
    with op.batch_alter_table('grade_column', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_grade_column_block_id'), ['block_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_grade_column_book_id'), ['book_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_grade_column_category_id'), ['category_id'], unique=False)

    op.create_table('assignment_extension',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('assignment_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('until_at', UtcDateTime(), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('given_by_id', sa.BigInteger(), nullable=True),
    sa.Column('given_by', sa.String(length=120), nullable=False),
    sa.Column('given_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_assignment_extension_assignment_id_assignment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_assignment_extension_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment_extension'))
    )
    with op.batch_alter_table('assignment_extension', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_extension_person', ['assignment_id', 'person_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignment_extension_person_id'), ['person_id'], unique=False)

    op.create_table('grade',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('column_id', BigKey, nullable=False),
    sa.Column('enrolment_id', BigKey, nullable=False),
    sa.Column('kind', sa.Enum('manual', 'override', 'excused', name='gradekind', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('points_x10', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind IN ('manual', 'override')) = (points_x10 IS NOT NULL) OR kind IS NULL", name=op.f('ck_grade_points_with_kind')),
    sa.CheckConstraint('points_x10 >= 0', name=op.f('ck_grade_points_not_negative')),
    sa.ForeignKeyConstraint(['column_id'], ['grade_column.id'], name=op.f('fk_grade_column_id_grade_column'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_grade_enrolment_id_enrolment'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade')),
    sa.UniqueConstraint('column_id', 'enrolment_id', name=op.f('uq_grade_column_id_enrolment_id'))
    )
    with op.batch_alter_table('grade', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_grade_enrolment_id'), ['enrolment_id'], unique=False)

    op.create_table('grade_change',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('column_id', BigKey, nullable=False),
    sa.Column('enrolment_id', BigKey, nullable=False),
    sa.Column('before', sa.String(length=40), nullable=False),
    sa.Column('after', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.Enum('manual', 'override', 'excused', name='gradechangekind', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['column_id'], ['grade_column.id'], name=op.f('fk_grade_change_column_id_grade_column'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_grade_change_enrolment_id_enrolment'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_change'))
    )
    with op.batch_alter_table('grade_change', schema=None) as batch_op:
        batch_op.create_index('ix_grade_change_line', ['enrolment_id', 'id'], unique=False)

    op.create_table('peer_example',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('assignment_id', BigKey, nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('points_x10', sa.BigInteger(), nullable=False),
    sa.Column('points', Json, nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_peer_example_assignment_id_assignment'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_peer_example'))
    )
    with op.batch_alter_table('peer_example', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_peer_example_assignment_id'), ['assignment_id'], unique=False)

    op.create_table('submission',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('assignment_id', BigKey, nullable=False),
    sa.Column('group_id', BigKey, nullable=True),
    sa.Column('alias', sa.String(length=12), nullable=False),
    sa.Column('state', sa.Enum('draft', 'submitted', 'returned', 'graded', name='submissionstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('queue', sa.Enum('none', 'ungraded', 'second_grader', 'graders_differ', 'peers_missing', 'peers_differ', name='queue', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('draft_text', sa.Text(), nullable=False),
    sa.Column('draft_saved_at', UtcDateTime(), nullable=True),
    sa.Column('submitted_at', UtcDateTime(), nullable=True),
    sa.Column('late_days', sa.BigInteger(), nullable=False),
    sa.Column('points_x10', sa.BigInteger(), nullable=True),
    sa.Column('penalty_x10', sa.BigInteger(), nullable=False),
    sa.Column('score_x10', sa.BigInteger(), nullable=True),
    sa.Column('graded_at', UtcDateTime(), nullable=True),
    sa.Column('released_at', UtcDateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'graded') = (score_x10 IS NOT NULL)", name=op.f('ck_submission_graded_has_score')),
    sa.CheckConstraint('points_x10 >= 0 AND penalty_x10 >= 0', name=op.f('ck_submission_points_not_negative')),
    sa.CheckConstraint('score_x10 BETWEEN 0 AND 1000', name=op.f('ck_submission_score_range')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_submission_assignment_id_assignment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['group_id'], ['run_group.id'], name=op.f('fk_submission_group_id_run_group'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission')),
    sa.UniqueConstraint('assignment_id', 'alias', name=op.f('uq_submission_assignment_id_alias')),
    sa.UniqueConstraint('assignment_id', 'group_id', name=op.f('uq_submission_assignment_id_group_id'))
    )
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_group_id'), ['group_id'], unique=False)
        batch_op.create_index('ix_submission_queue', ['assignment_id', 'queue', 'id'], unique=False)

    op.create_table('peer_example_mark',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('example_id', BigKey, nullable=False),
    sa.Column('reviewer_id', BigKey, nullable=False),
    sa.Column('points_x10', sa.BigInteger(), nullable=False),
    sa.Column('points', Json, nullable=False),
    sa.Column('given_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['example_id'], ['peer_example.id'], name=op.f('fk_peer_example_mark_example_id_peer_example'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['reviewer_id'], ['person.id'], name=op.f('fk_peer_example_mark_reviewer_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_peer_example_mark')),
    sa.UniqueConstraint('example_id', 'reviewer_id', name=op.f('uq_peer_example_mark_example_id_reviewer_id'))
    )
    with op.batch_alter_table('peer_example_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_peer_example_mark_reviewer_id'), ['reviewer_id'], unique=False)

    op.create_table('peer_review',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('assignment_id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('reviewer_id', BigKey, nullable=False),
    sa.Column('is_self', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Enum('assigned', 'done', 'dropped', 'expired', name='reviewstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('points_x10', sa.BigInteger(), nullable=True),
    sa.Column('points', Json, nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('weight_x1000', sa.BigInteger(), nullable=False),
    sa.Column('assigned_at', UtcDateTime(), nullable=False),
    sa.Column('done_at', UtcDateTime(), nullable=True),
    sa.Column('rating', sa.BigInteger(), nullable=True),
    sa.Column('rating_note', sa.String(length=400), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f('ck_peer_review_done_has_instant')),
    sa.CheckConstraint("state <> 'done' OR points_x10 IS NOT NULL", name=op.f('ck_peer_review_done_has_points')),
    sa.CheckConstraint('rating BETWEEN 1 AND 5', name=op.f('ck_peer_review_rating_range')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_peer_review_assignment_id_assignment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['reviewer_id'], ['person.id'], name=op.f('fk_peer_review_reviewer_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_peer_review_submission_id_submission'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_peer_review')),
    sa.UniqueConstraint('submission_id', 'reviewer_id', name=op.f('uq_peer_review_submission_id_reviewer_id'))
    )
    with op.batch_alter_table('peer_review', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_peer_review_assignment_id'), ['assignment_id'], unique=False)
        batch_op.create_index('ix_peer_review_of', ['assignment_id', 'reviewer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_peer_review_reviewer_id'), ['reviewer_id'], unique=False)

    op.create_table('submission_mark',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Enum('first', 'second', 'third', 'peers', 'override', 'sheet', name='markrole', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('grader_id', BigKey, nullable=True),
    sa.Column('grader', sa.String(length=120), nullable=False),
    sa.Column('points_x10', sa.BigInteger(), nullable=False),
    sa.Column('points', Json, nullable=False),
    sa.Column('rubric', Json, nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('given_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('points_x10 >= 0', name=op.f('ck_submission_mark_points_not_negative')),
    sa.ForeignKeyConstraint(['grader_id'], ['person.id'], name=op.f('fk_submission_mark_grader_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_mark_submission_id_submission'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_mark'))
    )
    with op.batch_alter_table('submission_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_mark_grader_id'), ['grader_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_mark_submission_id'), ['submission_id'], unique=False)

    op.create_table('submission_member',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('assignment_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_submission_member_assignment_id_assignment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_submission_member_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_member_submission_id_submission'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_member')),
    sa.UniqueConstraint('assignment_id', 'person_id', name=op.f('uq_submission_member_assignment_id_person_id'))
    )
    with op.batch_alter_table('submission_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_member_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_member_submission_id'), ['submission_id'], unique=False)

    op.create_table('submission_version',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('submitted_at', UtcDateTime(), nullable=False),
    sa.Column('submitted_by_id', sa.BigInteger(), nullable=True),
    sa.Column('late_days', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_version_submission_id_submission'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_version')),
    sa.UniqueConstraint('submission_id', 'number', name=op.f('uq_submission_version_submission_id_number'))
    )
    op.create_table('submission_file',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('version_id', BigKey, nullable=True),
    sa.Column('use', sa.Enum('work', 'feedback', name='fileuse', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('file_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_submission_file_file_id_stored_file'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_file_submission_id_submission'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['version_id'], ['submission_version.id'], name=op.f('fk_submission_file_version_id_submission_version'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_file'))
    )
    with op.batch_alter_table('submission_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_file_submission_id'), ['submission_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_file_version_id'), ['version_id'], unique=False)

    op.create_table('submission_comment',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('submission_id', BigKey, nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('paragraph', sa.BigInteger(), nullable=True),
    sa.Column('file_id', BigKey, nullable=True),
    sa.Column('page', sa.BigInteger(), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('author', sa.String(length=120), nullable=False),
    sa.Column('author_id', sa.BigInteger(), nullable=True),
    sa.Column('written_at', UtcDateTime(), nullable=False),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.CheckConstraint('paragraph > 0 AND (page IS NULL OR page > 0)', name=op.f('ck_submission_comment_places_from_one')),
    sa.ForeignKeyConstraint(['file_id'], ['submission_file.id'], name=op.f('fk_submission_comment_file_id_submission_file'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_comment_submission_id_submission'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_comment'))
    )
    with op.batch_alter_table('submission_comment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_comment_file_id'), ['file_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submission_comment_submission_id'), ['submission_id'], unique=False)

    _allow('course_block', 'kind', 'ck_course_block_blockkind', KINDS + MORE_KINDS)
    _allow('learning_event', 'kind', 'ck_learning_event_eventkind', EVENTS + MORE_EVENTS)


def downgrade() -> None:
    """Back."""
    _allow('learning_event', 'kind', 'ck_learning_event_eventkind', EVENTS)
    _allow('course_block', 'kind', 'ck_course_block_blockkind', KINDS)
    with op.batch_alter_table('submission_comment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submission_comment_submission_id'))
        batch_op.drop_index(batch_op.f('ix_submission_comment_file_id'))

    op.drop_table('submission_comment')
    with op.batch_alter_table('submission_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submission_file_version_id'))
        batch_op.drop_index(batch_op.f('ix_submission_file_submission_id'))

    op.drop_table('submission_file')
    op.drop_table('submission_version')
    with op.batch_alter_table('submission_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submission_member_submission_id'))
        batch_op.drop_index(batch_op.f('ix_submission_member_person_id'))

    op.drop_table('submission_member')
    with op.batch_alter_table('submission_mark', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_submission_mark_submission_id'))
        batch_op.drop_index(batch_op.f('ix_submission_mark_grader_id'))

    op.drop_table('submission_mark')
    with op.batch_alter_table('peer_review', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_peer_review_reviewer_id'))
        batch_op.drop_index('ix_peer_review_of')
        batch_op.drop_index(batch_op.f('ix_peer_review_assignment_id'))

    op.drop_table('peer_review')
    with op.batch_alter_table('peer_example_mark', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_peer_example_mark_reviewer_id'))

    op.drop_table('peer_example_mark')
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.drop_index('ix_submission_queue')
        batch_op.drop_index(batch_op.f('ix_submission_group_id'))

    op.drop_table('submission')
    with op.batch_alter_table('peer_example', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_peer_example_assignment_id'))

    op.drop_table('peer_example')
    with op.batch_alter_table('grade_change', schema=None) as batch_op:
        batch_op.drop_index('ix_grade_change_line')

    op.drop_table('grade_change')
    with op.batch_alter_table('grade', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_grade_enrolment_id'))

    op.drop_table('grade')
    with op.batch_alter_table('assignment_extension', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_assignment_extension_person_id'))
        batch_op.drop_index('ix_assignment_extension_person')

    op.drop_table('assignment_extension')
    with op.batch_alter_table('grade_column', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_grade_column_category_id'))
        batch_op.drop_index(batch_op.f('ix_grade_column_book_id'))
        batch_op.drop_index(batch_op.f('ix_grade_column_block_id'))

    op.drop_table('grade_column')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_assignment_run_id'))
        batch_op.drop_index(batch_op.f('ix_assignment_due_at'))

    op.drop_table('assignment')
    with op.batch_alter_table('run_group_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_run_group_member_person_id'))
        batch_op.drop_index(batch_op.f('ix_run_group_member_group_id'))

    op.drop_table('run_group_member')
    op.drop_table('grade_category')
    with op.batch_alter_table('enrolment_mark', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_enrolment_mark_is_due'))

    op.drop_table('enrolment_mark')
    with op.batch_alter_table('credit_claim', schema=None) as batch_op:
        batch_op.drop_index('uq_credit_claim_evidence', sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"), postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"))
        batch_op.drop_index('uq_credit_claim_course', sqlite_where=sa.text("state IN ('submitted', 'appealed', 'approved')"), postgresql_where=sa.text("state IN ('submitted', 'appealed', 'approved')"))
        batch_op.drop_index(batch_op.f('ix_credit_claim_target_id'))
        batch_op.drop_index(batch_op.f('ix_credit_claim_state'))
        batch_op.drop_index(batch_op.f('ix_credit_claim_mapping_id'))
        batch_op.drop_index(batch_op.f('ix_credit_claim_enrolment_id'))

    op.drop_table('credit_claim')
    op.drop_table('run_mark_source')
    op.drop_table('run_group')
    op.drop_table('gradebook')
    with op.batch_alter_table('credit_mapping', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_credit_mapping_target_id'))
        batch_op.drop_index(batch_op.f('ix_credit_mapping_course_id'))

    op.drop_table('credit_mapping')
