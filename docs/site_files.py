"""Lets the site's pages link to files of the repository outside docs, such as reports and records.

On GitHub a link to `../../benchmarks/demo/report.md` is right as it stands, but mkdocs knows files
below docs only. So each linked file outside docs is added to the site, and links are rewritten.
"""

import pathlib
import posixpath
import re

from mkdocs.structure.files import File, InclusionLevel

ROOT = pathlib.Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(\]\()([^)\s#]+)")


def _in_repository(page, target):
    """The path from the repository's top of what a page links to; None for an address."""
    if re.match(r"\w+:", target):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def _in_site(path):
    return path[len("docs/"):] if path.startswith("docs/") else path


def _linked(paths):
    """The files outside docs that these pages link to, and what those link to in turn."""
    found, left = set(), list(paths)
    while left:
        page = left.pop()
        for _, target in _LINK.findall((ROOT / page).read_text("utf-8")):
            path = _in_repository(page, target)
            outside = path and not path.startswith(("docs/", "..")) and (ROOT / path).is_file()
            if outside and path not in found:
                found.add(path)
                left += [path] if path.endswith(".md") else []
    return found


def on_files(files, config):
    """Adds the linked files; mkdocs calls it."""
    pages = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    for path in sorted(_linked(pages)):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path),
                                    inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown, page, config, files):
    """Rewrites links for the site; mkdocs calls it."""
    here = page.file.src_uri
    source = f"docs/{here}" if (ROOT / "docs" / here).is_file() else here

    def moved(match):
        path = _in_repository(source, match.group(2))
        if path is None:
            return match.group(0)
        return match.group(1) + posixpath.relpath(_in_site(path), posixpath.dirname(here) or ".")

    return _LINK.sub(moved, markdown)
