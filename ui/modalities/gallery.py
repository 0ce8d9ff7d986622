"""A gallery on the demo page: people or things are enrolled under a name, recognised in a picture, and deleted."""

from collections.abc import Sequence

import streamlit as st

from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.galleries import Enrolled
from engine.modalities.image.own import IMAGES
from engine.modalities.image_pair import pair_file, sides
from engine.settings import settings
from ui.charts.thumbnails import as_image, data_url, png
from ui.language import _, plural
from ui.modalities.base import File, Gallery, Tried
from ui.modalities.previews import previews
from ui.modalities.ways import grid
from ui.plain import plain_label, plain_text
from ui.sentences import said

_KEPT_PIXELS, _SHOWN_PIXELS = 160, 72


def recognise(tried: Tried, dataset: Dataset) -> list[File]:
    """Whoever is enrolled, and a picture in which they are looked for: a pair with each enrolled one."""
    gallery = tried.gallery()
    if gallery is None:
        st.info(_("Only those who may change the run can keep a gallery for it."), icon=":material/lock:")
        return []
    enrolled = gallery.enrolled()
    with st.expander(
        _("Enrolled ({count})").format(count=len(enrolled)), expanded=not enrolled, icon=":material/groups:"
    ):
        words = _(
            "Pictures are kept in {folder} on this machine until they or the run are deleted. They are in no backup, and only those who "
            "may change the run see them."
        )
        st.caption(words.format(folder=plain_label(str(gallery.place()))))
        _draw_enrolled(gallery, enrolled, tried.key)
        _draw_enrolling(tried, gallery)
    if not enrolled:
        return []
    photo = _photo(f"recognise-{tried.key}", _("Picture to be recognised"))
    most = settings().max_predictions
    return [] if photo is None else [(one.name, pair_file(photo, one.picture)) for one in enrolled[:most]]


def _draw_enrolled(gallery: Gallery, enrolled: Sequence[Enrolled], key: str) -> None:
    """Each name with its first picture and a button that deletes all. Faces are part of the page: they get no address of their own."""
    names = list(dict.fromkeys(one.name for one in enrolled))
    for place, (name, cell) in enumerate(zip(names, grid(len(names), 2 * _SHOWN_PIXELS), strict=True)):
        pictures = [one.picture for one in enrolled if one.name == name]
        with cell:
            st.image(str(data_url(pictures[0])), width=_SHOWN_PIXELS, alt=plain_text(name))
            words = plural("{name}: {count} picture", "{name}: {count} pictures", len(pictures))
            st.caption(words.format(name=plain_label(name), count=len(pictures)))
            if st.button(
                _("Delete"),
                icon=":material/delete:",
                key=f"forget-{key}-{place}-{name}",
                help=_("Delete all pictures of {name} for good.").format(name=plain_label(name)),
            ):
                gallery.forget(name)
                st.rerun()


def _draw_enrolling(tried: Tried, gallery: Gallery) -> None:
    """A name, one or more pictures, and a button."""
    turn = f"enrolling-{tried.key}"
    key = f"{tried.key}-{st.session_state.setdefault(turn, 0)}"
    name = st.text_input(
        _("Name"),
        key=f"enrol-name-{key}",
        max_chars=settings().max_name_characters,
        help=_("The name under which somebody or something is recognised."),
    )
    photo = _photo(f"enrol-{key}", _("Picture"))
    if not st.button(
        _("Enrol"),
        icon=":material/person_add:",
        key=f"enrol-{key}",
        disabled=not name.strip() or photo is None,
        help=_("Keep the picture in the gallery under this name."),
    ):
        return
    assert photo is not None
    try:
        gallery.enrol(name, _kept(tried, photo))
    except TrainyardError as error:
        st.error(said(error), icon=":material/error:")
        return
    st.session_state[turn] += 1
    st.rerun()


def _kept(tried: Tried, photo: bytes) -> bytes:
    """A PNG of our own making, small and square. Raises `TrainyardError` for what cannot be opened."""
    found = previews(tried, [(_("picture"), pair_file(photo, photo))], 2 * _KEPT_PIXELS)
    if not found or found[0].pixels is None:
        raise TrainyardError("The picture cannot be opened. Take a PNG, JPEG, WebP, GIF or BMP file.")
    return png(as_image(sides(found[0].pixels)[0]))


def _photo(key: str, words: str) -> bytes | None:
    """A file, or a photo where somebody wants to take one."""
    camera = st.toggle(_("Camera"), key=f"{key}-way", help=_("Take a photo instead of choosing a file."))
    if camera:
        taken = st.camera_input(words, key=f"{key}-camera", help=_("Your browser asks for permission."))
    else:
        taken = st.file_uploader(
            words,
            type=list(IMAGES.endings),
            max_upload_size=settings().max_upload_mb,
            key=f"{key}-file",
            help=_("A picture with one face or thing in it, as in the data of the run."),
        )
    return None if taken is None else taken.getvalue()
