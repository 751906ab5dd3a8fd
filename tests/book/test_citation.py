"""How to cite the course is said from what stands elsewhere."""

from __future__ import annotations

import citation
import pytest
from site_config import ROOT


def test_the_citation_is_fresh():
    assert (ROOT / "CITATION.cff").read_text(encoding="utf-8") == citation.text()


def test_a_readme_that_says_nothing_is_refused():
    assert citation.abstract("# Title\n\nIt is\na text.\n\nMore.") == "It is a text."
    for text in ("", "# Title\n", "# Title\n\n## Next\n\nWords.\n\nMore."):
        with pytest.raises(ValueError, match=r"README\.md: expected a title"):
            citation.abstract(text)
