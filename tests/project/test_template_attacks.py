"""Templates of people who mean harm: known ways out of Jinja's sandbox, and bombs of time, memory and depth.

Each ends as a diagnostic, or as a harmless text, within the limits: never as a traceback, a hang, or with a secret.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from headgate.project.templates.limits import FAULTS_MAX
from tests.project.template_stage import filled, library

pytestmark = pytest.mark.slow

# Ways out of template sandboxes, as they are collected in public lists, and what was found in Jinja itself since.
ESCAPES = (
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__']['__mro__'][1]['__subclasses__']() }}",
    "{{ [].__class__.__base__.__subclasses__()[40]('/etc/passwd').read() }}",
    "{{ {}.__class__.__bases__[0] }}",
    "{{ ().__class__.__bases__[0].__subclasses__() }}",
    "{{ (1).__class__ }}",
    "{{ 1.0.__class__ }}",
    "{{ true.__class__ }}",
    "{{ none.__class__ }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ''[['__cla','ss__']|join] }}",
    "{{ [''] | map(attribute='__class__') | list }}",
    "{{ ['']|map('attr', '__class__')|list }}",
    "{{ [''] | selectattr('__class__') | list }}",
    "{{ [''] | sort(attribute='__class__') }}",
    "{{ [''] | groupby('__class__') }}",
    "{{ [''] | sum(attribute='__class__') }}",
    "{{ [''] | join(attribute='__class__') }}",
    "{{ [''] | unique(attribute='__class__.__mro__') | list }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(ref) }}",
    "{{ '{0[__class__]}'.format(ref) }}",
    "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "{{ ''.format.__self__ }}",
    "{{ '{0.__class__}' | format(1) }}",
    "{{ '%(__class__)s' | format(ref) }}",
    "{% set f = ''.format %}{{ f.__call__ }}",
    "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "{{ ['{0.__class__}'] | map('format', 1) | list }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__.__builtins__.open('/etc/passwd').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__.os }}",
    "{{ dict.__class__ }}",
    "{{ dict.mro() }}",
    "{{ range.__class__ }}",
    "{{ ref.__globals__ }}",
    "{{ ref.__self__ }}",
    "{{ ref.call }}",
    "{{ ref.func_globals }}",
    "{{ ref.__code__.co_consts }}",
    "{{ var.__closure__ }}",
    "{{ config.__class__.from_envvar }}",
    "{{ config.items() }}",
    "{{ config.get.__func__ }}",
    "{{ exceptions.__dict__ }}",
    "{{ target.__dict__ }}",
    "{{ this.__class__ }}",
    "{{ this._replace }}",
    "{{ namespace()._Namespace__attrs }}",
    "{% set ns = namespace() %}{% set ns.__class__ = 1 %}{{ ns.__init__ }}",
    "{% for x in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% for x in [1] %}{{ loop._undefined }}{% endfor %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% macro m() %}{% endmacro %}{{ m.call }}",
    "{{ x.__class__ }}",
    "{{ undefined_name.__init__.__globals__ }}",
    "{{ (x|default).__class__ }}",
    "{{ request.application.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ g.pop.__globals__ }}",
    "{{ context }}",
    "{{ builtins.open }}",
    "{{ __builtins__ }}",
    "{{ __import__('os') }}",
    "{{ open('/etc/passwd') }}",
    "{{ eval('1') }}",
    "{{ modules.datetime }}",
    "{{ modules.re.compile('x') }}",
    "{{ adapter.execute('drop table x') }}",
    "{{ run_query('select 1') }}",
    "{% call statement('x') %}select 1{% endcall %}",
    "{{ graph.nodes }}",
    "{{ env_var('HOME') }}",
    "{{ env_var('DBT_ENV_SECRET_X', '') }}",
    "{% include '/etc/passwd' %}",
    "{% include ['a', 'b'] ignore missing %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'base' %}",
    "{% block a %}{{ super() }}{% endblock %}",
    "{% autoescape true %}{{ 'x' }}{% endautoescape %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{{ [].append.__self__ }}",
    "{{ {}.get.__globals__ }}",
    "{{ 'x'.upper.__self__ }}",
    "{{ ''.join.__doc__ }}",
    "{{ 'x'.encode('utf-8') }}",
    "{{ 'x'.translate({}) }}",
    "{{ [1,2] | random }}",
    "{{ [1,2] | shuffle }}",
    "{{ 'x' | pprint }}",
    "{{ 'x' | xmlattr }}",
    "{{ (1).real }}",
    "{{ (1).to_bytes(10, 'big') }}",
    "{{ 1 is filter }}",
    "{{ ref('orders').__class__ }}",
    "{{ ref('orders').schema.__class__ }}",
    "{{ ref(**{'__class__': 1}) }}",
    "{{ ref.members }}",
    "{{ exceptions.members }}",
    "{{ ref.name }}{{ ref.call }}",
)


@pytest.mark.parametrize("template", ESCAPES)
def test_there_is_no_way_out(template: str) -> None:
    found = filled(template)
    assert found.is_faulty, found.text
    assert "<" not in found.text
    for one in found.diagnostics:
        assert "object at 0x" not in f"{one.summary}{one.hint}{one.detail}"
        assert "Traceback" not in f"{one.summary}{one.hint}{one.detail}"


DOUBLING = "{% set ns = namespace(a='x') %}{% for i in range(100) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}{{ ns.a }}"
SHARED = "{% set ns = namespace(a=[1]) %}{% for i in range(39) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}"
DEEP = "{% set ns = namespace(a=[1]) %}{% for i in range(50000) %}{% set ns.a = [ns.a] %}{% endfor %}"
CYCLE = "{% set a = [1] %}{% do a.append(a) %}"
ON_THEMSELVES = "{% set a = {'a': 1} %}{% do a.update({'b': a}) %}"
BOMBS = {
    "nested loops": "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "empty loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "loops of loops": "{% for i in range(1000) recursive %}{{ loop(range(1000)) }}{% endfor %}",
    "a large range": "{{ range(10 ** 15) }}",
    "a negative range": "{{ range(0, -10 ** 15, -1) }}",
    "a repeated text": "{{ 'x' * 10 ** 12 }}",
    "a repeated text the other way": "{{ 10 ** 12 * 'x' }}",
    "a repeated list": "{{ [0] * 10 ** 12 }}",
    "a repeated tuple": "{{ (0,) * 10 ** 12 }}",
    "a doubled text": DOUBLING,
    "a doubled text with +": DOUBLING.replace("~", "+"),
    "a doubled text with join": DOUBLING.replace("ns.a ~ ns.a", "[ns.a, ns.a] | join"),
    "a doubled text with replace": DOUBLING.replace("ns.a ~ ns.a", "ns.a | replace('x', 'xx')"),
    "a doubled text with format": DOUBLING.replace("ns.a ~ ns.a", "'%s%s' | format(ns.a, ns.a)"),
    "a doubled text with braces": DOUBLING.replace("ns.a ~ ns.a", "'{}{}'.format(ns.a, ns.a)"),
    "a doubled list": DOUBLING.replace("'x'", "[1]").replace("~", "+"),
    "a list that is extended by itself": "{% set a = [1] %}{% for i in range(99) %}{% do a.extend(a) %}{% endfor %}",
    "a block that is set": "{% set ns = namespace(a='xxxxxxxx') %}{% for i in range(99) %}"
    "{% set b %}{{ ns.a }}{{ ns.a }}{% endset %}{% set ns.a = b %}{% endfor %}",
    "a shared list as text": SHARED + "{{ ns.a }}",
    "a shared list as JSON": SHARED + "{{ ns.a | tojson }}",
    "a shared list compared": SHARED + "{% set b = ns.a %}" + SHARED + "{{ ns.a == b }}",
    "a shared list looked for": SHARED + "{% set b = [ns.a] %}" + SHARED + "{{ ns.a in b }}",
    "a shared list sorted": SHARED + "{% set b = ns.a %}" + SHARED + "{{ [ns.a, b] | sort }}",
    "a shared list copied": SHARED + "{{ config(meta={'a': ns.a}) }}",
    "a shared list summed": "{% set ns = namespace(a=[1]) %}{% for i in range(99) %}"
    "{% set ns.a = [ns.a, ns.a] | sum(start=[]) %}{% endfor %}",
    "a deep list as text": DEEP + "{{ ns.a }}",
    "a deep list compared": DEEP + "{% set b = ns.a %}" + DEEP + "{{ ns.a == b }}",
    "a deep list sorted": DEEP + "{% set b = ns.a %}" + DEEP + "{{ [ns.a, b] | sort }}",
    "a deep list in a config": DEEP + "{{ config(meta=ns.a) }}",
    "a list in itself as text": CYCLE + "{{ a }}",
    "a list in itself as JSON": CYCLE + "{{ a | tojson }}",
    "a list in itself compared": CYCLE + "{% set b = a %}" + CYCLE + "{{ a == b }}",
    "a list in itself with a text": CYCLE + "{{ 'x' ~ a }}",
    "a list in itself in a format": CYCLE + "{{ '%s' | format(a) }}",
    "a mapping in itself": ON_THEMSELVES + "{{ a }}",
    "a mapping in itself as JSON": ON_THEMSELVES + "{{ a | tojson }}",
    "a large power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "a large power of a negative number": "{{ (-9) ** 999999999 }}",
    "a power of floats": "{{ 9.0 ** 9999 }}",
    "a root of a negative number": "{{ (-8) ** 0.5 }}",
    "powers in a loop": "{% set ns = namespace(n=9) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
    "a large number": "{{ 1" + "0" * 5000 + " }}",
    "a large hexadecimal number": "{{ 0x1" + "0" * 5000 + " }}",
    "a wide format": "{{ '%999999999d' | format(1) }}",
    "a precise format": "{{ '%.999999999f' | format(1) }}",
    "a format of a width that is given": "{{ '%*d' | format(999999999, 1) }}",
    "wide braces": "{{ '{:>999999999}'.format('x') }}",
    "braces in braces": "{{ '{:{}}'.format('x', 999999999) }}",
    "a wide text": "{{ 'x'.ljust(10 ** 12) }}",
    "a wide number": "{{ '1'.zfill(10 ** 12) }}",
    "a wide centre": "{{ 'x' | center(10 ** 12) }}",
    "a wide indent": "{{ ('a\n' * 1000) | indent(10 ** 9) }}",
    "a replacement of nothing": "{{ ('x' * 10 ** 6) | replace('', 'x' * 10 ** 6) }}",
    "batches": "{{ [1] | batch(10 ** 12, 0) }}",
    "slices": "{{ [1] | slice(10 ** 12, 0) }}",
    "a precise rounding": "{{ 1.5 | round(10 ** 9) }}",
    "many lists": "{% for i in range(99999) %}{% set a = range(99999) %}{% endfor %}",
    "many texts": "{% for i in range(99999) %}{% set a = 'x' * 10 ** 6 %}{% endfor %}",
    "parts of texts": "{% set t = 'x' * 10 ** 6 %}{% for i in range(99999) %}{% set a = t[1:] %}{% endfor %}",
    "splits": "{% set t = 'x ' * 10 ** 6 %}{% for i in range(99999) %}{% set a = t.split() %}{% endfor %}",
    "upper cases": "{% set t = 'x' * 10 ** 6 %}{% for i in range(99999) %}{% set a = t | upper %}{% endfor %}",
    "searches": "{% set t = 'x' * 10 ** 6 %}{% for i in range(99999) %}{% set a = 'y' in t %}{% endfor %}",
    "counts": "{% set t = 'x' * 10 ** 6 %}{% for i in range(99999) %}{% set a = t.count('y') %}{% endfor %}",
    "sorts": "{% set t = range(99999) %}{% for i in range(99999) %}{% set a = t | sort %}{% endfor %}",
    "lookups": "{% set t = range(99999) | list %}{% for i in range(99999) %}{% set a = -1 in t %}{% endfor %}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "macros that call each other": "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}"
    "{{ a() }}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
    "{{ m(30) }}",
    "a macro as its own default": "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
    "a caller that calls": "{% macro m() %}{{ caller() }}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}"
    "{% call m() %}x{% endcall %}",
    "blocks in blocks": "{% if true %}" * 100_000,
    "loops in loops": "{% for a in [1] %}" * 5000 + "{% endfor %}" * 5000,
    "brackets in brackets": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
    "lists in lists": "{{ " + "[" * 50_000 + "]" * 50_000 + " }}",
    "not not": "{{ " + "not " * 20_000 + "1 }}",
    "minus minus": "{{ " + "-" * 50_000 + "1 }}",
    "a long sum": "{{ 1" + " + 1" * 50_000 + " }}",
    "a long chain of filters": "{{ 'x'" + " | upper" * 50_000 + " }}",
    "a long chain of attributes": "{{ a" + ".b" * 50_000 + " }}",
    "a long chain of calls": "{{ ref" + "()" * 50_000 + " }}",
    "filters of a block": "{% filter upper" + " | lower" * 1000 + " %}x{% endfilter %}",
    "a large template": "x" * 10_000_000 + "{{ 1 }}",
    "many tags": "{{ 1 }}" * 140_000,
    "many texts in quotes": "{{ " + "'x' " * 250_000 + "}}",
    "a name without end": "{{ " + "x" * 900_000 + " }}",
    "a missing variable without end": "{{ var('" + "x" * 900_000 + "') }}",
    "an unknown asset without end": "{{ ref('" + "x" * 900_000 + "') }}",
    "an unknown filter without end": "{{ 1 | " + "x" * 900_000 + " }}",
    "a message without end": "{{ exceptions.raise_compiler_error('x' * 10 ** 6) }}",
    "an open text": "{{ '" + "\\'" * 400_000,
    "open tags": "{% " * 300_000,
    "open comments": "{#" * 400_000,
    "digits": "{{ " + "1_" * 400_000 + " }}",
    "white space": "{%-" + " " * 900_000 + "x",
    "JSON without end": "{{ fromjson('[' * 10 ** 6) }}",
    "many warnings": "{% for i in range(99999) %}{{ exceptions.warn('x' ~ i) }}{% endfor %}",
    "many faults": "{% for i in range(99999) %}{{ ref('x' ~ i) }}{% endfor %}",
    "many configs": "{% for i in range(99999) %}{{ config(meta={'a': 'x' * 10000}) }}{% endfor %}",
}


SLOW = frozenset(
    name.strip()
    for name in """
    a shared list as text; a shared list compared; a macro that calls itself twice; a shared list looked for;
    many tags; nested loops; a long sum; a long chain of filters; a long chain of calls; lookups; sorts; empty
    loops; a deep list compared; a deep list sorted; a deep list as text; a deep list in a config; a shared
    list as JSON; a shared list sorted; digits; a shared list copied; a long chain of attributes; many texts
    in quotes; open tags; open comments; many warnings; many faults; loops of loops; a large template; an open
    text; an unknown filter without end; a name without end; white space; not not; blocks in blocks; many
    lists; minus minus; many configs; an unknown asset without end; a missing variable without end; splits;
    loops in loops
    """.replace("\n    ", " ").split(";")
)


@pytest.mark.parametrize("bomb", [pytest.param(b, marks=pytest.mark.slow if b in SLOW else ()) for b in BOMBS])
def test_a_bomb_ends_as_a_diagnostic(bomb: str) -> None:
    found = filled(BOMBS[bomb])
    assert found.is_faulty
    assert {d.code for d in found.diagnostics} <= {"HG109", "HG202", "HG220", "HG221", "HG223", "HG224", "HG226"}
    assert all(len(d.summary) < 600 and len(d.hint) < 3000 and len(d.excerpt) <= 300 for d in found.diagnostics)
    assert all(len(d.detail) < 2000 for d in found.diagnostics)
    assert len(found.diagnostics) <= 2 * FAULTS_MAX + 1


def test_a_bomb_ends_at_the_same_place_each_time() -> None:
    for bomb in ("a doubled text", "a macro that calls itself", "many texts", "a list in itself compared"):
        assert filled(BOMBS[bomb]) == filled(BOMBS[bomb])


ALL_IN_ONE = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (400, 400))
from tests.project.template_stage import filled, library
from tests.project.test_template_attacks import BOMBS
filled("{{ 1 }}")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
slowest = 0
for text in BOMBS.values():
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    filled(text)
    slowest = max(slowest, resource.getrusage(resource.RUSAGE_SELF).ru_utime - start)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, slowest)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_all_bombs_stay_within_their_time_and_memory() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE], cwd=root, env={"PYTHONPATH": f"{root / 'src'}:{root}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 400
    assert seconds < 20


MACROS = (
    "{% macro a() %}" + " ".join(f"{{{{ x{n} }}}}" for n in range(4_000)) + "{% endmacro %}",
    "{% macro a() %}" + " ".join(f"{{{{ 1 | x{n} }}}}" for n in range(4_000)) + "{% endmacro %}",
    "{% macro a() %}{% endmacro %}" * 2_000,
    "{% macro " + "x" * 900_000 + "() %}{% endmacro %}",
    "{% set a = range(99999) | list %}{% set b = a | sort %}{% macro a() %}{{ b }}{% endmacro %}",
    "{% test x(a, b) %}{{ nothing }}{% endtest %}{% docs y %}z{% enddocs %}",
    "{% materialization x, default %}{% endmaterialization %}",
)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(MACROS)))
def test_files_of_macros_end_too(number: int) -> None:
    known = library(MACROS[number])
    assert len(known.diagnostics) <= 2 * FAULTS_MAX or number == 2
    filled("{{ a() }}", MACROS[number])
