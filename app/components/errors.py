"""Refusals about components."""

from app.domain.errors import Invalid, NotFound


class ClassMissing(Invalid):
    """Neither a category nor a class says what kind of component is wanted."""

    code = "COMPONENT_CLASS_MISSING"


class ComponentNotFound(NotFound):
    """No component has this code."""

    code = "COMPONENT_NOT_FOUND"
