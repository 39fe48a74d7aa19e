"""main.cf(5), made from the catalogue of parameters, from what docs/man/main.cf.notes adds to it, and from the list of
Postfix's names that have no effect. As a program it writes docs/man/main.cf.5; scripts/check-manuals compares.

docs/man/main.cf.notes is mdoc in blocks that begin with `== key`. The key is the name of a parameter, or HEAD (the page
up to the parameters), FOREIGN (what stands before the names without effect) or TAIL (what comes after them)."""

import re
import textwrap

import house

CATALOGUE = 'common/config/params.def'
KNOWN_NAMES = 'common/config/known_names.cc'
OTHER_NAMES = 'common/config/postfix_names.def'
NOTES = 'docs/man/main.cf.notes'
PAGE = 'docs/man/main.cf.5'
PARTS = ('HEAD', 'FOREIGN', 'TAIL')
TYPES = {'std::string': 'text', 'bool': 'yes or no', 'std::int64_t': 'number', 'Seconds': 'time', 'List': 'list',
         'RawText': 'text'}
STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(rf'^PARAM\(([\w:]+), (\w+), {STRING}, {STRING}\)$', re.M)
FOREIGN = re.compile(rf'\{{"(\w+)", (harmless|unsupported|heeded),\s*{STRING}\}}')
WITHOUT_EFFECT = {'harmless': 'no effect; a warning', 'unsupported': 'an error when set',
                  'heeded': 'as in Postfix'}


def unquoted(text):
    return re.sub(r'\\(.)', r'\1', text)


def catalogue():
    """(type, name, default, meaning) of each parameter, by name."""
    rows = [(kind, name, unquoted(default), unquoted(meaning))
            for kind, name, default, meaning in ROW.findall(house.text(CATALOGUE))]
    return sorted(rows, key=lambda row: row[1].lower())


def other_names():
    """Postfix's further names, of which nothing is said but that they have no effect."""
    path = house.ROOT / OTHER_NAMES
    return re.findall(r'^NAME\((\w+)\)$', house.text(OTHER_NAMES), re.M) if path.exists() else []


def foreign():
    """(name, kind, what to do instead) of Postfix's names that are no parameters here, by name."""
    return sorted(FOREIGN.findall(house.text(KNOWN_NAMES)))


def notes():
    """The blocks of docs/man/main.cf.notes by their keys; a second block of a key is an error."""
    blocks = {}
    for block in re.split(r'^== ', house.text(NOTES), flags=re.M)[1:]:
        key, _, text = block.partition('\n')
        if key.strip() in blocks:
            raise SystemExit(f'{NOTES}: {key.strip()} stands there twice')
        blocks[key.strip()] = text.strip('\n')
    return blocks


def plain(text):
    """Text as mdoc would not take for a request or an escape."""
    text = text.replace('\\', '\\e')
    return '\\&' + text if text[:1] in ('.', "'") else text


def sentence(text):
    """The one-line meaning of the catalogue as filled lines."""
    text = text.rstrip('.') + '.'
    return '\n'.join(plain(line) for line in textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False))


def value(text):
    """A value as one argument of a macro."""
    quoted = text.replace('\\', '\\e').replace('"', '""')
    return f'No default Li "\\&{quoted}"' if text else 'No default empty'


def entry(row, blocks):
    kind, name, default, meaning = row
    lines = [f'.It Va {name} Pq {TYPES[kind]} , {value(default)}', sentence(meaning)]
    if name in blocks:
        lines += [] if blocks[name].startswith('.Bl') else ['.Pp']
        lines.append(blocks[name])
    return '\n'.join(lines)


def page():
    """The text of docs/man/main.cf.5."""
    blocks = notes()
    lines = ['.\\" Made by scripts/main_cf_page.py: change the catalogue or docs/man/main.cf.notes instead.',
             blocks['HEAD'], '.Bl -tag -width Ds']
    lines += [entry(row, blocks) for row in catalogue()]
    lines += ['.El', blocks['FOREIGN'], '.Bl -tag -width Ds']
    for name, kind, instead in foreign():
        lines.append(f'.It Va {name} Pq {WITHOUT_EFFECT[kind]}')
        if instead:
            lines.append(sentence(instead[0].upper() + instead[1:]))
        if name in blocks:
            lines.append(blocks[name])
    return '\n'.join(lines + ['.El', blocks['TAIL']]) + '\n'


if __name__ == '__main__':
    (house.ROOT / PAGE).write_text(page(), encoding='utf-8')
