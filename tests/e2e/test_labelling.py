"""Boxes are drawn in one's own pictures by mouse and keys, survive a reload, and become a dataset."""

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from engine.access import default_owner
from engine.imports.labelled import Labelled, Proposal, Said
from tests.e2e.dashboard import Dashboard
from tests.e2e.test_journey import PATIENCE

COUNT, SIDE = 11, 160
CORNERS = [(0.2 + 0.03 * n, 0.25) for n in range(COUNT)]
"""Left and top of the square in each picture, as shares of it."""
PROPOSALS = (Proposal((9, 9, 60, 60), "Square", 0.8), Proposal((80, 80, 150, 150), "Cat", 0.4))


def picture(number: int) -> bytes:
    """A dark picture with a bright square."""
    pixels = np.full((SIDE, SIDE, 3), 30 + number, np.uint8)
    left, top = (round(at * SIDE) for at in CORNERS[number])
    pixels[top : top + 48, left : left + 48] = 240
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def drag(page: Page, labeller: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag between two places, as shares of the picture."""
    at = labeller.locator("svg").bounding_box()
    assert at is not None
    (x, y), (right, bottom) = ((at["x"] + px * at["width"], at["y"] + py * at["height"]) for px, py in (begin, end))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + right) / 2, (y + bottom) / 2)
    page.mouse.move(right, bottom)
    page.mouse.up()


def stored(dashboard: Dashboard, number: int) -> Labelled:
    """What the database has of a picture."""
    store = dashboard.store()
    found = store.labellings.picture(1, number)
    store.close()
    assert found is not None
    return found


def test_pictures_are_labelled_by_mouse_and_keys_and_become_a_dataset(page: Page, dashboard: Dashboard) -> None:
    page.goto("/data")
    page.get_by_role("link", name="Draw boxes in pictures").click(timeout=PATIENCE)
    files = [{"name": f"{n:02}.png", "mimeType": "image/png", "buffer": picture(n)} for n in range(COUNT)]
    page.locator(".st-key-label-files input[type=file]").set_input_files(files, timeout=PATIENCE)  # type: ignore[arg-type]
    page.get_by_role("textbox", name="Title").fill("Squares")
    page.get_by_role("textbox", name="Classes").fill("square, disc")
    page.get_by_role("button", name="Begin labelling").click(timeout=PATIENCE)
    labeller = page.locator(".labeller")
    expect(labeller).to_have_attribute("data-picture", "1", timeout=PATIENCE)

    labeller.get_by_role("button", name="disc").click()
    drag(page, labeller, CORNERS[0], (CORNERS[0][0] + 0.3, 0.55))
    expect(labeller).to_have_attribute("data-boxes", "1")
    for keys, boxes in (("b", "2"), ("Delete", "1"), ("u", "2"), ("Control+z", "1")):
        page.keyboard.press(keys)
        expect(labeller).to_have_attribute("data-boxes", boxes)
    page.keyboard.press("s")
    page.keyboard.press("1")  # the selected box is a square
    expect(labeller).to_have_attribute("data-state", "saved", timeout=PATIENCE)
    page.reload()
    expect(labeller).to_have_attribute("data-boxes", "1", timeout=PATIENCE)
    found = stored(dashboard, 1).said
    assert found.classes == (0,)
    np.testing.assert_allclose(found.boxes[0], [at * SIDE for at in (0.2, 0.25, 0.5, 0.55)], atol=2)

    for number in range(2, COUNT):
        page.locator(".stage").focus()
        page.keyboard.press("n" if number % 2 else "ArrowRight")
        expect(labeller).to_have_attribute("data-picture", str(number), timeout=PATIENCE)
        left, top = CORNERS[number - 1]
        drag(page, labeller, (left, top), (left + 0.3, top + 0.3))
        expect(labeller).to_have_attribute("data-boxes", "1")
    drag(page, labeller, (left + 0.15, top + 0.15), (left + 0.15, top + 0.25))  # the box is selected: it moves
    page.keyboard.press("ArrowRight")
    expect(labeller).to_have_attribute("data-picture", str(COUNT), timeout=PATIENCE)
    np.testing.assert_allclose(stored(dashboard, COUNT - 1).said.boxes[0][1], (top + 0.1) * SIDE, atol=2)
    page.keyboard.press("0")  # nothing is in the last one
    expect(page.get_by_text(f"{COUNT} of {COUNT} labelled")).to_be_visible(timeout=PATIENCE)

    page.get_by_role("button", name="Make dataset").click()
    expect(page.get_by_role("link", name="Train on it")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Explore it").click()
    expect(page.get_by_role("heading", name="Squares")).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_url(re.compile("dataset=my-scenes&set=squares"))
    expect(page.get_by_text(f"{COUNT}", exact=True).first).to_be_visible(timeout=PATIENCE)


def test_classes_are_given_by_keys_and_taken_back_and_proposals_are_accepted(page: Page, dashboard: Dashboard) -> None:
    store = dashboard.store()
    for kind, said in (("images", Said()), ("boxed-pictures", Said(proposals=PROPOSALS))):
        made = store.labellings.create(default_owner(), "Two", kind, ["disc", "square"], "", most=9)
        store.labellings.add(made, [Labelled(0, f"{n}.png", picture(n), said) for n in range(2)])
    labeller = page.locator(".labeller")
    page.goto(f"/label?labelling={made - 1}")
    expect(labeller).to_have_attribute("data-picture", "1", timeout=PATIENCE)
    page.locator(".stage").focus()
    for keys, shown, classes in (
        ("2", "2", [1, None]),
        ("u", "1", [None, None]),
        ("1", "2", [0, None]),
        ("2", "2", [0, 1]),
    ):
        page.keyboard.press(keys)
        expect(labeller).to_have_attribute("data-picture", shown, timeout=PATIENCE)
        expect(labeller).to_have_attribute("data-state", "saved", timeout=PATIENCE)
        assert [found.said.label for n in (1, 2) if (found := store.labellings.picture(made - 1, n))] == classes

    page.goto(f"/label?labelling={made}")
    expect(labeller).to_have_attribute("data-proposals", "2", timeout=PATIENCE)
    page.locator(".stage").focus()
    page.keyboard.press("s")
    page.keyboard.press("Enter")  # its name is that of a class
    expect(labeller).to_have_attribute("data-boxes", "1")
    page.keyboard.press("a")
    expect(labeller).to_have_attribute("data-boxes", "2")
    expect(labeller).to_have_attribute("data-state", "saved", timeout=PATIENCE)
    found = store.labellings.picture(made, 1)
    store.close()
    assert found is not None
    assert (found.said.classes, found.said.proposals) == ((1, 0), ())  # a cat is no class: the chosen one
