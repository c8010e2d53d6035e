"""Life around the first course of the demo: discussions, announcements, messages, notes, a path, learners of every kind."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

from courses.analytics import operations as analytics
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.operations import content
from courses.discussion import operations as discussion
from courses.discussion.types import Author
from courses.learning import operations as learning
from courses.learning import queries as enrolments
from courses.learning import seat_queries
from courses.learning.models import Enrolment
from courses.messages import operations as messages
from courses.paths import operations as paths
from trainhub.assets import asset_dir
from trainhub.demo.world import World


def build(world: World) -> None:
    """Everything that makes the first course look used."""
    seed = tomllib.loads((asset_dir("seeds") / "demo" / "classroom.toml").read_text())
    run: Run = world.made["runs"][0]
    student = world.persons["student"].id
    learners = [row for row in _learners(run) if row.person_id != student]
    _dates(world, run)
    _activity(world, run, learners)
    people = {"lecturer": world.persons["lecturer"].id, "student": student}
    people |= {str(number): row.person_id for number, row in enumerate(learners)}
    for thread in seed["threads"]:
        _thread(world, run, thread, people)
    for item in seed["announcements"]:
        _announcement(world, run, item)
    for item in seed["messages"]:
        _message(world, run, item, people)
    own = enrolments.enrolment_of(run.id, student)
    assert own is not None
    units = catalogue.outline(run.id).units
    for item in seed["notes"]:
        learning.write_note(enrolment=own, unit_id=units[item["unit"]].id, body=item["body"], now=world.calendar.at(-30 + item["unit"]))
    _path(world, seed["path"], student)
    for made in world.made["runs"]:
        analytics.summarise(run_id=made.id, now=world.calendar.at(0))


def _learners(run: Run) -> list[Enrolment]:
    found = [enrolments.enrolment_by_id(key) for key in seat_queries.seated_ids(run.id)]
    return [row for row in found if row is not None]


def _dates(world: World, run: Run) -> None:
    """One unit is past its date, one is due soon, so that the calendar and the list of those at risk have something to say."""
    units = catalogue.outline(run.id).units
    for unit, days in ((units[0], -20), (units[-1], 6)):
        row = catalogue.unit_by_id(unit.id)
        assert row is not None
        content.update_part(part=row, version=row.version, by=world.by, now=world.calendar.at(-90), due_at=world.calendar.at(days, 15))


def _activity(world: World, run: Run, learners: list[Enrolment]) -> None:
    """Some came back lately, so that not everybody is at risk."""
    texts = world.made["texts"][run.id]
    for number, row in enumerate(learners):
        if row.completed_on is None and number % 3 != 2:
            start = world.calendar.at(-(number % 11) - 1) + timedelta(minutes=7 * number)
            for step, block in enumerate(texts[: 1 + number % len(texts)]):
                learning.mark_done(enrolment=row, block=block, by=world.acting(row.person_id), now=start + timedelta(minutes=9 * step))


def _thread(world: World, run: Run, seed: dict[str, Any], people: dict[str, int]) -> None:
    author = _author(seed, people)
    if author is None:
        return
    at = world.calendar.at
    names = {"@student": f"@{world.persons['student'].name}"}
    thread = discussion.start(
        run=run,
        author=author,
        title=seed["title"],
        body=seed["body"],
        is_question=seed.get("is_question", False),
        is_anonymous=seed.get("is_anonymous", False),
        by=world.acting(author.person_id),
        now=at(seed["day"], 3),
    )
    for number, item in enumerate(seed.get("answers", ())):
        writer = _author(item, people)
        if writer is None:
            continue
        body = item["body"]
        for short, name in names.items():
            body = body.replace(short, name)
        me = world.acting(writer.person_id)
        post = discussion.answer(run=run, thread=thread, author=writer, body=body, by=me, now=at(item["day"], 4 + number))
        if item.get("is_accepted"):
            discussion.accept(thread=thread, post=post, by=world.acting(author.person_id), now=at(item["day"], 9))
        for reporter, reason in zip(("student", "2"), item.get("reports", ()), strict=False):
            discussion.report(row=post, person_id=people[reporter], reason=reason, by=world.acting(people[reporter]), now=at(item["day"], 10))
    if seed.get("is_pinned"):
        discussion.set_flag(thread=thread, is_pinned=True, by=world.acting(people["lecturer"]))


def _author(seed: dict[str, Any], people: dict[str, int]) -> Author | None:
    who = str(seed["who"])
    return Author(people[who], who == "lecturer") if who in people else None


def _announcement(world: World, run: Run, seed: dict[str, Any]) -> None:
    """A past one was published then; one to come waits for its time."""
    day = seed["day"]
    messages.announce(
        run=run,
        title=seed["title"],
        body=seed["body"],
        publish_at=world.calendar.at(day) if day > 0 else None,
        by=world.acting(world.persons["lecturer"].id),
        now=world.calendar.at(min(day, 0)),
    )


def _message(world: World, run: Run, seed: dict[str, Any], people: dict[str, int]) -> None:
    learner, lecturer, at = people["student"], people["lecturer"], world.calendar.at
    talk = messages.write(
        run=run,
        person_id=learner,
        subject=seed["subject"],
        body=seed["body"],
        sender_id=learner,
        is_staff=False,
        by=world.acting(learner),
        now=at(seed["day"], 5),
    )
    if seed.get("answer"):
        messages.reply(
            run=run, conversation=talk, body=seed["answer"], sender_id=lecturer, is_staff=True, by=world.acting(lecturer), now=at(seed["day"], 8)
        )


def _path(world: World, seed: dict[str, Any], student: int) -> None:
    now = world.calendar.at(-80)
    path = paths.create(
        code=seed["code"],
        title=seed["title"],
        owner=world.universities[2],
        summary=seed["summary"],
        description=seed["description"],
        by=world.by,
        now=now,
    )
    courses = [(code.partition(":")[0], not code.endswith(":optional")) for code in seed["courses"]]
    paths.set_courses(path=path, courses=courses, by=world.by, now=now)
    paths.publish(path=path, is_published=True, by=world.by, now=now)
    paths.follow(path=path, person_id=student, is_on=True, by=world.acting(student), now=world.calendar.at(-50))
