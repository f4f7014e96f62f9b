"""The forms of a whole property file and of a header."""

from __future__ import annotations

from headgate.project.forms.assets import ASSETS, OF_ASSETS
from headgate.project.forms.data_tests import UNIT_TEST
from headgate.project.forms.form import ANYTHING, NAME, Field, Keyed, Several, Use, Whole
from headgate.project.forms.others import CONTRACT_ENTRY, CONTRACTS, GROUP, OTHER_SECTIONS, SNAPSHOTS
from headgate.project.forms.sources import EXPOSURES, SOURCES

PROPERTY_FILE = Keyed(
    "property file",
    {
        "version": Field(Whole(2, 2), "The version of dbt's format: 2. It may be left out.", Use.KEPT),
        "assets": Field(ASSETS, "Tables, views and seeds, and what there is to say of them."),
        "models": Field(ASSETS, "dbt's name of `assets`."),
        "seeds": Field(ASSETS, "CSV files, and what there is to say of them."),
        "snapshots": Field(SNAPSHOTS, "SQL files with `kind: snapshot`, which need not say it themselves."),
        "sources": Field(SOURCES, "Data that somebody else makes: files, or tables of the engine."),
        "exposures": Field(EXPOSURES, "Dashboards and reports that read assets."),
        "groups": Field(Several(GROUP), "Groups of assets with one owner."),
        CONTRACTS: Field(Several(CONTRACT_ENTRY), "What data contracts say of themselves: see `headgate contract`."),
        "unit_tests": Field(Several(UNIT_TEST), "Tests of one asset on a few rows that are given."),
        **OTHER_SECTIONS,
        "anchors": Field(ANYTHING, "A place for parts that are used several times.", Use.KEPT),
    },
)

HEADER = Keyed(
    "header",
    {
        **OF_ASSETS,
        "name": Field(NAME, "The name, which is that of the file: it can be left out."),
    },
)
