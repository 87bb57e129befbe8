"""Why somebody is not let in."""

from app.domain.errors import Conflict, Forbidden, Invalid, Unauthenticated
from app.infra.problem_families import TooManyRequests, Unavailable


class TokenExpired(Unauthenticated):
    """The token was good once; a mini-program logs in again without asking."""

    code = "TOKEN_EXPIRED"


class WrongCredentials(Unauthenticated):
    """Unknown name or wrong password: the answer does not tell which."""

    code = "WRONG_CREDENTIALS"


class WeChatCodeInvalid(Unauthenticated):
    """The login code is unknown, used or older than five minutes; `wx.login` gives another."""

    code = "WECHAT_CODE_INVALID"


class WeChatBusy(Unavailable):
    """WeChat does not answer, or says to come back later (error -1)."""

    code = "WECHAT_BUSY"


class WeChatRateLimited(TooManyRequests):
    """More than 100 logins a minute by one user (error 45011)."""

    code = "WECHAT_RATE_LIMITED"


class WeChatRefused(Unavailable):
    """WeChat refuses this server, for instance for a wrong AppSecret: trying again does not help."""

    code = "WECHAT_REFUSED"
    retryable = False


class WeChatUserBlocked(Forbidden):
    """WeChat holds the user for a high risk (error 40226)."""

    code = "WECHAT_USER_BLOCKED"


class TooManyAttempts(TooManyRequests):
    """Too many wrong passwords for one name; `retry_after_s` says when the next try counts."""

    code = "TOO_MANY_ATTEMPTS"


class AccountInactive(Forbidden):
    code = "ACCOUNT_INACTIVE"


class PermissionMissing(Forbidden):
    """None of the caller's roles may do this."""

    code = "PERMISSION_MISSING"


class LoginNameTaken(Conflict):
    code = "LOGIN_NAME_TAKEN"


class PasswordTooShort(Invalid):
    code = "PASSWORD_TOO_SHORT"
