"""The page of a check: one file that shows findings, with the images."""

from checks.finding import Finding
from checks.page import SHOWN, write_page
from checks.survey import ImageAt
from tests.helpers.images import painting
from tests.helpers.surveys import looked_at, write_set


def page_of(tmp_path, *findings, title="photos"):
    surveyed = looked_at(write_set(tmp_path / "data", {"train": [painting(seed) for seed in range(2)]}))
    write_page(tmp_path / "x.html", title, "2 images in train", surveyed, findings)
    return (tmp_path / "x.html").read_text()


def test_images_of_a_finding_are_in_the_page(tmp_path):
    finding = Finding("odd images: 2", "look", [([ImageAt("train", 0), ImageAt("train", 1)], "one and other")])
    page = page_of(tmp_path, finding)
    assert "<h2>Odd images: 2</h2>" in page and ">Look</p>" in page and page.count("data:image/png") == 2
    assert "<figcaption>one and other</figcaption>" in page and "http" not in page


def test_many_figures_are_cut_short_and_counted(tmp_path):
    page = page_of(tmp_path, Finding("odd images: 40", "look", [([ImageAt("train", 0)], "")] * (SHOWN + 28)))
    assert page.count("<figure>") == SHOWN and "... and 28 more" in page


def test_what_cannot_be_shown_is_told(tmp_path):
    page = page_of(tmp_path, Finding("damaged", "mend", lines=["a.png: is empty", "b.png: <is> damaged"]))
    assert "<li>a.png: is empty</li><li>b.png: &lt;is&gt; damaged</li>" in page


def test_where_nothing_was_found_it_says_so(tmp_path):
    assert "<h2>Nothing</h2>" in page_of(tmp_path, title="What was found in photos")


def test_names_are_text_and_no_markup(tmp_path):
    page = page_of(tmp_path, Finding("<b>", "<i>", [([ImageAt("train", 0)], "<u>")]), title="<script>")
    assert not any(tag in page for tag in ("<b>", "<i>", "<u>", "<script>"))
