"""Accounts, pseudonyms, passwords, tokens."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app.domain.errors import Unauthenticated
from app.domain.roles import Caller, Role
from app.identity.accounts import citizen_with, create_account, pseudonym
from app.identity.caller import CallerCache
from app.identity.models import AccessToken, UserAccount
from app.identity.passwords import hash_password, is_password
from app.identity.refusals import LoginNameTaken, PasswordTooShort, TooManyAttempts
from app.identity.throttle import LoginThrottle
from app.identity.tokens import (
    KnownCaller,
    TokenLifetimes,
    forget_tokens,
    issue_token,
    known_caller,
    revoke_all,
    token_hash,
)
from app.infra.database import Database


def a_citizen(database: Database, now: datetime, openid: str = "o1") -> int:
    with database.transaction() as session:
        account = citizen_with(session, openid=openid, now=now)
        assert account.id is not None
        return account.id


def test_a_login_name_belongs_to_one_account(database: Database, now: datetime) -> None:
    def make(name: str) -> None:
        with database.transaction() as session:
            create_account(
                session, login_name=name, display_name="某人", password="12345678", roles=[Role.ACCEPTOR], now=now
            )

    make("zhang")
    make("li")
    with pytest.raises(LoginNameTaken):
        make("zhang")
    with database.reading() as session:
        assert len(session.exec(select(UserAccount)).all()) == 2


def test_an_account_of_an_unknown_unit_is_a_mistake_of_its_own(database: Database, now: datetime) -> None:
    with pytest.raises(IntegrityError), database.transaction() as session:
        create_account(
            session,
            login_name="zhang",
            display_name="某人",
            password=None,
            roles=[Role.HANDLER],
            unit_code="no.such.unit",
            now=now,
        )


def test_a_name_taken_at_the_same_moment_is_noticed(committed_database: Database, now: datetime) -> None:
    def make(_: int) -> str:
        try:
            with committed_database.transaction() as session:
                create_account(
                    session, login_name="zhang", display_name="某人", password=None, roles=[Role.ACCEPTOR], now=now
                )
        except LoginNameTaken:
            return "taken"
        return "made"

    with ThreadPoolExecutor(4) as threads:
        assert Counter(threads.map(make, range(4))) == {"made": 1, "taken": 3}


def test_two_first_logins_at_once_make_one_citizen(committed_database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(4) as threads:
        ids = set(threads.map(lambda _: a_citizen(committed_database, now), range(8)))
    assert len(ids) == 1


def test_a_citizen_is_a_citizen_and_nothing_else(database: Database, now: datetime) -> None:
    user_id = a_citizen(database, now)
    with database.reading() as session:
        account = session.get_one(UserAccount, user_id)
    assert account.role_set == {Role.CITIZEN}
    assert (account.login_name, account.password_hash, account.unit_code, account.area_code) == (None, None, None, "")
    assert account.created_at == now
    assert account.is_active


def test_a_pseudonym_is_stable_and_tells_nothing() -> None:
    assert pseudonym(7, b"secret") == pseudonym(7, b"secret")
    assert pseudonym(7, b"secret") != pseudonym(7, b"another secret")
    tags = [pseudonym(user_id, b"secret") for user_id in range(2000)]
    assert all(tag.startswith("市民-") and len(tag) == 7 for tag in tags)
    assert not set("".join(tag[3:] for tag in tags)) & set("01IO")
    assert len(set(tags)) > 1990


def test_a_password_is_stored_as_argon2id_with_the_chosen_cost() -> None:
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password("correct horse") != hashed
    assert is_password("correct horse", hashed)
    assert not is_password("Correct horse", hashed)


@pytest.mark.parametrize("hashed", [None, "", "no hash", "$argon2id$v=19$m=19456,t=2,p=1$broken"])
def test_without_a_usable_hash_no_password_fits(hashed: str | None) -> None:
    assert not is_password("nobody has this password", hashed)


def test_a_password_has_at_least_eight_characters() -> None:
    with pytest.raises(PasswordTooShort):
        hash_password("1234567")
    assert hash_password("一二三四五六七八")


def test_lifetimes_differ() -> None:
    lifetimes = TokenLifetimes()
    assert lifetimes.of(frozenset({Role.CITIZEN})) == timedelta(days=30)
    assert lifetimes.of(frozenset({Role.CITIZEN, Role.INSPECTOR})) == timedelta(hours=12)
    assert lifetimes.of(frozenset()) == timedelta(hours=12)


def test_a_token_stands_for_its_caller(database: Database, now: datetime) -> None:
    user_id = a_citizen(database, now)
    with database.transaction() as session:
        token = issue_token(session, user_id=user_id, lifetime=timedelta(days=1), now=now)
    with database.reading() as session:
        known = known_caller(session, hashed=token_hash(token), allows_demo=False)
    assert known.caller == Caller(user_id=user_id, roles=frozenset({Role.CITIZEN}))
    assert known.expires_at == now + timedelta(days=1)


def test_all_tokens_of_a_user_can_be_ended(database: Database, now: datetime) -> None:
    user_id, other_id = a_citizen(database, now), a_citizen(database, now, "o2")
    with database.transaction() as session:
        tokens = [issue_token(session, user_id=user_id, lifetime=timedelta(1), now=now) for _ in range(2)]
        others = issue_token(session, user_id=other_id, lifetime=timedelta(1), now=now)
        session.flush()  # for the update that follows
        revoke_all(session, user_id=user_id, now=now)
    with database.reading() as session:
        for token in tokens:
            with pytest.raises(Unauthenticated):
                known_caller(session, hashed=token_hash(token), allows_demo=False)
        assert known_caller(session, hashed=token_hash(others), allows_demo=False).caller.user_id == other_id


def test_old_tokens_are_forgotten_a_few_at_a_time(database: Database, now: datetime) -> None:
    user_id = a_citizen(database, now)
    with database.transaction() as session:
        for days in (1, 2, 3, 40):
            issue_token(session, user_id=user_id, lifetime=timedelta(days=days), now=now)
    later = now + timedelta(days=30)
    with database.transaction() as session:
        assert forget_tokens(session, expired_before=later, limit=2) == 2
        assert forget_tokens(session, expired_before=later, limit=2) == 1
        assert forget_tokens(session, expired_before=later, limit=2) == 0
    with database.reading() as session:
        assert len(session.exec(select(AccessToken)).all()) == 1


def test_the_throttle_counts_a_sliding_window(now: datetime) -> None:
    throttle = LoginThrottle(limit=2, window=timedelta(minutes=1))
    throttle.begin_try("a", now=now)
    throttle.begin_try("a", now=now + timedelta(seconds=30))
    with pytest.raises(TooManyAttempts) as refused:
        throttle.begin_try("a", now=now + timedelta(seconds=40))
    assert refused.value.facts == {"retry_after_s": 20}
    throttle.begin_try("b", now=now + timedelta(seconds=40))
    throttle.begin_try("a", now=now + timedelta(seconds=60))
    with pytest.raises(TooManyAttempts):
        throttle.begin_try("a", now=now + timedelta(seconds=61))


def test_a_success_wipes_the_slate(now: datetime) -> None:
    throttle = LoginThrottle(limit=2)
    for _ in range(5):
        throttle.begin_try("a", now=now)
        throttle.succeeded("a")


def test_the_throttle_does_not_grow_for_ever(now: datetime) -> None:
    throttle = LoginThrottle(limit=1, most_names=3)
    for name in "abcd":
        throttle.begin_try(name, now=now)
    throttle.begin_try("a", now=now)  # asked for longest ago, forgotten first
    with pytest.raises(TooManyAttempts):
        throttle.begin_try("d", now=now)


def known(user_id: int, now: datetime) -> KnownCaller:
    caller = Caller(user_id=user_id, roles=frozenset({Role.CITIZEN}))
    return KnownCaller(caller=caller, expires_at=now + timedelta(days=1))


@pytest.fixture
def hashes() -> Iterator[str]:
    return (token_hash(str(number)) for number in range(10))


def test_the_cache_keeps_a_caller_for_five_seconds(now: datetime, hashes: Iterator[str]) -> None:
    cache = CallerCache()
    hashed = next(hashes)
    cache.put(hashed, known(1, now), now=now)
    assert cache.get(hashed, now=now + timedelta(seconds=4.9)) == known(1, now)
    assert cache.get(hashed, now=now + timedelta(seconds=5)) is None
    assert cache.get(hashed, now=now - timedelta(seconds=1)) is None  # the clock was set back
    assert cache.get(next(hashes), now=now) is None
    cache.forget(hashed)
    assert cache.get(hashed, now=now) is None


def test_the_cache_is_bounded(now: datetime, hashes: Iterator[str]) -> None:
    cache = CallerCache(most=3)
    names = [next(hashes) for _ in range(4)]
    for number, name in enumerate(names):
        cache.put(name, known(number, now), now=now)
    assert [cache.get(name, now=now) is not None for name in names] == [False, True, True, True]
