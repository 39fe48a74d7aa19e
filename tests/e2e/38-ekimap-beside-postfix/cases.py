"""What postmap, postalias and ours are both asked to do: name, files, commands. A command is (tool, arguments, standard
input); tool is `map` or `alias`. Each case begins in a new folder that has its files."""

PLAIN = '''\
# a comment
Key one
other   two  words
key three
first
  continued
  # a comment inside
  and on

"quoted key" v
"a\\"b"@c.test w
tab\tvalue\t
'''
ODD = '''\
 leading blank
good 1
novalue
"open x
"un\\" y
alias: z
a\\ b c
"" empty
x"y z" mid
\\"q r
'''
ALIASES = '''\
# who reads what
postmaster: root
Root: joe@c.test, "|/usr/bin/cmd  with blanks" ,
\t/var/x
"two words": joe
list:  :include:/etc/list
owner-list:joe
dup: a
dup: b
nothing here
none:
: no name
joe@c.test: x
joe: Joe  User   <joe@c.test> ,  b (com  ment)
escaped\\ name: z
'''
REGEXP = '''\
/^(.*)@old\\.test$/ $1@new.test
!/@/ no at
if /^x/
/y@/ xy
!/z@/ not z
endif
/CASE@/i exact case
|pi/pe| delimiters
/^(a)(b)?(c)@/ <${1}><$(2)><$3>
/dollar@/ $$1
if !/^k/
/inner@/ in block
endif
'''
BAD_REGEXP = '''\
/(/ bad
/a/ $2
/b/q flag
nothing
/c/
endif
/d/ ${0}
/good/ yes
if /x/
'''
PCRE = REGEXP + '''\
/^(?<w>\\w)o\\k<w>@/ twice ${1}
/ahead(?=@)/ looked
/s p a c e d@/x spaces
/^multi$/m line
'''
CIDR = '''\
192.0.2.1 one
if 192.0.2.0/24
192.0.2.128/25 upper
!192.0.2.0/26 middle
endif
2001:db8::/32 six
[2001:db9::]/32 brackets
0.0.0.0/0 rest
'''
BAD_CIDR = '10.0.0.1/8 bits\n1.2.3 short\n1.2.3.4/33 long\nx y\nendif\n10.0.0.0/8 good\n'
MESSAGE = '''\
Subject: hello
X-Folded: a
  b
Content-Type: multipart/mixed; boundary="xx"

body one

--xx
Content-Type: text/plain
Subject: inner

in part
--xx
Content-Type: message/rfc822

Subject: nested
X-Folded: c
\td

in message
--xx--
end
'''
CHECKS = '/^Subject: (.*)/ got $1\n/^X-Folded:/ folded\n/^Content-Type/ type\n/^--/ line\n/^$/ empty\n/part|message|body|end/ body\n'


def ask(table, *keys, more=()):
    return [('map', [*more, '-q', key, table], '') for key in keys]


def built(text, *then, kind='btree', arguments=()):
    """Files and commands: build `t` from text, then ask and list."""
    return {'t': text}, [('map', [*arguments, f'{kind}:t'], ''), *then]


SHOW = ('map', ['-s', 'btree:t'], '')
ALIAS = ('alias', ['btree:t'], '')
LIST = ('alias', ['-s', 'btree:t'], '')
USERS = ('root', 'daemon', 'no-such-user')

CASES = {
    # postmap builds
    'build': built(PLAIN, SHOW, *ask('btree:t', 'KEY', 'other', 'first', '"Quoted KEY"', 'quoted key', '"a\\"b"@C.test', 'none')),
    'build the default type': ({'t': PLAIN}, [('map', ['t'], ''), *ask('t', 'key'), *ask('hash:t', 'other'), ('map', ['-s', 't'], '')]),
    'build odd lines': built(ODD, SHOW),
    'build nothing': built('', SHOW),
    'build comments alone': built('# a\n\n  # b\n', SHOW),
    'build without a line end': built('a b', SHOW),
    'build line ends of another system': built('a b\r\nc d\r\n', SHOW),
    'build and replace duplicates': built(PLAIN, SHOW, arguments=['-r']),
    'build and ignore duplicates': built(PLAIN, SHOW, arguments=['-w']),
    'build with case': built(PLAIN, SHOW, *ask('btree:t', 'Key', 'key'), *ask('btree:t', 'Key', 'KEY', 'key', more=['-f']), arguments=['-f']),
    'build twice': built(PLAIN, ('map', ['btree:t'], ''), SHOW),
    'build two': ({'t': 'a 1\n', 'u': 'b 2\n'}, [('map', ['btree:t', 'btree:u'], ''), SHOW, ('map', ['-s', 'btree:u'], '')]),
    'build cdb': built(PLAIN, *ask('cdb:t', 'KEY', 'first', 'none'), kind='cdb'),
    'build cdb with NULs': built(PLAIN, *ask('cdb:t', 'KEY', 'first', 'none'), kind='cdb', arguments=['-N']),
    'build without a NUL': built(PLAIN, SHOW, arguments=['-n']),
    'build what is no UTF-8': built('a 1\n\udcff\udcfe 2\n', SHOW),
    'build what is no UTF-8 on demand': built('a 1\n\udcff\udcfe 2\n', SHOW, arguments=['-u']),
    'build UTF-8 on demand': built('a 1\n駅 伝\n', SHOW, *ask('btree:t', '駅'), arguments=['-U']),
    'build from files': ({'t': 'a content\nb none\n', 'content': 'one\ntwo\n'},
                         [('map', ['-F', 'btree:t'], ''), SHOW, ('map', ['-F', '-q', 'a', 'btree:t'], ''), ('map', ['-q', 'a', 'btree:t'], ''),
                          ('map', ['-Fs', 'btree:t'], '')]),
    # asking, changing
    'ask by standard input': built(PLAIN, ('map', ['-q', '-', 'btree:t'], 'other\nnone\nKEY\n'), ('map', ['-q', '-', 'btree:t'], 'none\n'),
                                   ('map', ['-q', '-', 'btree:t'], '')),
    'ask for nothing': built(PLAIN, ('map', ['-q', '', 'btree:t'], '')),
    'ask several': ({'t': 'a 1\nb 2\n', 'u': 'b 3\nc 4\n'},
                    [('map', ['btree:t', 'btree:u'], ''), *[('map', ['-q', key, 'btree:t', 'btree:u'], '') for key in 'abcd'],
                     ('map', ['-q', '-', 'btree:t', 'btree:u'], 'c\nb\na\n'), ('map', ['-q', 'a', 'btree:t', 'btree:none'], ''),
                     ('map', ['-q', 'x', 'btree:t', 'btree:none'], '')]),
    'delete': built(PLAIN, ('map', ['-d', 'KEY', 'btree:t'], ''), ('map', ['-d', 'key', 'btree:t'], ''), ('map', ['-d', 'none', 'btree:t'], ''), SHOW),
    'delete by standard input': built(PLAIN, ('map', ['-d', '-', 'btree:t'], 'other\nnone\n'), ('map', ['-d', '-', 'btree:t'], 'none\n'), SHOW),
    'add': built(PLAIN, ('map', ['-i', 'btree:t'], 'new entry\nOther changed\n'), SHOW, ('map', ['-ir', 'btree:t'], 'other changed\n'), SHOW,
                 ('map', ['-iw', 'btree:t'], 'other again\n'), SHOW),
    'add to nothing': ({}, [('map', ['-i', 'btree:t'], 'x y\n'), SHOW]),
    'list the first alone': ({'t': 'a 1\n', 'u': 'b 2\n'}, [('map', ['btree:t', 'btree:u'], ''), ('map', ['-s', 'btree:t', 'btree:u'], '')]),
    'ask wins over add': built(PLAIN, ('map', ['-i', '-q', 'other', 'btree:t'], '')),
    # command lines
    'no arguments': ({}, [('map', [], ''), ('alias', [], '')]),
    'an unknown option': ({}, [('map', ['-Z', 't'], ''), ('alias', ['-h', 't'], ''), ('alias', ['-F', 't'], '')]),
    'an argument is missing': ({}, [('map', ['-q'], ''), ('map', ['-d'], ''), ('map', ['-q', 'x'], ''), ('alias', ['-q'], '')]),
    'one mode alone': ({'t': 'a b\n'}, [('map', ['-s', '-q', 'a', 't'], ''), ('map', ['-q', 'a', '-d', 'a', 't'], ''),
                                        ('map', ['-q', 'a', '-q', 'b', 't'], ''), ('alias', ['-s', '-d', 'a', 't'], '')]),
    'options in one word': built(PLAIN, ('map', ['-fqkey', 'btree:t'], ''), ('map', ['-qother', 'btree:t'], '')),
    'options behind operands': built(PLAIN, ('map', ['btree:t', '-q', 'x'], '')),
    'the end of options': built(PLAIN, ('map', ['-q', 'key', '--', 'btree:t'], '')),
    'no file': ({}, [('map', ['btree:t'], ''), ('map', ['t'], ''), ('map', ['btree:/nowhere/t'], ''), ('map', ['-q', 'x', 'btree:t'], ''),
                     ('map', ['-d', 'x', 'hash:t'], ''), ('map', ['-s', 'btree:t'], ''), ('alias', ['hash:t'], ''), ('alias', ['-q', 'x', 't'], '')]),
    'an unknown type': ({'t': 'a b\n'}, [('map', ['nosuch:t'], ''), ('map', ['-q', 'x', 'nosuch:t'], ''), ('alias', ['nosuch:t'], '')]),
    'types that are not built': ({'t': 'a b\n'}, [('map', ['cidr:t'], ''), ('map', ['-i', 'static:x'], ''), ('map', ['-s', 'static:x'], ''),
                                                 ('map', ['-d', 'x', 'static:x'], ''), ('map', ['regexp:t'], ''), ('alias', ['texthash:t'], '')]),
    'no configuration': ({'t': 'a b\n'}, [('map', ['-c', '/nowhere', 't'], ''), ('alias', ['-c', '/nowhere', 't'], '')]),
    'lines of a message without standard input': ({}, [('map', ['-h', '-q', 'x', 'static:a'], ''), ('map', ['-b', 'btree:t'], ''), ('map', ['-m', '-s', 'btree:t'], '')]),
    # messages
    'headers of a message': ({'c': CHECKS}, [('map', ['-h', '-q', '-', 'regexp:c'], MESSAGE)]),
    'the body of a message': ({'c': CHECKS}, [('map', ['-b', '-q', '-', 'regexp:c'], MESSAGE)]),
    'headers and body': ({'c': CHECKS}, [('map', ['-hb', '-q', '-', 'regexp:c'], MESSAGE), ('map', ['-b', '-h', '-q', '-', 'pcre:c'], MESSAGE)]),
    'headers of all parts': ({'c': CHECKS}, [('map', ['-hm', '-q', '-', 'regexp:c'], MESSAGE)]),
    'bodies of all parts': ({'c': CHECKS}, [('map', ['-bm', '-q', '-', 'regexp:c'], MESSAGE), ('map', ['-hbm', '-q', '-', 'regexp:c'], MESSAGE)]),
    'parts without a word what of': ({'c': CHECKS}, [('map', ['-m', '-q', '-', 'static:x'], 'a\nb\n')]),
    'a message without a header': ({'c': CHECKS}, [('map', ['-hb', '-q', '-', 'regexp:c'], 'no header, body\nSubject: x\n'),
                                                   ('map', ['-h', '-q', '-', 'regexp:c'], 'Subject: x\r\nend\nX-Folded: y\n')]),
    # types that are asked
    'texthash': ({'t': PLAIN}, ask('texthash:t', 'KEY', 'other', '"quoted key"', 'none')),
    'texthash with odd lines': ({'t': ODD}, ask('texthash:t', 'good', 'novalue', 'none')),
    'texthash without its file': ({}, ask('texthash:t', 'x')),
    'regexp': ({'t': REGEXP}, ask('regexp:t', 'joe@old.test', 'plain', 'xy@d', 'xz@d', 'xa@d', 'CASE@d', 'case@d', 'pi/pe@d', 'abc@d', 'ac@d', 'dollar@d',
                                  'inner@d', 'kinner@d', 'none@d')),
    'regexp with bad lines': ({'t': BAD_REGEXP}, ask('regexp:t', 'good', 'none', 'b', 'c')),
    'pcre': ({'t': PCRE}, ask('pcre:t', 'joe@old.test', 'plain', 'xy@d', 'xa@d', 'CASE@d', 'case@d', 'pi/pe@d', 'abc@d', 'ac@d', 'dollar@d', 'inner@d',
                              'kinner@d', 'bob@d', 'xoy@d', 'ahead@', 'spaced@d', 'none@d')),
    'pcre with bad lines': ({'t': BAD_REGEXP}, ask('pcre:t', 'good', 'none', 'b', 'c')),
    'cidr': ({'t': CIDR}, ask('cidr:t', '192.0.2.1', '192.0.2.200', '192.0.2.70', '192.0.2.5', '10.1.1.1', '2001:db8::5', '2001:db9::1', '2001:dba::1', 'host.test')),
    'cidr with bad lines': ({'t': BAD_CIDR}, ask('cidr:t', '10.9.9.9', '11.0.0.1')),
    'rules in the name': ({}, [*ask('pcre:{{/a/ b}}', 'xa', 'none'), *ask('pcre:{ { /(x)/ y$1 }, {/z/ two words} }', 'x', 'z'),
                               *ask('regexp:{{/a/ b} {/b/ c}}', 'b', 'a'), *ask('cidr:{{10.0.0.0/8 ok}, {192.0.2.1 two}}', '10.1.1.1', '192.0.2.1', '9.9.9.9'),
                               *ask('unionmap:{pcre:{{/a/ b}},inline:{a=c}}', 'a'), *ask('regexp:{ }', 'a')]),
    'no name': ({}, [*ask('static:', 'x'), *ask('environ:', 'TZ'), *ask('fail:', 'x'), *ask('inline:', 'x'), *ask('texthash:', 'x'), *ask('regexp:', 'x')]),
    'letters of Unicode': ({'t': '\u00c4 1\nstra\u00dfe 2\n\u03a3\u0399\u03a3 3\nI\u0307 4\n\ufb00 5\n\u99c5\u4f1dA 6\n'},
                           [('map', [f'{kind}:t'], '') for kind in ('btree', 'cdb')] +
                           [('map', ['-s', 'btree:t'], '')] +
                           [('map', ['-q', key, f'{kind}:t'], '') for kind in ('btree', 'cdb', 'texthash')
                            for key in ('\u00c4', '\u00e4', 'STRASSE', 'Stra\u00dfe', '\u03c3\u03b9\u03c2', 'FF', '\u99c5\u4f1da', '\u00e5')] +
                           [('map', ['-d', 'STRASSE', 'btree:t'], ''), ('map', ['-s', 'btree:t'], ''),
                            ('map', ['-f', 'btree:t'], ''), ('map', ['-s', 'btree:t'], ''), ('map', ['-fq', '\u00e4', 'btree:t'], ''),
                            ('map', ['-fq', '\u00c4', 'btree:t'], '')]),
    'letters of Unicode in inline and aliases': ({'t': '\u00c4rger: b\n'}, [*ask('inline:{\u00c4=1}', '\u00e4', '\u00c4'), ALIAS, LIST,
                                                ('alias', ['-q', '\u00e4RGER', 'btree:t'], '')]),
    'long keys': ({'t': 'k' * 5000 + ' v\n'}, [('map', ['btree:t'], ''), ('map', ['-q', 'k' * 5000, 'btree:t'], ''), ('map', ['-q', 'k' * 4999, 'btree:t'], ''),
                                               ('map', ['-h', '-q', '-', 'static:y'], 'X: ' + 'x' * 5000 + '\n\nb\n'),
                                               ('map', ['-q', '-', 'regexp:{{/x$/ y}}'], 'x' * 90000 + '\n')]),
    'files as values of other types': ({'f': 'line one\n', 't': 'k f\nm none\n', 'p': '/k/ f\n', 'c': '10.0.0.0/8 f\n'},
                                       [('map', ['-Fq', key, table], '') for key, table in (
                                           ('k', 'texthash:t'), ('m', 'texthash:t'), ('k', 'inline:{k=f}'), ('k', 'static:f'), ('k', 'static:none'),
                                           ('k', 'regexp:p'), ('k', 'pcre:p'), ('10.1.1.1', 'cidr:c'), ('k', 'randmap:{f}'), ('k', 'pipemap:{inline:{k=f}}'))] +
                                       [('map', ['-Fs', 'texthash:t'], ''), ('map', ['-q', 'k', 'texthash:t'], '')]),
    'values that are no base64': ({'t': 'k plain value\nm bGluZSBvbmUK\n'}, [('map', ['btree:t'], ''), ('map', ['-Fs', 'btree:t'], ''),
                                  ('map', ['-Fq', 'm', 'btree:t'], '')]),
    'lists of other types': ({'t': PLAIN}, [('map', ['-s', 'texthash:t'], ''), ('map', ['-s', 'inline:{a=b, c=d}'], ''), ('map', ['-s', 'inline:{a=b}'], ''), ('map', ['-s', 'environ:x'], ''), ('map', ['-s', 'cidr:t'], ''), ('map', ['-s', 'unionmap:{static:x}'], ''),
                             ('map', ['-s', 'hash:none'], ''), ('map', ['-s', 'texthash:none'], '')]),
    'static': ({}, [*ask('static:OK', 'x', 'y'), *ask('static:{550 no way}', 'x'), ('map', ['-q', '-', 'static:x'], 'a\n\nb\n')]),
    'inline': ({}, [*ask('inline:{a=1, {B = two words}, a=3}', 'a', 'b', 'B', 'none'), *ask('inline:{a}', 'a'), *ask('inline:a', 'a'), *ask('inline:{ }', 'a')]),
    'unionmap': ({'t': 'x 3\n'}, [*ask('unionmap:{static:1,inline:{x=2},texthash:t}', 'x', 'y'), *ask('unionmap:{inline:{z=2}}', 'x'),
                                  *ask('unionmap:{fail:x,static:y}', 'x'), *ask('unionmap:{nosuch:x}', 'x'), *ask('unionmap:static:x', 'x'), *ask('unionmap:{}', 'x')]),
    'pipemap': ({'t': 'x y\n'}, [*ask('pipemap:{texthash:t,inline:{y=z}}', 'x', 'y'), *ask('pipemap:{inline:{x=y}}', 'x'),
                                 *ask('pipemap:{static:a,fail:b}', 'x'), *ask('pipemap:{inline:{a=b},fail:b}', 'x'), *ask('pipemap:{}', 'x')]),
    'randmap': ({}, [*ask('randmap:{one}', 'x'), *ask('randmap:{{a b}}', 'x'), *ask('randmap:{}', 'x'), *ask('randmap:one', 'x')]),
    'fail': ({}, [*ask('fail:x', 'x'), ('map', ['-q', '-', 'fail:x'], 'a\n'), ('map', ['-q', '-', 'fail:x'], '')]),
    'environ': ({}, ask('environ:x', 'NO_SUCH_VARIABLE', 'TZ')),
    'the system\'s users': ({}, [*ask('unix:passwd.byname', *USERS), *ask('unix:group.byname', *USERS), *ask('unix:other', 'x')]),
    'a socketmap server that is not there': ({}, [*ask('socketmap:unix:/nowhere:x', 'a')]),
    # aliases
    'aliases': ({'t': ALIASES}, [ALIAS, LIST, *[('alias', ['-q', name, 'btree:t'], '') for name in ('ROOT', 'two words', 'list', 'escaped name', 'dup', 'none')]]),
    'aliases with duplicates replaced': ({'t': ALIASES}, [('alias', ['-r', 'btree:t'], ''), LIST]),
    'aliases with duplicates ignored': ({'t': ALIASES}, [('alias', ['-w', 'btree:t'], ''), LIST]),
    'aliases with case': ({'t': ALIASES}, [('alias', ['-f', 'btree:t'], ''), LIST, ('alias', ['-q', 'Root', 'btree:t'], ''), ('alias', ['-fq', 'Root', 'btree:t'], '')]),
    'aliases by standard input': ({'t': ALIASES}, [ALIAS, ('alias', ['-q', '-', 'btree:t'], 'dup\nROOT\nnone\n'), ('alias', ['-d', '-', 'btree:t'], 'dup\nx\n'),
                                                   ('alias', ['-d', 'dup', 'btree:t'], ''), ('alias', ['-i', 'btree:t'], 'new: a,b\nbad line\n'), LIST]),
    'aliases of the default type': ({'t': ALIASES}, [('alias', ['t'], ''), ('alias', ['-q', 'postmaster', 't'], ''), ('map', ['-q', 'postmaster', 'hash:t'], '')]),
    'aliases begin with a blank': ({'t': ' a: b\nc: d\n'}, [ALIAS, LIST]),
    'aliases in cdb': ({'t': ALIASES}, [('alias', ['cdb:t'], ''), ('alias', ['-q', 'root', 'cdb:t'], ''), ('alias', ['-q', 'none', 'cdb:t'], '')]),
    'aliases that are asked elsewhere': ({'t': 'a b\n'}, [('alias', ['-q', 'a', 'texthash:t'], ''), ('alias', ['-q', 'a', 'static:b'], ''), ('alias', ['-s', 'static:b'], '')]),
}
