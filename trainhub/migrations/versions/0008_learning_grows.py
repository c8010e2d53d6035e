"""Learning grows: invitation links, notes, resume, discussions, announcements, messages, calendar feeds, paths, analytics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import BigKey, Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table('calendar_feed',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('secret_encrypted', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_calendar_feed_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('person_id', name=op.f('uq_calendar_feed_person_id')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_calendar_feed_secret_hash'))
    )
    op.create_table('learning_path',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('pinyin', sa.String(length=400), nullable=False),
    sa.Column('summary', sa.String(length=500), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('description_html', sa.Text(), nullable=False),
    sa.Column('owner_id', BigKey, nullable=False),
    sa.Column('is_ordered', sa.Boolean(), nullable=False),
    sa.Column('is_published', sa.Boolean(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('length(title) > 0', name=op.f('ck_learning_path_title_not_empty')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_learning_path_owner_id_organisation'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learning_path')),
    sa.UniqueConstraint('code', name=op.f('uq_learning_path_code'))
    )
    with op.batch_alter_table('learning_path', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learning_path_owner_id'), ['owner_id'], unique=False)

    op.create_table('learning_path_course',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('path_id', BigKey, nullable=False),
    sa.Column('course_id', BigKey, nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('is_required', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_learning_path_course_course_id_course'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['path_id'], ['learning_path.id'], name=op.f('fk_learning_path_course_path_id_learning_path'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learning_path_course')),
    sa.UniqueConstraint('path_id', 'course_id', name=op.f('uq_learning_path_course_path_id_course_id'))
    )
    with op.batch_alter_table('learning_path_course', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learning_path_course_course_id'), ['course_id'], unique=False)

    op.create_table('learning_path_member',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('path_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('joined_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['path_id'], ['learning_path.id'], name=op.f('fk_learning_path_member_path_id_learning_path'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_learning_path_member_person_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learning_path_member')),
    sa.UniqueConstraint('path_id', 'person_id', name=op.f('uq_learning_path_member_path_id_person_id'))
    )
    with op.batch_alter_table('learning_path_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learning_path_member_person_id'), ['person_id'], unique=False)

    op.create_table('discussion_forum_follow',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('told_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_forum_follow_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_discussion_forum_follow_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_forum_follow')),
    sa.UniqueConstraint('run_id', 'person_id', name=op.f('uq_discussion_forum_follow_run_id_person_id'))
    )
    with op.batch_alter_table('discussion_forum_follow', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_forum_follow_person_id'), ['person_id'], unique=False)

    op.create_table('run_announcement',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('publish_at', UtcDateTime(), nullable=False),
    sa.Column('published_at', UtcDateTime(), nullable=True),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.Column('made_by_id', sa.BigInteger(), nullable=True),
    sa.Column('told', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_announcement_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_announcement'))
    )
    with op.batch_alter_table('run_announcement', schema=None) as batch_op:
        batch_op.create_index('ix_run_announcement_due', ['published_at', 'publish_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_run_announcement_run_id'), ['run_id'], unique=False)

    op.create_table('run_conversation',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('messages', sa.BigInteger(), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('last_by_staff', sa.Boolean(), nullable=False),
    sa.Column('learner_read_at', UtcDateTime(), nullable=True),
    sa.Column('staff_read_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_run_conversation_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_conversation_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_conversation'))
    )
    with op.batch_alter_table('run_conversation', schema=None) as batch_op:
        batch_op.create_index('ix_run_conversation_learner', ['person_id', 'last_at', 'id'], unique=False)
        batch_op.create_index('ix_run_conversation_staff', ['run_id', 'last_at', 'id'], unique=False)

    op.create_table('run_invite_link',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('max_uses', sa.BigInteger(), nullable=True),
    sa.Column('uses', sa.BigInteger(), nullable=False),
    sa.Column('made_by_id', sa.BigInteger(), nullable=True),
    sa.Column('made_at', UtcDateTime(), nullable=False),
    sa.Column('revoked_at', UtcDateTime(), nullable=True),
    sa.CheckConstraint('uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)', name=op.f('ck_run_invite_link_uses_within_max')),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_invite_link_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_invite_link')),
    sa.UniqueConstraint('token', name=op.f('uq_run_invite_link_token'))
    )
    with op.batch_alter_table('run_invite_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_run_invite_link_run_id'), ['run_id'], unique=False)

    op.create_table('run_summary',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('computed_at', UtcDateTime(), nullable=False),
    sa.Column('data', Json, nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_run_summary_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_summary')),
    sa.UniqueConstraint('run_id', name=op.f('uq_run_summary_run_id'))
    )
    op.create_table('run_message',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('conversation_id', BigKey, nullable=False),
    sa.Column('sender_id', BigKey, nullable=False),
    sa.Column('is_staff', sa.Boolean(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('sent_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['run_conversation.id'], name=op.f('fk_run_message_conversation_id_run_conversation'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['sender_id'], ['person.id'], name=op.f('fk_run_message_sender_id_person'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_message'))
    )
    with op.batch_alter_table('run_message', schema=None) as batch_op:
        batch_op.create_index('ix_run_message_order', ['conversation_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_run_message_sender_id'), ['sender_id'], unique=False)

    op.create_table('discussion_thread',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('run_id', BigKey, nullable=False),
    sa.Column('block_id', BigKey, nullable=True),
    sa.Column('person_id', BigKey, nullable=True),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('is_anonymous', sa.Boolean(), nullable=False),
    sa.Column('is_question', sa.Boolean(), nullable=False),
    sa.Column('is_pinned', sa.Boolean(), nullable=False),
    sa.Column('is_locked', sa.Boolean(), nullable=False),
    sa.Column('accepted_post_id', sa.BigInteger(), nullable=True),
    sa.Column('posts', sa.BigInteger(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_discussion_thread_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_thread_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['run_id'], ['course_run.id'], name=op.f('fk_discussion_thread_run_id_course_run'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_thread'))
    )
    with op.batch_alter_table('discussion_thread', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_thread_block_id'), ['block_id'], unique=False)
        batch_op.create_index('ix_discussion_thread_list', ['run_id', 'is_pinned', 'last_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_discussion_thread_person_id'), ['person_id'], unique=False)

    op.create_table('learner_note',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('enrolment_id', BigKey, nullable=False),
    sa.Column('unit_id', BigKey, nullable=False),
    sa.Column('block_id', BigKey, nullable=True),
    sa.Column('at_seconds', sa.BigInteger(), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('written_at', UtcDateTime(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_learner_note_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_learner_note_enrolment_id_enrolment'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['unit_id'], ['course_unit.id'], name=op.f('fk_learner_note_unit_id_course_unit'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learner_note'))
    )
    with op.batch_alter_table('learner_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learner_note_block_id'), ['block_id'], unique=False)
        batch_op.create_index('ix_learner_note_order', ['enrolment_id', 'unit_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_learner_note_unit_id'), ['unit_id'], unique=False)

    op.create_table('discussion_post',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('thread_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('is_anonymous', sa.Boolean(), nullable=False),
    sa.Column('is_staff', sa.Boolean(), nullable=False),
    sa.Column('posted_at', UtcDateTime(), nullable=False),
    sa.Column('edited_at', UtcDateTime(), nullable=True),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.Column('remove_reason', sa.String(length=400), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_post_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['thread_id'], ['discussion_thread.id'], name=op.f('fk_discussion_post_thread_id_discussion_thread'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_post'))
    )
    with op.batch_alter_table('discussion_post', schema=None) as batch_op:
        batch_op.create_index('ix_discussion_post_order', ['thread_id', 'posted_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_discussion_post_person_id'), ['person_id'], unique=False)

    op.create_table('discussion_thread_follow',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('thread_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('told_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_thread_follow_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['thread_id'], ['discussion_thread.id'], name=op.f('fk_discussion_thread_follow_thread_id_discussion_thread'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_thread_follow')),
    sa.UniqueConstraint('thread_id', 'person_id', name=op.f('uq_discussion_thread_follow_thread_id_person_id'))
    )
    with op.batch_alter_table('discussion_thread_follow', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_thread_follow_person_id'), ['person_id'], unique=False)

    op.create_table('discussion_image',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('post_id', BigKey, nullable=False),
    sa.Column('file_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_discussion_image_file_id_stored_file'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['post_id'], ['discussion_post.id'], name=op.f('fk_discussion_image_post_id_discussion_post'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_image'))
    )
    with op.batch_alter_table('discussion_image', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_image_post_id'), ['post_id'], unique=False)

    op.create_table('discussion_mention',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('post_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_mention_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['post_id'], ['discussion_post.id'], name=op.f('fk_discussion_mention_post_id_discussion_post'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_mention')),
    sa.UniqueConstraint('post_id', 'person_id', name=op.f('uq_discussion_mention_post_id_person_id'))
    )
    with op.batch_alter_table('discussion_mention', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_mention_person_id'), ['person_id'], unique=False)

    op.create_table('discussion_report',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('post_id', BigKey, nullable=False),
    sa.Column('person_id', BigKey, nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('reported_at', UtcDateTime(), nullable=False),
    sa.Column('decided_at', UtcDateTime(), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('is_upheld', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_discussion_report_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['post_id'], ['discussion_post.id'], name=op.f('fk_discussion_report_post_id_discussion_post'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_report')),
    sa.UniqueConstraint('post_id', 'person_id', name=op.f('uq_discussion_report_post_id_person_id'))
    )
    with op.batch_alter_table('discussion_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_report_person_id'), ['person_id'], unique=False)

    op.create_table('discussion_revision',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('post_id', BigKey, nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('replaced_at', UtcDateTime(), nullable=False),
    sa.Column('replaced_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['discussion_post.id'], name=op.f('fk_discussion_revision_post_id_discussion_post'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_discussion_revision'))
    )
    with op.batch_alter_table('discussion_revision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discussion_revision_post_id'), ['post_id'], unique=False)

    with op.batch_alter_table('block_progress', schema=None) as batch_op:
        batch_op.add_column(sa.Column('position_x10', sa.BigInteger(), nullable=False, server_default="0"))

    with op.batch_alter_table('course', schema=None) as batch_op:
        batch_op.add_column(sa.Column('needs', sa.String(length=1000), nullable=False, server_default=""))
        batch_op.add_column(sa.Column('gains', sa.String(length=2000), nullable=False, server_default=""))

    with op.batch_alter_table('course_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('withdraw_until', sa.Date(), nullable=True))

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('last_active_at', UtcDateTime(), nullable=True))

    with op.batch_alter_table('run_invitation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('expires_on', sa.Date(), nullable=True))
    _posts_become_threads()
    _what_the_log_says()
    with op.batch_alter_table('course_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_course_post_order'))
        batch_op.drop_index(batch_op.f('ix_course_post_person_id'))
        batch_op.drop_index(batch_op.f('ix_course_post_thread_id'))

    op.drop_table('course_post')


def downgrade() -> None:
    """Back. Threads of a run's own forum have no place in the old table and are lost; those of blocks are kept."""
    op.create_table('course_post',
    sa.Column('id', BigKey, nullable=False),
    sa.Column('block_id', BigKey, nullable=False),
    sa.Column('thread_id', BigKey, nullable=True),
    sa.Column('person_id', BigKey, nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('posted_at', UtcDateTime(), nullable=False),
    sa.Column('removed_at', UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['block_id'], ['course_block.id'], name=op.f('fk_course_post_block_id_course_block'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_course_post_person_id_person'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['thread_id'], ['course_post.id'], name=op.f('fk_course_post_thread_id_course_post'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_post'))
    )
    with op.batch_alter_table('course_post', schema=None) as batch_op:
        batch_op.create_index('ix_course_post_order', ['block_id', 'posted_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_course_post_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_course_post_thread_id'), ['thread_id'], unique=False)

    _threads_become_posts()
    with op.batch_alter_table('run_invitation', schema=None) as batch_op:
        batch_op.drop_column('expires_on')

    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.drop_column('last_active_at')

    with op.batch_alter_table('course_run', schema=None) as batch_op:
        batch_op.drop_column('withdraw_until')

    with op.batch_alter_table('course', schema=None) as batch_op:
        batch_op.drop_column('gains')
        batch_op.drop_column('needs')

    with op.batch_alter_table('block_progress', schema=None) as batch_op:
        batch_op.drop_column('position_x10')

    with op.batch_alter_table('discussion_revision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_revision_post_id'))

    op.drop_table('discussion_revision')
    with op.batch_alter_table('discussion_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_report_person_id'))

    op.drop_table('discussion_report')
    with op.batch_alter_table('discussion_mention', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_mention_person_id'))

    op.drop_table('discussion_mention')
    with op.batch_alter_table('discussion_image', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_image_post_id'))

    op.drop_table('discussion_image')
    with op.batch_alter_table('discussion_thread_follow', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_thread_follow_person_id'))

    op.drop_table('discussion_thread_follow')
    with op.batch_alter_table('discussion_post', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_post_person_id'))
        batch_op.drop_index('ix_discussion_post_order')

    op.drop_table('discussion_post')
    with op.batch_alter_table('learner_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_learner_note_unit_id'))
        batch_op.drop_index('ix_learner_note_order')
        batch_op.drop_index(batch_op.f('ix_learner_note_block_id'))

    op.drop_table('learner_note')
    with op.batch_alter_table('discussion_thread', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_thread_person_id'))
        batch_op.drop_index('ix_discussion_thread_list')
        batch_op.drop_index(batch_op.f('ix_discussion_thread_block_id'))

    op.drop_table('discussion_thread')
    with op.batch_alter_table('run_message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_run_message_sender_id'))
        batch_op.drop_index('ix_run_message_order')

    op.drop_table('run_message')
    op.drop_table('run_summary')
    with op.batch_alter_table('run_invite_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_run_invite_link_run_id'))

    op.drop_table('run_invite_link')
    with op.batch_alter_table('run_conversation', schema=None) as batch_op:
        batch_op.drop_index('ix_run_conversation_staff')
        batch_op.drop_index('ix_run_conversation_learner')

    op.drop_table('run_conversation')
    with op.batch_alter_table('run_announcement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_run_announcement_run_id'))
        batch_op.drop_index('ix_run_announcement_due')

    op.drop_table('run_announcement')
    with op.batch_alter_table('discussion_forum_follow', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_discussion_forum_follow_person_id'))

    op.drop_table('discussion_forum_follow')
    with op.batch_alter_table('learning_path_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_learning_path_member_person_id'))

    op.drop_table('learning_path_member')
    with op.batch_alter_table('learning_path_course', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_learning_path_course_course_id'))

    op.drop_table('learning_path_course')
    with op.batch_alter_table('learning_path', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_learning_path_owner_id'))

    op.drop_table('learning_path')
    op.drop_table('calendar_feed')


def _posts_become_threads() -> None:
    """Each first post of a discussion block begins a thread; ids stay, because the learning log names them."""
    op.execute(
        "INSERT INTO discussion_thread (id, run_id, block_id, person_id, title, is_anonymous, is_question, is_pinned, is_locked, posts,"
        " created_at, last_at, removed_at) "
        "SELECT p.id, b.run_id, p.block_id, p.person_id, substr(replace(p.body, '\n', ' '), 1, 40), false, false, false, false,"
        " (SELECT count(*) FROM course_post a WHERE (a.id = p.id OR a.thread_id = p.id) AND a.removed_at IS NULL),"
        " p.posted_at, (SELECT max(a.posted_at) FROM course_post a WHERE a.id = p.id OR a.thread_id = p.id), p.removed_at "
        "FROM course_post p JOIN course_block b ON b.id = p.block_id WHERE p.thread_id IS NULL"
    )
    op.execute(
        "INSERT INTO discussion_post (id, thread_id, person_id, body, body_html, is_anonymous, is_staff, posted_at, removed_at, remove_reason,"
        " version) "
        "SELECT id, coalesce(thread_id, id), person_id, body,"
        " '<p>' || replace(replace(replace(body, '&', '&amp;'), '<', '&lt;'), '\n', '<br>') || '</p>',"
        " false, false, posted_at, removed_at, '', 1 FROM course_post"
    )
    _count_on("discussion_thread", "discussion_post")


def _threads_become_posts() -> None:
    op.execute(
        "INSERT INTO course_post (id, block_id, thread_id, person_id, body, posted_at, removed_at) "
        "SELECT p.id, t.block_id, CASE WHEN p.id = f.first_id THEN NULL ELSE f.first_id END, p.person_id, p.body, p.posted_at, p.removed_at "
        "FROM discussion_post p JOIN discussion_thread t ON t.id = p.thread_id "
        "JOIN (SELECT thread_id, min(id) AS first_id FROM discussion_post GROUP BY thread_id) f ON f.thread_id = t.id "
        "WHERE t.block_id IS NOT NULL ORDER BY p.id"
    )
    _count_on("course_post")


def _count_on(*tables: str) -> None:
    """PostgreSQL's counters do not see ids that were given."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            last = op.get_bind().scalar(sa.select(sa.func.max(sa.column("id"))).select_from(sa.table(table))) or 0
            op.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table, "id"), last + 1, False)))


def _what_the_log_says() -> None:
    """Columns that follow from the log get what it says: the last place in each video, the last instant of each learner."""
    op.execute("UPDATE enrolment SET last_active_at = (SELECT max(e.at) FROM learning_event e WHERE e.enrolment_id = enrolment.id)")
    place = "(data->>'to')::numeric" if op.get_bind().dialect.name == "postgresql" else "json_extract(data, '$.to')"
    op.execute(
        f"UPDATE block_progress SET position_x10 = coalesce((SELECT CAST(round({place} * 10) AS INTEGER) FROM learning_event e"  # noqa: S608
        " WHERE e.enrolment_id = block_progress.enrolment_id AND e.block_id = block_progress.block_id AND e.kind = 'video_watched'"
        " ORDER BY e.id DESC LIMIT 1), 0)"
    )
