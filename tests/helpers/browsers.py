"""Pages in a browser without a window."""

import pytest

from exports.browser import find_browser

needs_browser = pytest.mark.skipif(find_browser() is None, reason="needs Chromium")

SAID = """
new Promise(async done => {
  const status = document.getElementById("status");
  while (!/ in \\d/.test(status.textContent)) await new Promise(next => setTimeout(next, 20));
  done(status.textContent);
})
"""  # what a page says once it has shown a result
